/** The first page: its numbers, against what was recorded; what changed; and what needs a person. */
import { beforeEach, describe, expect, it } from "vitest";
import { bounceRate, complaintRate, overview, type PeriodDays } from "../../src/pipeline/overview";
import { visitor } from "../support/dashboard";
import { DAY_MS, MINUTE_MS, pass, START_MS, setStage } from "../support/stage";
import { api, bindings, freshStores, runCron, testEnv } from "../support/worker";

const HOUR_MS = 3_600_000;
const record = async (...events: object[]) => expect((await api("/v1/events", { json: events })).status).toBe(200);
const ago = (ms: number) => new Date(START_MS - ms).toISOString();
const viewOf = (days: PeriodDays) => overview({ db: bindings.DB, now: () => Date.now() }, days);

/** So many events of a kind, so long ago. */
function many(count: number, ms: number, event: object): object[] {
  return Array.from({ length: count }, (_, i) => ({
    recipient: `p${i}@example.com`,
    occurredAt: ago(ms),
    id: `${ms}-${i}-${JSON.stringify(event)}`,
    ...event,
  }));
}
const DELIVERED = { kind: "delivered" };
const HARD = { kind: "bounced", class: "hard", category: "bad-mailbox" };
const SPAM = { kind: "bounced", class: "block", category: "spam-related" };

setStage();
beforeEach(freshStores);

describe("the numbers", () => {
  it("are those of the period and of the time before it, by the hour for a day", async () => {
    await record(
      ...many(3, 30 * MINUTE_MS, DELIVERED),
      ...many(2, 23 * HOUR_MS, HARD),
      ...many(4, 25 * HOUR_MS, DELIVERED),
      ...many(1, 47 * HOUR_MS, SPAM),
      ...many(5, 49 * HOUR_MS, DELIVERED),
    );
    const view = await viewOf(1);
    expect(view.series).toHaveLength(24);
    expect(view.total).toMatchObject({ delivered: 3, hard: 2, block: 0 });
    expect(view.before).toMatchObject({ delivered: 4, hard: 0, block: 1 });
    expect(view.series.at(-1)).toMatchObject({ at: START_MS, tally: { delivered: 0 } });
    expect(view.series.at(-2)).toMatchObject({ at: START_MS - HOUR_MS, tally: { delivered: 3 } });
    expect(view.providers).toEqual([
      { value: "api", delivered: 3, bounced: 2, complained: 0, deliveredBefore: 4, bouncedBefore: 1 },
    ]);
  });

  it.each<[PeriodDays, number]>([
    [7, 7],
    [30, 30],
    [90, 90],
  ])("are by the day for %i days", async (days, length) => {
    await record(
      ...many(2, (days - 1) * DAY_MS, DELIVERED),
      ...many(3, days * DAY_MS, HARD),
      ...many(4, (2 * days - 1) * DAY_MS, DELIVERED),
      ...many(5, 2 * days * DAY_MS, DELIVERED),
    );
    const view = await viewOf(days);
    expect(view.series).toHaveLength(length);
    expect(view.total).toMatchObject({ delivered: 2, hard: 0 });
    expect(view.before).toMatchObject({ delivered: 4, hard: 3 });
    expect(view.series[0]).toMatchObject({
      at: START_MS - 12 * HOUR_MS - (days - 1) * DAY_MS,
      tally: { delivered: 2 },
    });
    expect(view.domains).toMatchObject([{ value: "example.com", delivered: 2, deliveredBefore: 4, bouncedBefore: 3 }]);
    expect(view.reasons).toMatchObject([{ value: "bad-mailbox", bounced: 0, bouncedBefore: 3 }]);
  });

  it("are the same after the cron has moved hours into days", async () => {
    await record(...many(3, 5 * DAY_MS, DELIVERED), ...many(2, 20 * DAY_MS, HARD));
    const before = await viewOf(30);
    await runCron();
    expect(await viewOf(30)).toEqual(before);
  });

  it("tell rates of what was sent, and of what was delivered", async () => {
    await record(
      ...many(90, HOUR_MS, DELIVERED),
      ...many(10, HOUR_MS, HARD),
      ...many(1, HOUR_MS, { kind: "complained", recipient: "c@example.com" }),
    );
    const { total } = await viewOf(7);
    expect(bounceRate(total)).toBeCloseTo(0.1);
    expect(complaintRate(total)).toBeCloseTo(1 / 90);
    const page = await (await visitor()).html("/dashboard");
    expect(page).toContain("Act now: 5\u00a0% or more");
    expect(page).toContain("Act now: 0.3\u00a0% or more");
  });

  it("are not judged where there are too few", async () => {
    await record(...many(9, HOUR_MS, DELIVERED), ...many(1, HOUR_MS, HARD));
    expect(await (await visitor()).html("/dashboard")).toContain("Too few messages to judge");
  });

  it("count who is suppressed, and who is so since", async () => {
    await record(
      { kind: "bounced", class: "hard", recipient: "old@example.com", occurredAt: ago(40 * DAY_MS) },
      { kind: "bounced", class: "hard", recipient: "new@example.com", occurredAt: ago(3 * DAY_MS) },
    );
    expect((await viewOf(7)).suppressed).toEqual({ total: 2, added: 1, byReason: { hard: 2 } });
    expect((await viewOf(90)).suppressed).toMatchObject({ total: 2, added: 2 });
    await api("/v1/suppressions/old%40example.com", { method: "DELETE" });
    expect((await viewOf(90)).suppressed).toMatchObject({ total: 1, added: 1 });
  });
});

describe("what changed most", () => {
  it("comes first, up or down, also where nothing is left of it", async () => {
    await record(
      ...many(20, 2 * DAY_MS, SPAM),
      ...many(12, 9 * DAY_MS, HARD),
      ...many(2, 9 * DAY_MS, SPAM),
      ...many(1, 2 * DAY_MS, { kind: "bounced", class: "soft", category: "quota-issues" }),
    );
    const page = await (await visitor()).html("/dashboard?days=7");
    const table = page.slice(page.indexOf("What changed most"), page.indexOf("By reason of the bounce"));
    expect(table.indexOf("spam related")).toBeGreaterThan(0);
    expect(table).toMatch(/spam related.*?>2<.*?>20<.*?\+18/s);
    expect(table).toMatch(/bad mailbox.*?>12<.*?>0<.*?−12/s);
    expect(table).not.toContain("quota issues");
  });
});

describe("a chart", () => {
  const chartOf = async (id: string, next: string) => {
    const page = await (await visitor()).html("/dashboard?days=7");
    return page.slice(page.indexOf(`id="${id}-title"`), page.indexOf(`id="${next}-title"`));
  };

  it("is drawn by the worker and stands before a table with its numbers", async () => {
    await record(...many(3, DAY_MS, HARD), ...many(2, DAY_MS, SPAM));
    const chart = await chartOf("bounces", "delivered");
    expect(chart).toContain('data-table="bounces-table"');
    expect(chart).toContain('<table id="bounces-table">');
    expect(chart.match(/<tbody>.*<\/tbody>/s)?.[0].match(/<tr>/g)).toHaveLength(7);
    expect(chart).toMatch(/<td class="num">3<.*<td class="num">2</s);
    // From below: hard bounces up to 3, blocked ones up to 5. The uppermost comes first, so that the lower ones lie on it.
    const bars = [...chart.matchAll(/<path class="bars ([\w-]+)" d="([^"]*)"/g)].map(([, name, path]) => [name, path]);
    expect(bars.map(([name]) => name)).toEqual(["undetermined", "block", "soft", "hard"]);
    expect(bars[1]).toEqual(["block", expect.stringMatching(/^M5\.25 172V[\d.]+h0\.5V172z$/)]);
    const top = (path = "") => Number(/V([\d.]+)h/.exec(path)?.[1]);
    expect((172 - top(bars[3]?.[1])) / (172 - top(bars[1]?.[1]))).toBeCloseTo(3 / 5, 3);
  });

  it("of a share shows the limits that are not to be crossed", async () => {
    await record(...many(30, DAY_MS, HARD), ...many(70, DAY_MS, DELIVERED));
    const chart = await chartOf("bounce-rate", "complaint-rate");
    expect(chart).toMatch(/<g class="limit"><line [^>]*><\/line><text [^>]*>5\u00a0%</);
    expect(chart).toContain('<g class="line hard">');
  });

  it("needs no style and no script in the page", async () => {
    await record(...many(3, DAY_MS, HARD), ...many(70, DAY_MS, DELIVERED));
    const page = await (await visitor()).html("/dashboard?days=7");
    expect(page).not.toMatch(/ style=|<style|<script>/);
  });

  it("of nothing says so", async () => {
    await record(...many(3, DAY_MS, DELIVERED));
    expect(await chartOf("bounces", "delivered")).toContain("None in this time.");
  });
});

describe("what needs a person", () => {
  const attention = async (env = testEnv()) => {
    const page = await (await visitor(env)).html("/dashboard");
    return /<section class="notice list warn".*?<\/section>/s.exec(page)?.[0].replace(/<[^>]*>/g, " ") ?? null;
  };

  it("is nothing where all is well", async () => {
    await record(...many(1, HOUR_MS, DELIVERED));
    expect(await attention()).toBeNull();
  });

  it("is what could not be read", async () => {
    const headers = { authorization: "Bearer inboxroad-secret" };
    await api("/webhooks/inboxroad", { body: "no json", headers });
    expect(await attention()).toMatch(/1\s+thing\s+could not be read or believed/);
  });

  it("is what waits to be applied for longer than the cron takes", async () => {
    await record({ ...HARD, recipient: "john@example.com" });
    await bindings.DB.prepare("UPDATE events SET state = 0").run();
    expect(await attention()).toBeNull();
    pass(6 * MINUTE_MS);
    expect(await attention()).toMatch(/1 event waits to be applied/);
    pass(-6 * MINUTE_MS);
  });

  it("is a connection that refuses what comes, with the reason", async () => {
    const env = testEnv({ WEBHOOK_SENDGRID: undefined });
    await api("/webhooks/inboxroad", { body: "{}", headers: { authorization: "Bearer wrong" }, env });
    expect(await attention(env)).toMatch(/inboxroad\/default\s+was refused/);
  });

  it("is a connection that has gone silent for longer than it usually is", async () => {
    const headers = { authorization: "Bearer powermta-secret" };
    for (let day = 0; day < 10; day++) {
      await api("/webhooks/powermta", { json: [{ type: "d", rcpt: `p${day}@example.com` }], headers });
      pass(DAY_MS);
    }
    await runCron();
    expect(await attention()).toBeNull();
    pass(6 * DAY_MS);
    await runCron();
    const told = await attention();
    expect(told).toMatch(/powermta\/default has been silent since/);
    expect(told).toContain("What to do");
    expect(await (await visitor()).html("/dashboard/connections")).toContain(">silent</span>");
    pass(-16 * DAY_MS);
  });

  it("is a rate that receivers do not put up with, with a way to look at it", async () => {
    await record(
      ...many(1_000, HOUR_MS, DELIVERED),
      ...Array.from({ length: 12 }, (_, i) => ({
        kind: "complained",
        recipient: `c${i}@example.com`,
        occurredAt: ago(HOUR_MS),
      })),
    );
    pass(6 * MINUTE_MS);
    await runCron();
    pass(-6 * MINUTE_MS);
    expect(await attention()).toMatch(/Provider api: 1\.20 % of the delivered messages were reported as spam/);
    const page = await (await visitor()).html("/dashboard");
    expect(page).toContain('href="/dashboard/events?provider=api&amp;kind=complained"');
  });

  it("is a setting that cannot be used", async () => {
    expect(await attention(testEnv({ WEBHOOK_NONSENSE: "x" }))).toMatch(/there is no such provider/);
  });
});
