/**
 * Every suppression names the event that caused it, and that event is in the journal with the receipt that it came
 * with. Every bounce names its class and the rule that decided it. This holds for what providers report, for what
 * operators do, through failures, rebuilds and retention.
 *
 * Not promised: the raw bytes behind an event, which are kept for a while only; that the evidence of a soft
 * suppression lists every bounce that was counted: it names the one that completed the threshold.
 */
import { beforeAll, describe, expect, it } from "vitest";
import { secretNameOf } from "../../src/config";
import { TEXT_RULES } from "../../src/domain/classify-rules";
import { ADAPTERS } from "../../src/providers/registry";
import { fixturesOf } from "../providers/fixtures";
import { eventsOf } from "../support/ledger";
import { block, bounced, type Report, rebuilt, release, report, softBounces } from "../support/reports";
import { everyFault } from "../support/rounds";
import { DAY_MS, MINUTE_MS, pass, setStage, settle } from "../support/stage";
import { checkOf, countOf, rowsOf } from "../support/stores";
import { api, jsonOf, runCron, testEnv } from "../support/worker";

setStage();

let made = 0;
const someone = () => `evidence-${++made}@example.com`;

interface Detail {
  readonly reasons: readonly string[];
  readonly since: string;
  readonly evidence: readonly { id: string; kind: string; occurredAt: string; receiptId: number; provider: string }[];
}

/** A suppression as the API shows it. */
async function detailOf(recipient: string): Promise<Detail> {
  const response = await api(`/v1/suppressions/${recipient}`);
  expect(response.status).toBe(200);
  return jsonOf(response);
}

/** Suppressions whose event is not in the journal, or not about that recipient, or came with no receipt. */
const UNFOUNDED = `
  SELECT r.address, s.value->>'reason' AS reason FROM recipients r, json_each(r.suppressions) s
  LEFT JOIN events e ON e.address = r.address AND e.id = s.value->>'eventId'
  LEFT JOIN receipts t ON t.id = e.seq / 131072
  WHERE e.id IS NULL OR t.id IS NULL OR e.occurred_at <> s.value->>'since'`;

async function expectFounded(): Promise<void> {
  expect(await rowsOf(UNFOUNDED)).toEqual([]);
}

describe("every suppression names its cause", () => {
  const at = () => Date.now() - MINUTE_MS;
  const causes: readonly [reason: string, cause: (recipient: string) => Report][] = [
    ["hard", (recipient) => bounced(recipient, "hard", at())],
    ["complaint", (recipient) => ({ kind: "complained", recipient, at: at() })],
    ["unsubscribe", (recipient) => ({ kind: "unsubscribed", recipient, at: at() })],
    ["manual", (recipient) => ({ kind: "manual_block", recipient, at: at() })],
    ["hard", (recipient) => ({ kind: "rejected", category: "invalid", recipient, at: at() })],
    ["complaint", (recipient) => ({ kind: "rejected", category: "complained", recipient, at: at() })],
  ];

  it.each(causes)("%s: the event that says so", async (reason, cause) => {
    const recipient = someone();
    const stated = cause(recipient);
    const [id] = await report(stated);
    const { reasons, evidence, since } = await detailOf(recipient);
    expect(reasons).toEqual([reason]);
    expect(evidence).toMatchObject([{ id, kind: stated.kind, recipient, occurredAt: since }]);
    await expectFounded();
  });

  it("each of several reasons its own, and of several events for one reason the latest", async () => {
    const recipient = someone();
    const [, hard, complaint, stop] = await report([
      bounced(recipient, "hard", at() - 5, "first"),
      bounced(recipient, "hard", at(), "second"),
      { kind: "complained", recipient, at: at() - 2 },
      { kind: "unsubscribed", recipient, at: at() - 3 },
    ]);
    const { reasons, evidence } = await detailOf(recipient);
    expect(reasons).toEqual(["hard", "complaint", "unsubscribe"]);
    expect(evidence.map(({ id }) => id).sort()).toEqual([hard, complaint, stop].sort());
    await expectFounded();
  });

  it("a block by hand: the command, with its note; a block of a domain likewise", async () => {
    const [recipient, domain] = [someone(), "@blocked.example.com"];
    for (const blocked of [recipient, domain]) {
      expect((await block(blocked, { note: "asked by phone" })).status).toBe(200);
      const { reasons, evidence, ...detail } = await detailOf(blocked);
      expect(reasons).toEqual(["manual"]);
      expect(detail).toMatchObject({ note: "asked by phone" });
      expect(evidence).toMatchObject([
        { kind: "manual_block", provider: "operator", recipient: blocked, metadata: { note: "asked by phone" } },
      ]);
    }
    expect((await checkOf("anyone@blocked.example.com")).reasons).toEqual(["domain"]);
    await expectFounded();
  });
});

describe("a soft suppression names the bounce that completed the threshold", () => {
  it("which is the fifth in the order of time, whatever the order of arrival", async () => {
    const recipient = someone();
    const bounces = softBounces(recipient, 7, Date.now() - 30 * MINUTE_MS, MINUTE_MS);
    const ids = await report(bounces);
    expect((await detailOf(recipient)).evidence.map(({ id }) => id)).toEqual([ids[4]]);

    const other = someone();
    const late = softBounces(other, 7, Date.now() - 30 * MINUTE_MS, MINUTE_MS).reverse();
    const [, , fifth] = await report(late);
    expect((await detailOf(other)).evidence.map(({ id }) => id)).toEqual([fifth]);
    await expectFounded();
  });

  it("which may turn out to be an earlier one when an older bounce arrives late", async () => {
    const recipient = someone();
    const start = Date.now() - 30 * MINUTE_MS;
    const ids = await report(softBounces(recipient, 6, start, MINUTE_MS));
    const before = await detailOf(recipient);
    expect(before.evidence.map(({ id }) => id)).toEqual([ids[4]]);
    await report(bounced(recipient, "expired", start - MINUTE_MS));
    const after = await detailOf(recipient);
    expect(after.evidence.map(({ id }) => id)).toEqual([ids[3]]);
    expect(Date.parse(after.since)).toBe(Date.parse(before.since) - MINUTE_MS);
    await expectFounded();
  });

  it("and with another policy the one that completes that", async () => {
    const recipient = someone();
    const env = testEnv({ POLICY: { soft_threshold: 2, effects: { block: "count" } } });
    const [, second] = await report(
      ["soft", "block", "expired"].map((c, i) => bounced(recipient, c, Date.now() - MINUTE_MS + i)),
      env,
    );
    expect((await detailOf(recipient)).evidence.map(({ id }) => id)).toEqual([second]);
    await expectFounded();
  });
});

describe("every bounce names its class and the rule that decided it", () => {
  beforeAll(async () => {
    const env = testEnv(Object.fromEntries(ADAPTERS.map(({ id }) => [`WEBHOOK_${secretNameOf(id)}`, `user:${id}`])));
    for (const { id } of ADAPTERS) {
      const authorization = `Basic ${btoa(`user:${id}`)}`;
      for (const { body, contentType } of await fixturesOf(id, "application/x-www-form-urlencoded")) {
        const headers = { authorization, "content-type": contentType };
        const { status } = await api(`/webhooks/${id}`, { body, headers, env });
        // Those who sign what they send are not taken at anybody's word.
        expect([200, 400, 401, 429, 503]).toContain(status);
      }
    }
    const said = ["", "550 5.1.1 user unknown", "452 4.2.2 mailbox full", "550 blocked by Spamhaus", "gibberish"];
    await report(
      said.flatMap((diagnosticCode, i) => [
        { kind: "bounced", recipient: someone(), diagnosticCode, id: `said-${i}` },
        { ...bounced(someone(), "soft", Date.now()), diagnosticCode, id: `stated-${i}` },
      ]),
    );
  });

  it("whatever the provider, and whether or not it says anything", async () => {
    expect(await countOf("events WHERE kind = 'bounced'")).toBeGreaterThan(20);
    expect(await rowsOf("SELECT id FROM events WHERE kind = 'bounced' AND (class IS NULL OR rule IS NULL)")).toEqual(
      [],
    );
  });

  it("and the rule is one that exists", async () => {
    const rules = await rowsOf<{ rule: string }>("SELECT DISTINCT rule FROM events WHERE kind = 'bounced'");
    const texts = new Set(TEXT_RULES.map((rule) => rule.id));
    const prefixes = ["stated", "status", "reply", ...ADAPTERS.map((adapter) => adapter.id)];
    expect(rules.length).toBeGreaterThan(5);
    for (const { rule } of rules) {
      const [prefix = ""] = rule.split(":");
      expect(rule === "none" || texts.has(rule) || prefixes.includes(prefix), rule).toBe(true);
    }
  });

  it("and the journal takes no bounce without a class, and no class for anything else", async () => {
    const insert = (kind: string, bounceClass: string) =>
      rowsOf(`INSERT INTO events (id, address, provider, connection, kind, class, occurred_at, received_at, state)
        VALUES ('x', 'x@example.com', 'api', 'default', '${kind}', ${bounceClass}, 1, 1, 2)`);
    await expect(insert("bounced", "NULL")).rejects.toThrow(/constraint/i);
    await expect(insert("delivered", "'hard'")).rejects.toThrow(/constraint/i);
  });
});

describe("the evidence stays", () => {
  it("through rebuilds and retention, when the bytes behind it are gone", async () => {
    const recipient = someone();
    await report([...softBounces(recipient, 5, Date.now()), { kind: "rejected", category: "invalid", recipient }]);
    const before = await detailOf(recipient);
    expect(before.reasons).toEqual(["hard", "soft"]);
    pass(100 * DAY_MS);
    for (let run = 0; run < 3; run++) await runCron();
    const receipts = "SELECT seq / 131072 FROM events WHERE address = ?";
    expect(await countOf(`receipts WHERE id IN (${receipts})`, recipient)).toBe(1);
    expect(await countOf(`receipt_bodies WHERE receipt_id IN (${receipts})`, recipient)).toBe(0);
    await rebuilt(recipient);
    expect(await detailOf(recipient)).toEqual(before);
    await expectFounded();
  });

  it("through a failure of any step of what suppresses", async () => {
    await everyFault({
      play: async ({ address, env }) => {
        await block(address("blocked"), { note: "asked to" }, env);
        await api("/v1/events", { env, json: { kind: "bounced", class: "hard", recipient: address("gone") } });
      },
      check: async ({ address }) => {
        await settle();
        await expectFounded();
        for (const name of ["blocked", "gone"]) {
          const ids = (await eventsOf(address(name))).map(({ id }) => id);
          const response = await api(`/v1/suppressions/${address(name)}`);
          expect(response.status).toBe(ids.length ? 200 : 404);
          if (ids.length) expect((await jsonOf(response)).evidence).toMatchObject([{ id: ids.at(-1) }]);
        }
      },
    });
  });

  it("for everything that this file suppressed, and names only what has not been released", async () => {
    const recipient = someone();
    await report(bounced(recipient, "hard", Date.now()));
    await release(recipient);
    pass(MINUTE_MS);
    const [again] = await report(bounced(recipient, "hard", Date.now(), "again"));
    expect((await detailOf(recipient)).evidence.map(({ id }) => id)).toEqual([again]);
    expect(await countOf("recipients, json_each(suppressions)")).toBeGreaterThan(30);
    await expectFounded();
  });
});
