/**
 * The API's answers, and what subscribers are told, as tests look into them: every field that is read somewhere, as if
 * all answers had it. A test need not say which answer it looks into, and yet a name that is none of these does not
 * compile. Where two answers mean different things by one name, it says which it expects: `jsonOf<Checked>(…)`.
 */
export interface Answer extends Problem, Standing, Happened, Managed, Told, Synced, Operated {
  /** Of a page. A test that reads the first one means that there is one. */
  readonly items: [Answer, ...Answer[]];
  /** `null` on the last page. */
  readonly nextCursor: string;
  readonly id: string;
  readonly recipient: string;
  readonly status: string;
}

interface Problem {
  readonly code: string;
  readonly detail: string;
  /** As far as an import came. */
  readonly import: Answer;
  /** In listmonk's words. */
  readonly message: string;
}

/** How a recipient stands. */
interface Standing {
  readonly suppressed: boolean;
  readonly allowed: boolean;
  readonly reasons: string[];
  readonly since: string;
  readonly until: string | null;
  readonly evidence: [Answer, ...Answer[]];
  readonly timeline: [Answer, ...Answer[]];
  readonly softBounces: Answer;
  readonly count: number;
  readonly releasedAt: string | null;
}

/** An event. */
interface Happened {
  readonly kind: string;
  readonly class: string | null;
  readonly provider: string;
  readonly connection: string;
  readonly category: string | null;
  readonly messageId: string;
  readonly diagnosticCode: string;
  readonly tags: string[];
  readonly metadata: Readonly<Record<string, unknown>>;
  readonly occurredAt: string;
  readonly receivedAt: string;
  readonly events: [Answer, ...Answer[]];
}

/** What operators do, and what is on record of it. */
interface Managed {
  readonly action: string;
  readonly subject: string;
  readonly actor: string;
  readonly actorLabel: string;
  readonly requestId: string;
  readonly at: string;
  readonly batchId: string;
  readonly new: number;
  readonly pending: number;
  readonly retracted: number;
  readonly written: number;
  readonly removed: number;
  readonly rebuilt: number;
  readonly reason: string;
  readonly value: string;
  readonly by: string;
  readonly invalidRows: { readonly line: number; readonly problem: string }[];
}

/** Subscriptions, deliveries and alerts. */
interface Told {
  readonly url: string;
  readonly secret: string;
  readonly previousUntil: string | null;
  readonly waiting: number;
  readonly parked: number;
  readonly attempts: number;
  readonly nextAttemptAt: string | null;
  readonly error: string;
  readonly previousReasons: string[];
  readonly rule: string;
  readonly severity: string;
  readonly closedAt: string | null;
}

/** Syncs, and what a policy would change. */
interface Synced {
  readonly pull: Answer;
  readonly push: Answer;
  readonly failures: number;
  readonly lastError: string;
  readonly importConnection: string;
  readonly byReason: Readonly<Record<string, number>>;
  readonly examples: [Answer, ...Answer[]];
  readonly refusals: [Answer, ...Answer[]];
}

/** Health and connections. */
interface Operated {
  readonly checks: Readonly<Record<string, unknown>>;
  readonly lastCron: string;
  readonly usable: boolean;
  readonly lastReceivedAt: string | null;
}

/** Many checks at once. */
export interface Checked {
  readonly checked: number;
  readonly suppressed: { readonly recipient: string; readonly reasons: string[] }[];
  readonly invalid: string[];
}

type Named<T> = Readonly<Record<string, T>>;

/** What describes the API: `/openapi.json`. @typeParam Operation as much of a route as a test reads */
export interface Description<Operation = unknown> {
  readonly openapi: string;
  readonly info: unknown;
  readonly servers: unknown;
  readonly paths: Named<Named<Operation>>;
  readonly components: {
    readonly schemas: Named<{ readonly properties?: Named<unknown>; readonly required?: string[] }>;
    readonly securitySchemes: unknown;
  };
}

/** What a subscriber is told. */
export interface Message {
  readonly type: string;
  readonly timestamp: string;
  readonly data: Answer;
  /** In listmonk's words. */
  readonly email: string;
}
