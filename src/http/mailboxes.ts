/** The POP3 mailboxes: how they are configured, how their last scan went, and a scan on demand. */
import { createRoute, z } from "@hono/zod-openapi";
import { once } from "../domain/once";
import { dueAt, obstacleTo, type ScanReport, scanMailbox, tryMailbox } from "../mailbox/scan";
import { type Mailbox, TLS_MODES } from "../mailbox/settings";
import { type MailboxState, mailboxStates } from "../store/mailboxes";
import { usable } from "./expectations";
import { Problem } from "./problem";
import { iso } from "./representations";
import { createRouter } from "./router";
import { ADMIN, flag, json, problems, timeOrNull } from "./schemas";

const errorSchema = once(() =>
  z
    .object({
      code: z.string().describe("A stable word."),
      detail: z.string().describe("For people. May quote the server."),
    })
    .nullable(),
);

const countsFields = once(() => ({
  listed: z.number().int().describe("Mails that the server listed."),
  recorded: z.number().int().describe("Mails taken in, those in quarantine included."),
  quarantined: z.number().int().describe("Of those: not understood or not believed, and kept in quarantine."),
  deleted: z.number().int().describe("Mails that the server confirmed to have deleted."),
  oversized: z.number().int().describe("Mails that are too large; they stay on the server."),
  failed: z.number().int().describe("Mails that could not be fetched or recorded; they are tried again later."),
}));

const mailboxSchema = once(() =>
  z
    .object({
      name: z.string(),
      usable: z.boolean(),
      problem: z.string().nullable().describe("What is wrong with its settings."),
      enabled: z.boolean(),
      host: z.string().nullable(),
      port: z.number().int().nullable(),
      tls: z.enum(TLS_MODES).nullable(),
      returnPath: z.string().nullable(),
      scanIntervalSeconds: z.number().nullable(),
      trusted: z.boolean().describe("Are its mails believed without proof?"),
      keep: z.boolean().describe("Do mails stay on the server after they were recorded?"),
      isScanning: z.boolean(),
      lastScanAt: timeOrNull.describe("When the last scan began."),
      lastSuccessAt: timeOrNull.describe("When a scan last ended without an error."),
      nextScanAt: timeOrNull.describe("When the cron scans it, at the earliest. Null: it does not."),
      error: errorSchema().describe("What went wrong in the last scan."),
      counts: z.object(countsFields()).nullable().describe("What the last scan found and did."),
    })
    .openapi("Mailbox"),
);

const list = createRoute({
  method: "get",
  path: "/v1/mailboxes",
  tags: ["Operations"],
  summary: "Configured POP3 mailboxes",
  security: ADMIN,
  responses: { 200: json(() => z.object({ items: z.array(mailboxSchema()) }), "All of them."), ...problems(403) },
});

const scan = createRoute({
  method: "post",
  path: "/v1/mailboxes/{name}/scan",
  tags: ["Operations"],
  summary: "Scan a mailbox now",
  description:
    "Answers when the scan is over, within about two minutes. With `dryRun=true` it only signs in and counts " +
    "the mails: the way to try settings. What goes wrong with the server is in `error`, not in the status.",
  security: ADMIN,
  request: {
    params: z.object({ name: z.string().openapi({ param: { name: "name", in: "path" } }) }),
    // Strict: a misspelt dryRun must not scan.
    query: z.strictObject({ dryRun: flag }),
  },
  responses: {
    200: json(
      () =>
        z.object({
          ...countsFields(),
          isBehind: z.boolean().describe("Is something left that the next cron takes up?"),
          error: errorSchema(),
        }),
      "What came of it.",
    ),
    ...problems(400, 403, 404, 409),
  },
});

export const mailboxRoutes = createRouter();

mailboxRoutes.openapi(list, async (c) => {
  const { mailboxes } = c.env.config;
  const states = mailboxes.length ? await mailboxStates(c.env.db) : new Map<string, MailboxState>();
  const now = c.env.now();
  return c.json({ items: mailboxes.map((mailbox) => described(mailbox, states.get(mailbox.name), now)) }, 200);
});

mailboxRoutes.openapi(scan, async (c) => {
  const mailbox = c.env.config.mailboxes.find(({ name }) => name === c.req.valid("param").name);
  if (!mailbox) throw new Problem("not_found");
  const { name, settings } = mailbox;
  const scanned = { name, settings: usable(settings, `mailbox ${name}`) };
  if (c.req.valid("query").dryRun === "true") return c.json(answerOf(await tryMailbox(c.env, scanned)), 200);
  const obstacle = obstacleTo(c.env);
  if (obstacle !== null) throw new Problem("config_invalid", { detail: obstacle });
  const states = await mailboxStates(c.env.db);
  const report = await scanMailbox(c.env, scanned, states.get(name));
  if (!report) throw new Problem("scan_running");
  return c.json(answerOf(report), 200);
});

function answerOf({ counts, isBehind, error }: ScanReport) {
  return { ...counts, isBehind, error };
}

function described({ name, settings }: Mailbox, state: MailboxState | undefined, now: number) {
  const value = settings.ok ? settings.value : undefined;
  return {
    name,
    usable: settings.ok,
    problem: settings.ok ? null : settings.error,
    enabled: value?.enabled ?? false,
    host: value?.host ?? null,
    port: value?.port ?? null,
    tls: value?.tls ?? null,
    returnPath: value?.returnPath ?? null,
    scanIntervalSeconds: value ? value.scanIntervalMs / 1_000 : null,
    trusted: value?.trusted ?? false,
    keep: value?.keep ?? false,
    isScanning: (state?.leasedUntil ?? 0) > now,
    lastScanAt: iso(state?.lastScanAt ?? null),
    lastSuccessAt: iso(state?.lastSuccessAt ?? null),
    nextScanAt: value?.enabled ? iso(Math.max(dueAt(value, state), now)) : null,
    error: state?.errorCode == null ? null : { code: state.errorCode, detail: state.errorDetail ?? "" },
    counts: state?.counts ?? null,
  };
}
