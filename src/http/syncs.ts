/** Providers' own suppression lists: how far they are in step with ours, what a run would do, and runs on demand. */
import { createRoute, z } from "@hono/zod-openapi";
import type { Context } from "hono";
import { connectionNameOf } from "../config";
import { once } from "../domain/once";
import { PUSH_STARTS, pullNow, pushNow, type RunOutcome } from "../pipeline/sync";
import { previewPull, previewPush } from "../pipeline/sync-preview";
import { refusalsOf, type SyncState, setSyncStatus, syncStates } from "../store/syncs";
import type { SyncSettings } from "../sync/adapter";
import type { Sync } from "../sync/settings";
import { askedOf } from "./actor";
import { usable } from "./expectations";
import { Problem } from "./problem";
import { iso } from "./representations";
import { createRouter } from "./router";
import { ADMIN, count, flag, json, problems, textOrNull, timeOrNull, type Wire } from "./schemas";
import type { AppEnv } from "./services";
import { described, pullCounts, syncSchema } from "./sync-representation";

const MAX_REFUSALS = 100;

export const syncDetailSchema = once(() =>
  syncSchema()
    .extend({
      refusalCount: count,
      refusals: z
        .array(
          z.object({
            recipient: textOrNull.describe("Null: it was erased since."),
            key: z.string(),
            action: z.enum(["list", "release"]),
            outcome: z.enum(["kept", "refused"]),
            detail: textOrNull.describe("In the provider's words."),
            at: timeOrNull,
          }),
        )
        .describe(`What the provider did not do, the newest ${MAX_REFUSALS}.`),
    })
    .openapi("SyncDetail"),
);

const params = z.object({
  provider: z.string().openapi({ param: { name: "provider", in: "path" } }),
  connection: z.string().openapi({ param: { name: "connection", in: "path" } }),
});
// Strict: a misspelt dryRun must not change anything.
const query = z.strictObject({
  dryRun: flag.describe("Says what would happen, and changes nothing."),
});
const PATH = "/v1/sync/{provider}/{connection}";
const common = { tags: ["Sync"], security: ADMIN };

const list = createRoute({
  ...common,
  method: "get",
  path: "/v1/sync",
  summary: "Providers' suppression lists that are kept in step with ours",
  responses: {
    200: json(() => z.object({ items: z.array(syncSchema()) }), "All that are configured."),
    ...problems(403),
  },
});

const getOne = createRoute({
  ...common,
  method: "get",
  path: PATH,
  summary: "One of them, and what the provider did not do",
  request: { params },
  responses: { 200: json(syncDetailSchema, "The sync."), ...problems(403, 404) },
});

export const pullPreviewSchema = once(() =>
  z.object({
    dryRun: z.literal(true),
    complete: z.boolean().describe("Was the provider's list read to its end?"),
    ...pullCounts(),
    byReason: z.record(z.string(), count).describe("Of what is new."),
    examples: z.array(
      z.object({ recipient: z.string(), reason: textOrNull, status: z.string(), code: textOrNull, detail: textOrNull }),
    ),
  }),
);

const pull = createRoute({
  ...common,
  method: "post",
  path: `${PATH}/pull`,
  summary: "Read the provider's list into ours",
  description:
    "As an import, into a batch that can be undone. It reads for up to 20 seconds and the cron goes on. An entry adds a reason and never weakens one; one that is older than our release has no effect. Do a dry run first.",
  request: { params, query },
  responses: {
    200: json(() => z.union([syncSchema(), pullPreviewSchema()]), "How it stands, or what would come."),
    ...problems(400, 403, 404, 409, 502),
  },
});

export const pushPreviewSchema = once(() =>
  z.object({
    dryRun: z.literal(true),
    complete: z.boolean().describe("Was all of our list looked at?"),
    list: count,
    release: count,
    byReason: z.record(z.string(), count).describe("Of those to be listed."),
    skipped: z.record(z.string(), count).describe("By why they are not sent."),
    examples: z.array(
      z.object({ recipient: z.string(), action: z.enum(["list", "release"]), reasons: z.array(z.string()) }),
    ),
  }),
);

const push = createRoute({
  ...common,
  method: "post",
  path: `${PATH}/push`,
  summary: "Send our list to the provider",
  description:
    "The first time with `from`: all that is on the list, or what changes from now on. From then on the cron sends each listing and each release.",
  request: {
    params,
    query,
    body: {
      content: {
        "application/json": {
          schema: z.strictObject({
            from: z.enum(PUSH_STARTS).optional().describe("Absent: from where it was left."),
          }),
        },
      },
    },
  },
  responses: {
    200: json(() => z.union([syncSchema(), pushPreviewSchema()]), "How it stands, or what would be sent."),
    ...problems(400, 403, 404, 409, 413),
  },
});

const pause = createRoute({
  ...common,
  method: "post",
  path: `${PATH}/pause`,
  summary: "Neither read nor send until it is resumed",
  request: { params },
  responses: { 200: json(syncSchema, "How it stands."), ...problems(403, 404) },
});

const resume = createRoute({
  ...common,
  method: "post",
  path: `${PATH}/resume`,
  summary: "Go on where it was left, at once",
  request: { params },
  responses: { 200: json(syncSchema, "How it stands."), ...problems(403, 404) },
});

export const syncRoutes = createRouter();

syncRoutes.openapi(list, async (c) => {
  const { syncs } = c.env.config;
  const states = syncs.length ? await syncStates(c.env.db) : new Map<string, SyncState>();
  return c.json({ items: syncs.map((sync) => described(sync, states.get(sync.id), c.env.now())) }, 200);
});

syncRoutes.openapi(getOne, async (c) => {
  const sync = syncOf(c, c.req.valid("param"));
  const { rows, count: refusalCount } = await refusalsOf(c.env.db, sync.id, MAX_REFUSALS);
  const refusals = rows.map(({ address, at, ...row }) => ({ recipient: address, ...row, at: iso(at) }));
  return c.json({ ...(await standing(c, sync)), refusalCount, refusals }, 200);
});

syncRoutes.openapi(pull, async (c) => {
  const sync = syncOf(c, c.req.valid("param"));
  const settings = await settingsOf(c, sync);
  const asked = await askedOf(c);
  if (c.req.valid("query").dryRun === "true") {
    const preview = await previewPull(c.env, sync, settings, asked);
    if (!preview.ok) throw new Problem("provider_failed", { detail: preview.error });
    const { isComplete, byReason, examples, ...counts } = preview.value;
    return c.json({ dryRun: true as const, complete: isComplete, ...counts, byReason, examples: [...examples] }, 200);
  }
  if (settings.pull === "off") throw new Problem("invalid_request", { detail: "pull: its secret does not ask for it" });
  expectDone(await pullNow(c.env, sync, settings, asked));
  return c.json(await standing(c, sync), 200);
});

syncRoutes.openapi(push, async (c) => {
  const sync = syncOf(c, c.req.valid("param"));
  const settings = await settingsOf(c, sync);
  const asked = await askedOf(c);
  const { from = null } = c.req.valid("json") ?? {};
  if (!settings.push.length) throw new Problem("invalid_request", { detail: "push: its secret names no reason" });
  if (c.req.valid("query").dryRun === "true") {
    const { isComplete, examples, ...preview } = await previewPush(c.env, sync, settings, from);
    const listed = examples.map((example) => ({ ...example, reasons: [...example.reasons] }));
    return c.json({ dryRun: true as const, complete: isComplete, ...preview, examples: listed }, 200);
  }
  const states = await syncStates(c.env.db);
  if (from === null && !states.get(sync.id)?.push) {
    throw new Problem("invalid_request", { detail: 'from: the first push has to say "beginning" or "now"' });
  }
  expectDone(await pushNow(c.env, sync, settings, from, asked));
  return c.json(await standing(c, sync), 200);
});

for (const [route, status] of [
  [pause, "paused"],
  [resume, "active"],
] as const) {
  syncRoutes.openapi(route, async (c) => {
    const sync = syncOf(c, c.req.valid("param"));
    await setSyncStatus(c.env.db, sync.id, status, await askedOf(c));
    return c.json(await standing(c, sync), 200);
  });
}

function syncOf(c: Context<AppEnv>, { provider, connection }: z.infer<typeof params>): Sync {
  const id = `${provider}/${connectionNameOf(connection)}`;
  const sync = c.env.config.syncs.find((other) => other.id === id);
  if (!sync) throw new Problem("not_found");
  return sync;
}

/** What a run needs: a usable secret, a usable policy, and that nobody paused it. */
async function settingsOf(c: Context<AppEnv>, { id, settings }: Sync): Promise<SyncSettings> {
  const value = usable(settings, `sync ${id}`);
  usable(c.env.policy);
  const states = await syncStates(c.env.db);
  if (states.get(id)?.status === "paused") throw new Problem("sync_paused", { detail: "Resume it first." });
  return value;
}

function expectDone(outcome: RunOutcome): void {
  if (outcome === "running") throw new Problem("sync_running");
}

async function standing(c: Context<AppEnv>, sync: Sync): Promise<Wire<typeof syncSchema>> {
  return described(sync, (await syncStates(c.env.db)).get(sync.id), c.env.now());
}
