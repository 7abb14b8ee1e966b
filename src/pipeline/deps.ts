/** What the pipeline works with. Handed in by the composition root; nothing below it sees the worker's environment. */
import type { Policy } from "../domain/policy";
import type { Result } from "../domain/result";
import type { Logger } from "../log";
import type { RecipientNamespace } from "../recipient/client";

export interface Retention {
  /** How long the audit trail goes back. */
  readonly auditMs: number;
  /** How long deliveries, and what was withdrawn, stay in the journal. */
  readonly deliveriesMs: number;
  readonly deferralsMs: number;
  readonly autoRepliesMs: number;
  /** How long raw bodies stay. */
  readonly bodiesMs: number;
  /** How long mail stays in quarantine that nothing vouches for, or that says nothing. */
  readonly unverifiedMs: number;
  /** How long a mirror may be away and still catch up with the changes of the list. */
  readonly changesMs: number;
}

export interface Deps {
  readonly db: D1Database;
  readonly kv: KVNamespace;
  readonly recipients: RecipientNamespace;
  /** Epoch ms. */
  readonly now: () => number;
  readonly log: Logger;
  /** Keeps work alive after the answer. */
  readonly waitUntil: (work: Promise<unknown>) => void;
  /** Tells others at once what was applied; absent: they hear of it from the cron. Never rejects. */
  readonly announce?: (() => Promise<void>) | undefined;
  /**
   * The variable's; a sentence that says what is wrong with it, where it is unusable. Which one holds, `effectivePolicy`
   * says.
   */
  readonly policy: Result<Policy, string>;
  /** The variable's own words, as `policyText` writes them. What is applied holds until they change. */
  readonly policyText: string;
  readonly retention: Retention;
  /** The downloadable filter is built at most this often; 0: not at all. */
  readonly filterEveryMs: number;
  /** What return paths are signed with; a sentence that says what is wrong with them, where they are unusable. */
  readonly returnPathKeys: Result<readonly string[], string>;
}
