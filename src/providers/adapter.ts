/**
 * The contract between the pipeline and a provider's adapter.
 *
 * An adapter is pure: bytes in, statements out. It reaches certificates and DNS only through what `verify` is given.
 */
import type { EventDraft } from "../domain/event";
import type { Result } from "../domain/result";

/** A request, read whole. */
export interface WebhookRequest {
  readonly method: string;
  readonly url: URL;
  readonly headers: Headers;
  /** The bytes as they came; signatures are verified over these. */
  readonly body: Uint8Array;
}

declare const verified: unique symbol;
/** A request that `verify` let through. `parse` takes nothing else, so unverified parsing cannot be written. */
export type VerifiedRequest = WebhookRequest & { readonly [verified]: true };

/** For `verify` functions, when the request has proved itself, and for the replay of a receipt that had. */
export function markVerified(request: WebhookRequest): VerifiedRequest {
  return request as VerifiedRequest;
}

/** One member of a connection's credentials: text, or an object where more than one value is needed. */
export type RawCredential = string | Readonly<Record<string, unknown>>;

/** Why a look-up gave nothing: there is no such thing, or it could not be reached (then we are to be asked again). */
export type LookupError = "absent" | "unavailable";

export interface LookupOptions {
  /** Skip what is cached: a key may just have been rotated. */
  readonly fresh?: boolean;
}

/** The world outside, as far as a verification may see it. */
export interface VerifyContext {
  /** Epoch ms. */
  readonly now: number;
  /** The text behind an https URL, which the adapter has checked against its pinned hosts. */
  readonly getText: (url: string, options?: LookupOptions) => Promise<Result<string, LookupError>>;
  /** The TXT records of a name, each joined to one string. */
  readonly getTxt: (name: string, options?: LookupOptions) => Promise<Result<readonly string[], LookupError>>;
}

export type VerifyError =
  /** Theirs: missing, wrong, too old. */
  | { readonly code: "unauthenticated"; readonly detail: string }
  /** Ours: a key could not be reached. */
  | { readonly code: "unavailable"; readonly detail: string };

export interface Verified {
  readonly request: VerifiedRequest;
  /**
   * A token of the request that is good once, for schemes that do not sign the body: the same token with the same
   * events is a repetition, with others it is refused.
   */
  readonly useOnce?: string;
}

export type VerifyOutcome = Result<Verified, VerifyError>;

/**
 * What a record says itself about a mail that it brings along: whom and what it is about. The verdict is in the mail.
 * Where the record names its message, that is the message's only name, so that the other records about it count once.
 */
export interface MailAbout
  extends Pick<EventDraft, "messageId" | "occurredAt" | "envelopeSender" | "hint" | "tags" | "metadata" | "identity"> {
  /** Absent: the mail has to say. */
  readonly recipient?: string | undefined;
}

/** What one record of a request turned out to be. */
export type ParsedItem =
  | { readonly type: "events"; readonly drafts: readonly EventDraft[] }
  /** A mail as it came to the provider, to be read as one. */
  | { readonly type: "mail"; readonly raw: Uint8Array; readonly about: MailAbout }
  /** Known and unwanted: opens, clicks, tests. */
  | { readonly type: "ignored" }
  /**
   * Goes to quarantine. `reason` is a stable word, `detail` a sentence without personal data. `thrown`: where it is our own
   * code that failed, what it threw, for the log.
   */
  | { readonly type: "unreadable"; readonly reason: string; readonly detail: string; readonly thrown?: unknown };

export type ParseOutcome =
  /**
   * One entry per record, in the order of the request. `visit`: a URL, of a host that the adapter has pinned, to be
   * fetched before the answer: it confirms a subscription.
   */
  | { readonly type: "items"; readonly items: readonly ParsedItem[]; readonly visit?: string }
  /** A handshake that the provider wants answered in the body of a verified request. Nothing is recorded. */
  | { readonly type: "answer"; readonly body: unknown }
  /** The body as a whole cannot be read. Goes to quarantine. */
  | { readonly type: "unreadable"; readonly reason: string; readonly detail: string }
  /** For contracts that answer bad fields with a 400 (listmonk's): nothing is stored, the sender is told. */
  | { readonly type: "refused"; readonly message: string };

export interface ParseContext {
  /** Epoch ms at which the request reached us; on a replay, at which it first did. */
  readonly receivedAt: number;
}

/** How an answer differs from the usual one, where a provider's own contract wins. */
export interface Dialect {
  readonly unauthenticated: { readonly status: number; readonly body: unknown };
  readonly recorded: { readonly status: number; readonly body: unknown };
  /** The body of a 400 for a refused request. */
  readonly refused: (message: string) => unknown;
}

/** An answer to a provider's probe, before there is anything to verify or record. */
export interface ProbeAnswer {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

/** What a provider posts, without the proof that it comes from there. */
export interface Sample {
  readonly body: string;
  readonly contentType: string;
}

export interface Adapter<Credential = unknown> {
  /** The word in URLs and secrets' names: kebab-case. */
  readonly id: string;
  readonly title: string;
  /** The provider's manual. */
  readonly manual: string;
  /** How a request proves itself, in words, for the list of connections. */
  readonly verifiedBy: string;
  /**
   * How the connection is set up, step by step and in short, for its page: `{url}` stands for its URL, `{secret}` for the
   * command that sets its secret. The manual's page has the details.
   */
  readonly setUp: readonly string[];
  /** Reads one member of the connection's credentials; the error says what is wrong, without the value. */
  readonly readCredential: (raw: RawCredential) => Result<Credential, string>;
  readonly verify: (
    request: WebhookRequest,
    credentials: readonly Credential[],
    context: VerifyContext,
  ) => Promise<VerifyOutcome>;
  readonly parse: (request: VerifiedRequest, context: ParseContext) => ParseOutcome;
  /**
   * The mildest thing that this provider tells, as it tells it, of a mail to `test@example.com`: what the dashboard sends
   * through to show that everything behind the signature works.
   *
   * @param at epoch ms, its time; of another millisecond it is another event
   */
  readonly sample: (at: number) => Sample;
  /** Answers a GET, HEAD or OPTIONS of this provider; `null`: it is no probe. */
  readonly probe?: (request: WebhookRequest, credentials: readonly Credential[]) => ProbeAnswer | null;
  /** Files that prove to the provider that the host is ours, by name. */
  readonly ownershipFiles?: (credentials: readonly Credential[]) => Readonly<Record<string, string>>;
  /** Basic auth is one of the ways in, so a 401 says so. */
  readonly usesBasicAuth?: boolean;
  /** Events are posted by this method too (Elastic Email reports with GET). */
  readonly acceptsGet?: boolean;
  /** Status when *we* fail: what makes this provider send it again. Default 503. */
  readonly retryStatus?: 429 | 503;
  readonly dialect?: Dialect;
  /** Headers, beside the content type, that a replay needs. Lower case. */
  readonly replayHeaders?: readonly string[];
}

/** Keeps the credential's type inside the adapter while the registry holds all of them in one list. */
export function defineAdapter<Credential>(adapter: Adapter<Credential>): Adapter {
  return adapter as unknown as Adapter;
}
