/** What could not be read: kept as it came, once, to be looked at, read again (`replay.test.ts`) or dropped. */
import { beforeEach, describe, expect, it } from "vitest";
import type { Page } from "../../src/client/types";
import { sha256 } from "../../src/crypto/digest";
import { listmonk } from "../../src/providers/listmonk";
import {
  bodyOf,
  dismiss,
  hardBounce,
  INBOXROAD,
  type Item,
  items,
  LISTMONK,
  NEW_KIND,
  POWERMTA,
  posted,
  postedInVain,
  replay,
  replayed,
  theItem,
} from "../support/quarantine";
import { iso } from "../support/reports";
import { everyFault } from "../support/rounds";
import { MINUTE_MS, pass, setStage } from "../support/stage";
import { countOf, reasonsOf, rowsOf, tamper } from "../support/stores";
import { api, freshStores, jsonOf } from "../support/worker";

setStage();
beforeEach(freshStores);

describe("what goes to quarantine", () => {
  it("is the one record of a batch that cannot be read, while the others are recorded", async () => {
    const batch = JSON.stringify([
      hardBounce("a@example.com"),
      NEW_KIND,
      hardBounce("b@example.com"),
      { type: "b" },
      { type: "r" },
    ]);
    const counts = await jsonOf(await posted(batch));
    expect(counts).toEqual({ received: 2, new: 2, duplicate: 0, ignored: 1, quarantined: 2, pending: 0 });
    expect(await items()).toMatchObject(
      (await items()).map(({ id }) => ({ id, provider: "inboxroad", connection: "default", bodyBytes: batch.length })),
    );
    expect((await items()).map(({ item, reason }) => [item, reason]).sort()).toEqual([
      [1, "unknown_kind"],
      [3, "no_recipient"],
    ]);
    expect(await reasonsOf("b@example.com")).toEqual(["hard"]);
    expect(await rowsOf("SELECT status FROM receipts")).toEqual([{ status: "quarantined" }]);
  });

  it.each([
    ["", "empty_body"],
    ["[{", "invalid_json"],
    [new Uint8Array([0x5b, 0xff, 0x5d]), "invalid_utf8"],
  ])("is the body as a whole where that cannot be read (%s)", async (body, reason) => {
    expect(await jsonOf(await posted(body))).toMatchObject({ received: 0, quarantined: 1 });
    expect(await theItem()).toMatchObject({ item: null, reason });
  });

  it("is kept once, however often the provider sends it", async () => {
    const batch = JSON.stringify([hardBounce("a@example.com"), NEW_KIND]);
    for (const isNew of [1, 0, 0]) {
      expect(await jsonOf(await posted(batch))).toMatchObject({ new: isNew, duplicate: 1 - isNew, quarantined: 1 });
      pass(MINUTE_MS);
    }
    expect(await countOf("receipts")).toBe(1);
    const { receivedAt } = await theItem();
    expect(receivedAt).toBe(iso(Date.now() - 3 * MINUTE_MS));
    await posted(`${batch} `);
    await posted(batch, "/webhooks/powermta", POWERMTA);
    expect(await items()).toHaveLength(3);
    for (const key of ["one", "two", "two"]) {
      await postedInVain('{"type":"hard"}', listmonk, { ...LISTMONK, "idempotency-key": key });
    }
    expect(await items()).toHaveLength(5);
  });

  it("keeps no credential, and no header or parameter that a replay does not need", async () => {
    const headers = {
      ...INBOXROAD,
      cookie: "c",
      "x-webhook-token": "inboxroad-secret",
      "content-type": "application/json",
    };
    await posted("[{", "/webhooks/inboxroad?token=inboxroad-secret&code=x&batch=7", headers);
    expect(await rowsOf("SELECT method, query, headers FROM receipts")).toEqual([
      { method: "POST", query: '[["batch","7"]]', headers: '[["content-type","application/json"]]' },
    ]);
  });

  it("is listed newest first, in pages", async () => {
    for (const body of ["[1", "[2", "[3"]) await posted(body);
    const seen: number[] = [];
    for (let cursor = ""; ; ) {
      const page = await jsonOf<Page<Item>>(await api(`/v1/quarantine?limit=1${cursor}`));
      seen.push(...page.items.map((item) => item.receiptId));
      if (page.nextCursor === null) break;
      cursor = `&cursor=${page.nextCursor}`;
    }
    expect(seen).toEqual([3, 2, 1]);
  });
});

describe("the bytes of an item", () => {
  it("come back as they came, of any size, and never as something that a browser would run", async () => {
    const body = new Uint8Array(2_500_000);
    for (let at = 0; at < body.length; at += 65_536) crypto.getRandomValues(body.subarray(at, at + 65_536));
    await posted(body);
    const { id } = await theItem();
    expect(await countOf("receipt_bodies")).toBe(3);
    const response = await bodyOf(id);
    expect(response.headers.get("content-type")).toBe("application/octet-stream");
    expect(response.headers.get("content-disposition")).toBe('attachment; filename="body"');
    expect(response.headers.get("x-content-type-options")).toBe("nosniff");
    expect(await sha256(new Uint8Array(await response.arrayBuffer()))).toEqual(await sha256(body));
  });

  it("may be gone: then a replay and a download say so, and the item can still be dropped", async () => {
    await posted("[{");
    const { id } = await theItem();
    await tamper("DELETE FROM receipt_bodies");
    for (const response of [await replay(id), await bodyOf(id)]) {
      expect(response.status).toBe(410);
      expect((await jsonOf(response)).code).toBe("body_gone");
    }
    expect((await dismiss(id)).status).toBe(204);
    expect(await items()).toEqual([]);
  });

  it("may be none at all, which is not gone", async () => {
    await posted("");
    const { id } = await theItem();
    expect((await (await bodyOf(id)).arrayBuffer()).byteLength).toBe(0);
    expect(await replayed(id)).toMatchObject({ settled: false });
  });
});

describe("dropping an item", () => {
  it("is for good, one by one; the bytes go with retention, and a retry brings it back", async () => {
    const batch = JSON.stringify([NEW_KIND, { type: "b" }]);
    await posted(batch);
    const [first, second] = await items();
    expect((await dismiss(first?.id ?? "")).status).toBe(204);
    expect(await theItem()).toEqual(second);
    expect(await rowsOf("SELECT status FROM receipts")).toEqual([{ status: "quarantined" }]);
    expect((await dismiss(second?.id ?? "")).status).toBe(204);
    expect(await items()).toEqual([]);
    expect(await rowsOf("SELECT status FROM receipts")).toEqual([{ status: "recorded" }]);
    expect(await countOf("receipt_bodies")).toBe(1);
    await posted(batch);
    expect(await items()).toHaveLength(2);
  });

  it("is 404 for what is not there, as are its replay and its bytes", async () => {
    for (const response of [await dismiss("nothing"), await replay("nothing"), await bodyOf("nothing")]) {
      expect(response.status).toBe(404);
    }
  });

  it("drops all of it or nothing, whatever step fails", async () => {
    await everyFault({
      prepare: async ({ domain }) => {
        await posted(`[{ "${domain}`);
      },
      play: async ({ env }) => {
        const [{ id }] = (await items()) as [Item];
        const response = await dismiss(id, env);
        expect([204, 503]).toContain(response.status);
        if (response.status === 503) expect([204, 404]).toContain((await dismiss(id, env)).status);
      },
      check: async () => {
        expect(await items()).toEqual([]);
        expect(await countOf("receipts WHERE status = 'quarantined'")).toBe(0);
      },
    });
  });
});
