import { beforeAll, describe, expect, it } from "vitest";
import { DAY_MS, pass, setStage } from "../support/stage";
import { planOf } from "../support/statements";
import { api, bindings, jsonOf } from "../support/worker";

setStage();

const stats = async (query = "") => jsonOf(await api(`/v1/stats?${query}`));
const NOTHING = { delivered: 0, deferred: 0, bounced: 0, complained: 0, unsubscribed: 0, rejected: 0, autoReply: 0 };

beforeAll(async () => {
  const at = (day: number) => `2030-01-${String(day).padStart(2, "0")}T09:00:00Z`;
  const event = (kind: string, recipient: string, day: number, more = {}) => ({
    kind,
    recipient,
    occurredAt: at(day),
    ...more,
  });
  const events = [
    event("delivered", "a@example.com", 10, { campaign: "spring" }),
    event("delivered", "b@example.com", 10, { campaign: "spring" }),
    event("bounced", "c@example.org", 10, { class: "hard", campaign: "spring" }),
    event("bounced", "d@example.org", 11, { class: "soft" }),
    event("complained", "a@example.com", 12),
    event("auto_reply", "a@example.com", 12),
  ];
  expect((await api("/v1/events", { json: events })).status).toBe(200);
  expect((await api("/v1/events", { json: events })).status).toBe(200);
  await api("/webhooks/bounce", {
    headers: { authorization: `Basic ${btoa("listmonk:listmonk-token")}` },
    json: { email: "e@example.net", type: "hard", created_at: at(12) },
  });
  await api("/v1/suppressions/z%40example.net", { method: "PUT" });
});

describe("counts", () => {
  it("are by day, in their order, each event once", async () => {
    const { by, since, until, items } = await stats();
    expect({ by, since, until }).toEqual({
      by: "day",
      since: "2029-12-17T00:00:00.000Z",
      until: "2030-01-16T00:00:00.000Z",
    });
    expect(items.map((i) => i.value)).toEqual(["2030-01-10", "2030-01-11", "2030-01-12"]);
    expect(items[0]).toEqual({
      ...NOTHING,
      value: "2030-01-10",
      delivered: 2,
      bounced: 1,
      byClass: { hard: 1, soft: 0, expired: 0, block: 0, undetermined: 0 },
    });
    expect(items[2]).toMatchObject({ complained: 1, autoReply: 1, bounced: 1 });
  });

  it.each([
    ["provider", ["api", "listmonk"]],
    ["connection", ["api/default", "listmonk/default"]],
    ["domain", ["example.com", "example.org", "example.net"]],
    ["campaign", ["spring"]],
    ["reason", ["other"]],
    ["hour", ["2030-01-10T09:00:00.000Z", "2030-01-11T09:00:00.000Z", "2030-01-12T09:00:00.000Z"]],
  ])("are by %s, those with the most first", async (by, values) => {
    const { items } = await stats(`by=${by}`);
    expect(items.map((i) => i.value)).toEqual(values);
  });

  it("are by class, other kinds by their own name", async () => {
    const { items } = await stats("by=class");
    const counted = Object.fromEntries(items.map((i) => [i.value, i]));
    expect(Object.keys(counted).sort()).toEqual(["auto_reply", "complained", "delivered", "hard", "soft"]);
    expect(counted.hard).toMatchObject({ bounced: 2 });
  });

  it("are of a time, of a provider, of as many as asked for", async () => {
    expect((await stats("since=2030-01-11T05:00:00Z&until=2030-01-12T00:00:00Z")).items).toHaveLength(1);
    expect((await stats("provider=listmonk")).items).toMatchObject([{ value: "2030-01-12", bounced: 1 }]);
    expect((await stats("provider=listmonk&connection=eu")).items).toEqual([]);
    expect((await stats("by=domain&limit=1")).items).toHaveLength(1);
  });

  it("are by the domain behind the last @", async () => {
    await api("/v1/events", { json: { kind: "bounced", class: "hard", recipient: '"a@b"@example.edu' } });
    const { items } = await stats("by=domain");
    expect(items.map((i) => i.value)).toEqual(["example.com", "example.org", "example.edu", "example.net"]);
  });

  it("do not hold operators' commands", async () => {
    const { items } = await stats("by=domain");
    expect(items.find((i) => i.value === "example.net")).toMatchObject({ bounced: 1, delivered: 0 });
  });

  it.each([
    "by=weekday",
    "since=yesterday",
    "limit=0",
    "since=2000-01-01T00:00:00Z",
    "until=1999-01-01T00:00:00Z&since=2000-01-01T00:00:00Z",
    "by=domain&provider=listmonk",
    "by=campaign&provider=listmonk",
    "by=reason&provider=listmonk&connection=eu",
    "by=day&connection=eu",
  ])("refuse what they cannot answer: %s", async (query) => {
    expect((await api(`/v1/stats?${query}`)).status).toBe(400);
  });

  it("stay the same when the hours of past days become days", async () => {
    const before = await Promise.all(
      ["day", "connection", "class"].map((by) => stats(`by=${by}&until=2030-01-16T00:00:00Z`)),
    );
    pass(10 * DAY_MS);
    await api("/v1/reconcile", { method: "POST" });
    const left = await bindings.DB.prepare("SELECT count(*) AS n FROM hourly_stats").first<number>("n");
    expect(left).toBe(0);
    const after = await Promise.all(
      ["day", "connection", "class"].map((by) => stats(`by=${by}&until=2030-01-16T00:00:00Z`)),
    );
    expect(after).toEqual(before);
    await api("/v1/reconcile", { method: "POST" });
    expect((await stats("by=day&until=2030-01-16T00:00:00Z")).items).toEqual(before[0]?.items);
  });

  it("are read from the table of counts by its key", async () => {
    const plan = await planOf(
      "SELECT sum(count) FROM daily_stats WHERE dimension = 'connection' AND day >= ?1 AND day < ?2 GROUP BY kind",
    );
    expect(plan[0]).toMatch(/SEARCH daily_stats USING PRIMARY KEY/);
  });
});
