import type { Config } from "../config";
import type { MailboxDeps } from "../mailbox/visit";

export interface Limiters {
  /** Of attempts that proved nothing, by where they come from. */
  readonly failures: RateLimit | null;
  /** Of checks, by token. */
  readonly checks: RateLimit | null;
}

/** What a request handler works with: made anew by the composition root for each request. */
export interface Services extends MailboxDeps {
  readonly config: Config;
  readonly limiters: Limiters;
  /** Names this request in the answer, the log and the receipt. */
  readonly requestId: string;
  /** Logs a failure of ours that a handler answers itself. */
  readonly onFailure: (error: unknown) => void;
}

/** For Hono: its bindings are our services, so that no handler sees the worker's environment. */
export interface AppEnv {
  Bindings: Services & Record<string, unknown>;
}
