import { describe, expect, it } from "vitest";
import { bounce, delivery } from "../support/pmta";
import { bounced, release, report } from "../support/reports";
import { postRecords } from "../support/rounds";
import { DAY_MS, MINUTE_MS, pass, setStage } from "../support/stage";
import { rowsOf } from "../support/stores";
import { ADMIN, api, CHECK, runCron, testEnv } from "../support/worker";

setStage();

const scrape = async (env = testEnv()) => (await api("/metrics", { env })).text();

/** The value of a sample, by its name and labels as they stand. */
async function sampleOf(sample: string): Promise<number | undefined> {
  const line = (await scrape()).split("\n").find((text) => text.startsWith(`${sample} `));
  return line === undefined ? undefined : Number(line.slice(sample.length + 1));
}

const events = (kind: string, bounceClass = "") =>
  `bouncekeeper_events_total{provider="powermta",connection="default",kind="${kind}",class="${bounceClass}"}`;
const at = () => Math.floor((Date.now() - MINUTE_MS) / 1000) * 1000;

it("metrics are for operators, by bearer token", async () => {
  expect((await api("/metrics", { headers: {} })).status).toBe(401);
  expect((await api("/metrics", { headers: CHECK })).status).toBe(403);
  const response = await api("/metrics", { headers: ADMIN });
  expect(response.status).toBe(200);
  expect(response.headers.get("content-type")).toBe("text/plain; version=0.0.4; charset=utf-8");
});

describe("each line", () => {
  it("is in the text form of Prometheus: help, type, samples of that name, each once", async () => {
    await postRecords("powermta", [delivery({ recipient: "a@example.org", message: "1", at: at() })], testEnv());
    await runCron();
    const text = await scrape();
    expect(text.endsWith("\n")).toBe(true);
    const seen = new Set<string>();
    let name = "";
    for (const line of text.trimEnd().split("\n")) {
      const [, kind, named] = /^# (HELP|TYPE) (\S+) \S/.exec(line) ?? [];
      if (kind === "HELP") name = named ?? "";
      else if (kind === "TYPE") expect(line).toMatch(new RegExp(`^# TYPE ${name} (?:counter|gauge)$`));
      else {
        expect(line).toMatch(/^[a-z_]+(?:\{(?:[a-z]+="[^"\n]*",?)+\})? -?\d+(?:\.\d+)?$/);
        expect(line.startsWith(name)).toBe(true);
        const sample = line.slice(0, line.lastIndexOf(" "));
        expect(seen.has(sample)).toBe(false);
        seen.add(sample);
      }
    }
    expect(seen.size).toBeGreaterThan(10);
    expect(text).not.toMatch(/@example|[0-9a-f]{64}/);
  });
});

describe("events", () => {
  it("are counted by connection, kind and class; the counter goes on when hours become days", async () => {
    await postRecords(
      "powermta",
      [1, 2, 3].map((n) => bounce("hard", { recipient: `b${n}@example.org`, message: `b${n}`, at: at() })),
      testEnv(),
    );
    expect(await sampleOf(events("bounced", "hard"))).toBe(3);
    const delivered = (await sampleOf(events("delivered"))) ?? 0;
    pass(10 * DAY_MS);
    await runCron();
    expect(await rowsOf("SELECT * FROM hourly_stats")).toEqual([]);
    expect(await sampleOf(events("bounced", "hard"))).toBe(3);
    expect(await sampleOf(events("delivered"))).toBe(delivered);
    await postRecords(
      "powermta",
      [bounce("hard", { recipient: "b4@example.org", message: "b4", at: at() })],
      testEnv(),
    );
    expect(await sampleOf(events("bounced", "hard"))).toBe(4);
    pass(10 * DAY_MS);
    await runCron();
    expect(await sampleOf(events("bounced", "hard"))).toBe(4);
    // Late news of a day that is counted already.
    const late = [bounce("hard", { recipient: "b5@example.org", message: "b5", at: at() - 15 * DAY_MS })];
    await postRecords("powermta", late, testEnv());
    await runCron();
    expect(await sampleOf(events("bounced", "hard"))).toBe(5);
  });

  it("have totals that are the sum of what is counted by day", async () => {
    const totals = await rowsOf("SELECT connection, kind, class, count FROM connection_totals ORDER BY 1, 2, 3");
    const days = await rowsOf(
      `SELECT value AS connection, kind, class, sum(count) AS count FROM daily_stats WHERE dimension = 'connection'
       GROUP BY 1, 2, 3 ORDER BY 1, 2, 3`,
    );
    expect(totals.length).toBeGreaterThan(1);
    expect(totals).toEqual(days);
  });
});

describe("gauges", () => {
  it("say how much waits, and since when", async () => {
    const broken = testEnv({ RECIPIENT: { getByName: () => ({ apply: () => Promise.reject(new Error("down")) }) } });
    await report(bounced("stuck@example.com", "hard", at()), broken);
    pass(7 * MINUTE_MS);
    expect(await sampleOf("bouncekeeper_pending_events")).toBe(1);
    expect(await sampleOf("bouncekeeper_pending_oldest_seconds")).toBe(420);
    await runCron();
    expect(await sampleOf("bouncekeeper_pending_events")).toBe(0);
    expect(await sampleOf("bouncekeeper_cron_last_run_timestamp_seconds")).toBe(Date.now() / 1000);
    await api("/webhooks/powermta?token=powermta-secret", { json: [{ type: "new", rcpt: "q@example.com" }] });
    expect(await sampleOf("bouncekeeper_quarantine_items")).toBe(1);
  });

  it("say how many are suppressed, and why", async () => {
    const hard = 'bouncekeeper_suppressed_recipients{reason="hard"}';
    const before = (await sampleOf(hard)) ?? 0;
    await report(bounced("one-more@example.com", "hard", at()));
    expect(await sampleOf(hard)).toBe(before + 1);
    await release("one-more@example.com");
    expect(await sampleOf(hard)).toBe(before);
  });

  it("say when a connection was last heard from, how alerts stand, and what is wrong with the configuration", async () => {
    const received =
      'bouncekeeper_connection_last_received_timestamp_seconds{provider="powermta",connection="default"}';
    expect(await sampleOf(received)).toBeGreaterThan(1_800_000_000);
    expect(await sampleOf('bouncekeeper_alerts_open{severity="critical"}')).toBe(0);
    expect(await sampleOf("bouncekeeper_config_problems")).toBe(0);
    expect(await scrape(testEnv({ POLICY: 7 }))).toContain("bouncekeeper_config_problems 1\n");
  });
});
