/** What somebody presents is compared by what takes the same time wherever the two differ, with all that could be meant. */
import { afterEach, beforeAll, describe, expect, it, vi } from "vitest";
import { Visitor } from "../support/dashboard";
import { setStage } from "../support/stage";
import { api, testEnv } from "../support/worker";

setStage();

const env = testEnv({
  ADMIN_TOKENS: "admin-one,admin-two,admin-three",
  CHECK_TOKENS: "check-one,check-two",
  WEBHOOK_INBOXROAD: '["secret-one","secret-two","secret-three"]',
  WEBHOOK_LISTMONK: '["lists:one","lists:two"]',
  WEBHOOK_MAILERSEND: '["key-one","key-two"]',
});
const bearer = (token: string) => ({ authorization: `Bearer ${token}` });
const basic = (pair: string) => ({ authorization: `Basic ${btoa(pair)}` });
const visitor = new Visitor(env);

type Attempt = (given: string) => Promise<Response>;
const post = (path: string, headers: Readonly<Record<string, string>>) => api(path, { json: [], headers, env });
const at = (path: string, headers: Readonly<Record<string, string>>) => api(path, { headers, env });

/** How something is presented, what is right, and how many it has to be compared with. */
const WAYS: readonly [what: string, attempt: Attempt, right: readonly string[], count: number][] = [
  ["an operator's token", (token) => at("/v1/connections", bearer(token)), ["admin-one", "admin-three"], 3],
  [
    "a sender's token",
    (token) => at("/v1/check?recipient=a@example.com", bearer(token)),
    ["check-one", "admin-three"],
    5,
  ],
  ["the metrics' token", (token) => at("/metrics", bearer(token)), ["admin-one"], 3],
  ["a shared secret", (token) => post(`/webhooks/inboxroad?token=${token}`, {}), ["secret-one", "secret-three"], 3],
  ["a password", (token) => post("/webhooks/inboxroad", basic(`user:${token}`)), ["secret-one", "secret-three"], 3],
  ["listmonk's token", (token) => at("/api/bounces", basic(`lists:${token}`)), ["one", "two"], 2],
  ["a token to sign in", (token) => new Visitor(env).signIn(token), ["admin-one", "admin-three"], 3],
  [
    "a form's token",
    (token) =>
      token === "right"
        ? visitor.post("/dashboard/quarantine/replay")
        : visitor.postRaw("/dashboard/quarantine/replay", { "form-token": token }),
    ["right"],
    1,
  ],
];

beforeAll(async () => {
  await visitor.signIn("admin-one");
});
afterEach(() => vi.restoreAllMocks());

describe.each(WAYS)("%s", (_what, attempt, right, count) => {
  it("is compared by the platform, with each that is configured, right or wrong", async () => {
    for (const given of [...right, "wrong"]) {
      const compare = vi.spyOn(crypto.subtle, "timingSafeEqual");
      const { status } = await attempt(given);
      expect([401, 403].includes(status), given).toBe(given === "wrong");
      expect(compare.mock.calls.length, given).toBeGreaterThanOrEqual(count);
      compare.mockRestore();
    }
  });
});

it("a keyed hash is compared in the same way, with each key", async () => {
  const compare = vi.spyOn(crypto.subtle, "timingSafeEqual");
  expect((await post("/webhooks/mailersend", { signature: "00".repeat(32) })).status).toBe(401);
  expect(compare).toHaveBeenCalledTimes(2);
});
