/** Raw mail, posted by an operator's script: recognized and recorded, or only recognized. */
import { createRoute, z } from "@hono/zod-openapi";
import { DEFAULT_CONNECTION } from "../config";
import { BOUNCE_CLASSES, EVENT_KINDS } from "../domain/event";
import { once } from "../domain/once";
import { MAIL_FORMS } from "../mail/recognition";
import { type MailReading, type MailStatement, QuarantineFull, readMail, receiveMail } from "../pipeline/mail";
import { classifyDraft } from "../pipeline/normalize";
import { MAX_MAIL_BODY_BYTES, readBody } from "./body";
import { usable } from "./expectations";
import { Problem } from "./problem";
import { createRouter } from "./router";
import { ADMIN, countsSchema, json, problems, textOrNull, type Wire } from "./schemas";
import type { Services } from "./services";

const MESSAGES_PATH = "/v1/messages";
const PARSE_PATH = "/v1/parse";
/** Where a body is a mail. */
export const MAIL_PATHS: readonly string[] = [MESSAGES_PATH, PARSE_PATH];

const statementSchema = once(() =>
  z
    .object({
      kind: z.enum(EVENT_KINDS),
      class: z.enum(BOUNCE_CLASSES).nullable(),
      category: textOrNull,
      rule: textOrNull.describe("What decided the class."),
      recipient: textOrNull.describe("Whom the mail went to; as written, where that is no address."),
      failedAddress: textOrNull.describe("Where it failed in the end: the recipient forwards."),
      statusCode: textOrNull,
      replyCode: textOrNull,
      diagnosticCode: textOrNull,
      messageId: textOrNull.describe("The Message-ID of the mail that came back, without angle brackets."),
      feedbackType: textOrNull.describe("Of a feedback report (RFC 5965)."),
    })
    .openapi("MailEvent"),
);

const readingSchema = once(() =>
  z
    .object({
      form: z.enum(MAIL_FORMS).describe("unrecognized: no report of a kind that is known."),
      events: z.array(statementSchema()),
    })
    .openapi("Mail"),
);

const mailBody = {
  required: true,
  content: { "message/rfc822": { schema: z.string().openapi({ description: "The mail, as it came." }) } },
};

const post = createRoute({
  method: "post",
  path: MESSAGES_PATH,
  tags: ["Events"],
  summary: "Recognize a raw mail and record what it says",
  description:
    "A bounce, a feedback report or an automatic reply; the bytes decide, not the content type. What is none of these is kept in quarantine, as is, with trusted=false, what nothing vouches for.",
  security: ADMIN,
  request: {
    // Strict: with a misspelt trusted=false a mail that anybody could have sent must not be believed.
    query: z.strictObject({
      trusted: z
        .enum(["true", "false"])
        .default("true")
        .describe("false: the mail is checked like one that anybody could have sent."),
    }),
    body: mailBody,
  },
  responses: {
    200: json(() => readingSchema().extend({ counts: countsSchema() }), "What the mail says, and what was recorded."),
    ...problems(400, 403, 413),
  },
});

const parse = createRoute({
  method: "post",
  path: PARSE_PATH,
  tags: ["Events"],
  summary: "Recognize a raw mail and record nothing",
  security: ADMIN,
  request: { body: mailBody },
  responses: { 200: json(readingSchema, "What the mail says."), ...problems(400, 403, 413) },
});

export const messageRoutes = createRouter();

messageRoutes.openapi(post, async (c) => {
  const services = c.env;
  usable(services.policy);
  const raw = await mailOf(services, c.req.raw);
  try {
    const { counts, ...reading } = await receiveMail(services, {
      raw,
      door: "messages",
      connection: DEFAULT_CONNECTION,
      trusted: c.req.valid("query").trusted === "true",
      requestId: services.requestId,
    });
    return c.json({ ...answerOf(reading), counts }, 200);
  } catch (error) {
    if (!(error instanceof QuarantineFull)) throw error;
    throw new Problem("unavailable", { detail: "Quarantine is full of mail that nothing vouches for." });
  }
});

messageRoutes.openapi(parse, async (c) => {
  const raw = await mailOf(c.env, c.req.raw);
  return c.json(answerOf(await readMail(c.env, { raw, trusted: true })), 200);
});

async function mailOf({ returnPathKeys }: Services, request: Request): Promise<Uint8Array> {
  usable(returnPathKeys);
  const raw = await readBody(request, MAX_MAIL_BODY_BYTES);
  if (!raw.byteLength) throw new Problem("invalid_request", { detail: "The body is empty." });
  return raw;
}

function answerOf({ form, statements }: Pick<MailReading, "form" | "statements">): Wire<typeof readingSchema> {
  return { form, events: statements.map(statementOf) };
}

/** The class is that which the event on record has, by the same procedure. */
function statementOf({ event, draft }: MailStatement): Wire<typeof statementSchema> {
  const verdict = classifyDraft(draft);
  return {
    kind: event.kind,
    class: verdict?.class ?? null,
    category: verdict?.category ?? event.category ?? null,
    rule: verdict?.rule ?? null,
    recipient: event.recipient ?? null,
    failedAddress: event.failedAddress ?? null,
    statusCode: event.statusCode ?? null,
    replyCode: event.replyCode ?? null,
    diagnosticCode: event.diagnosticCode ?? null,
    messageId: draft.internetMessageId ?? null,
    feedbackType: event.feedbackType ?? null,
  };
}
