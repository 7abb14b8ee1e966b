/** Reading again what could not be read when it came: today's adapter over the bytes that were kept. */
import { beforeEach, describe, expect, it, vi } from "vitest";
import { inboxroad } from "../../src/providers/inboxroad";
import { listmonk } from "../../src/providers/listmonk";
import { eventsOf, expectAgreement } from "../support/ledger";
import {
  hardBounce,
  items,
  LISTMONK,
  NEW_KIND,
  posted,
  postedInVain,
  replay,
  replayed,
  theItem,
} from "../support/quarantine";
import { iso } from "../support/reports";
import { everyFault } from "../support/rounds";
import { DAY_MS, pass, setStage, settle } from "../support/stage";
import { countOf, reasonsOf, rowsOf, tamper } from "../support/stores";
import { freshStores, jsonOf, testEnv } from "../support/worker";

setStage();
beforeEach(freshStores);

describe("a replay", () => {
  it("of what still cannot be read leaves everything as it is", async () => {
    await posted(JSON.stringify([NEW_KIND]));
    const before = await theItem();
    pass(DAY_MS);
    expect(await replayed(before.id)).toEqual({
      ...{ received: 0, new: 0, duplicate: 0, ignored: 0, quarantined: 1, pending: 0 },
      settled: false,
    });
    expect(await theItem()).toEqual(before);
    expect(await countOf("receipts")).toBe(1);
  });

  it("records what can be read by now, as of the time at which it first came", async () => {
    const first = Date.now();
    await postedInVain(JSON.stringify([hardBounce("a@example.com"), hardBounce("b@example.com"), { type: "r" }]));
    const { id, receiptId } = await theItem();
    pass(DAY_MS);
    expect(await replayed(id)).toMatchObject({ received: 2, new: 2, ignored: 1, quarantined: 0, settled: true });
    expect(await items()).toEqual([]);
    expect(await eventsOf("a@example.com")).toMatchObject([{ occurred_at: first, received_at: first, state: 1 }]);
    expect(await rowsOf("SELECT status, source, received_at, replay_of FROM receipts ORDER BY id")).toEqual([
      { status: "recorded", source: "webhook", received_at: first, replay_of: null },
      { status: "recorded", source: "replay", received_at: Date.now(), replay_of: receiptId },
    ]);
    expect((await replay(id)).status).toBe(404);
  });

  it("of one record leaves the others of its batch alone", async () => {
    const [kept, mended] = [NEW_KIND, { ...NEW_KIND, rcpt: "mended@example.com" }];
    await posted(JSON.stringify([kept, hardBounce("a@example.com"), mended]));
    const item = (await items()).find((i) => i.item === 2);
    const parse = inboxroad.parse;
    const newer = vi.spyOn(inboxroad, "parse").mockImplementation((request, context) => {
      const text = new TextDecoder().decode(request.body).replaceAll(mended.type, "f");
      return parse({ ...request, body: new TextEncoder().encode(text) }, context);
    });
    expect(await replayed(item?.id ?? "")).toMatchObject({ received: 1, new: 1, settled: true });
    newer.mockRestore();
    expect(await reasonsOf("mended@example.com")).toEqual(["complaint"]);
    expect(await theItem()).toMatchObject({ item: 0 });
    expect(await countOf("events")).toBe(2);
    expect(await rowsOf("SELECT status FROM receipts WHERE id = 1")).toEqual([{ status: "quarantined" }]);
  });

  it("of a body that can be read in part keeps the rest, with its bytes and its time", async () => {
    const first = iso(Date.now());
    await postedInVain(JSON.stringify([NEW_KIND, hardBounce("a@example.com")]));
    const { id, receiptId } = await theItem();
    pass(DAY_MS);
    expect(await replayed(id)).toMatchObject({ new: 1, quarantined: 1, settled: true });
    expect(await theItem()).toMatchObject({ item: 0, reason: "unknown_kind", receivedAt: first, receiptId });
    expect(await rowsOf("SELECT status FROM receipts ORDER BY id")).toEqual([
      { status: "quarantined" },
      { status: "recorded" },
    ]);
  });

  it("counts nothing twice that came through in another way meanwhile", async () => {
    const body = JSON.stringify([{ ...hardBounce("a@example.com"), timeLogged: "1894000000" }]);
    await postedInVain(body);
    const { id } = await theItem();
    await posted(body);
    expect(await replayed(id)).toMatchObject({ received: 1, new: 0, duplicate: 1, settled: true });
    expect(await eventsOf("a@example.com")).toHaveLength(1);
    expect(await items()).toEqual([]);
  });

  it("does not verify again: the secret may have changed, and the connection may be gone", async () => {
    await postedInVain(JSON.stringify([hardBounce("a@example.com")]));
    const { id } = await theItem();
    const response = await replay(id, testEnv({ WEBHOOK_INBOXROAD: undefined }));
    expect(await jsonOf(response)).toMatchObject({ new: 1, settled: true });
  });

  it("keeps what an identity needs: the Idempotency-Key, and the day on which it came", async () => {
    const [keyed, other] = ["a@example.com", "b@example.com"].map((email) => JSON.stringify({ email, type: "hard" }));
    const headers = { ...LISTMONK, "idempotency-key": "one" };
    await postedInVain(keyed ?? "", listmonk, headers);
    await postedInVain(other ?? "", listmonk, LISTMONK);
    const ids = (await items()).map(({ id }) => id);
    expect(ids).toHaveLength(2);
    await posted(keyed ?? "", "/webhooks/bounce", headers);
    await posted(other ?? "", "/webhooks/bounce", LISTMONK);
    pass(3 * DAY_MS);
    for (const id of ids) expect(await replayed(id)).toMatchObject({ new: 0, duplicate: 1, settled: true });
    expect(await eventsOf("a@example.com")).toHaveLength(1);
    expect(await eventsOf("b@example.com")).toHaveLength(1);
  });

  it("of what the provider's own contract refuses says why, and keeps it", async () => {
    await postedInVain(JSON.stringify({ type: "hard" }), listmonk, LISTMONK);
    const before = await theItem();
    expect(await replayed(before.id)).toMatchObject({ new: 0, quarantined: 1, settled: false });
    const refused = { reason: "refused", detail: "Invalid fields: email / subscriber_uuid" };
    expect(await theItem()).toEqual({ ...before, ...refused });
  });

  it("is not possible for a provider that this version does not have, and loses nothing by it", async () => {
    await posted("[{");
    const before = await theItem();
    await tamper("UPDATE receipts SET provider = 'no-longer-there'");
    expect((await replay(before.id)).status).toBe(404);
    expect(await theItem()).toMatchObject({ id: before.id, provider: "no-longer-there" });
  });

  it("records all of it once and settles it, whatever step fails, when it is asked again", async () => {
    const steps = await everyFault({
      prepare: ({ address }) => postedInVain(JSON.stringify([hardBounce(address("a")), hardBounce(address("b"))])),
      play: async ({ env }) => {
        const { id } = await theItem();
        for (let attempt = 0; attempt < 3; attempt++) {
          const { status } = await replay(id, env);
          expect([200, 404, 503]).toContain(status);
          if (status !== 503) break;
        }
      },
      check: async ({ address }) => {
        await settle();
        expect(await items()).toEqual([]);
        for (const name of ["a", "b"]) {
          const { events, verdict } = await expectAgreement(address(name));
          expect(events).toHaveLength(1);
          expect(verdict.suppressions).toHaveLength(1);
        }
      },
    });
    expect(steps).toBeGreaterThan(6);
  });
});
