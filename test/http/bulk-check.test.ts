import { beforeAll, describe, expect, it } from "vitest";
import type { Checked } from "../support/answer";
import { withFaults } from "../support/faults";
import { setStage } from "../support/stage";
import { tamper } from "../support/stores";
import { api, CHECK, jsonOf, testEnv } from "../support/worker";

const UUID = "5e1c7f2a-8a4e-4c57-9f0e-0d6a3f3b2c11";
const AT = "2026-01-05T10:00:00.000Z";
const MAX = 10_000;

const bulk = (json: unknown, env = testEnv()) => api("/v1/check", { headers: CHECK, json, env });
const names = (length: number) => Array.from({ length }, (_, i) => `user-${i}@list-${i % 500}.example.com`);

setStage();
beforeAll(async () => {
  const events = [
    { kind: "bounced", class: "hard", recipient: "dead@example.com", occurredAt: AT },
    { kind: "complained", recipient: "angry@example.com", occurredAt: AT },
    { kind: "bounced", class: "hard", recipient: UUID, occurredAt: AT },
    { kind: "bounced", class: "hard", recipient: "user-9999@list-499.example.com", occurredAt: AT },
  ];
  await api("/v1/events", { json: events });
  await api("/v1/suppressions/@blocked.example", { method: "PUT", json: {} });
});

describe("POST /v1/check", () => {
  it("lists those that must not be mailed, as they were sent, and says nothing of the others", async () => {
    const recipients = ["new@example.com", "Dead@Example.com", UUID, "angry@example.com"];
    const response = await bulk({ recipients });
    expect(response.status).toBe(200);
    const suppressed = { since: AT, until: null };
    expect(await jsonOf(response)).toEqual({
      checked: 4,
      suppressed: [
        { recipient: "Dead@Example.com", reasons: ["hard"], ...suppressed },
        { recipient: UUID, reasons: ["hard"], ...suppressed },
        { recipient: "angry@example.com", reasons: ["complaint"], ...suppressed },
      ],
      invalid: [],
    });
  });

  it("lists what is no address as it was sent, and checks the others", async () => {
    const recipients = ["nobody", "", " ", "dead@example.com", "a b@example.com", "@example.com"];
    const answer = await jsonOf<Checked>(await bulk({ recipients }));
    expect(answer.invalid).toEqual(["nobody", "", " ", "a b@example.com", "@example.com"]);
    expect(answer.checked).toBe(1);
    expect(answer.suppressed).toHaveLength(1);
  });

  it("answers once for what is asked twice, and for each way of writing an address", async () => {
    const recipients = ["dead@example.com", "dead@example.com", "DEAD@example.com", "x", "x"];
    const answer = await jsonOf<Checked>(await bulk({ recipients }));
    expect(answer.suppressed.map((s) => s.recipient)).toEqual(["dead@example.com", "DEAD@example.com"]);
    expect(answer).toMatchObject({ checked: 2, invalid: ["x"] });
  });

  it("knows domains and purposes", async () => {
    const recipients = ["anybody@blocked.example", "angry@example.com"];
    const marketing = await jsonOf<Checked>(await bulk({ recipients }));
    expect(marketing.suppressed).toMatchObject([{ reasons: ["domain"] }, { reasons: ["complaint"] }]);
    const transactional = await jsonOf<Checked>(await bulk({ recipients, purpose: "transactional" }));
    expect(transactional.suppressed).toMatchObject([{ recipient: "anybody@blocked.example", reasons: ["domain"] }]);
  });

  it("checks ten thousand addresses in one query", async () => {
    const { steps, bindings } = withFaults(() => null);
    const answer = await jsonOf<Checked>(await bulk({ recipients: names(MAX) }, testEnv(bindings)));
    expect(steps).toMatchObject([{ store: "db", operation: "batch" }]);
    expect(answer).toMatchObject({ checked: MAX, invalid: [] });
    expect(answer.suppressed).toMatchObject([{ recipient: "user-9999@list-499.example.com", reasons: ["hard"] }]);
  });

  it("knows those of whom only the hash is left", async () => {
    const erased = ["erased@example.com", "also-erased@example.com"];
    for (const recipient of erased) await api(`/v1/suppressions/${recipient}`, { method: "PUT", json: {} });
    await tamper(
      "UPDATE recipients SET address = key || '@erased.invalid', domain = 'erased.invalid' WHERE address LIKE '%erased@example.com'",
    );
    const answer = await jsonOf<Checked>(
      await bulk({ recipients: ["new@example.com", ...erased, "dead@example.com"] }),
    );
    expect(answer.suppressed.map((s) => s.recipient)).toEqual([...erased, "dead@example.com"]);
    expect(answer).toMatchObject({ checked: 4, invalid: [] });
    await tamper("UPDATE recipients SET suppressed = 0, answer = NULL WHERE domain = 'erased.invalid'");
  });

  it("needs no store at all for nothing", async () => {
    const { steps, bindings } = withFaults(() => null);
    const answer = await jsonOf<Checked>(await bulk({ recipients: [] }, testEnv(bindings)));
    expect(answer).toEqual({ checked: 0, suppressed: [], invalid: [] });
    expect(steps).toEqual([]);
  });

  it.each<[string, unknown]>([
    ["one address too many", { recipients: Array(MAX + 1).fill("a@example.com") }],
    ["no list", {}],
    ["a text for the list", { recipients: "a@example.com" }],
    ["a number in the list", { recipients: ["a@example.com", 7] }],
    ["null in the list", { recipients: [null] }],
    ["a purpose that is none", { recipients: [], purpose: "spam" }],
    ["an array", ["a@example.com"]],
    ["null", null],
    ["nested lists without end", { recipients: JSON.parse(`${"[".repeat(5_000)}${"]".repeat(5_000)}`) }],
  ])("answers 400 for %s", async (_what, json) => {
    const response = await bulk(json);
    expect(response.status).toBe(400);
    expect(await jsonOf(response)).toMatchObject({ code: "invalid_request", detail: expect.any(String) });
  });

  it.each<[string, string, string]>([
    ["cut off", '{"recipients":["a@ex', "application/json"],
    ["empty", "", "application/json"],
    ["of another type", '{"recipients":["a@example.com"]}', "text/plain"],
  ])("answers 400 for a body that is %s", async (_what, body, type) => {
    const response = await api("/v1/check", { body, headers: { ...CHECK, "content-type": type } });
    expect(response.status).toBe(400);
    expect(response.headers.get("content-type")).toBe("application/problem+json");
  });

  it("answers 413 for a body of 20 MB, also where nothing says how long it is", async () => {
    const bytes = new Uint8Array(20 * 1024 * 1024).fill(32);
    const headers = { ...CHECK, "content-type": "application/json" };
    for (const body of [bytes, new Blob([bytes]).stream()]) {
      const response = await api("/v1/check", { body, headers });
      expect(response.status).toBe(413);
      expect((await jsonOf(response)).code).toBe("body_too_large");
    }
  });
});
