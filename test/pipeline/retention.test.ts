/** Retention: what has served its time goes, a bounded part at a time. */
import { beforeEach, describe, expect, it, vi } from "vitest";
import { imported, listOf, reverted } from "../support/batches";
import { failStore, withFaults } from "../support/faults";
import { expectAgreement } from "../support/ledger";
import { dsn, letter, postMail, route } from "../support/mails";
import { bodyOf, dismiss, items, NEW_KIND, posted, replayed, theItem } from "../support/quarantine";
import { bounced, delivered, post, rebuilt, report } from "../support/reports";
import { kindsOf, type Pruned, prune, pruneAll } from "../support/retention";
import { DAY_MS, MINUTE_MS, pass, START_MS, setStage, settle } from "../support/stage";
import { notingStatements, planOf } from "../support/statements";
import { countOf, rowsOf, tamper } from "../support/stores";
import { api, freshStores, jsonOf, runCron, testEnv } from "../support/worker";

setStage();
beforeEach(freshStores);
beforeEach(() => vi.setSystemTime(START_MS));

const ANN = "ann@example.com";
const RECEIPT_COLUMNS =
  "id, request_id, source, provider, connection, received_at, method, query, headers, body_sha256, body_bytes, status";

describe("events", () => {
  it("that only matter for a while go after 30 days, and not before; the others stay for good", async () => {
    const passing = ["delivered", "deferred", "auto_reply"];
    const lasting = ["bounced", "complained", "unsubscribed", "rejected", "manual_block", "manual_release"];
    await report([...passing, ...lasting].map((kind) => ({ kind, recipient: `${kind}@example.com` })));
    pass(30 * DAY_MS);
    expect((await prune()).events).toBe(0);
    pass(1);
    expect((await prune()).events).toBe(passing.length);
    pass(5_000 * DAY_MS);
    await pruneAll();
    expect((await rowsOf<{ kind: string }>("SELECT kind FROM events ORDER BY seq")).map((r) => r.kind)).toEqual(
      lasting,
    );
  });

  it("of each kind stay as long as the configuration says for it", async () => {
    const days = { delivered: 30, deferred: 3, auto_reply: 10 };
    const RETENTION = { deliveries_days: 30, deferrals_days: 3, auto_replies_days: 10 };
    await report(Object.keys(days).map((kind) => ({ kind, recipient: `${kind}@example.com` })));
    const left = async () =>
      (await rowsOf<{ kind: string }>("SELECT kind FROM events ORDER BY seq")).map((r) => r.kind);
    for (const [after, expected] of [
      [3, ["delivered", "auto_reply"]],
      [10, ["delivered"]],
      [30, []],
    ] as const) {
      pass(after * DAY_MS - (Date.now() - START_MS));
      await prune(RETENTION);
      expect(await left()).toHaveLength(expected.length + 1);
      pass(1);
      await prune(RETENTION);
      await prune(RETENTION);
      expect(await left()).toEqual(expected);
    }
  });

  it("that were withdrawn go after 30 days, once their recipient has been told; what stands stays", async () => {
    await imported(listOf([[ANN, "hard"]]));
    const { batchId } = await imported(
      listOf([
        [ANN, "complaint"],
        ["bob@example.com", "hard"],
      ]),
    );
    pass(40 * DAY_MS);
    const broken = testEnv(withFaults(failStore("object")).bindings);
    await reverted(batchId, broken);
    pass(29 * DAY_MS);
    await prune({}, withFaults(failStore("object")).bindings);
    pass(2 * DAY_MS);
    expect((await prune({}, withFaults(failStore("object")).bindings)).events).toBe(0);
    await runCron();
    await pruneAll();
    expect(await kindsOf(ANN)).toEqual(["bounced"]);
    expect(await kindsOf("bob@example.com")).toEqual([]);
    await rebuilt(ANN);
    await settle();
    expect((await expectAgreement(ANN)).verdict.suppressions).toMatchObject([{ reason: "hard" }]);
    expect((await jsonOf(await api(`/v1/batches/${batchId}`))).retracted).toBe(2);
  });

  it("that are still to be applied stay, however old", async () => {
    await report(bounced(ANN, "soft", Date.now()));
    const broken = withFaults(failStore("object")).bindings;
    await post(delivered(ANN, Date.now() - MINUTE_MS), testEnv(broken));
    pass(100 * DAY_MS);
    expect((await prune({}, broken)).events).toBe(0);
    expect(await kindsOf(ANN)).toEqual(["bounced", "delivered"]);
    await settle();
    await pruneAll();
    expect(await kindsOf(ANN)).toEqual(["bounced"]);
    await expectAgreement(ANN);
  });

  it("go as soon as an operator wants; limits that make no sense keep everything, and show", async () => {
    await report([delivered(ANN, Date.now())]);
    pass(2 * DAY_MS);
    for (const RETENTION of [
      { deliveries_days: 0 },
      { deliveries_days: "1" },
      { days: 1 },
      "no JSON",
      { bodies_days: -1 },
    ]) {
      expect(await prune(RETENTION)).toEqual({ events: 0, bodies: 0, receipts: 0 });
      const { checks } = await jsonOf(await api("/health", { env: testEnv({ RETENTION }) }));
      expect(checks.configuration).toBe(false);
    }
    expect((await prune({ deliveries_days: 3 })).events).toBe(0);
    expect((await prune('{"deliveries_days":1}')).events).toBe(1);
  });
});

describe("bytes and receipts", () => {
  it("bytes go after 30 days, except those in quarantine, which stay until that is handled", async () => {
    await report(bounced(ANN, "hard", Date.now()));
    await posted(JSON.stringify([NEW_KIND]));
    pass(30 * DAY_MS);
    expect((await prune()).bodies).toBe(0);
    pass(1);
    expect((await prune()).bodies).toBe(1);
    pass(1_000 * DAY_MS);
    await pruneAll();
    const { id, receivedAt } = await theItem();
    const bytes = await (await bodyOf(id)).arrayBuffer();
    expect(JSON.parse(new TextDecoder().decode(bytes))).toEqual([NEW_KIND]);
    expect(await replayed(id)).toMatchObject({ settled: false });
    expect((await theItem()).receivedAt).toBe(receivedAt);
    await dismiss(id);
    expect((await prune()).bodies).toBe(1);
    expect(await countOf("receipt_bodies")).toBe(0);
  });

  it("receipts of which nothing is left go; those of events stay, and so does the newest, so that no number comes again", async () => {
    await report(delivered(ANN, Date.now() - 2));
    await report(bounced(ANN, "hard", Date.now()));
    await report(delivered(ANN, Date.now() - 1));
    pass(31 * DAY_MS);
    await pruneAll();
    expect(await rowsOf("SELECT id FROM receipts ORDER BY id")).toEqual([{ id: 2 }, { id: 3 }]);
    await report(delivered("bob@example.com", Date.now()));
    expect(await rowsOf("SELECT id FROM receipts ORDER BY id")).toEqual([{ id: 2 }, { id: 3 }, { id: 4 }]);
    await pruneAll();
    expect(await rowsOf("SELECT id FROM receipts ORDER BY id")).toEqual([{ id: 2 }, { id: 4 }]);
  });
});

describe("mail that nothing vouches for, or that says nothing", () => {
  it("leaves quarantine after 30 days, and its bytes go with it; what else waits there stays", async () => {
    await route(letter());
    await route(dsn({ recipient: ANN }));
    await posted(JSON.stringify([NEW_KIND]));
    pass(30 * DAY_MS);
    await pruneAll();
    expect(await items()).toHaveLength(3);
    pass(1);
    await pruneAll();
    expect(await theItem()).toMatchObject({ reason: "unknown_kind" });
    expect(await rowsOf("SELECT receipt_id FROM receipt_bodies")).toEqual([{ receipt_id: 3 }]);
    expect(await rowsOf("SELECT provider, status FROM receipts")).toEqual([
      { provider: "inboxroad", status: "quarantined" },
    ]);
  });

  it("may stay for as long as the operator says", async () => {
    await route(letter());
    pass(3 * DAY_MS);
    await prune();
    expect(await items()).toHaveLength(1);
    await prune({ unverified_days: 2 });
    expect(await items()).toEqual([]);
    expect(await countOf("receipts WHERE status = 'quarantined'")).toBe(0);
  });

  it("does not take the record of its receipt that waits for another reason along", async () => {
    await postMail(dsn([{ recipient: ANN }, { recipient: "bob@example.com" }]), "/v1/messages?trusted=false");
    await tamper("INSERT INTO quarantine VALUES ('another', 1, 1, 'invalid_recipient', '', 0)");
    pass(31 * DAY_MS);
    await pruneAll();
    expect(await theItem()).toMatchObject({ id: "another" });
    expect(await rowsOf("SELECT status FROM receipts")).toEqual([{ status: "quarantined" }]);
  });

  it("goes a bounded part at a time, found by an index of its own", async () => {
    await tamper(
      `INSERT INTO receipts (${RECEIPT_COLUMNS})
       SELECT value, value, 'email', 'email', 'default', 1, 'MAIL', '[]', '[]', '', 1, 'quarantined' FROM json_each(?1)`,
      JSON.stringify(Array.from({ length: 2_500 }, (_, i) => i + 1)),
    );
    await tamper("INSERT INTO quarantine SELECT id, id, NULL, 'unverified', '', 1 FROM receipts");
    const { DB, texts } = notingStatements();
    const left: number[] = [];
    for (let run = 0; run < 3; run++) {
      await prune({}, { DB });
      left.push(await countOf("quarantine"));
    }
    expect(left).toEqual([1_500, 500, 0]);
    const [deletion = ""] = [...texts].filter((sql) => /^DELETE FROM quarantine/.test(sql));
    expect((await planOf(deletion)).filter((line) => /quarantine_open/.test(line))).toHaveLength(1);
  });
});

describe("each run takes a bounded part", () => {
  const numbers = (from: number, to: number) => JSON.stringify(Array.from({ length: to - from }, (_, i) => from + i));

  /** Old receipts, one event of a kind in each. */
  async function fill(kind: string, from: number, to: number): Promise<void> {
    const bounceClass = kind === "bounced" ? "'hard'" : "NULL";
    await tamper(
      `INSERT INTO receipts (${RECEIPT_COLUMNS})
       SELECT value, value, 'api', 'api', 'default', 1, 'POST', '[]', '[]', '', 1, 'recorded' FROM json_each(?1)`,
      numbers(from, to),
    );
    await tamper("INSERT INTO receipt_bodies SELECT value, 0, x'00' FROM json_each(?1)", numbers(from, to));
    await tamper(
      `INSERT INTO events (seq, id, address, provider, connection, kind, class, rule, occurred_at, received_at, state, applied_at)
       SELECT value * 131072, value, value || '@example.com', 'api', 'default', ?2, ${bounceClass}, 'none', 1, 1, 1, 1
       FROM json_each(?1)`,
      numbers(from, to),
      kind,
    );
  }

  it("and the next goes on where it ended, past what stays, and begins again at the end", async () => {
    await fill("bounced", 1, 6_001);
    await fill("deferred", 6_001, 62_001);
    const runs: Pruned[] = [];
    for (let run = 0; run < 8; run++) runs.push(await prune());
    expect(runs[0]?.events).toBe(0);
    // One stretch after the other while most of it goes, as a busy journal needs it; but no more than ten.
    expect(runs[1]?.events).toBeGreaterThan(40_000);
    expect(Math.max(...runs.map(({ events }) => events))).toBeLessThanOrEqual(50_000);
    expect(Math.max(...runs.map(({ bodies }) => bodies))).toBe(10_000);
    expect(Math.max(...runs.map(({ receipts }) => receipts))).toBeLessThanOrEqual(20_000);
    expect(await countOf("events WHERE kind = 'deferred'")).toBe(0);
    expect(await countOf("receipt_bodies")).toBe(0);
    expect(await countOf("events WHERE kind = 'bounced'")).toBe(6_000);

    await fill("auto_reply", 70_000, 70_001);
    await pruneAll();
    expect(await countOf("events WHERE kind = 'auto_reply'")).toBe(0);
    expect(await countOf("receipts")).toBe(6_001);
  });
});
