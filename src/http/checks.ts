/** "May I mail this address?" */
import { createRoute, z } from "@hono/zod-openapi";
import { ADDRESS_ERRORS, canonicalMailbox } from "../domain/address";
import type { Answer } from "../domain/answer";
import { once } from "../domain/once";
import { CONSISTENCIES, checkList, MAX_BULK_CHECK } from "../pipeline/check";
import { checkToSend } from "../pipeline/probe";
import { Problem } from "./problem";
import { iso } from "./representations";
import { createRouter } from "./router";
import { CHECK, checkSchema, json, problems, purposeSchema, reasonSchema, recipientText, timeOrNull } from "./schemas";

const checkOne = createRoute({
  method: "get",
  path: "/v1/check",
  tags: ["Checks"],
  summary: "May I mail this address?",
  description:
    "One look-up at the edge, at most a minute behind. `consistency=strong` reads the database. It is for who is about to send: of a recipient on probation one check is given the probe.",
  security: CHECK,
  request: {
    query: z.object({
      recipient: recipientText.describe(
        "The address, URL-encoded: a + is sent as %2B. Or a listmonk subscriber's uuid.",
      ),
      purpose: purposeSchema.describe("For transactional mail complaints and unsubscriptions alone do not suppress."),
      consistency: z.enum(CONSISTENCIES).default("eventual"),
    }),
  },
  responses: { 200: json(checkSchema, "The answer, for any valid address."), ...problems(400) },
});

const bulkSchema = once(() =>
  z
    .object({
      checked: z.number().int().describe("How many of them were addresses."),
      suppressed: z.array(
        z.object({ recipient: z.string(), reasons: z.array(reasonSchema), since: timeOrNull, until: timeOrNull }),
      ),
      invalid: z.array(z.string()).describe("What was no address, as it was sent."),
    })
    .openapi("BulkCheck"),
);

const checkBulk = createRoute({
  method: "post",
  path: "/v1/check",
  tags: ["Checks"],
  summary: "May I mail these addresses?",
  description:
    "Reads the database. Those that are not listed in the answer may be mailed. Recipients on probation are listed: no probe is given out here.",
  security: CHECK,
  request: {
    body: {
      required: true,
      content: {
        "application/json": {
          schema: z.object({ recipients: z.array(z.string()).max(MAX_BULK_CHECK), purpose: purposeSchema }),
        },
      },
    },
  },
  responses: { 200: json(bulkSchema, "The suppressed ones."), ...problems(400, 413) },
});

const NOT_ENCODED = { detail: "The URL is not percent-encoded UTF-8; a % must be sent as %25." };

export const checkRoutes = createRouter();

checkRoutes.openapi(checkOne, async (c) => {
  const { recipient, purpose, consistency } = c.req.valid("query");
  if (recipient.includes("%") && !isEncoded(c.req.url)) throw new Problem("invalid_recipient", NOT_ENCODED);
  const address = canonicalMailbox(recipient);
  if (!address.ok) throw new Problem("invalid_recipient", { detail: ADDRESS_ERRORS[address.error] });
  const { source, probe, ...answer } = await checkToSend(c.env, address.value, purpose, consistency);
  return c.json({ recipient, ...onTheWire(answer), source, ...(probe ? { probe } : {}) }, 200);
});

checkRoutes.openapi(checkBulk, async (c) => {
  const { recipients, purpose } = c.req.valid("json");
  const { checked, suppressed, invalid } = await checkList(c.env, recipients, purpose);
  const listed = suppressed.map(({ recipient, answer }) => {
    const { reasons, since, until } = onTheWire(answer);
    return { recipient, reasons, since, until };
  });
  return c.json({ checked, suppressed: listed, invalid: [...invalid] }, 200);
});

/** RFC 3986 §2.1. Hono leaves what is no encoding as it came: an address of its own, about which nothing is known. */
function isEncoded(url: string): boolean {
  try {
    decodeURIComponent(url);
    return true;
  } catch {
    return false;
  }
}

function onTheWire({ suppressed, reasons, since, until }: Answer) {
  return { suppressed, reasons: [...reasons], since: iso(since), until: iso(until) };
}
