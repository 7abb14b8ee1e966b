/** The list of suppressions: pages, filters, cursors. */
import { beforeAll, describe, expect, it } from "vitest";
import { block } from "../support/reports";
import { pass, setStage } from "../support/stage";
import { api, freshStores, jsonOf } from "../support/worker";

const HOUR_MS = 3_600_000;
const AT = "2026-01-05T10:00:00.000Z";

const list = async (query = "") => jsonOf(await api(`/v1/suppressions?${query}`));
const record = async (...events: object[]) => expect((await api("/v1/events", { json: events })).status).toBe(200);

setStage();

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
    await block("short@example.com", { expiresAt });
    expect(addressesOf(await list("q=short"))).toEqual(["short@example.com"]);
    pass(HOUR_MS);
    expect(addressesOf(await list("q=short"))).toEqual([]);
    expect((await api("/v1/suppressions/short%40example.com")).status).toBe(404);
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
