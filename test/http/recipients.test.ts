import { describe, expect, it } from "vitest";
import { sha256Hex } from "../../src/crypto/digest";
import { failStore, withFaults } from "../support/faults";
import { setStage } from "../support/stage";
import { api, jsonOf, runCron, testEnv } from "../support/worker";

const UUID = "5e1c7f2a-8a4e-4c57-9f0e-0d6a3f3b2c11";
const TIMELINE_LENGTH = 100;

const url = (recipient: string) => `/v1/recipients/${encodeURIComponent(recipient)}`;
const recipientOf = async (recipient: string, env = testEnv()) => jsonOf(await api(url(recipient), { env }));
const record = async (events: object[], env = testEnv()) =>
  expect((await api("/v1/events", { json: events, env })).status).toBe(200);
const soft = (recipient: string, day: number, more: object = {}) => ({
  kind: "bounced",
  class: "soft",
  recipient,
  messageId: `message-${day}`,
  occurredAt: `2026-01-0${day}T10:00:00.000Z`,
  ...more,
});

setStage();

describe("GET /v1/recipients/:recipient", () => {
  it("shows a counter of three of five, and the events behind it, newest first", async () => {
    const recipient = "counting@example.com";
    await record([1, 2, 3].map((day) => soft(recipient, day)));
    const found = await recipientOf("Counting@Example.com");
    const { timeline, ...state } = found;
    expect(state).toEqual({
      recipient,
      key: await sha256Hex(recipient),
      suppressed: false,
      reasons: [],
      since: null,
      until: null,
      allowed: false,
      softBounces: { count: 3, threshold: 5 },
      releasedAt: null,
      pending: 0,
      evidence: [],
    });
    expect(timeline.map((event) => event.messageId)).toEqual(["message-3", "message-2", "message-1"]);
    expect(timeline[0]).toMatchObject({ kind: "bounced", class: "soft", appliedAt: expect.any(String) });
  });

  it("counts a message once, whatever told of it, and starts anew after a delivery", async () => {
    const recipient = "again@example.com";
    await record([soft(recipient, 1), soft(recipient, 1, { id: "the-same-by-mail" }), soft(recipient, 2)]);
    expect(await recipientOf(recipient)).toMatchObject({ softBounces: { count: 2 } });
    await record([{ kind: "delivered", recipient, messageId: "arrived", occurredAt: "2026-01-03T00:00:00Z" }]);
    const { softBounces, timeline } = await recipientOf(recipient);
    expect(softBounces.count).toBe(0);
    expect(timeline).toHaveLength(4);
  });

  it("shows at the fifth what suppresses it, and after a release that nothing does", async () => {
    const recipient = "full@example.com";
    await record([1, 2, 3, 4, 5].map((day) => soft(recipient, day)));
    expect(await recipientOf(recipient)).toMatchObject({
      suppressed: true,
      reasons: ["soft"],
      since: "2026-01-05T10:00:00.000Z",
      until: null,
      softBounces: { count: 5, threshold: 5 },
      evidence: [{ messageId: "message-5", kind: "bounced" }],
    });
    await api(`/v1/suppressions/${recipient}`, { method: "DELETE" });
    const released = await recipientOf(recipient);
    expect(released).toMatchObject({ suppressed: false, reasons: [], softBounces: { count: 0 }, evidence: [] });
    expect(released.timeline[0].kind).toBe("manual_release");
    expect(released.releasedAt).toBe(released.timeline[0].occurredAt);
  });

  it("shows an address on the allow-list as such", async () => {
    const recipient = "boss@example.com";
    await record([
      { kind: "bounced", class: "hard", recipient },
      { kind: "manual_allow", recipient },
    ]);
    expect(await recipientOf(recipient)).toMatchObject({ allowed: true, suppressed: false, reasons: [] });
    await record([{ kind: "manual_disallow", recipient }]);
    expect(await recipientOf(recipient)).toMatchObject({ allowed: false, suppressed: true, reasons: ["hard"] });
  });

  it("shows the policy's threshold, and none where the policy is unusable", async () => {
    await record([soft("policy@example.com", 1)]);
    const strict = await recipientOf("policy@example.com", testEnv({ POLICY: { soft_threshold: 3 } }));
    expect(strict.softBounces).toEqual({ count: 1, threshold: 3 });
    const broken = await recipientOf("policy@example.com", testEnv({ POLICY: { soft_threshold: 0 } }));
    expect(broken.softBounces).toEqual({ count: 1, threshold: null });
  });

  it("shows what is on record and waits to be applied, until the cron has done it", async () => {
    const recipient = "waiting@example.com";
    const env = testEnv(withFaults(failStore("object")).bindings);
    await record([soft(recipient, 1), { kind: "complained", recipient }], env);
    const waiting = await recipientOf(recipient);
    expect(waiting).toMatchObject({ pending: 2, suppressed: false, softBounces: { count: 0 } });
    expect(waiting.timeline).toMatchObject([{ appliedAt: null }, { appliedAt: null }]);
    await runCron();
    const done = await recipientOf(recipient);
    expect(done).toMatchObject({ pending: 0, reasons: ["complaint"], softBounces: { count: 1 } });
    expect(done.timeline).toMatchObject([{ appliedAt: expect.any(String) }, { appliedAt: expect.any(String) }]);
  });

  it("knows a recipient of whom there are only deliveries", async () => {
    await record([{ kind: "delivered", recipient: "fine@example.com", messageId: "m" }]);
    const found = await recipientOf("fine@example.com");
    expect(found).toMatchObject({ suppressed: false, pending: 0, softBounces: { count: 0, threshold: 5 } });
    expect(found.timeline).toMatchObject([{ kind: "delivered", appliedAt: null }]);
  });

  it("knows domains, and listmonk subscribers by the uuid", async () => {
    await api("/v1/suppressions/@blocked.example", { method: "PUT" });
    expect(await recipientOf("@Blocked.example")).toMatchObject({ recipient: "@blocked.example", reasons: ["manual"] });
    await record([{ kind: "bounced", class: "hard", recipient: UUID }]);
    expect(await recipientOf(UUID)).toMatchObject({ recipient: `${UUID}@listmonk.invalid`, reasons: ["hard"] });
  });

  it("agrees with a check about an address whose domain is blocked", async () => {
    await api("/v1/suppressions/@walled.example", { method: "PUT" });
    const found = await recipientOf("somebody@walled.example");
    expect(found).toMatchObject({ suppressed: true, reasons: ["domain"], timeline: [], evidence: [] });
    const { items } = await jsonOf(await api("/v1/suppressions?reason=domain&domain=walled.example"));
    expect(items).toMatchObject([{ recipient: "@walled.example", reasons: ["manual"] }]);
  });

  it("ends its timeline after a hundred events, and /v1/events has them all", async () => {
    const recipient = "busy@example.com";
    const events = Array.from({ length: TIMELINE_LENGTH + 5 }, (_, i) => ({
      kind: "deferred",
      recipient,
      id: `d${i}`,
    }));
    await record(events);
    expect((await recipientOf(recipient)).timeline).toHaveLength(TIMELINE_LENGTH);
    const { items } = await jsonOf(await api(`/v1/events?recipient=${recipient}&limit=1000`));
    expect(items).toHaveLength(events.length);
  });

  it("answers 404 for nobody, and 400 for what is no recipient", async () => {
    expect(await recipientOf("nobody@example.com")).toMatchObject({ status: 404, code: "not_found" });
    expect(await recipientOf("@nowhere.example")).toMatchObject({ status: 404, code: "not_found" });
    for (const recipient of ["nobody", "a b@example.com", "a@b@", "@", "%"]) {
      expect(await recipientOf(recipient)).toMatchObject({ status: 400, code: "invalid_recipient" });
    }
  });
});
