/** Who did what. */
import { createRoute, z } from "@hono/zod-openapi";
import { canonicalRecipient } from "../domain/address";
import { once } from "../domain/once";
import { recipientKey } from "../pipeline/recipient-key";
import { AUDIT_ACTIONS, AUDIT_PLACE, type AuditRow, auditPage, auditPlaceOf } from "../store/audit";
import { cursorAfter, decodeCursor } from "./cursor";
import { createRouter } from "./router";
import { ADMIN, json, moment, page, pageQuery, problems, time, type Wire } from "./schemas";

const entrySchema = once(() =>
  z
    .object({
      at: time,
      requestId: z.string(),
      action: z.enum(AUDIT_ACTIONS),
      actor: z.string().describe("The first 8 hex digits of the token's SHA-256, or whom Cloudflare Access let in."),
      actorLabel: z.string().nullable().describe("What the caller said of itself in X-Actor."),
      subject: z.string().nullable().describe("The hash of an address, or the id of a batch or an item."),
      detail: z.record(z.string(), z.unknown()).nullable(),
    })
    .openapi("AuditEntry"),
);

const list = createRoute({
  method: "get",
  path: "/v1/audit",
  tags: ["Operations"],
  summary: "Who did what, newest first",
  description: "No address is kept here: recipients are named by their hash.",
  security: ADMIN,
  request: {
    query: z.strictObject({
      actor: z.string().min(1).optional().describe("A fingerprint, or a label."),
      action: z.enum(AUDIT_ACTIONS).optional(),
      subject: z.string().min(1).optional().describe("An address, its hash, or the id of a batch or an item."),
      since: moment.optional(),
      until: moment.optional(),
      ...pageQuery,
    }),
  },
  responses: { 200: json(page(entrySchema), "A page."), ...problems(400, 403) },
});

export const auditRoutes = createRouter();

auditRoutes.openapi(list, async (c) => {
  const { limit, cursor, subject, ...rest } = c.req.valid("query");
  const filter = { ...rest, subject: subjectOf(subject) };
  const after = decodeCursor("audit", cursor, AUDIT_PLACE, filter);
  const rows = await auditPage(c.env.db, filter, limit, after);
  const nextCursor = cursorAfter(rows, limit, "audit", auditPlaceOf, filter);
  return c.json({ items: rows.map(entryOf), nextCursor }, 200);
});

/** How the trail names a subject: an address by its hash, everything else by itself. */
export function subjectOf(subject: string | undefined): string | undefined {
  if (!subject?.includes("@")) return subject;
  const address = canonicalRecipient(subject);
  return address.ok ? recipientKey(address.value) : subject;
}

function entryOf(row: AuditRow): Wire<typeof entrySchema> {
  return {
    at: new Date(row.at).toISOString(),
    requestId: row.request_id,
    action: row.action,
    actor: row.actor,
    actorLabel: row.actor_label,
    subject: row.subject,
    detail: row.detail === null ? null : (JSON.parse(row.detail) as Record<string, unknown>),
  };
}
