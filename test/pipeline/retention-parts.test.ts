/** Retention, part by part: what one of them cannot do, the others do all the same; and none does too much at once. */
import { beforeEach, describe, expect, it, vi } from "vitest";
import { prune } from "../support/retention";
import { DAY_MS, START_MS, setStage } from "../support/stage";
import { countOf, rowsOf, tamper } from "../support/stores";
import { api, bindings, freshStores, jsonOf, runCron, testEnv } from "../support/worker";

setStage();
beforeEach(freshStores);
beforeEach(() => vi.setSystemTime(START_MS));

const HOUR_MS = 3_600_000;
const OLD_MS = START_MS - 400 * DAY_MS;
const OLD_DAY = Math.floor(OLD_MS / DAY_MS);
const numbers = (length: number) => JSON.stringify(Array.from({ length }, (_, i) => i + 1));

/** Each part: what it removes, one row of that, and how its statement begins. */
const PARTS = {
  audit: {
    table: "audit WHERE action = 'old'",
    fill: `INSERT INTO audit (at, request_id, action, actor) VALUES (${OLD_MS}, 'r', 'old', 'a')`,
    statement: /^DELETE FROM audit\b/,
  },
  tokens: {
    table: "used_tokens",
    fill: `INSERT INTO used_tokens VALUES ('mailgun', 'default', 't', 'd', ${OLD_MS})`,
    statement: /^DELETE FROM used_tokens\b/,
  },
  hours: {
    table: "hourly_stats",
    fill: `INSERT INTO hourly_stats VALUES (${OLD_MS / HOUR_MS}, 'mailgun/default', 'delivered', '', 1)`,
    statement: /^DELETE FROM hourly_stats\b/,
  },
  bursts: {
    table: "cause_counts",
    fill: `INSERT INTO cause_counts VALUES (${OLD_DAY}, 'mailgun/default', 'c', 1, 1, 0)`,
    statement: /^DELETE FROM cause_counts\b/,
  },
  changes: {
    table: "suppression_changes WHERE key = 'old'",
    fill: `INSERT INTO suppression_changes (key, answer, changed_at) VALUES ('old', NULL, ${OLD_MS}), ('new', NULL, ${START_MS})`,
    statement: /^DELETE FROM suppression_changes\b/,
  },
  unverified: {
    table: "quarantine",
    fill: `INSERT INTO quarantine VALUES ('q', 1, NULL, 'unverified', '', ${OLD_MS})`,
    statement: /^DELETE FROM quarantine\b/,
  },
  bodies: {
    table: "receipt_bodies",
    fill: "INSERT INTO receipt_bodies VALUES (2, 0, x'00')",
    statement: /^DELETE FROM receipt_bodies\b/,
  },
  events: {
    table: "events",
    fill: `INSERT INTO events (seq, id, address, provider, connection, kind, rule, occurred_at, received_at, state, applied_at)
      VALUES (3 * 131072, 'e', 'ann@example.com', 'api', 'default', 'delivered', 'none', ${OLD_MS}, ${OLD_MS}, 1, ${OLD_MS})`,
    statement: /^DELETE FROM events\b/,
  },
  receipts: { table: "receipts WHERE id = 4", fill: "SELECT 1", statement: /^DELETE FROM receipts\b/ },
} as const;
type PartName = keyof typeof PARTS;
const NAMES = Object.keys(PARTS) as PartName[];

/** Receipts of long ago, the newest of which always stays, and something for each part. */
async function fill(): Promise<void> {
  await tamper(
    `INSERT INTO receipts (id, request_id, source, provider, connection, received_at, method, query, headers, body_sha256, body_bytes, status)
     SELECT value, value, 'api', 'api', 'default', ${OLD_MS}, 'POST', '[]', '[]', '', 1, 'recorded' FROM json_each(?1)`,
    numbers(5),
  );
  for (const name of NAMES) await tamper(PARTS[name].fill);
}

/** Of which parts there is something left. */
async function left(): Promise<PartName[]> {
  const counts = await Promise.all(NAMES.map((name) => countOf(PARTS[name].table)));
  return NAMES.filter((_, i) => counts[i]);
}

/** A database that does not take one kind of statement. */
function without(statement: RegExp): D1Database {
  return new Proxy(bindings.DB, {
    get(db, name) {
      if (name !== "prepare") return (Reflect.get(db, name) as (...args: unknown[]) => unknown).bind(db);
      return (sql: string) => {
        if (statement.test(sql.trim())) throw new Error("overloaded");
        return db.prepare(sql);
      };
    },
  });
}

describe("a part of retention that fails", () => {
  it.each(NAMES)("does not stop the others, is reported, and is done by the next run: %s", async (name) => {
    await fill();
    expect(await left()).toEqual(NAMES);
    const warned = vi.spyOn(console, "warn").mockImplementation(() => undefined);
    const failed = vi.spyOn(console, "error").mockImplementation(() => undefined);
    await runCron(testEnv({ DB: without(PARTS[name].statement) }));
    const lines = [...warned.mock.calls, ...failed.mock.calls].map(([line]) => JSON.parse(String(line)));
    warned.mockRestore();
    failed.mockRestore();
    expect(lines).toEqual([
      expect.objectContaining({ event: "prune.part_failed", part: name, reason: "overloaded" }),
      expect.objectContaining({ event: "prune.failed", reason: "overloaded" }),
    ]);
    // Who is still in quarantine keeps nothing but its own receipt.
    expect(await left()).toEqual([name]);
    await prune();
    expect(await left()).toEqual([]);
  });

  it("is an error to the operator who asked for the run", async () => {
    await fill();
    const env = testEnv({ DB: without(PARTS.tokens.statement) });
    const response = await api("/v1/reconcile", { method: "POST", env });
    expect(response.status).toBe(503);
    expect(await jsonOf(response)).toMatchObject({ code: "unavailable" });
    expect(await left()).toEqual(["tokens"]);
  });
});

describe("in one run", () => {
  it("no more tokens go than its stretches hold, the oldest first", async () => {
    await tamper(
      `INSERT INTO used_tokens SELECT 'mailgun', 'default', value, 'd', ${OLD_MS} + value FROM json_each(?1)`,
      numbers(52_000),
    );
    await prune();
    const [{ n, oldest } = {}] = await rowsOf<{ n: number; oldest: number }>(
      "SELECT count(*) AS n, min(used_at) AS oldest FROM used_tokens",
    );
    expect([n, oldest]).toEqual([2_000, OLD_MS + 50_001]);
    await prune();
    expect(await countOf("used_tokens")).toBe(0);
  });

  it("a bounded part of the hours become days, and the counts say the same at any time", async () => {
    await tamper(
      `INSERT INTO hourly_stats SELECT ${OLD_DAY * 24} + value / 100, 'powermta/' || (value % 100), 'delivered', '', 2
       FROM json_each(?1)`,
      numbers(12_000),
    );
    const counted = () =>
      rowsOf("SELECT day, connection, sum(count) AS n FROM connection_stats GROUP BY 1, 2 ORDER BY 1, 2");
    const before = await counted();
    for (const hours of [7_000, 2_000, 0]) {
      await prune();
      expect(await countOf("hourly_stats")).toBe(hours);
      expect(await counted()).toEqual(before);
    }
  });
});
