/** A secret goes where it is compared or signs, and nowhere else: not into an answer, a page, a table, the cache, the log. */
import { afterAll, beforeAll, expect, it, vi } from "vitest";
import { dashboard } from "../../src/dashboard/routes";
import type { Description } from "../support/answer";
import { Visitor } from "../support/dashboard";
import { tablesWith } from "../support/erasure";
import { listenToLog } from "../support/log";
import { bounce } from "../support/pmta";
import { failing, madeUpWorld } from "../support/receivers";
import { MINUTE_MS, START_MS, setStage } from "../support/stage";
import { ADMIN, api, bindings, jsonOf, runCron, testEnv } from "../support/worker";

setStage();

/** In every secret. */
const MARK = "kf83secret";
const ADMIN_TOKEN = `admin-${MARK}`;
const AS_ADMIN = { authorization: `Bearer ${ADMIN_TOKEN}` };
const env = testEnv({
  ADMIN_TOKENS: `${ADMIN_TOKEN},other-${MARK}`,
  CHECK_TOKENS: `check-${MARK}`,
  WEBHOOK_INBOXROAD: `inboxroad-${MARK}`,
  WEBHOOK_POWERMTA: `user:powermta-${MARK}`,
  WEBHOOK_MAILGUN: `mailgun-${MARK}`,
  WEBHOOK_LISTMONK: `listmonk:${MARK}`,
  // Of no use: what is wrong with them is told without their value.
  WEBHOOK_SENDGRID: `${MARK}`,
  WEBHOOK_SES: `{"${MARK}`,
  WEBHOOK_SCALEWAY: MARK,
  WEBHOOK_MAILERSEND: `mailersend-${MARK}`,
  WEBHOOK_AZURE: `azure-${MARK}`,
  SYNC_SENDGRID: JSON.stringify({ apiKey: `sync-${MARK}`, pull: "auto", push: ["hard"] }),
  SYNC_POSTMARK: JSON.stringify({ apiKey: `sync ${MARK}`, pull: true }),
  VERP_KEYS: `verp-${MARK}-key-of-return-paths`,
  MAILBOXES: JSON.stringify([
    { name: "bounces", type: "pop", host: "", port: 1, username: `user-${MARK}`, password: MARK },
    { name: "idle", enabled: false, host: "mail.example.com", username: `user-${MARK}`, password: MARK },
  ]),
});
const record = bounce("hard", { recipient: "john@example.com", message: "m1", at: START_MS - MINUTE_MS });
const AS_INBOXROAD = { "x-webhook-token": `inboxroad-${MARK}` };
const basic = (pair: string) => ({ authorization: `Basic ${btoa(pair)}` });
/** By what a secret is known: as it is, and where basic auth wraps it up. */
const TRACES = [MARK, ...[`user:powermta-${MARK}`, `listmonk:${MARK}`].map((pair) => btoa(pair).replace(/.?=*$/, ""))];
const tracesIn = (text: string) => TRACES.filter((trace) => text.includes(trace));

let lines: () => readonly object[] = () => [];
const one = new Visitor(env);

beforeAll(async () => {
  const world = madeUpWorld();
  const [lists, sendgrid] = [world.receiver("lists.example.com"), world.receiver("api.sendgrid.com")];
  lists.answer = failing(500);
  sendgrid.answer = failing(403);
  const levels = (["log", "warn", "error"] as const).map(listenToLog);
  lines = () => levels.flatMap((heard) => heard());
  // Every way in which a secret comes along with a request, right and wrong.
  await api(`/webhooks/inboxroad?token=inboxroad-${MARK}`, { json: [record, { type: "?" }], headers: {}, env });
  await api(`/webhooks/inboxroad?token=inboxroad-${MARK}x`, { json: [record], headers: {}, env });
  await api("/webhooks/powermta", { json: [record, 7], headers: basic(`user:powermta-${MARK}`), env });
  await api("/webhooks/powermta", { json: [record], headers: basic(`user:powermta-${MARK}x`), env });
  await api("/webhooks/powermta", { json: [record], headers: {}, env });
  await api("/webhooks/mailersend", { json: {}, headers: { signature: "00" }, env });
  await api("/webhooks/inboxroad", { json: [8], headers: AS_INBOXROAD, env });
  const listmonk = { email: "ann@example.com", type: "hard" };
  await api("/webhooks/bounce", { json: listmonk, headers: basic(`listmonk:${MARK}`), env });
  await api("/webhooks/sendgrid", { json: [], headers: {}, env });
  await api("/v1/events", { json: { kind: "unsubscribed", recipient: "ann@example.com" }, headers: AS_ADMIN, env });
  await api("/v1/suppressions/eve%40example.com", { method: "PUT", json: { note: "asked" }, headers: AS_ADMIN, env });
  await api(`/v1/connections?token=${ADMIN_TOKEN}`, { headers: {}, env });
  for (const token of [`check-${MARK}`, `check-${MARK}x`]) {
    const headers = { authorization: `Bearer ${token}` };
    for (const path of ["/v1/check?recipient=ann@example.com", "/v1/events"]) await api(path, { headers, env });
  }
  for (const code of [`azure-${MARK}`, `azure-${MARK}x`]) {
    await api(`/webhooks/azure?code=${code}`, { json: [{ eventType: "?" }], headers: {}, env });
  }
  const strays = `key=${MARK}&secret=${MARK}&CODE=${MARK}&Token=${MARK}`;
  await api(`/webhooks/inboxroad?token=inboxroad-${MARK}&${strays}`, { json: [9], headers: {}, env });
  const subscription = { url: `https://lists:old-${MARK}@lists.example.com/`, events: ["*"], format: "listmonk" };
  const { id } = await jsonOf(await api("/v1/notifications", { json: subscription, headers: AS_ADMIN, env }));
  const rotated = { json: { credentials: `lists:new-${MARK}` }, headers: AS_ADMIN, env };
  expect((await api(`/v1/notifications/${id}/rotate`, rotated)).status).toBe(200);
  await new Visitor(env).signIn(`wrong-${MARK}`);
  await one.signIn(ADMIN_TOKEN);
  await api("/webhooks/inboxroad", { json: [{ ...record, rcpt: "told@example.com" }], headers: AS_INBOXROAD, env });
  await runCron(env);
  for (const { heard } of [lists, sendgrid]) {
    expect(
      heard.map(({ headers }) => headers.get("authorization")),
      "what it is for",
    ).not.toEqual([]);
  }
});
afterAll(() => vi.restoreAllMocks());

it("is in no table and no value of the edge cache", async () => {
  expect(await tablesWith("john@example.com"), "what is there is found").not.toEqual([]);
  // What others are told has to be signed again: docs/security.md says so.
  const [plain, ...wrapped] = await Promise.all(TRACES.map(tablesWith));
  expect(plain).toEqual(["notifications"]);
  expect(wrapped.flat()).toEqual([]);
  const { keys } = await bindings.SUPPRESSIONS.list();
  const values = await Promise.all(keys.map(({ name }) => bindings.SUPPRESSIONS.get(name)));
  expect(tracesIn(`${keys.map(({ name }) => name)} ${values}`)).toEqual([]);
});

it("is in no answer of the API, nor in what anybody may read", async () => {
  const document = await jsonOf<Description>(await api("/openapi.json", { env }));
  const item = (await jsonOf(await api("/v1/quarantine", { headers: AS_ADMIN, env }))).items[0];
  const paths = Object.entries(document.paths)
    .filter(([, operations]) => "get" in operations)
    .map(([path]) => path.replace(/\/quarantine\/\{[^}]+\}/, `/quarantine/${item.id}`))
    .map((path) => path.replaceAll(/\{[^}]+\}/g, "john%40example.com"));
  expect(paths.length).toBeGreaterThan(25);
  for (const path of [...paths, "/openapi.json", "/docs", "/health"]) {
    const headers = path.startsWith("/api/") ? basic(`listmonk:${MARK}`) : AS_ADMIN;
    const response = await api(path, { headers, env });
    expect(tracesIn(`${[...response.headers]} ${await response.text()}`), path).toEqual([]);
  }
});

it("is on no page, and not in the cookie", async () => {
  const paths = dashboard().routes.filter(({ method, path }) => method === "GET" && !/[:*]/.test(path));
  expect(paths.length).toBeGreaterThan(10);
  for (const { path } of paths) {
    const response = await one.get(path);
    expect(tracesIn(`${[...response.headers]} ${await response.text()}`), path).toEqual([]);
  }
  expect(atob((one.cookie ?? "").split("=")[1]?.split(".")[0] ?? "")).not.toContain(MARK);
});

it("is in no line of the log", () => {
  const written = lines().map((line) => JSON.stringify(line));
  expect(written.length).toBeGreaterThan(5);
  expect(written.filter((line) => tracesIn(line).length)).toEqual([]);
});

it("that is set aside opens nothing any more", async () => {
  const rotated = testEnv({ ADMIN_TOKENS: `other-${MARK}`, WEBHOOK_INBOXROAD: "new" });
  expect((await api("/v1/connections", { headers: AS_ADMIN, env: rotated })).status).toBe(401);
  expect((await api("/v1/connections", { headers: ADMIN, env: rotated })).status).toBe(401);
  const old = { json: [record], headers: {}, env: rotated };
  expect((await api(`/webhooks/inboxroad?token=inboxroad-${MARK}`, old)).status).toBe(401);
});
