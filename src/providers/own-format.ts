/**
 * Our own event format, for scripts and MTAs that nobody wrote an adapter for.
 *
 * Identity: the event's own `id` where it has one; else the request's `Idempotency-Key` and the position; else
 * content and `occurredAt`; else content and the UTC day of reception. An operator's command without id or key is
 * another one each time it is sent.
 */
import { z } from "zod";
import { ADDRESS_ERRORS, canonicalMailbox, canonicalRecipient } from "../domain/address";
import { BOUNCE_CLASSES, type EventDraft, isOperatorKind, OPERATOR_KINDS } from "../domain/event";
import { once } from "../domain/once";
import { fail } from "../domain/result";
import { defineAdapter, type ParseContext, type ParsedItem, type ParseOutcome } from "./adapter";
import { unauthenticated } from "./auth";
import { isObject, parseRecords } from "./json";
import { eachRecord, unreadable, unreadableBody } from "./parsed";
import { jsonSample, SAMPLE_RECIPIENT, sampleId, sampleMessageId, sampleTime } from "./sample";

/** What others may tell us; the rest is what operators do. */
export const REPORTED_KINDS = [
  "delivered",
  "deferred",
  "bounced",
  "complained",
  "unsubscribed",
  "rejected",
  "auto_reply",
] as const;

const MAX_TEXT_LENGTH = 20_000;
/** One event of our own format. */
export const ownEventSchema = once(() => {
  const text = z.string().max(MAX_TEXT_LENGTH);
  return z.object({
    kind: z.enum([...REPORTED_KINDS, ...OPERATOR_KINDS]).describe("What happened."),
    class: z
      .enum(BOUNCE_CLASSES)
      .optional()
      .describe("For bounced: its class. Left out: our rules decide by code and text."),
    category: text
      .optional()
      .describe("Why; for rejected: what it stands for (bounced, complained, unsubscribed, invalid, policy)."),
    recipient: text.min(1).describe("The address."),
    // Any number of fractional digits.
    occurredAt: z.iso
      .datetime({ offset: true })
      .optional()
      .describe("When it happened. Left out, or before 2000: now. Never taken as later than now."),
    messageId: text.optional().describe("Names the message: it counts once, whatever tells of it."),
    internetMessageId: text.optional().describe("The Message-ID header."),
    statusCode: z
      .string()
      .regex(/^[245]\.\d{1,3}\.\d{1,3}$/, "must look like 5.1.1")
      .optional()
      .describe("Enhanced status code (RFC 3463)."),
    replyCode: z
      .string()
      .regex(/^[245]\d\d$/, "must look like 550")
      .optional()
      .describe("SMTP reply code."),
    diagnosticCode: text.optional().describe("What the receiving server said."),
    remoteMta: text.optional(),
    envelopeSender: text.optional(),
    campaign: text.optional(),
    tags: z.array(text).max(50).optional(),
    metadata: z.record(z.string(), z.unknown()).optional(),
    id: text.min(1).optional().describe("Your id of the event: the same id is recorded once."),
  });
});

export type OwnEvent = z.infer<ReturnType<typeof ownEventSchema>>;

export interface OwnFormatOptions extends ParseContext {
  readonly idempotencyKey: string | null;
  /** May it say what an operator does? Only where an operator asks. */
  readonly allowOperatorKinds: boolean;
}

/** Makes repetitions of a request the same events, where they have no ids of their own. */
export const IDEMPOTENCY_KEY_HEADER = "idempotency-key";

/**
 * What is posted to the API itself. No webhook: it is not in the registry of providers, and its only door is a route
 * that an operator's token opens. It is an adapter so that what it could not read can be replayed like anything else.
 */
export const ownFormat = defineAdapter<never>({
  id: "api",
  title: "Bouncekeeper's own format",
  manual: "openapi.json",
  setUp: ["Nothing is to be set up: POST /v1/events takes an admin token."],
  verifiedBy: "operator's token",
  readCredential: () => fail("takes none"),
  verify: async () => unauthenticated("no webhook"),
  replayHeaders: [IDEMPOTENCY_KEY_HEADER],
  parse: (request, context) =>
    parseOwnFormat(request.body, {
      ...context,
      idempotencyKey: request.headers.get(IDEMPOTENCY_KEY_HEADER),
      allowOperatorKinds: true,
    }),
  sample: (at) =>
    jsonSample({
      id: sampleId(at),
      kind: "delivered",
      recipient: SAMPLE_RECIPIENT,
      occurredAt: sampleTime(at),
      messageId: sampleMessageId(at),
    }),
});

/** A body of one event, an array, or one per line. */
export function parseOwnFormat(body: Uint8Array, options: OwnFormatOptions): ParseOutcome {
  const records = parseRecords(body);
  if (!records.ok) return unreadableBody(records.error);
  return eachRecord(records.value, (record, position) =>
    record.ok ? parseOwnEvent(record.value, position, options) : unreadable(record.error),
  );
}

function parseOwnEvent(record: unknown, position: number, options: OwnFormatOptions): ParsedItem {
  if (!isObject(record)) return unreadable("not_an_object");
  const parsed = ownEventSchema().safeParse(record);
  if (!parsed.success) {
    const about = parsed.error.issues.map((issue) => `${issue.path.join(".") || "event"}: ${issue.message}`);
    return unreadable("invalid_event", about.join("; "));
  }
  const event = parsed.data;
  const isOperators = isOperatorKind(event.kind);
  if (isOperators && !options.allowOperatorKinds) return unreadable("unknown_kind", event.kind);
  // What is allowed are addresses, also where a domain can be blocked.
  const takesDomains = isOperators && event.kind !== "manual_allow";
  const address = (takesDomains ? canonicalRecipient : canonicalMailbox)(event.recipient);
  if (!address.ok) return unreadable("invalid_recipient", ADDRESS_ERRORS[address.error]);
  if (event.class !== undefined && event.kind !== "bounced")
    return unreadable("invalid_event", "class: only for bounced");
  return { type: "events", drafts: [draftOf(event, position, options)] };
}

function draftOf(event: OwnEvent, position: number, options: OwnFormatOptions): EventDraft {
  const { class: bounceClass, occurredAt, id: _id, ...fields } = event;
  return {
    ...fields,
    stated: bounceClass && { class: bounceClass, rule: `stated:${bounceClass}`, fixed: true },
    hint: bounceClass,
    occurredAt: occurredAt === undefined ? undefined : Date.parse(occurredAt),
    identity: identityOf(event, position, options),
  };
}

function identityOf(event: OwnEvent, position: number, options: OwnFormatOptions): EventDraft["identity"] {
  if (event.id !== undefined) return ["id", event.id];
  if (options.idempotencyKey) return ["key", options.idempotencyKey, position];
  // Allow, disallow, allow on one day are three commands, though two of them read the same.
  if (isOperatorsKind(event.kind)) return ["command", options.receivedAt, position];
  const { class: c, messageId, internetMessageId, statusCode, replyCode, diagnosticCode, campaign, occurredAt } = event;
  const content = [c, messageId, internetMessageId, statusCode, replyCode, diagnosticCode, campaign];
  return ["content", ...content, occurredAt ?? utcDay(options.receivedAt)];
}

function isOperatorsKind(kind: OwnEvent["kind"]): boolean {
  return (OPERATOR_KINDS as readonly string[]).includes(kind);
}

function utcDay(time: number): string {
  return new Date(time).toISOString().slice(0, 10);
}
