/** The allow-list: addresses that nothing automatic suppresses, and no block of their domain. */
import { createRoute, z } from "@hono/zod-openapi";
import { ADDRESS_ERRORS, canonicalMailbox } from "../domain/address";
import { once } from "../domain/once";
import { changeAllowlist } from "../pipeline/operate";
import { namesOf, standingOf } from "../pipeline/standing";
import { type AllowedRow, allowedPage } from "../store/allowlist";
import { pendingOfRecipient } from "../store/pending";
import { suppressionsOf } from "../store/recipients";
import { actorOf } from "./actor";
import { cursorAfter, decodeCursor } from "./cursor";
import { usable } from "./expectations";
import { noteSchema } from "./notes";
import { Problem } from "./problem";
import { recipientParam } from "./recipient-param";
import { iso } from "./representations";
import { createRouter } from "./router";
import { ADMIN, json, page, pageQuery, problems, reasonSchema, timeOrNull, type Wire } from "./schemas";
import type { Services } from "./services";

const allowedSchema = once(() =>
  z
    .object({
      recipient: z.string(),
      since: timeOrNull,
      note: z.string().nullable(),
      reasons: z.array(reasonSchema).describe("What suppresses it all the same: a block by hand."),
    })
    .openapi("Allowed"),
);

const changeSchema = once(() =>
  z
    .object({
      recipient: z.string(),
      allowed: z.boolean(),
      pending: z.number().int().describe("Events on record that take effect within a minute."),
    })
    .openapi("AllowedChange"),
);

const list = createRoute({
  method: "get",
  path: "/v1/allowlist",
  tags: ["Allow-list"],
  summary: "Addresses that nothing automatic suppresses, by address",
  security: ADMIN,
  request: { query: z.strictObject({ q: z.string().optional().describe("Part of an address."), ...pageQuery }) },
  responses: { 200: json(page(allowedSchema), "A page."), ...problems(400, 403) },
});

const put = createRoute({
  method: "put",
  path: "/v1/allowlist/{recipient}",
  tags: ["Allow-list"],
  summary: "Put an address on the allow-list",
  description: "Bounces, complaints and unsubscriptions are recorded and do not suppress it; a block by hand does.",
  security: ADMIN,
  request: {
    params: recipientParam,
    body: { content: { "application/json": { schema: z.strictObject({ note: noteSchema.optional() }) } } },
  },
  responses: { 200: json(changeSchema, "It is on the list."), ...problems(400, 403, 413) },
});

const remove = createRoute({
  method: "delete",
  path: "/v1/allowlist/{recipient}",
  tags: ["Allow-list"],
  summary: "Take an address off the allow-list",
  description: "What was recorded meanwhile has its effect from now on.",
  security: ADMIN,
  request: { params: recipientParam, query: z.strictObject({ note: noteSchema.optional() }) },
  responses: { 200: json(changeSchema, "It is off the list."), ...problems(400, 403, 404) },
});

export const allowlistRoutes = createRouter();

allowlistRoutes.openapi(list, async (c) => {
  const { limit, cursor, q } = c.req.valid("query");
  const after = decodeCursor("allowlist", cursor, ["string"], { q });
  const rows = await allowedPage(c.env.db, q?.toLowerCase() ?? null, limit, after?.[0] ?? null);
  const nextCursor = cursorAfter(rows, limit, "allowlist", ({ address }) => [address], { q });
  const now = c.env.now();
  return c.json({ items: rows.map((row) => allowedOf(row, now)), nextCursor }, 200);
});

allowlistRoutes.openapi(put, async (c) => {
  const address = mailboxOf(c.req.valid("param").recipient);
  const { note } = c.req.valid("json") ?? {};
  if (await isAllowed(c.env, address, true)) return c.json({ recipient: address, allowed: true, pending: 0 }, 200);
  usable(c.env.policy);
  const order = { kind: "manual_allow" as const, note, actor: await actorOf(c), requestId: c.env.requestId };
  const { pending } = await changeAllowlist(c.env, address, order);
  return c.json({ recipient: address, allowed: true, pending }, 200);
});

allowlistRoutes.openapi(remove, async (c) => {
  const address = mailboxOf(c.req.valid("param").recipient);
  if (await isAllowed(c.env, address, false)) throw new Problem("not_found", { detail: "Not on the allow-list." });
  usable(c.env.policy);
  const { note } = c.req.valid("query");
  const order = { kind: "manual_disallow" as const, note, actor: await actorOf(c), requestId: c.env.requestId };
  const { pending } = await changeAllowlist(c.env, address, order);
  return c.json({ recipient: address, allowed: false, pending }, 200);
});

/** Is it so, with nothing on its way that could change it? What is pending is read first: it cannot take effect unseen. */
async function isAllowed(services: Services, address: string, wanted: boolean): Promise<boolean> {
  if ((await pendingOfRecipient(services.db, namesOf(address))).length) return false;
  const { row } = await standingOf(services, address);
  return (row?.allowed === 1) === wanted;
}

/** A whole domain is never mailed: only its addresses can be allowed. */
function mailboxOf(text: string): string {
  const address = canonicalMailbox(text);
  if (address.ok) return address.value;
  const detail = text.trim().startsWith("@")
    ? "The allow-list takes addresses, not whole domains."
    : ADDRESS_ERRORS[address.error];
  throw new Problem("invalid_recipient", { detail });
}

function allowedOf(row: AllowedRow, now: number): Wire<typeof allowedSchema> {
  const reasons = suppressionsOf(row, now).map((s) => s.reason);
  return { recipient: row.address, since: iso(row.since), note: row.note, reasons };
}
