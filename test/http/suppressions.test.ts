/** Listing one recipient by hand, releasing it, and why it is listed. */
import { beforeAll, beforeEach, describe, expect, it } from "vitest";
import { failStore, withFaults } from "../support/faults";
import { setStage } from "../support/stage";
import { api, freshStores, jsonOf, testEnv } from "../support/worker";

const HOUR_MS = 3_600_000;
const AT = "2026-01-05T10:00:00.000Z";
const UUID = "5e1c7f2a-8a4e-4c57-9f0e-0d6a3f3b2c11";

const url = (recipient: string) => `/v1/suppressions/${encodeURIComponent(recipient)}`;
const get = (recipient: string) => api(url(recipient));
const put = (recipient: string, json?: object) => api(url(recipient), { method: "PUT", ...(json && { json }) });
const remove = (recipient: string, query = "") => api(`${url(recipient)}${query}`, { method: "DELETE" });
const record = async (...events: object[]) => expect((await api("/v1/events", { json: events })).status).toBe(200);
const isSuppressed = async (recipient: string) =>
  (await jsonOf(await api(`/v1/check?recipient=${encodeURIComponent(recipient)}`))).suppressed;
const eventsOf = async (recipient: string) =>
  (await jsonOf(await api(`/v1/events?recipient=${encodeURIComponent(recipient)}`))).items;

setStage();

describe("a block by hand", () => {
  beforeEach(freshStores);

  it("takes effect at once, with its note and its evidence", async () => {
    const response = await put("John@Example.com", { note: "asked by phone" });
    expect(response.status).toBe(200);
    const detail = await jsonOf(response);
    expect(detail).toMatchObject({
      recipient: "john@example.com",
      reasons: ["manual"],
      until: null,
      note: "asked by phone",
    });
    expect(detail.evidence).toMatchObject([
      { kind: "manual_block", provider: "operator", recipient: "john@example.com" },
    ]);
    expect(detail.since).toBe(detail.evidence[0].occurredAt);
    expect(await jsonOf(await get("john@example.com"))).toEqual(detail);
    expect(await isSuppressed("john@example.com")).toBe(true);
  });

  it("needs no body, and asking again changes nothing", async () => {
    const first = await jsonOf(await put("john@example.com"));
    const again = await put("john@example.com");
    expect(again.status).toBe(200);
    expect(await jsonOf(again)).toEqual(first);
    expect(await jsonOf(await put("john@example.com", {}))).toEqual(first);
    expect(await eventsOf("john@example.com")).toHaveLength(1);
  });

  it("changes with a new note or a new end, which may be none", async () => {
    const expiresAt = new Date(Date.now() + HOUR_MS).toISOString();
    await put("john@example.com", { note: "first" });
    expect(await jsonOf(await put("john@example.com", { note: "second" }))).toMatchObject({ note: "second" });
    expect(await jsonOf(await put("john@example.com", { note: "second", expiresAt }))).toMatchObject({
      until: expiresAt,
    });
    expect(await jsonOf(await put("john@example.com", { expiresAt }))).toMatchObject({
      note: "second",
      until: expiresAt,
    });
    expect(await jsonOf(await put("john@example.com", { note: "for good" }))).toMatchObject({ until: null });
    expect(await eventsOf("john@example.com")).toHaveLength(4);
  });

  it("reaches a whole domain, and a listmonk subscriber by the uuid", async () => {
    expect(await jsonOf(await put("@Blocked.example"))).toMatchObject({
      recipient: "@blocked.example",
      reasons: ["manual"],
    });
    expect(await isSuppressed("anybody@blocked.example")).toBe(true);
    expect((await remove("@blocked.example")).status).toBe(200);
    expect(await isSuppressed("anybody@blocked.example")).toBe(false);
    expect(await jsonOf(await put(UUID))).toMatchObject({ recipient: `${UUID}@listmonk.invalid` });
    expect(await isSuppressed(UUID)).toBe(true);
  });

  it("is on record, and answered as such, while its recipient's object does not work", async () => {
    const env = testEnv(withFaults(failStore("object")).bindings);
    const response = await api(url("john@example.com"), { method: "PUT", json: { note: "wait" }, env });
    expect(response.status).toBe(202);
    expect(await jsonOf(response)).toMatchObject({ recipient: "john@example.com", reasons: [], note: "wait" });
    await api("/v1/reconcile", { method: "POST" });
    expect(await jsonOf(await get("john@example.com"))).toMatchObject({ reasons: ["manual"], note: "wait" });
  });

  it.each<[string, object | string, string]>([
    ["an end in the past", { expiresAt: "2020-01-01T00:00:00Z" }, "expiresAt"],
    ["an end without a zone", { expiresAt: "2099-01-01T00:00:00" }, "expiresAt"],
    ["an end that is no time", { expiresAt: "tomorrow" }, "expiresAt"],
    ["a note that is none", { note: 7 }, "note"],
    ["an empty note", { note: "  " }, "note"],
    ["a note without end", { note: "x".repeat(2_001) }, "note"],
    ["a field that does not exist", { expires_at: "2099-01-01T00:00:00Z" }, "expires_at"],
    ["an array", [], "object"],
  ])("is refused for %s, which is named", async (_what, json, named) => {
    const response = await api(url("john@example.com"), { method: "PUT", json });
    expect(response.status).toBe(400);
    expect(await jsonOf(response)).toMatchObject({ code: "invalid_request", detail: expect.stringContaining(named) });
    expect((await get("john@example.com")).status).toBe(404);
  });

  it("is refused rather than made without what it was sent in another form", async () => {
    const bodies = [
      { body: "expiresAt=2099-01-01", type: "application/x-www-form-urlencoded" },
      { body: '{"expiresAt":"2099-01-01T00:00:00Z"}', type: "text/plain" },
      { body: '{"expiresAt":', type: "application/json" },
    ];
    for (const { body, type } of bodies) {
      const headers = { authorization: "Bearer admin-token", "content-type": type };
      expect((await api(url("john@example.com"), { method: "PUT", body, headers })).status).toBe(400);
    }
    expect((await get("john@example.com")).status).toBe(404);
  });
});

describe("a release", () => {
  beforeEach(freshStores);

  it("frees an address at once, and says so again", async () => {
    await record({ kind: "bounced", class: "hard", recipient: "john@example.com", occurredAt: AT });
    const released = { recipient: "john@example.com", released: true, pending: 0 };
    expect(await jsonOf(await remove("John@Example.com", "?note=verified"))).toEqual(released);
    expect(await isSuppressed("john@example.com")).toBe(false);
    expect((await get("john@example.com")).status).toBe(404);
    expect(await jsonOf(await remove("john@example.com"))).toEqual(released);
    const noted = (await eventsOf("john@example.com")).filter((e) => e.metadata !== null);
    expect(noted).toMatchObject([{ kind: "manual_release", metadata: { note: "verified" } }]);
  });

  it("is final for what occurred before it, and not for what comes after", async () => {
    await put("john@example.com");
    await remove("john@example.com");
    await record({ kind: "bounced", class: "hard", recipient: "john@example.com", occurredAt: AT });
    expect(await isSuppressed("john@example.com")).toBe(false);
    await put("john@example.com");
    expect(await isSuppressed("john@example.com")).toBe(true);
  });

  it("of a complaint needs force and a note", async () => {
    await record({ kind: "complained", recipient: "angry@example.com" });
    for (const query of ["", "?force=true", "?note=asked", "?force=false&note=asked"]) {
      const response = await remove("angry@example.com", query);
      expect(response.status).toBe(409);
      expect(await jsonOf(response)).toMatchObject({ status: 409, code: "complaint_needs_force" });
    }
    expect(await isSuppressed("angry@example.com")).toBe(true);
    expect((await remove("angry@example.com", "?force=true&note=asked%20to")).status).toBe(200);
    expect(await isSuppressed("angry@example.com")).toBe(false);
  });

  it("of a complaint that is still to be applied needs them too", async () => {
    const env = testEnv(withFaults(failStore("object")).bindings);
    await api("/v1/events", { json: { kind: "complained", recipient: "angry@example.com" }, env });
    expect((await remove("angry@example.com")).status).toBe(409);
    expect((await remove("angry@example.com", "?force=true&note=asked")).status).toBe(200);
    expect(await isSuppressed("angry@example.com")).toBe(false);
  });

  it("answers 404 for a recipient nobody has heard of, and 400 for none", async () => {
    expect((await remove("nobody@example.com")).status).toBe(404);
    expect(await eventsOf("nobody@example.com")).toEqual([]);
    expect((await jsonOf(await remove("nobody"))).code).toBe("invalid_recipient");
    expect((await remove("john@example.com", "?force=yes")).status).toBe(400);
    expect((await remove("john@example.com", "?note=")).status).toBe(400);
  });
});

describe("one suppression", () => {
  beforeAll(freshStores);

  it("shows the events behind each of its reasons", async () => {
    const soft = Array.from({ length: 5 }, (_, i) => ({
      kind: "bounced",
      class: "soft",
      recipient: "john@example.com",
      messageId: `m${i}`,
      occurredAt: `2026-01-0${i + 1}T00:00:00Z`,
    }));
    await record(...soft, { kind: "complained", recipient: "john@example.com", occurredAt: AT, messageId: "m9" });
    const detail = await jsonOf(await get("john@example.com"));
    expect(detail).toMatchObject({ reasons: ["soft", "complaint"], since: "2026-01-05T00:00:00.000Z", note: null });
    expect(detail.evidence).toMatchObject([
      { kind: "complained", messageId: "m9", class: null },
      { kind: "bounced", messageId: "m4", class: "soft", rule: "stated:soft" },
    ]);
  });

  it("is 404 where there is none, and 400 for what is no recipient", async () => {
    await record({ kind: "bounced", class: "soft", recipient: "counting@example.com" });
    for (const recipient of ["nobody@example.com", "counting@example.com", "@example.com"]) {
      expect(await jsonOf(await get(recipient))).toMatchObject({ status: 404, code: "not_found" });
    }
    for (const recipient of ["nobody", "a b@example.com", "%", "\u0000@example.com"]) {
      expect(await jsonOf(await get(recipient))).toMatchObject({ status: 400, code: "invalid_recipient" });
    }
  });
});
