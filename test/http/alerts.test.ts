import { describe, expect, it } from "vitest";
import { configOf } from "../../src/config";
import { failStore, withFaults } from "../support/faults";
import { listenToLog } from "../support/log";
import { bounce, complaint, delivery } from "../support/pmta";
import { failing, setWorld, storyOf, subscribe } from "../support/receivers";
import { bounced, report } from "../support/reports";
import { postRecords } from "../support/rounds";
import { DAY_MS, MINUTE_MS, pass, setStage } from "../support/stage";
import { countOf, tamper } from "../support/stores";
import { api, jsonOf, runCron, testEnv } from "../support/worker";

setStage();
const world = setWorld();

interface Alert {
  readonly rule: string;
  readonly subject: string;
  readonly severity: string;
  readonly summary: string;
  readonly closedAt: string | null;
}

const alerts = async (state = "open") =>
  (await jsonOf<{ items: Alert[] }>(await api(`/v1/alerts?state=${state}`))).items;
const open = async () => (await alerts()).map(({ rule, subject, severity }) => [rule, subject, severity]);

/** Time for an evaluation, which is at most every five minutes. */
async function evaluate(env = testEnv()): Promise<void> {
  pass(5 * MINUTE_MS);
  await runCron(env);
}

const at = () => Math.floor((Date.now() - 30 * MINUTE_MS) / 1000) * 1000;

async function deliveries(count: number, prefix = "d"): Promise<void> {
  const records = Array.from({ length: count }, (_, i) =>
    delivery({ recipient: `${prefix}${i}@example.org`, message: `${prefix}${i}`, at: at() }),
  );
  await postRecords("powermta", records, testEnv());
}

it("nothing is wrong where nothing happened", async () => {
  await evaluate();
  expect(await open()).toEqual([]);
  expect(await alerts("closed")).toEqual([]);
});

describe("rates", () => {
  it("of complaints and bounces, by provider, open an alert that says what to do, and close when they are better", async () => {
    await deliveries(600);
    await postRecords(
      "powermta",
      [
        ...Array.from({ length: 4 }, (_, i) =>
          complaint({ recipient: `c${i}@example.org`, message: `c${i}`, at: at() }),
        ),
        ...Array.from({ length: 20 }, (_, i) =>
          bounce("block", { recipient: `b${i}@example.org`, message: `b${i}`, at: at() }),
        ),
      ],
      testEnv(),
    );
    await evaluate();
    expect((await open()).sort()).toEqual([
      ["bounce_rate", "provider:powermta", "warning"],
      ["complaint_rate", "provider:powermta", "critical"],
    ]);
    const [worst] = await alerts();
    expect(worst).toMatchObject({
      key: "complaint_rate:provider:powermta",
      summary: "Provider powermta: 0.67 % of the delivered messages were reported as spam (4 of 600).",
      advice: expect.stringContaining("Stop"),
      openedAt: new Date().toISOString(),
      detail: { complained: 4, delivered: 600 },
    });
    pass(DAY_MS);
    await evaluate();
    expect(await open()).toEqual([]);
    expect((await alerts("closed")).map(({ rule }) => rule).sort()).toEqual(["bounce_rate", "complaint_rate"]);
  });

  it("by campaign tell which one it is", async () => {
    const events = (campaign: string, complained: number) => [
      ...Array.from({ length: 500 }, (_, i) => ({
        kind: "delivered",
        recipient: `${campaign}${i}@example.org`,
        campaign,
      })),
      ...Array.from({ length: complained }, (_, i) => ({
        kind: "complained",
        recipient: `${campaign}${i}@example.org`,
        campaign,
      })),
    ];
    await api("/v1/events", { json: [...events("spring", 0), ...events("bought-list", 5)] });
    await evaluate();
    const campaigns = (await open()).filter(([, subject]) => subject?.startsWith("campaign:"));
    expect(campaigns).toEqual([["complaint_rate", "campaign:bought-list", "critical"]]);
  });

  it("have limits that a variable sets", async () => {
    await deliveries(30);
    await postRecords(
      "powermta",
      Array.from({ length: 3 }, (_, i) =>
        bounce("block", { recipient: `b${i}@example.org`, message: `b${i}`, at: at() }),
      ),
      testEnv(),
    );
    const strict = { ALERTS: { min_messages: 20, bounce_rate_warning: 5, bounce_rate_critical: 50 } };
    await evaluate();
    expect(await open()).toEqual([]);
    await evaluate(testEnv(strict));
    expect(await open()).toEqual([["bounce_rate", "provider:powermta", "warning"]]);
    const bad = configOf(testEnv({ ALERTS: { bounce_rate: 1 } }));
    expect(bad.problems.join()).toContain("ALERTS");
  });
});

describe("what is stuck", () => {
  it("pending events: late, then worse, then well again", async () => {
    const broken = testEnv(withFaults(failStore("object")).bindings);
    await report(bounced("john@example.com", "hard", at()), broken);
    await evaluate(broken);
    expect(await open()).toEqual([["pending", "", "warning"]]);
    pass(10 * MINUTE_MS);
    await evaluate(broken);
    expect(await open()).toEqual([["pending", "", "critical"]]);
    await evaluate();
    // It has to be well for a while.
    expect(await open()).toEqual([["pending", "", "critical"]]);
    for (let i = 0; i < 3; i++) await evaluate();
    expect(await open()).toEqual([]);
  });

  it("quarantine that grows", async () => {
    const unreadable = Array.from({ length: 60 }, (_, i) => ({ type: `new-${i}`, rcpt: "q@example.com" }));
    await api("/webhooks/powermta?token=powermta-secret", { json: unreadable });
    await evaluate();
    expect(await open()).toEqual([["quarantine", "", "warning"]]);
    pass(60 * MINUTE_MS);
    await evaluate();
    expect(await open()).toEqual([]);
  });
});

describe("a connection", () => {
  async function daily(days: number): Promise<void> {
    for (let day = 0; day < days; day++) {
      const records = [delivery({ recipient: "a@example.org", message: `day-${day}`, at: at() })];
      await postRecords("powermta", records, testEnv());
      pass(DAY_MS);
    }
  }

  it("that is silent for longer than it usually is", async () => {
    await daily(4);
    await evaluate();
    expect(await open()).toEqual([]);
    pass(DAY_MS);
    await evaluate();
    expect(await open()).toEqual([["silent", "powermta/default", "warning"]]);
    await daily(1);
    pass(15 * MINUTE_MS - DAY_MS);
    await evaluate();
    expect(await open()).toEqual([]);
  });

  it("that was taken out of the configuration may be silent", async () => {
    await daily(4);
    pass(3 * DAY_MS);
    await evaluate(testEnv({ WEBHOOK_POWERMTA: undefined }));
    expect(await open()).toEqual([]);
  });

  it("that rejects signatures", async () => {
    await daily(1);
    expect((await api("/webhooks/powermta?token=wrong", { json: [] })).status).toBe(401);
    await evaluate();
    expect(await open()).toEqual([["rejecting", "powermta/default", "warning"]]);
    expect((await alerts())[0]?.summary).not.toContain("wrong");
    pass(MINUTE_MS);
    await daily(1);
    pass(20 * MINUTE_MS - DAY_MS);
    await evaluate();
    expect(await open()).toEqual([]);
  });
});

describe("others", () => {
  it("are told when an alert opens, when it becomes worse, and when it closes, and of nothing in between", async () => {
    const hook = world.receiver("pager.example.com");
    await subscribe(hook, ["alert.*"]);
    const broken = testEnv(withFaults(failStore("object")).bindings);
    await report(bounced("john@example.com", "hard", at()), broken);
    for (let i = 0; i < 4; i++) await evaluate(broken);
    for (let i = 0; i < 5; i++) await evaluate();
    expect(storyOf(hook)).toEqual(["alert.opened pending", "alert.opened pending", "alert.closed pending"]);
    expect(hook.heard.map(({ body }) => body.data.severity)).toEqual(["warning", "critical", "critical"]);
    expect(hook.heard[0]?.body.data).toMatchObject({
      key: "pending:",
      summary: expect.stringContaining("Events wait to be applied: 1"),
      advice: expect.stringContaining("/health"),
      closedAt: null,
    });
    expect(hook.heard[2]?.body.data.closedAt).toBe(hook.heard[2]?.body.timestamp);
    expect(hook.heard.map(({ text }) => text).join()).not.toContain("@example.com");
  });

  it("are told that somebody else cannot be told", async () => {
    const [dead, pager] = [world.receiver("dead.example.com"), world.receiver("pager.example.com")];
    dead.answer = failing(503);
    const { id } = await subscribe(dead, ["event.*"]);
    await subscribe(pager, ["alert.opened"]);
    await report(bounced("john@example.com", "hard", at()));
    pass(60 * MINUTE_MS);
    await evaluate();
    expect(pager.heard.map(({ body }) => [body.data.rule, body.data.subject, body.data.severity])).toEqual([
      ["notification", id, "warning"],
    ]);
  });
});

it("figures are looked at every few minutes, and by one run at a time", async () => {
  const log = listenToLog("warn");
  const broken = testEnv(withFaults(failStore("object")).bindings);
  await report(bounced("john@example.com", "hard", at()), broken);
  pass(6 * MINUTE_MS);
  await Promise.all([runCron(broken), runCron(broken), runCron(broken)]);
  expect(log().filter(({ event }) => event === "alert.opened")).toHaveLength(1);
  expect(await countOf("alert_changes")).toBe(1);
  await tamper("DELETE FROM alerts");
  pass(4 * MINUTE_MS);
  await runCron(broken);
  expect(await open()).toEqual([]);
  pass(MINUTE_MS);
  await runCron(broken);
  expect(await open()).toEqual([["pending", "", "warning"]]);
});

it("what was closed is kept for three months", async () => {
  const broken = testEnv(withFaults(failStore("object")).bindings);
  await report(bounced("john@example.com", "hard", at()), broken);
  for (let i = 0; i < 2; i++) await evaluate(broken);
  for (let i = 0; i < 5; i++) await evaluate();
  expect(await alerts("closed")).toHaveLength(1);
  pass(91 * DAY_MS);
  await evaluate();
  expect(await alerts("closed")).toEqual([]);
  expect(await countOf("alert_changes")).toBe(1);
});
