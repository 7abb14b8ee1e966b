/**
 * The shapes of the API, once: they validate what comes in and describe it in openapi.json. Those of answers only
 * describe, so they are made when somebody asks for that.
 */
import { z } from "@hono/zod-openapi";
import { PURPOSES } from "../domain/answer";
import { BOUNCE_CLASSES, EVENT_KINDS, REASONS } from "../domain/event";
import { once } from "../domain/once";
import { problemSchema } from "./problem";

/** Items of a page, at most. */
export const MAX_PAGE = 1_000;
const DEFAULT_PAGE = 100;

/** A moment in an answer. */
export const time = z
  .string()
  .describe("ISO 8601, UTC, with milliseconds.")
  .openapi({ example: "2026-11-21T10:00:00.000Z" });
export const timeOrNull = time.nullable();
export const textOrNull = z.string().nullable();
export const count = z.number().int();
/** Of a query. Absent: false. */
export const flag = z.enum(["true", "false"]).default("false");
/** The part of a URL that names one thing. */
export const idParam = z.object({ id: z.string().openapi({ param: { name: "id", in: "path" } }) });

/** A moment in a query or body: ISO 8601 with an offset, as epoch ms. */
export const moment = z.iso
  .datetime({ offset: true })
  .transform((text) => Date.parse(text))
  .openapi({ type: "string", format: "date-time" });

export const recipientText = z.string().min(1).openapi({ example: "john@example.com" });
export const reasonSchema = z.enum(REASONS);
export const purposeSchema = z.enum(PURPOSES).default("marketing");

/**
 * Parameters of every list that has pages. Queries are strict objects: with a filter that is misspelt, and so none, the
 * answer would hold everything, and look right.
 */
export const pageQuery = {
  limit: z.coerce.number().int().min(1).max(MAX_PAGE).default(DEFAULT_PAGE),
  cursor: z.string().optional().describe("`nextCursor` of the page before."),
};

export const checkSchema = once(() =>
  z
    .object({
      recipient: z.string(),
      suppressed: z.boolean(),
      reasons: z.array(reasonSchema),
      since: timeOrNull,
      until: timeOrNull,
      source: z.enum(["kv", "d1"]),
      probe: z
        .literal(true)
        .optional()
        .describe("It is on probation, and this one message may be sent: its outcome decides. Absent otherwise."),
    })
    .openapi("Check"),
);

export const eventSchema = once(() =>
  z
    .object({
      id: z.string(),
      provider: z.string(),
      connection: z.string(),
      kind: z.enum(EVENT_KINDS),
      class: z.enum(BOUNCE_CLASSES).nullable(),
      category: textOrNull,
      rule: textOrNull,
      hint: textOrNull,
      recipient: z.string(),
      messageId: textOrNull,
      envelopeSender: textOrNull,
      campaign: textOrNull,
      tags: z.array(z.string()).nullable(),
      metadata: z.record(z.string(), z.unknown()).nullable(),
      statusCode: textOrNull,
      replyCode: textOrNull,
      diagnosticCode: textOrNull,
      remoteMta: textOrNull,
      mode: z.enum(["synchronous", "asynchronous"]).nullable(),
      occurredAt: time,
      receivedAt: time,
      appliedAt: timeOrNull,
      receiptId: z.number().int(),
      retractedBy: z
        .string()
        .optional()
        .describe(
          "Of what was withdrawn: the batch that was undone, or the incident that was dropped. It has no effect.",
        ),
      heldBy: z.string().optional().describe("The incident that holds it: it has no effect until that is decided."),
    })
    .openapi("Event"),
);

/** How far a soft suppression on probation has come. */
export const probationSchema = once(() =>
  z
    .object({
      step: z.number().int().describe("From 1."),
      of: z.number().int().describe("So many steps there are; a bounce after the last suppresses for good."),
      probeFrom: time.describe("From then on the next check of this one address may send one message."),
      probedAt: timeOrNull.describe("When a check was last given that permission in this step."),
    })
    .openapi("Probation"),
);

const suppressionFields = once(() => ({
  recipient: z.string(),
  reasons: z.array(reasonSchema),
  since: timeOrNull,
  until: timeOrNull,
}));
/** What is no column of an export, since it passes. */
const probationField = once(() => ({ probation: probationSchema().optional() }));

export const suppressionSchema = once(() =>
  z.object({ ...suppressionFields(), ...probationField() }).openapi("Suppression"),
);

/** A row of an export: the entry, and the event that caused it. */
export const exportedSuppressionSchema = once(() =>
  z.object({
    ...suppressionFields(),
    provider: textOrNull,
    kind: z.enum(EVENT_KINDS).nullable(),
    class: z.enum(BOUNCE_CLASSES).nullable(),
    statusCode: textOrNull,
    diagnosticCode: textOrNull,
    note: textOrNull,
  }),
);

export const suppressionDetailSchema = once(() =>
  z
    .object({ ...suppressionFields(), ...probationField(), note: textOrNull, evidence: z.array(eventSchema()) })
    .openapi("SuppressionDetail"),
);

export const recipientSchema = once(() =>
  z
    .object({
      ...suppressionFields(),
      ...probationField(),
      key: z.string().describe("Hex SHA-256 of the address: what logs show."),
      suppressed: z.boolean(),
      allowed: z.boolean().describe("On the allow-list."),
      softBounces: z.object({ count: z.number().int(), threshold: z.number().int().nullable() }),
      releasedAt: timeOrNull,
      pending: z.number().int().describe("Events on record that are still to be applied."),
      evidence: z.array(eventSchema()),
      timeline: z.array(eventSchema()),
    })
    .openapi("Recipient"),
);

export const countsSchema = once(() =>
  z
    .object({
      received: z.number().int().describe("Events understood, duplicates included: new + duplicate."),
      new: z.number().int(),
      duplicate: z.number().int(),
      ignored: z.number().int().describe("Known and not wanted: opens, clicks and the like."),
      quarantined: z.number().int().describe("Records that could not be read. They are kept."),
      pending: z.number().int().describe("Events on record that are still to be applied."),
    })
    .openapi("Counts"),
);

/** A page of a list: the last one has no `nextCursor`. */
export function page<T extends z.ZodType>(items: () => T) {
  return () => z.object({ items: z.array(items()), nextCursor: textOrNull });
}

/** A shape that nothing is checked against: made for those who ask for openapi.json, and by them alone. */
export const shaped = <T extends z.ZodType>(shape: () => T) => {
  const schema = once(shape);
  return {
    get schema() {
      return schema();
    },
  };
};

const PROBLEM = shaped(problemSchema);

/** Answers that are problems. */
export const problemsAs = (...statuses: number[]) =>
  Object.fromEntries(
    statuses.map((status) => [
      status,
      { description: "A problem (RFC 9457).", content: { "application/problem+json": PROBLEM } },
    ]),
  );

/** These, and those that any route may give that asks for a token. */
export const problems = (...statuses: number[]) => problemsAs(...new Set([...statuses, 401, 429, 503]));

/** An answer of openapi.json. @param shape of its body; made only where somebody asks */
export const json = <T extends z.ZodType>(shape: () => T, description: string) => ({
  description,
  content: { "application/json": shaped(shape) },
});

/** What such a shape holds. */
export type Wire<S extends () => z.ZodType> = z.infer<ReturnType<S>>;

/** Which token a route takes, for openapi.json. */
export const ADMIN = [{ admin: [] }];
export const CHECK = [{ check: [] }, { admin: [] }];
