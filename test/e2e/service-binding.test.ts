/** The example of a worker that asks by service binding, beside the real worker, as the documentation has it. */
import path from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createTestHarness } from "wrangler";

const ROOT = path.resolve(import.meta.dirname, "../..");
const ADMIN_TOKEN = "admin-of-this-test";

const server = createTestHarness({
  root: ROOT,
  workers: [
    { configPath: "./wrangler.toml", secrets: { ADMIN_TOKENS: ADMIN_TOKEN } },
    { configPath: "./docs/examples/service-binding/wrangler.toml" },
  ],
});

beforeAll(async () => {
  await server.listen();
  const service = server.getWorker("bouncekeeper");
  await service.applyD1Migrations("DB");
  const headers = { authorization: `Bearer ${ADMIN_TOKEN}`, "content-type": "application/json" };
  const body = JSON.stringify({ note: "asked us to" });
  const path = "http://localhost/v1/suppressions/gone%40example.com";
  const response = await service.fetch(path, { method: "PUT", headers, body });
  expect(response.status).toBe(200);
});

afterAll(() => server.close());

describe("the example", () => {
  const newsletter = () => server.getWorker("newsletter");
  const post = (recipients: unknown) =>
    newsletter().fetch("http://localhost/", { method: "POST", body: JSON.stringify({ recipients }) });

  test("leaves out who must not be mailed, and what is no address", async () => {
    const response = await post(["ann@example.com", "gone@example.com", "nobody"]);
    expect(await response.json()).toEqual({
      sent: 1,
      suppressed: [{ recipient: "gone@example.com", reasons: ["manual"], since: expect.any(String), until: null }],
      invalid: ["nobody"],
    });
  });

  test("asks about one", async () => {
    const ask = async (recipient: string) => newsletter().fetch(`http://localhost/?recipient=${recipient}`);
    expect(await (await ask("gone%40example.com")).json()).toMatchObject({ mayMail: false, reasons: ["manual"] });
    expect(await (await ask("ann%40example.com")).json()).toMatchObject({ mayMail: true, reasons: [] });
  });

  test("sees an error across the binding as an error, with its code, and sends nothing", async () => {
    const invalid = await newsletter().fetch("http://localhost/?recipient=nobody");
    expect([invalid.status, await invalid.text()]).toEqual([400, "invalid_recipient: The recipient has no @."]);
    const many = await post(Array(10_001).fill("a@example.com"));
    expect([many.status, await many.text()]).toEqual([400, "invalid_request: at most 10000 recipients"]);
  });
});
