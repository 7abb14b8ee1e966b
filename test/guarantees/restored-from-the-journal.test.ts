/**
 * A copy of the journal alone is enough. Its tables, taken out of D1 and put into an empty database with empty objects and
 * an empty edge cache, rebuild everything else: the same verdicts, the same counters, the same list, the same answers at
 * the edge.
 *
 * Not promised: counts for charts, which are not kept in the journal (deliveries leave it after some time), and what only
 * these stores knew: sign-ins, mailboxes, who is told of what.
 */
import { describe, expect, it } from "vitest";
import { burst } from "../support/bursts";
import { withFaults } from "../support/faults";
import { decided, guardedEnv } from "../support/incidents";
import { applied, policyNow } from "../support/policies";
import { bounced, delivered, post, release, report, softBounces } from "../support/reports";
import { MINUTE_MS, pass, setStage, settle } from "../support/stage";
import { checkOf, countOf, edgeContents, edgeExpected, reasonsOf, rowsOf } from "../support/stores";
import { ADMIN, api, bindings, freshStores, jsonOf, testEnv } from "../support/worker";

setStage();

/** The journal: what cannot be made again. */
const JOURNAL = [
  "receipts",
  "receipt_bodies",
  "quarantine",
  "events",
  "batches",
  "incidents",
  "policies",
  "policy_runs",
  "class_changes",
  "audit",
];

type Row = Readonly<Record<string, unknown>>;
type Copy = Readonly<Record<string, readonly Row[]>>;

async function copyOfJournal(): Promise<Copy> {
  const tables = await Promise.all(JOURNAL.map((table) => rowsOf<Row>(`SELECT * FROM ${table}`)));
  return Object.fromEntries(JOURNAL.map((table, i) => [table, tables[i] ?? []]));
}

async function putBack(copy: Copy): Promise<void> {
  for (const [table, rows] of Object.entries(copy)) {
    for (const row of rows) {
      const names = Object.keys(row);
      const values = Object.values(row).map((value) => (Array.isArray(value) ? new Uint8Array(value) : value));
      await bindings.DB.prepare(`INSERT INTO ${table} (${names}) VALUES (${names.map((_, i) => `?${i + 1}`)})`)
        .bind(...values)
        .run();
    }
  }
}

/** Everything that follows from the journal, less versions and the times of writing. */
async function verdicts() {
  const rows = await rowsOf<Row>(
    `SELECT key, address, domain, suppressed, allowed, suppressions, since, until, soft_count, counting_since, released_at,
       answer FROM recipients WHERE address IS NOT NULL ORDER BY key`,
  );
  const list = await jsonOf(await api("/v1/suppressions?limit=1000"));
  const edge = Object.entries(await edgeContents()).map(([key, value]) => [key, { ...(value as object), version: 0 }]);
  return {
    rows,
    list: list.items,
    edge: Object.fromEntries(edge.sort(([a], [b]) => (String(a) < String(b) ? -1 : 1))),
  };
}

interface Rebuilt {
  readonly calls: number;
  readonly rebuilt: number;
}

async function rebuildAll(limit: number, cursor: string | null = null, env = testEnv()): Promise<Rebuilt> {
  const response = await api("/v1/rebuild", { json: { target: "recipients", cursor, limit }, env });
  expect(response.status).toBe(200);
  const { rebuilt, nextCursor } = await jsonOf(response);
  const rest = nextCursor === null ? { calls: 0, rebuilt: 0 } : await rebuildAll(limit, nextCursor, env);
  return { calls: rest.calls + 1, rebuilt: rest.rebuilt + rebuilt };
}

/** A bit of everything that a journal can hold. */
async function eventfulDays(): Promise<void> {
  const start = Date.now() - 600 * MINUTE_MS;
  const at = (minute: number) => start + minute * MINUTE_MS;
  await report([
    bounced("hard@example.com", "hard", at(1)),
    ...softBounces("soft@example.com", 5, at(1)),
    ...softBounces("counting@example.com", 3, at(1)),
    ...softBounces("recovered@example.com", 4, at(1)),
    delivered("recovered@example.com", at(9)),
    ...softBounces("void@example.com", 2, at(1)),
    delivered("void@example.com", at(9), "void"),
    bounced("released@example.com", "hard", at(1)),
    bounced("again@example.com", "hard", at(1)),
    bounced("blocked@example.com", "block", at(1)),
    { kind: "complained", recipient: "complained@example.com", at: at(2) },
    { kind: "unsubscribed", recipient: "left@example.com", at: at(2) },
    { kind: "rejected", category: "complained", recipient: "echo@example.com", at: at(3) },
    ...Array.from({ length: 40 }, (_, i) => delivered(`fine-${i}@example.org`, at(4))),
  ]);
  await report(bounced("void@example.com", "soft", at(20), "void"));
  for (const address of ["released@example.com", "again@example.com"]) await release(address);
  pass(MINUTE_MS);
  await report(bounced("again@example.com", "hard", Date.now()));
  await api("/v1/suppressions/%40example.net", { method: "PUT", json: { note: "asked to" } });
  await api("/v1/allowlist/vip%40example.com", { method: "PUT" });
  await report(bounced("vip@example.com", "hard", at(5)));
  const headers = { ...ADMIN, "content-type": "text/csv" };
  const imported = await api("/v1/suppressions/import", {
    body: "email,reason\nlist@example.com,complaint\n",
    headers,
  });
  expect(imported.ok).toBe(true);
  const undone = await api("/v1/suppressions/import", {
    body: "email,reason\nundone@example.com,complaint\n",
    headers,
  });
  const { batchId } = await jsonOf(undone);
  expect((await api(`/v1/batches/${batchId}/revert`, { method: "POST" })).ok).toBe(true);
  for (const address of ["erased@example.com", "kept@example.com"]) await report(bounced(address, "hard", at(6)));
  await api("/v1/recipients/erased%40example.com", { method: "DELETE" });
  await api("/v1/recipients/kept%40example.com?keepSuppressed=true", { method: "DELETE" });
  await api("/webhooks/inboxroad?token=inboxroad-secret", {
    json: [{ type: "from-a-later-version", rcpt: "q@example.com" }],
  });
}

describe("a copy of the journal", () => {
  it("rebuilds objects, projection and edge cache to the same verdicts", async () => {
    await eventfulDays();
    await settle();
    const before = await verdicts();
    expect(before.list).toHaveLength(9);
    const copy = await copyOfJournal();

    await freshStores();
    expect(await verdicts()).toEqual({ rows: [], list: [], edge: {} });
    await putBack(copy);
    const { calls, rebuilt } = await rebuildAll(4);
    expect(calls).toBeGreaterThan(4);
    // Who was only ever delivered to has nobody decided about, then as before.
    expect(rebuilt).toBeLessThan(25);
    await settle();

    const after = await verdicts();
    expect(after).toEqual(before);
    expect(await edgeContents()).toEqual(await edgeExpected());
    expect(await copyOfJournal()).toEqual(copy);
    expect(await countOf("events WHERE state = 0")).toBe(0);
    for (const [address, reasons] of [
      ["hard@example.com", ["hard"]],
      ["soft@example.com", ["soft"]],
      ["counting@example.com", []],
      ["released@example.com", []],
      ["again@example.com", ["hard"]],
      ["anybody@example.net", ["domain"]],
      ["vip@example.com", []],
      ["undone@example.com", []],
      ["erased@example.com", []],
      ["kept@example.com", ["manual"]],
    ] as const) {
      expect((await checkOf(address)).reasons, address).toEqual(reasons);
      expect((await checkOf(address, "eventual")).reasons, address).toEqual(reasons);
    }
  });

  it("goes on counting where it was, once it is restored", async () => {
    await report(softBounces("counting@example.com", 2, Date.now()));
    expect((await checkOf("counting@example.com")).reasons).toEqual(["soft"]);
    await report(delivered("recovered@example.com", Date.now()));
    expect((await jsonOf(await api("/v1/recipients/recovered%40example.com"))).softBounces.count).toBe(0);
    await settle();
  });

  it("brings back the policy that was applied, and what waits for a decision", async () => {
    const env = guardedEnv();
    const { id, then } = await burst(env);
    await applied({ policy: { soft_threshold: 2 } }, env);
    await report(softBounces("twice@example.com", 2, Date.now()), env);
    await settle(env);
    const [before, policy] = [await verdicts(), await policyNow(env)];
    const copy = await copyOfJournal();
    await freshStores();
    await putBack(copy);
    await rebuildAll(100, null, env);
    await settle(env);
    expect(await verdicts()).toEqual(before);
    expect(await policyNow(env)).toEqual(policy);
    expect((await checkOf("twice@example.com")).reasons).toEqual(["soft"]);
    expect(await reasonsOf(then[0] ?? "")).toEqual([]);
    await decided(id, "confirm", {}, env);
    await settle(env);
    expect(await reasonsOf(then[0] ?? "")).toEqual(["hard"]);
  });

  it("is what events that were pending are applied from, too", async () => {
    const stuck = withFaults((step) => (step.store === "object" ? "before" : null));
    await post(bounced("pending@example.com", "hard", Date.now()), testEnv(stuck.bindings));
    const copy = await copyOfJournal();
    await freshStores();
    await putBack(copy);
    await rebuildAll(100);
    expect(await countOf("events WHERE state = 0")).toBe(0);
    expect((await checkOf("pending@example.com")).reasons).toEqual(["hard"]);
    await settle();
  });
});

describe("rebuilding everybody", () => {
  it("changes nothing where nothing was lost", async () => {
    await settle();
    const before = await verdicts();
    await rebuildAll(7);
    await settle();
    expect(await verdicts()).toEqual(before);
  });

  it("passes nobody over: a part that fails is an error, and goes on from where it was", async () => {
    const before = await verdicts();
    await bindings.DB.prepare("DELETE FROM recipients").run();
    let failures = 0;
    let cursor: string | null = null;
    for (let n = 0, isDone = false; !isDone; n++) {
      const faults = withFaults((_step, index) => (index === n ? "before" : null));
      const json = { target: "recipients", cursor, limit: 5 };
      const response: Response = await api("/v1/rebuild", { json, env: testEnv(faults.bindings) });
      if (response.status === 200) {
        cursor = (await jsonOf(response)).nextCursor;
        isDone = cursor === null;
      } else {
        failures++;
        expect(response.status).toBe(503);
      }
    }
    expect(failures).toBeGreaterThan(3);
    await settle();
    expect(await verdicts()).toEqual(before);
  });

  it("takes those off the list of whom the journal says nothing", async () => {
    await bindings.DB.prepare("DELETE FROM events WHERE address = 'hard@example.com'").run();
    await rebuildAll(100);
    expect((await checkOf("hard@example.com")).reasons).toEqual([]);
  });

  it.each([
    [{ target: "recipients", cursor: "keys:" }, "invalid_cursor"],
    [{ target: "recipients", cursor: "events:x" }, "invalid_cursor"],
    [{ target: "recipients", limit: 0 }, "invalid_request"],
    [{ target: "recipients", limit: 1_001 }, "invalid_request"],
  ])("with %j is a 400", async (json, code) => {
    const response = await api("/v1/rebuild", { json });
    expect(response.status).toBe(400);
    expect((await jsonOf(response)).code).toBe(code);
  });
});

describe("the manual's copy of the journal", () => {
  const [manual = ""] = Object.values(
    import.meta.glob<string>("../../docs/operations.md", { query: "?raw", import: "default", eager: true }),
  );

  it("has every table of it", () => {
    expect([...manual.matchAll(/--table (\w+)/g)].map(([, table]) => table)).toEqual(JOURNAL);
    const said = /the journal: ([^;]*);/.exec(manual)?.[1] ?? "";
    expect([...said.matchAll(/`(\w+)`/g)].map(([, table]) => table).concat("audit")).toEqual(JOURNAL);
  });
});
