import { runDurableObjectAlarm } from "cloudflare:test";
import { beforeEach, describe, expect, it } from "vitest";
import { sha256Hex } from "../../src/crypto/digest";
import { changesAt, changesFrom } from "../support/changes";
import { block, bounced, delivered, iso, release, report, softBounces } from "../support/reports";
import { DAY_MS, MINUTE_MS, pass, START_MS, setStage } from "../support/stage";
import { objectOf, rowsOf, tamper } from "../support/stores";
import { api, CHECK, freshStores, jsonOf, runCron, testEnv } from "../support/worker";

setStage();
beforeEach(freshStores);

const ANN = "ann@example.com";
const AT = START_MS - MINUTE_MS;
const NOTHING = { suppressed: false, allowed: false, reasons: [], since: null, until: null };

const statusOf = async (query: string) => (await api(`/v1/suppressions/changes?${query}`)).status;

describe("GET /v1/suppressions/changes", () => {
  it("names a listing and the release that follows, in this order", async () => {
    await report(bounced(ANN, "hard", AT));
    await release(ANN);
    const about = { recipient: ANN, key: await sha256Hex(ANN) };
    const changedAt = iso(Date.now());
    expect(await changesAt()).toEqual({
      items: [
        { ...about, ...NOTHING, suppressed: true, reasons: ["hard"], since: iso(AT), changedAt },
        { ...about, ...NOTHING, changedAt },
      ],
      nextCursor: expect.any(String),
    });
  });

  it("goes on after a cursor, page by page, also when there is nothing yet", async () => {
    const before = await changesAt();
    expect(before.items).toEqual([]);
    expect((await changesAt(before.nextCursor)).items).toEqual([]);
    const names = Array.from({ length: 7 }, (_, i) => `user-${i}@example.com`);
    for (const name of names) await report(bounced(name, "hard", AT));
    for (const limit of [1, 3, 7, 1_000]) {
      const read = await changesFrom(before.nextCursor, limit);
      expect(read.map((c) => c.recipient)).toEqual(names);
    }
    const page = await changesAt(before.nextCursor, 3);
    expect(page.items).toHaveLength(3);
    expect((await changesAt(page.nextCursor, 1)).items[0]?.recipient).toBe(names[3]);
  });

  it("begins with what comes from now on, for a mirror that has loaded the list", async () => {
    await report(bounced(ANN, "hard", AT));
    const { items, nextCursor } = await changesAt("latest");
    expect(items).toEqual([]);
    await report(bounced("bob@example.com", "hard", AT));
    expect((await changesFrom(nextCursor)).map((c) => c.recipient)).toEqual(["bob@example.com"]);
  });

  it("says nothing of what changes no answer", async () => {
    await report(softBounces(ANN, 4, AT));
    await report(delivered(ANN, Date.now()));
    await report({ kind: "deferred", recipient: ANN });
    await release(ANN);
    expect(await changesFrom()).toEqual([]);
    pass(1);
    await report(bounced(ANN, "hard", Date.now(), "h"));
    pass(MINUTE_MS);
    await report(softBounces(ANN, 3, AT + 1));
    await api("/v1/rebuild", { json: { recipient: ANN } });
    expect(await changesFrom()).toHaveLength(1);
  });

  it("names every change of the reasons, for mirrors that tell purposes apart", async () => {
    await report({ kind: "unsubscribed", recipient: ANN, at: AT });
    await report(bounced(ANN, "hard", AT + 1));
    const reasons = (await changesFrom()).map((c) => c.reasons);
    expect(reasons).toEqual([["unsubscribe"], ["hard", "unsubscribe"]]);
  });

  it("names domains, and who is on the allow-list", async () => {
    await block("@example.net");
    await report({ kind: "manual_allow", recipient: ANN });
    await report({ kind: "manual_disallow", recipient: ANN });
    expect(await changesFrom()).toMatchObject([
      { recipient: "@example.net", suppressed: true, reasons: ["manual"] },
      { recipient: ANN, suppressed: false, allowed: true },
      { recipient: ANN, suppressed: false, allowed: false },
    ]);
  });

  it("names what ends by itself as a release, at the time at which it ends", async () => {
    const expiresAt = iso(Date.now() + 5_000);
    await block(ANN, { expiresAt });
    pass(5_000);
    expect(await runDurableObjectAlarm(await objectOf(ANN))).toBe(true);
    expect(await changesFrom()).toMatchObject([
      { suppressed: true, reasons: ["manual"], until: expiresAt },
      { ...NOTHING, recipient: ANN, changedAt: expiresAt },
    ]);
  });

  it("keeps the key alone of somebody whose row is gone, and calls that a release", async () => {
    await report(bounced(ANN, "hard", AT));
    await tamper("DELETE FROM recipients");
    const key = await sha256Hex(ANN);
    expect(await changesFrom()).toMatchObject([
      { recipient: null, key, suppressed: true },
      { recipient: null, key, ...NOTHING },
    ]);
  });

  it("does not name who was erased since", async () => {
    await report(bounced(ANN, "hard", AT));
    await tamper("UPDATE recipients SET address = key || '@erased.invalid', domain = 'erased.invalid'");
    expect(await changesFrom()).toMatchObject([{ recipient: null, key: await sha256Hex(ANN), suppressed: true }]);
  });

  it("answers 400 for a cursor that it did not give out", async () => {
    const cursors = [
      "",
      "x",
      "7",
      "c",
      "c-1",
      "c1.5",
      "c1e3",
      "C1",
      "c1 ",
      "cc1",
      "WyJzdXBwcmVzc2lvbnMiLDEsIjIiXQ",
      "c".repeat(500),
    ];
    for (const cursor of [...cursors, `c${"9".repeat(16)}`]) {
      const response = await api(`/v1/suppressions/changes?cursor=${encodeURIComponent(cursor)}`);
      expect([response.status, (await jsonOf(response)).code], cursor).toEqual([400, "invalid_cursor"]);
    }
    for (const limit of ["0", "1001", "x", "1.5"]) expect(await statusOf(`limit=${limit}`)).toBe(400);
  });

  it("is for operators only: it names addresses", async () => {
    expect((await api("/v1/suppressions/changes", { headers: CHECK })).status).toBe(403);
    expect((await api("/v1/suppressions/changes", { headers: {} })).status).toBe(401);
  });
});

describe("changes that are no longer kept", () => {
  const sequence = async () => (await rowsOf<{ seq: number }>("SELECT seq FROM suppression_changes")).map((r) => r.seq);
  const expired = async (cursor: string) => {
    const response = await api(`/v1/suppressions/changes?cursor=${cursor}`);
    return response.status === 410 && (await jsonOf(response)).code === "cursor_expired";
  };

  it("go after 30 days, or as many as the configuration says, but for the newest", async () => {
    for (const name of ["a", "b", "c"]) await report(bounced(`${name}@example.com`, "hard", AT));
    pass(30 * DAY_MS);
    await runCron();
    expect(await sequence()).toEqual([1, 2, 3]);
    await runCron(testEnv({ RETENTION: { changes_days: 29 } }));
    expect(await sequence()).toEqual([3]);
    await report(bounced("d@example.com", "hard", Date.now()));
    expect(await sequence()).toEqual([3, 4]);
    pass(DAY_MS);
    await runCron();
    expect(await sequence()).toEqual([4]);
  });

  it("are a 410 for a mirror that was away too long, and not passed over", async () => {
    const { nextCursor: beginning } = await changesAt();
    for (const name of ["a", "b", "c"]) await report(bounced(`${name}@example.com`, "hard", AT));
    const { nextCursor: first } = await changesAt(beginning, 1);
    const { nextCursor: second } = await changesAt(first, 1);
    const { nextCursor: third } = await changesAt(second, 1);
    pass(31 * DAY_MS);
    await runCron();
    expect(await Promise.all([beginning, first, second, third].map(expired))).toEqual([true, true, false, false]);
    expect((await changesFrom(second)).map((c) => c.recipient)).toEqual(["c@example.com"]);
    expect((await changesFrom()).map((c) => c.recipient)).toEqual(["c@example.com"]);
  });

  it("are a 410 too for a cursor that lies ahead: the database was set back", async () => {
    await report(bounced(ANN, "hard", AT));
    const { nextCursor } = await changesAt("latest");
    await tamper("DELETE FROM suppression_changes");
    expect(await expired(nextCursor)).toBe(true);
  });

  it("stay while the limits cannot be read", async () => {
    await report(bounced(ANN, "hard", AT));
    await report(bounced("bob@example.com", "hard", AT));
    pass(400 * DAY_MS);
    await runCron(testEnv({ RETENTION: { changes_days: 0 } }));
    expect(await sequence()).toEqual([1, 2]);
  });
});
