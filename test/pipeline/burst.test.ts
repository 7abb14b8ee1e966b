/**
 * What is a burst, and what is none. Every story has a receiver and a diagnostic of its own, since all share the stores; and
 * a connection of its own where its history matters.
 */
import { describe, expect, it } from "vitest";
import { policyText } from "../../src/domain/effective-policy";
import { bouncedAddresses } from "../../src/store/bounces";
import { eventsToTell } from "../../src/store/notification-streams";
import { burst } from "../support/bursts";
import {
  BLOCKLISTED,
  decided,
  deliverTo,
  guardedEnv,
  incidents,
  incidentsAt,
  MIN_RECIPIENTS,
  people,
  refuseAll,
  refused,
} from "../support/incidents";
import { bounce } from "../support/pmta";
import { delivered, report } from "../support/reports";
import { DAY_MS, MINUTE_MS, pass, setStage } from "../support/stage";
import { notingStatements, unindexed } from "../support/statements";
import { countOf, reasonsOf, tamper } from "../support/stores";
import { api, bindings } from "../support/worker";

setStage();

const env = guardedEnv();
const MANY = 3 * MIN_RECIPIENTS;

let stories = 0;

function story() {
  const name = `story-${++stories}`;
  return { receiver: `${name}.example`, said: { diagnosticCode: `${BLOCKLISTED} ${"y".repeat(stories)}` } };
}

/** How many of these are suppressed. */
async function suppressed(recipients: readonly string[]): Promise<number> {
  const reasons = await Promise.all(recipients.map(reasonsOf));
  return reasons.filter((found) => found.length).length;
}

describe("a burst is", () => {
  it("many known good recipients in one request", async () => {
    const { receiver, said } = story();
    const all = people(MANY, receiver);
    await deliverTo(all);
    await refuseAll(all, env, said);
    expect(await suppressed(all)).toBe(0);
    expect(await incidentsAt(receiver)).toMatchObject([{ held: MANY, knownGood: MANY }]);
  });

  it("the same at many receivers, with few recipients each", async () => {
    const { said } = story();
    const all = Array.from({ length: MANY }, (_, i) => `someone@at-${i}.example`);
    await deliverTo(all);
    for (const recipient of all) await refuseAll([recipient], env, said);
    const [found] = (await incidents()).filter(({ receiver }) => receiver === null);
    expect(found).toMatchObject({ held: MANY - MIN_RECIPIENTS + 1, connection: "api/default" });
    expect(await suppressed(all)).toBe(MIN_RECIPIENTS - 1);
  });

  it("noticed at once at one receiver and, of what the others say, apart from it", async () => {
    const { receiver, said } = story();
    const here = people(MANY, receiver);
    const there = Array.from({ length: MANY }, (_, i) => `someone@apart-${i}.example`);
    await deliverTo([...here, ...there]);
    await refuseAll([...here, ...there], env, said);
    expect(await incidentsAt(receiver)).toMatchObject([{ held: MANY, recipients: MANY }]);
    const everywhere = (await incidents()).filter((found) => found.receiver === null);
    expect(everywhere[0]).toMatchObject({ held: MANY, recipients: MANY });
    expect(await suppressed([...here, ...there])).toBe(0);
  });

  it("told by the server that refused, where the provider names it", async () => {
    const { said } = story();
    const remoteMta = "mx7.mail.refusing.example (192.0.2.25)";
    const all = Array.from({ length: MANY }, (_, i) => `someone@customer-${i}.example`);
    await deliverTo(all);
    await refuseAll(all, env, { ...said, remoteMta });
    expect(await incidentsAt("refusing.example")).toMatchObject([{ held: MANY }]);
  });

  it("many times what is usual, where a connection reports no deliveries", async () => {
    const named = { ...env, WEBHOOK_POWERMTA__BOUNCES: "powermta-secret" };
    const post = (recipients: readonly string[], at: number) =>
      api("/webhooks/powermta/bounces", {
        json: recipients.map((recipient) => bounce("hard", { recipient, message: recipient, at })),
        env: named,
        headers: { authorization: "Bearer powermta-secret" },
      });
    const { receiver } = story();
    for (let day = 0; day < 4; day++) {
      const usual = people(4, receiver, `day${day}-`);
      expect((await post(usual, Date.now())).status).toBe(200);
      expect(await suppressed(usual)).toBe(4);
      pass(DAY_MS);
    }
    // Enough, but no more than five times as many as usual.
    await post(people(4 * 5 - 1, receiver, "more"), Date.now());
    expect(await incidentsAt(receiver)).toEqual([]);
    pass(DAY_MS);
    const outage = people(100, receiver, "outage");
    await post(outage, Date.now());
    expect(await incidentsAt(receiver)).toMatchObject([
      { held: 100, connection: "powermta/bounces", threshold: 95, knownGood: 0 },
    ]);
    expect(await suppressed(outage)).toBe(0);
  });

  it("the next one, too, after one that was dropped", async () => {
    const { receiver, then, id, said } = await burst(env);
    await decided(id, "drop");
    pass(DAY_MS);
    const all = [...then, ...people(MANY, receiver, "next")];
    await deliverTo(all);
    await refuseAll(all, env, said);
    expect(await incidentsAt(receiver)).toMatchObject([{ status: "open", held: all.length }, { id }]);
  });
});

describe("no burst is", () => {
  it("a bad list: really dead addresses to which nothing was ever delivered", async () => {
    const { receiver, said } = story();
    const dead = people(MANY, receiver);
    await refuseAll(dead, env, said);
    expect(await suppressed(dead)).toBe(MANY);
    expect(await incidentsAt(receiver)).toEqual([]);
  });

  it("a list that has aged: some of many good addresses are dead by now", async () => {
    const { receiver, said } = story();
    const all = people(10 * MIN_RECIPIENTS, receiver);
    const dead = all.slice(0, MIN_RECIPIENTS);
    await deliverTo(all);
    await report(
      all.slice(dead.length).map((recipient) => delivered(recipient, Date.now())),
      env,
    );
    await refuseAll(dead, env, said);
    expect(await suppressed(dead)).toBe(dead.length);
    expect(await incidentsAt(receiver)).toEqual([]);
  });

  it("one full mailbox that refuses again and again", async () => {
    const { receiver, said } = story();
    const full = `full@${receiver}`;
    await deliverTo([full]);
    for (let i = 0; i < MANY; i++) {
      await report(refused(full, { ...said, class: "soft", messageId: `again-${i}` }), env);
    }
    expect(await incidentsAt(receiver)).toEqual([]);
    expect(await reasonsOf(full)).toEqual(["soft"]);
  });

  it("what is usual here, confirmed once", async () => {
    const { receiver, then, id, said } = await burst(env);
    await decided(id, "confirm");
    pass(DAY_MS);
    const all = [...then, ...people(MIN_RECIPIENTS, receiver, "next")];
    await deliverTo(all);
    await refuseAll(all, env, said);
    expect(await incidentsAt(receiver)).toHaveLength(1);
  });

  it("a history that is brought in late: it is judged by its own time", async () => {
    const { receiver, said } = story();
    const all = people(MANY, receiver);
    await deliverTo(all, env, Date.now() - 200 * DAY_MS);
    await report(
      all.map((recipient, i) => refused(recipient, { ...said, at: Date.now() - i * 60 * MINUTE_MS })),
      env,
    );
    expect(await incidentsAt(receiver)).toEqual([]);
  });

  it("what has no effect anyway", async () => {
    const { receiver, said } = story();
    const all = people(MANY, receiver);
    await deliverTo(all);
    await refuseAll(all, env, { ...said, class: "block" });
    expect(await incidentsAt(receiver)).toEqual([]);
    expect(await countOf("cause_counts WHERE cause LIKE ?", `% ${receiver}`)).toBe(0);
  });

  it.each([
    ["the policy of the deployment", { enabled: false }],
    ["a threshold", { min_recipients: 1_000 }],
    ["the share of known good ones", { known_good_share: 1 }],
  ])("anything that %s says is none", async (_what, guard) => {
    const { receiver, said } = story();
    const all = people(MANY, receiver);
    await deliverTo(all.slice(1));
    await refuseAll(all, guardedEnv(guard), said);
    expect(await suppressed(all)).toBe(MANY);
    expect(await incidentsAt(receiver)).toEqual([]);
  });

  it("anything, while a policy is in force that switches the guard off", async () => {
    const { receiver, said } = story();
    const all = people(MANY, receiver);
    await deliverTo(all);
    const base = policyText((env as unknown as { POLICY: unknown }).POLICY);
    const applied = JSON.stringify({ guard: { enabled: false } });
    await tamper("INSERT INTO policies (policy, base, batch_id, created_at) VALUES (?, ?, 'b', 0)", applied, base);
    await refuseAll(all.slice(1), env, said);
    await tamper("INSERT INTO policies (policy, base, batch_id, created_at) VALUES (NULL, ?, 'c', 0)", base);
    await refuseAll(all.slice(0, 1), env, said);
    expect(await suppressed(all)).toBe(MANY);
    expect(await incidentsAt(receiver)).toEqual([]);
  });
});

it("a policy that is in force and says nothing of the guard has it as usual, whatever the variable says", async () => {
  const { receiver, said } = story();
  const all = people(100, receiver);
  const off = guardedEnv({ enabled: false });
  await deliverTo(all);
  const base = policyText((off as unknown as { POLICY: unknown }).POLICY);
  await tamper("INSERT INTO policies (policy, base, batch_id, created_at) VALUES ('{}', ?, 'd', 0)", base);
  await refuseAll(all, off, said);
  await tamper("INSERT INTO policies (policy, base, batch_id, created_at) VALUES (NULL, ?, 'e', 0)", base);
  expect(await incidentsAt(receiver)).toMatchObject([{ held: 100, threshold: 100 }]);
});

describe("what is held", () => {
  it("is told to nobody", async () => {
    const { then, first } = await burst(env);
    const told = await eventsToTell(bindings.DB, 0, 1_000_000, 1_000_000);
    const addresses = new Set(told.rows.map((row) => row.address));
    expect(first.every((recipient) => addresses.has(recipient))).toBe(true);
    expect(then.some((recipient) => addresses.has(recipient))).toBe(false);
  });

  it("is not among those whom a script blocks that blocks all who bounced, as listmonk's do", async () => {
    const { first, then } = await burst(env);
    const blocked = await bouncedAddresses(bindings.DB, "", 1_000_000);
    expect(blocked).toContain(first[0]);
    expect(blocked).not.toContain(then[0]);
  });
});

it("no statement reads a large table from one end to the other", async () => {
  const { DB, texts } = notingStatements();
  const noting = guardedEnv({}, { DB });
  const { id, receiver, said } = await burst(noting);
  await refuseAll([`more@${receiver}`], noting, said);
  for (const path of ["", `/${id}`, `/${id}/recipients`, `/${id}/recipients?group=before`]) {
    await api(`/v1/incidents${path}`, { env: noting });
  }
  await decided(id, "drop", { releaseSuppressed: true }, noting);
  const own = [...texts].filter((sql) => /incident|cause_counts/.test(sql));
  expect(own.length).toBeGreaterThan(15);
  expect(await unindexed(own)).toEqual([]);
});
