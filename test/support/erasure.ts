/** What is left of somebody who was erased, in every store. */
import { runInDurableObject } from "cloudflare:test";
import { afterEach, beforeAll, expect } from "vitest";
import { sha256Hex } from "../../src/crypto/digest";
import { erasedAddress } from "../../src/domain/address";
import { applyFacts, decide, EMPTY_STATE, type RecipientState, type Verdict } from "../../src/domain/recipient-state";
import { factOf } from "../../src/store/event-row";
import { erase, imported, listOf } from "./batches";
import { edgeOf, eventsOf, policyOf, rowOf } from "./ledger";
import { block, delivered, report, softBounces } from "./reports";
import { DAY_MS, MINUTE_MS } from "./stage";
import { countOf, objectOf, rowsOf } from "./stores";
import { bindings, jsonOf } from "./worker";

/** What asks for an erasure that goes on suppressing the hash. */
export const KEEP = "?keepSuppressed=true";
/** After so long nobody is late any more. */
export const LATE_MS = 31 * MINUTE_MS;

let made = 0;
export const someone = () => `erased-${++made}@example.com`;

/** Notes every write to a row that does not raise its version; after each test of a file there must be none. */
export function setErasure(): void {
  beforeAll(async () => {
    const note = "INSERT INTO gone_back VALUES (old.key)";
    await bindings.DB.batch([
      bindings.DB.prepare("CREATE TABLE gone_back (key TEXT)"),
      bindings.DB.prepare(
        `CREATE TRIGGER goes_back AFTER UPDATE OF version ON recipients WHEN new.version <= old.version BEGIN ${note}; END`,
      ),
    ]);
  });
  afterEach(async () => {
    expect(await countOf("gone_back")).toBe(0);
  });
}

/** Somebody with a history in which everything has its part. */
export async function known(recipient = someone()): Promise<string> {
  const at = Date.now() - 60 * MINUTE_MS;
  await report([
    ...softBounces(recipient, 5, at),
    delivered(recipient, at - DAY_MS),
    { kind: "unsubscribed", recipient, at },
  ]);
  await block(recipient, { note: "by hand" });
  await imported(listOf([[recipient, "complaint"]]));
  return recipient;
}

/** Erases a recipient, which must work. */
export async function erased(recipient: string, query = ""): Promise<{ events: number; key: string }> {
  const response = await erase(recipient, query);
  expect(response.status).toBe(200);
  return jsonOf(response);
}

/** Tables, by name, in which a text stands somewhere. */
export async function tablesWith(text: string): Promise<string[]> {
  const tables = await rowsOf<{ name: string; columns: string }>(
    `SELECT t.name, group_concat(c.name) AS columns FROM sqlite_master t, pragma_table_info(t.name) c
     WHERE t.type = 'table' AND t.name NOT LIKE 'sqlite%' AND t.name NOT LIKE '\\_cf%' ESCAPE '\\' GROUP BY t.rowid`,
  );
  const statements = tables.map(({ name, columns }) => {
    const anywhere = columns.split(",").map((column) => `instr(CAST("${column}" AS TEXT), ?1) > 0`);
    return bindings.DB.prepare(`SELECT 1 FROM "${name}" WHERE ${anywhere.join(" OR ")} LIMIT 1`).bind(text);
  });
  const found = await bindings.DB.batch(statements);
  return tables.flatMap(({ name }, i) => (found[i]?.results.length ? [name] : []));
}

/** All that an object has in its storage, as JSON. */
export async function objectStorageOf(address: string): Promise<string> {
  return runInDurableObject(await objectOf(address), (_instance, state) =>
    JSON.stringify([...state.storage.kv.list()]),
  );
}

async function stateOf(address: string): Promise<RecipientState> {
  const stored = await runInDurableObject(await objectOf(address), (_instance, state) =>
    state.storage.kv.get<{ state: RecipientState }>("recipient"),
  );
  return stored?.state ?? EMPTY_STATE;
}

/**
 * Asserts that object, projection and edge cache say what the fold over the events says that are left, under the address
 * and under what an erasure left of it; and that nothing is pending.
 */
export async function expectAgreementAfterErasure(address: string): Promise<Verdict> {
  const names = [address, erasedAddress(await sha256Hex(address))];
  const events = (await Promise.all(names.map(eventsOf))).flat().filter((event) => event.retracted_by === null);
  expect(events.filter((event) => event.state === 0)).toEqual([]);
  const verdict = decide(applyFacts(EMPTY_STATE, events.map(factOf)), policyOf(), Date.now());
  expect(decide(await stateOf(address), policyOf(), Date.now())).toEqual(verdict);
  const row = await rowOf(address);
  expect(row ? (JSON.parse(row.suppressions) as unknown) : []).toEqual(verdict.suppressions);
  expect(row?.soft_count ?? 0).toBe(verdict.softCount);
  const edge = await edgeOf(address);
  const reasons = Object.fromEntries(
    verdict.suppressions.map(({ reason, since, until }) => [reason, { since, until }]),
  );
  expect(edge?.reasons ?? {}).toEqual(reasons);
  return verdict;
}
