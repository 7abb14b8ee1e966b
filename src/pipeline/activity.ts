/** When a connection was last heard from, for people to look at: written in the background, and never in the way. */
import { noteReceived, noteRejected } from "../store/connection-activity";
import type { Deps } from "./deps";

/** An isolate notes the same thing at most this often: a flood of bad signatures writes one row. */
const NOTE_EVERY_MS = 60_000;

const notedAt = new WeakMap<D1Database, Map<string, number>>();

export interface Activity {
  readonly provider: string;
  readonly connection: string;
  /** Why it was refused; absent: it was let in. */
  readonly rejectedFor?: string;
}

/** Notes that a connection was heard from, or refused; never in the way of the answer. */
export function noteActivity(
  deps: Pick<Deps, "db" | "now" | "waitUntil">,
  { provider, connection, rejectedFor }: Activity,
): void {
  const now = deps.now();
  const noted = notedAt.get(deps.db) ?? new Map<string, number>();
  notedAt.set(deps.db, noted);
  const name = `${rejectedFor === undefined ? "received" : "rejected"} ${provider}/${connection}`;
  if (now - (noted.get(name) ?? Number.NEGATIVE_INFINITY) < NOTE_EVERY_MS) return;
  noted.set(name, now);
  const written =
    rejectedFor === undefined
      ? noteReceived(deps.db, provider, connection, now)
      : noteRejected(deps.db, provider, connection, now, rejectedFor);
  deps.waitUntil(written.catch(() => noted.delete(name)));
}
