/** From secrets `SYNC_<PROVIDER>` and `SYNC_<PROVIDER>__<CONNECTION>` to what is kept in step with what. */
import { isObject, valueOfJson } from "../domain/json";
import { fail, ok, type Result } from "../domain/result";
import type { SyncAdapter, SyncSettings } from "./adapter";
import { SYNC_ADAPTERS } from "./registry";

/** One account of a provider. */
export interface Sync {
  readonly adapter: SyncAdapter;
  /** Lower case; `default` where the secret's name has no connection part. */
  readonly connection: string;
  /** `provider/connection` */
  readonly id: string;
  /** Or what is wrong with them, without their values. */
  readonly settings: Result<SyncSettings, string>;
}

export interface Syncs {
  /** In the order of their ids. */
  readonly syncs: readonly Sync[];
  /** Secrets that look like a sync's and are none. */
  readonly strays: readonly string[];
}

const PREFIX = "SYNC_";
const SEPARATOR = "__";
const DEFAULT_CONNECTION = "default";

/**
 * Reads all of them.
 *
 * @param variables the environment's names and values
 */
export function readSyncs(variables: Readonly<Record<string, unknown>>, allowsPrivateTargets: boolean): Syncs {
  const syncs: Sync[] = [];
  const strays: string[] = [];
  for (const [name, value] of Object.entries(variables)) {
    if (!name.startsWith(PREFIX) || value === undefined) continue;
    const [provider = "", connection] = name.slice(PREFIX.length).split(SEPARATOR, 2);
    const adapter = SYNC_ADAPTERS.find(({ id }) => id.toUpperCase() === provider);
    if (!adapter) strays.push(`${name}: there is no such provider to synchronize with`);
    else if (connection === "") strays.push(`${name}: the connection has no name`);
    else syncs.push(syncOf(adapter, connection?.toLowerCase() ?? DEFAULT_CONNECTION, value, allowsPrivateTargets));
  }
  const known = new Map<string, Sync>();
  for (const sync of syncs) {
    if (known.has(sync.id)) strays.push(`${sync.id}: it is configured twice`);
    else known.set(sync.id, sync);
  }
  return { syncs: [...known.values()].sort((a, b) => (a.id < b.id ? -1 : 1)), strays };
}

function syncOf(adapter: SyncAdapter, connection: string, value: unknown, allowsPrivateTargets: boolean): Sync {
  const raw = jsonOf(value);
  const settings = raw.ok ? adapter.read(raw.value, allowsPrivateTargets) : raw;
  return { adapter, connection, id: `${adapter.id}/${connection}`, settings };
}

function jsonOf(value: unknown): Result<unknown, string> {
  const parsed = typeof value === "string" ? valueOfJson(value) : value;
  if (parsed === undefined) return fail("is not valid JSON");
  return isObject(parsed) ? ok(parsed) : fail("must be a JSON object");
}

/** The connection under which what a sync brings in is recorded: `sendgrid-api`, `sendgrid-api-eu`. */
export function importConnectionOf({ adapter, connection }: Pick<Sync, "adapter" | "connection">): string {
  return connection === DEFAULT_CONNECTION ? `${adapter.id}-api` : `${adapter.id}-api-${connection}`;
}
