/** What somebody sends is a value in every statement, and never a part of it. */
import { beforeAll, expect, it } from "vitest";
import { hexOf, utf8Bytes } from "../../src/crypto/encoding";
import { hmac } from "../../src/crypto/hmac";
import type { Description } from "../support/answer";
import { block, bounced, report } from "../support/reports";
import { MINUTE_MS, START_MS, setStage } from "../support/stage";
import { countOf } from "../support/stores";
import { api, jsonOf, testEnv } from "../support/worker";

setStage();

/** Each would be another statement, or a broken one, where it is put into the text. */
const HOSTILE = ["'", "x' OR '1'='1", "'; DROP TABLE audit; --", '"', "?1", "%", "_"];

interface Parameter {
  readonly name: string;
  readonly in: string;
}
interface Operation {
  readonly parameters?: readonly Parameter[];
}
const isInUrl = (parameter: Parameter) => parameter.in !== "header";

beforeAll(async () => {
  await report([bounced("ann@example.com", "hard", START_MS - MINUTE_MS)]);
  await block("bob@example.com");
});

it("in the parameters of a question: each is answered as one that nobody fits, or refused", async () => {
  const { paths } = await jsonOf<Description<Operation>>(await api("/openapi.json"));
  const asked = Object.entries(paths).flatMap(([path, { get }]) =>
    (get?.parameters ?? []).filter(isInUrl).map((parameter) => ({ path, parameter, inPath: parameter.in === "path" })),
  );
  expect(asked.length).toBeGreaterThan(50);
  for (const { path, parameter, inPath } of asked) {
    for (const text of HOSTILE) {
      const value = encodeURIComponent(text);
      const plain = (inPath ? path.replace(`{${parameter.name}}`, value) : path).replaceAll(/\{[^}]+\}/g, "1");
      const url = inPath ? plain : `${plain}?${parameter.name}=${value}`;
      expect((await api(url)).status, url).toBeLessThan(500);
    }
  }
  for (const table of ["audit", "events", "recipients"]) expect(await countOf(table), table).toBeGreaterThan(0);
});

it("in what a list is asked for: it finds nobody by being true", async () => {
  for (const url of ["audit?subject=", "audit?actor=", "events?campaign=", "events?messageId=", "events?provider="]) {
    for (const text of HOSTILE) {
      const response = await api(`/v1/${url}${encodeURIComponent(text)}`);
      expect([200, 400], `${url}${text}`).toContain(response.status);
      if (response.status === 200) expect((await jsonOf(response)).items, `${url}${text}`).toEqual([]);
    }
  }
});

it("in a token that a provider signed", async () => {
  const env = testEnv({ WEBHOOK_MAILGUN: "signing-key" });
  for (const [i, token] of ["x'OR'1'='1", "';--", '"', "y'OR'1'='1"].entries()) {
    const timestamp = String(START_MS / 1000);
    const signature = hexOf(await hmac("SHA-256", utf8Bytes("signing-key"), utf8Bytes(timestamp + token)));
    const event = { event: "complained", id: `e-${i}`, timestamp: START_MS / 1000, recipient: `user-${i}@example.com` };
    const json = { signature: { timestamp, token, signature }, "event-data": event };
    expect((await api("/webhooks/mailgun", { json, headers: {}, env })).status, token).toBe(200);
    expect(await countOf("used_tokens WHERE token = ?1", token)).toBe(1);
  }
});
