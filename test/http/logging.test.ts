import { beforeAll, describe, expect, it, vi } from "vitest";
import { base64Of, utf8Bytes } from "../../src/crypto/encoding";
import { failStore, withFaults } from "../support/faults";
import { bounce } from "../support/pmta";
import { START_MS, setStage } from "../support/stage";
import { ADMIN, api, type CallOptions, jsonOf, runCron, testEnv } from "../support/worker";

/** Stands in every field, header and URL that a stranger, a provider or an operator can fill. */
const MARKER = "zq9marker";
const ADDRESS = `${MARKER}@example.com`;
const TOKEN = `inboxroad-${MARKER}`;

setStage();

interface Line {
  readonly level: string;
  readonly event: string;
  readonly requestId?: string;
}

const marked = (names: string) => Object.fromEntries(names.split(" ").map((name) => [name, MARKER]));
const record = {
  ...bounce("hard", { recipient: ADDRESS, message: MARKER, at: START_MS - 60_000 }),
  ...marked("orig dsnDiag dsnMta bounceCat jobId envId vmta"),
};
const event = {
  kind: "bounced",
  recipient: ADDRESS,
  ...marked("category messageId internetMessageId diagnosticCode remoteMta envelopeSender campaign id"),
  tags: [MARKER],
  metadata: { [MARKER]: MARKER },
};
const HEADERS = { ...ADMIN, "idempotency-key": MARKER, "x-request-id": MARKER, "user-agent": MARKER, cookie: MARKER };
const SECRETS = {
  WEBHOOK_INBOXROAD: TOKEN,
  WEBHOOK_POWERMTA: `["${MARKER}"`,
  WEBHOOK_SMTPETER: { environment: MARKER },
  WEBHOOK_LISTMONK: `${MARKER}:${MARKER}`,
};
const thrower = () => {
  throw new Error(`SQLITE_BUSY: near "${MARKER}"`);
};
const THROWING = testEnv({ ...SECRETS, DB: { prepare: thrower, batch: thrower } });
const without = (store: "kv" | "object") => testEnv({ ...SECRETS, ...withFaults(failStore(store)).bindings });

const recipient = encodeURIComponent(ADDRESS);
const HOOK = `/webhooks/inboxroad?token=${TOKEN}`;
const basic = { authorization: `Basic ${base64Of(utf8Bytes(`${MARKER}:${MARKER}`))}` };
const REQUESTS: [path: string, options: CallOptions][] = [
  [HOOK, { json: [record, { ...record, rcpt: MARKER }, { ...record, type: MARKER }, MARKER] }],
  [HOOK, { body: `{"${MARKER}` }],
  [HOOK, { json: [record], env: THROWING }],
  [HOOK, { json: [{ ...record, timeLogged: "1763719200" }], env: without("object") }],
  [HOOK, { json: [{ ...record, timeLogged: String(START_MS / 1000) }], env: without("kv") }],
  [`/webhooks/inboxroad?token=wrong-${MARKER}`, { json: [record] }],
  ["/webhooks/inboxroad", { json: [record], headers: basic }],
  [`/webhooks/${MARKER}/${MARKER}?token=${MARKER}`, { json: [record] }],
  ["/webhooks/powermta", { json: [record] }],
  ["/webhooks/smtpeter", { json: [record] }],
  [
    "/webhooks/bounce",
    { json: { email: ADDRESS, type: "hard", ...marked("source campaign_uuid meta") }, headers: basic },
  ],
  ["/webhooks/bounce", { json: { email: MARKER, type: MARKER }, headers: basic }],
  ["/webhooks/bounce", { json: {}, headers: { authorization: `token ${MARKER}:wrong` } }],
  ["/v1/events", { json: [event, { ...event, kind: MARKER, class: MARKER }] }],
  ["/v1/events", { json: { [MARKER]: MARKER } }],
  ["/v1/events", { json: event, env: THROWING }],
  [`/v1/events?recipient=${recipient}&campaign=${MARKER}&messageId=${MARKER}&provider=${MARKER}`, {}],
  [`/v1/events?kind=${MARKER}&cursor=${MARKER}&since=${MARKER}`, {}],
  [`/v1/check?recipient=${recipient}`, {}],
  [`/v1/check?recipient=${recipient}`, { env: without("kv") }],
  [`/v1/check?recipient=${recipient}&consistency=strong`, { env: THROWING }],
  [`/v1/check?recipient=${MARKER}`, {}],
  ["/v1/check", { json: { recipients: [ADDRESS, MARKER] } }],
  [`/v1/suppressions/${recipient}`, { method: "PUT", json: { note: MARKER } }],
  [`/v1/suppressions/${recipient}`, { method: "PUT", json: { [MARKER]: MARKER } }],
  [`/v1/suppressions/${recipient}?note=${MARKER}&force=true`, { method: "DELETE" }],
  [`/v1/suppressions?q=${MARKER}&domain=${MARKER}`, {}],
  [`/v1/recipients/${recipient}`, {}],
  [`/v1/recipients/${recipient}`, { env: THROWING }],
  ["/v1/rebuild", { json: { recipient: ADDRESS } }],
  ["/v1/rebuild", { json: { recipient: ADDRESS }, env: without("object") }],
  ["/v1/connections", { headers: { authorization: `Bearer ${MARKER}` } }],
  [`/${MARKER}?${MARKER}=${MARKER}`, {}],
];

/** What was written to the console: the arguments of each call. */
const written: unknown[][] = [];

describe("the log", () => {
  const answers: { id: string | null; status: number }[] = [];
  const linesOf = (): Line[] => written.map(([line]) => JSON.parse(String(line)));

  beforeAll(async () => {
    for (const level of ["log", "info", "debug", "trace", "warn", "error"] as const) {
      vi.spyOn(console, level).mockImplementation((...args) => void written.push(args));
    }
    for (const [path, options] of REQUESTS) {
      const headers = { ...HEADERS, ...options.headers };
      const response = await api(path, { env: testEnv(SECRETS), ...options, headers });
      answers.push({ id: response.headers.get("x-request-id"), status: response.status });
    }
    const { items } = await jsonOf(await api("/v1/quarantine"));
    for (const { id } of items) await api(`/v1/quarantine/${id}/replay`, { method: "POST" });
    await runCron(testEnv(SECRETS));
    await runCron(THROWING);
  });

  it("was written by requests of every outcome", () => {
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200, 400, 401, 403, 404, 503]));
    const names = "webhook.recorded webhook.unauthenticated config.invalid events.recorded request.failed apply.failed";
    const more = "edge.failed check.edge_failed cron.done reconcile.failed prune.failed";
    const events = linesOf().map((line) => line.event);
    expect(events).toEqual(expect.arrayContaining(`${names} ${more}`.split(" ")));
  });

  it("never holds an address, a secret, or anything that somebody else wrote", () => {
    const lines = written.flat().map(String);
    expect(lines.length).toBeGreaterThan(20);
    expect(lines.filter((line) => line.toLowerCase().includes(MARKER))).toEqual([]);
    expect(lines.filter((line) => /@example\.com|admin-token|check-token/.test(line))).toEqual([]);
  });

  it("is one JSON object a line, with the name of its request", () => {
    const ids = answers.map(({ id }) => id);
    for (const args of written) {
      expect(args).toEqual([expect.stringMatching(/^\{.*\}$/)]);
    }
    for (const line of linesOf()) {
      expect(line.level).toMatch(/^(?:info|warn|error)$/);
      expect(line.event).toMatch(/^[a-z]+\.[a-z_]+$/);
      if (line.event === "request.failed") expect(ids).toContain(line.requestId);
    }
  });
});
