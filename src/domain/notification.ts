/**
 * Telling others what happened: what can be told, in which form, and who wants to hear it.
 *
 * The form `standard` is that of Standard Webhooks (https://github.com/standard-webhooks/standard-webhooks, specification
 * 1.0.0, read 2026-11). `listmonk` is what listmonk's own bounce API takes (https://listmonk.app/docs/bounces/, read
 * 2026-11).
 */

/** What is told. */
export const NOTIFICATION_TYPES = [
  /** A recipient may not be mailed from now on, or for other reasons than before. */
  "suppression.created",
  /** It may be mailed again. */
  "suppression.released",
  "event.bounced",
  "event.complained",
  /** Something needs a person, or has become worse. */
  "alert.opened",
  "alert.closed",
] as const;
export type NotificationType = (typeof NOTIFICATION_TYPES)[number];

/** Also what an operator sends to see whether it arrives. */
export type MessageType = NotificationType | "notification.test";

/** What a subscription may name: a type, or a family of types. */
export const TYPE_PATTERNS = [...NOTIFICATION_TYPES, "suppression.*", "event.*", "alert.*", "*"] as const;
export type TypePattern = (typeof TYPE_PATTERNS)[number];

/** How it is written. */
export const NOTIFICATION_FORMATS = ["standard", "listmonk"] as const;
export type NotificationFormat = (typeof NOTIFICATION_FORMATS)[number];

/** Where messages come from. Each is a log in the order in which things took effect. */
export const STREAMS = ["event", "change", "alert"] as const;
export type Stream = (typeof STREAMS)[number];

/** A place in each of the logs: what lies up to it has been told. */
export type Places = Readonly<Record<Stream, number>>;

const FAMILY_OF: Readonly<Record<Stream, string>> = { event: "event.", change: "suppression.", alert: "alert." };

/** Does the pattern name this type? `event.*` names `event.bounced`, `*` names everything. */
export function matchesType(pattern: string, type: MessageType): boolean {
  return pattern === type || (pattern.endsWith("*") && type.startsWith(pattern.slice(0, -1)));
}

/** What a message says, to whoever hears it. */
export interface Message {
  /** The same for every attempt, and for no other message. Has no full stop in it (Standard Webhooks, "Signature scheme"). */
  readonly id: string;
  readonly stream: Stream;
  readonly seq: number;
  readonly type: MessageType;
  /** Epoch ms: when it became known here. */
  readonly at: number;
  /** Epoch ms: when it happened. */
  readonly happenedAt: number;
  /** Whose messages keep their order: the hash of an address, or an alert. */
  readonly subject: string;
  /** `provider/connection`; `null`: it came from no provider. */
  readonly source: string | null;
  /** As `standard` says it. */
  readonly data: Readonly<Record<string, unknown>>;
  /** As `listmonk` says it; `null`: it means nothing to listmonk. */
  readonly bounce: ListmonkBounce | null;
}

/** A body of listmonk's `POST /webhooks/bounce`. */
export type ListmonkBounce = Readonly<Record<string, unknown>>;

/** What a subscription wants to hear. */
export interface Wanted {
  readonly format: NotificationFormat;
  readonly events: readonly string[];
  /** `provider`, or `provider/connection`: whose events are not told. */
  readonly excluded: readonly string[];
}

/** Is this message for that subscription? */
export function isWanted({ format, events, excluded }: Wanted, message: Message): boolean {
  if (format === "listmonk" && message.bounce === null) return false;
  if (!events.some((pattern) => matchesType(pattern, message.type))) return false;
  return message.source === null || !excluded.some((name) => isFrom(name, message.source ?? ""));
}

function isFrom(name: string, source: string): boolean {
  return source === name || source.startsWith(`${name}/`);
}

/** The logs in which there may be something for a subscription. */
export function streamsOf({ format, events }: Pick<Wanted, "format" | "events">): Stream[] {
  const types = NOTIFICATION_TYPES.filter((type) => events.some((pattern) => matchesType(pattern, type)));
  return STREAMS.filter(
    (stream) =>
      (stream === "event" || format === "standard") && types.some((type) => type.startsWith(FAMILY_OF[stream])),
  );
}

/**
 * Names a message. It says where the message is found, and has a digest of what it is about: in a database that was set
 * back, the same place may later hold something else, which is another message.
 *
 * @param digest hex
 */
export function messageId(stream: Stream, seq: number, digest: string): string {
  return `msg_${stream}_${seq}_${digest.slice(0, DIGEST_DIGITS)}`;
}

const DIGEST_DIGITS = 16;
const MESSAGE_ID = /^msg_(event|change|alert)_(\d{1,16})_[0-9a-f]{16}$/;

/** Where the message of this name is found; `null` where it is no such name. */
export function placeOfMessage(id: string): { readonly stream: Stream; readonly seq: number } | null {
  const [, stream, seq] = MESSAGE_ID.exec(id) ?? [];
  return stream === undefined ? null : { stream: stream as Stream, seq: Number(seq) };
}

/** A secret, and until when it is good; epoch ms, `null`: for good. */
export interface NotificationSecret {
  readonly value: string;
  readonly until: number | null;
}

/** Signatures beyond so many would only make the header longer. */
const MAX_SECRETS = 5;

/** The secrets that are good at a moment, newest first. */
export function secretsAt(secrets: readonly NotificationSecret[], now: number): readonly string[] {
  return secrets.filter(({ until }) => until === null || until > now).map(({ value }) => value);
}

/**
 * A new secret comes first; those before it stay good for a while.
 *
 * @param now epoch ms
 * @param overlapMs how long; 0: they are good no more
 */
export function rotateSecret(
  secrets: readonly NotificationSecret[],
  value: string,
  now: number,
  overlapMs: number,
): NotificationSecret[] {
  const until = now + overlapMs;
  const before = secrets.map((old) => ({ value: old.value, until: Math.min(old.until ?? until, until) }));
  return [{ value, until: null }, ...before.filter((old) => old.until > now)].slice(0, MAX_SECRETS);
}
