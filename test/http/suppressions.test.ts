import { beforeAll, beforeEach, describe, expect, it } from "vitest";
import { failStore, withFaults } from "../support/faults";
import { pass, setStage } from "../support/stage";
import { api, freshStores, jsonOf, testEnv } from "../support/worker";

const HOUR_MS = 3_600_000;
const AT = "2026-01-05T10:00:00.000Z";
const UUID = "5e1c7f2a-8a4e-4c57-9f0e-0d6a3f3b2c11";

const url = (recipient: string) => `/v1/suppressions/${encodeURIComponent(recipient)}`;
const get = (recipient: string) => api(url(recipient));
const put = (recipient: string, json?: object) => api(url(recipient), { method: "PUT", ...(json && { json }) });
const remove = (recipient: string, query = "") => api(`${url(recipient)}${query}`, { method: "DELETE" });
const list = async (query = "") => jsonOf(await api(`/v1/suppressions?${query}`));
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
    const noted = (await eventsOf("john@example.com")).filter((e: { metadata: unknown }) => e.metadata !== null);
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

describe("the list", () => {
  const minute = (i: number) => new Date(Date.parse(AT) + i * 60_000).toISOString();
  const address = (i: number) => `user-${String(i).padStart(2, "0")}@list-${i % 5}.example`;
  const addressesOf = (page: { items: { recipient: string }[] }) => page.items.map((item) => item.recipient);

  beforeAll(async () => {
    await freshStores();
    // Three at each moment, so that pages end between equals.
    const bounced = Array.from({ length: 25 }, (_, i) => ({
      kind: i % 5 === 0 ? "complained" : "bounced",
      ...(i % 5 === 0 ? {} : { class: "hard" }),
      recipient: address(i),
      occurredAt: minute(Math.floor(i / 3)),
    }));
    await record(...bounced, { kind: "delivered", recipient: "fine@example.com" });
  });

  it("gives each entry once, newest first, page by page", async () => {
    const items: { recipient: string; since: string }[] = [];
    const sizes: number[] = [];
    let cursor: string | null = "";
    while (cursor !== null) {
      const page: { items: typeof items; nextCursor: string | null } = await list(
        `limit=10${cursor && `&cursor=${encodeURIComponent(cursor)}`}`,
      );
      items.push(...page.items);
      sizes.push(page.items.length);
      cursor = page.nextCursor;
    }
    expect(sizes).toEqual([10, 10, 5]);
    expect(items.map((item) => item.recipient).sort()).toEqual(Array.from({ length: 25 }, (_, i) => address(i)));
    const times = items.map((item) => item.since);
    expect(times).toEqual([...times].sort().reverse());
    expect((await list()).items).toEqual(items);
    const entry = { recipient: address(24), reasons: ["hard"], since: minute(8), until: null };
    expect(items[0]).toEqual(entry);
  });

  it("can be asked for a reason, a domain, a part of an address and a span of time", async () => {
    const complained = [0, 5, 10, 15, 20].map(address).sort();
    expect(addressesOf(await list("reason=complaint")).sort()).toEqual(complained);
    expect((await list("reason=hard")).items).toHaveLength(20);
    expect(addressesOf(await list("reason=unsubscribe"))).toEqual([]);
    expect(addressesOf(await list("domain=List-0.example")).sort()).toEqual(complained);
    expect(addressesOf(await list("domain=%40list-0.example")).sort()).toEqual(complained);
    expect(addressesOf(await list("domain=example"))).toEqual([]);
    expect(addressesOf(await list("q=USER-07"))).toEqual([address(7)]);
    expect(addressesOf(await list("q=%25"))).toEqual([]);
    const span = `since=${minute(2)}&until=${minute(3)}`;
    expect(addressesOf(await list(span)).sort()).toEqual([6, 7, 8].map(address));
    expect(addressesOf(await list(`${span}&domain=list-1.example`))).toEqual([address(6)]);
  });

  it("finds an international domain by either of its names", async () => {
    await record({ kind: "bounced", class: "hard", recipient: "hans@bücher.example", occurredAt: minute(-1) });
    for (const domain of ["bücher.example", "xn--bcher-kva.example"]) {
      const page = await list(`domain=${encodeURIComponent(domain)}`);
      expect(addressesOf(page)).toEqual(["hans@xn--bcher-kva.example"]);
    }
  });

  it("leaves out what has ended, without anything having been written", async () => {
    const expiresAt = new Date(Date.now() + HOUR_MS).toISOString();
    await put("short@example.com", { expiresAt });
    expect(addressesOf(await list("q=short"))).toEqual(["short@example.com"]);
    pass(HOUR_MS);
    expect(addressesOf(await list("q=short"))).toEqual([]);
    expect((await get("short@example.com")).status).toBe(404);
  });

  it.each([
    "limit=0",
    "limit=1001",
    "limit=ten",
    "limit=1.5",
    "reason=spam",
    "since=yesterday",
    "until=2026-01-01",
    "domain=no%20domain",
    "limit=10&limit=20",
  ])("answers 400 to %s", async (query) => {
    const response = await api(`/v1/suppressions?${query}`);
    expect(response.status).toBe(400);
    expect((await jsonOf(response)).code).toBe("invalid_request");
  });

  it("answers 400 to a cursor of another query: its place there says nothing here", async () => {
    const { nextCursor } = await list("reason=hard&limit=3");
    expect((await list(`reason=hard&limit=7&cursor=${nextCursor}`)).items).toHaveLength(7);
    for (const query of ["", "reason=complaint", "reason=hard&domain=list-1.example", "q=user"]) {
      const response = await api(`/v1/suppressions?${query}&cursor=${nextCursor}`);
      expect(response.status, query).toBe(400);
      expect((await jsonOf(response)).code).toBe("invalid_cursor");
    }
  });

  it("answers 400 to a cursor that it did not give out", async () => {
    await record({ kind: "bounced", class: "hard", recipient: "bad@example.com" });
    await api("/webhooks/inboxroad?token=inboxroad-secret", { body: "[{},{}]" });
    const { nextCursor: elsewhere } = await jsonOf(await api("/v1/quarantine?limit=1"));
    const { nextCursor: place } = await jsonOf(await api("/v1/events?limit=1"));
    for (const cursor of [elsewhere, place, "", "x", "%%%", "W10", "WzEsMl0", "null", "~".repeat(10_000)]) {
      const response = await api(`/v1/suppressions?cursor=${encodeURIComponent(cursor)}`);
      expect(response.status, cursor).toBe(400);
      expect((await jsonOf(response)).code).toBe("invalid_cursor");
    }
  });
});
