/**
 * One decider.
 *
 * Only the recipient's object turns events into a decision. Nothing else in the worker (a webhook, the cron, a rebuild, a
 * check) ever makes one up: while an object does not answer, nothing about its recipient changes, in D1 or in the edge
 * cache; and every state that a row of the projection was ever in is one that the object decided.
 *
 * Not promised: that a decision reaches the projection at once, or that each one does. A later one may overtake it.
 */
import { beforeAll, describe, expect, it, vi } from "vitest";
import { sha256Hex } from "../../src/crypto/digest";
import type { Decision } from "../../src/domain/decision";
import { Recipient } from "../../src/index";
import { failStore } from "../support/faults";
import { edgeOf, eventsOf, expectAgreement, policyOf, rowOf } from "../support/ledger";
import { bounce, delivery } from "../support/pmta";
import { command, deliver, everyFault, newRound, type Round, rebuild } from "../support/rounds";
import { DAY_MS, MINUTE_MS, pass, reconcile, START_MS, setStage, settle } from "../support/stage";
import { rowsOf } from "../support/stores";
import { api, bindings, jsonOf, runCron, testEnv } from "../support/worker";

setStage();

const at = START_MS - 10 * MINUTE_MS;
const PROBATION = { POLICY: { probation: { enabled: true } } };
/** It compares, for simulations and to find those whose objects have to decide anew. */
const ASKS_WHAT_IF = "../../src/pipeline/what-if.ts";
const IMPORTS_A_DECISION = /^import \{[^}]*\b(?:decide|applyFacts)\b[^}]*\}/m;

interface Written {
  readonly key: string;
  readonly version: number;
  readonly suppressions: string;
  readonly soft_count: number;
  readonly allowed: number;
}

/** Notes everything that is ever written to the projection, by whomever. */
async function watchProjection(): Promise<void> {
  const columns = "key, version, suppressions, soft_count, allowed";
  const values = columns.replace(/\w+/g, "new.$&");
  await bindings.DB.batch([
    bindings.DB.prepare(
      "CREATE TABLE written (key TEXT, version INTEGER, suppressions TEXT, soft_count INTEGER, allowed INTEGER)",
    ),
    ...["INSERT", "UPDATE"].map((verb) =>
      bindings.DB.prepare(
        `CREATE TRIGGER watch_${verb} AFTER ${verb} ON recipients BEGIN INSERT INTO written (${columns}) VALUES (${values}); END`,
      ),
    ),
  ]);
}

/** Everything that the objects decide from now on. */
function watchObjects(): () => Decision[] {
  const calls = [vi.spyOn(Recipient.prototype, "apply"), vi.spyOn(Recipient.prototype, "rebuild")];
  const probes = vi.spyOn(Recipient.prototype, "takeProbe");
  return () => [
    ...calls.flatMap((spy) =>
      spy.mock.settledResults.flatMap((r) => (r.type === "fulfilled" && r.value ? [r.value] : [])),
    ),
    ...probes.mock.settledResults.flatMap((r) => (r.type === "fulfilled" && r.value ? [r.value.decision] : [])),
  ];
}

function asWritten({ key, version, verdict }: Decision): Written {
  const { suppressions, softCount, allowed } = verdict;
  return { key, version, suppressions: JSON.stringify(suppressions), soft_count: softCount, allowed: allowed ? 1 : 0 };
}

beforeAll(watchProjection);

async function tellMuch({ address, env }: Round): Promise<void> {
  const recipient = address("ann");
  const soft = (message: string, minute: number) => bounce("soft", { recipient, message, at: at + minute * MINUTE_MS });
  await deliver("inboxroad", [soft("1", 0), soft("2", 1)], env);
  await deliver("inboxroad", [delivery({ recipient, message: "3", at: at + 2 * MINUTE_MS }), soft("4", 3)], env);
  await deliver("inboxroad", [bounce("hard", { recipient, message: "5", at: at + 4 * MINUTE_MS })], env);
  await command("DELETE", recipient, env);
  await rebuild(recipient, env);
  pass(2 * MINUTE_MS);
  await reconcile(env);
}

describe("One decider", () => {
  it("holds for every state that a row was ever in, whichever step fails", async () => {
    const decided = watchObjects();
    const steps = await everyFault({
      play: tellMuch,
      check: async ({ address }) => {
        await settle();
        await expectAgreement(address("ann"));
        const key = await sha256Hex(address("ann"));
        const written = await rowsOf<Written>("SELECT * FROM written WHERE key = ?1", key);
        const decisions = decided().flatMap((decision) => (decision.key === key ? [asWritten(decision)] : []));
        expect(written.length).toBeGreaterThan(0);
        for (const state of written) expect(decisions).toContainEqual(state);
      },
    });
    expect(steps).toBeGreaterThanOrEqual(20);
  });

  it("holds for a probe that is given out too, and for what comes of it", async () => {
    const decided = watchObjects();
    const steps = await everyFault({
      env: PROBATION,
      prepare: async ({ address, env }) => {
        const soft = (i: number) => bounce("soft", { recipient: address("ann"), message: `${i}`, at: at + i });
        await deliver("inboxroad", [1, 2, 3, 4, 5].map(soft), env);
        pass(DAY_MS);
      },
      play: async ({ address, env }) => {
        await api(`/v1/check?recipient=${address("ann")}`, { env });
        const outcome = { recipient: address("ann"), message: "probe", at: Date.now() };
        await deliver("inboxroad", [delivery(outcome)], env);
      },
      check: async ({ address }) => {
        await settle(testEnv(PROBATION));
        expect((await expectAgreement(address("ann"), policyOf(PROBATION.POLICY))).verdict.suppressions).toEqual([]);
        const key = await sha256Hex(address("ann"));
        const written = await rowsOf<Written>("SELECT * FROM written WHERE key = ?1", key);
        const decisions = decided().flatMap((decision) => (decision.key === key ? [asWritten(decision)] : []));
        expect(written.length).toBeGreaterThan(1);
        for (const state of written) expect(decisions).toContainEqual(state);
      },
    });
    expect(steps).toBeGreaterThanOrEqual(5);
  });

  it("decides nothing while the objects do not answer, and all of it when they do", async () => {
    const { address, env } = newRound(failStore("object"));
    const recipient = address("ann");
    await deliver("inboxroad", [bounce("hard", { recipient, message: "1", at })], env);
    await deliver("powermta", [bounce("soft", { recipient, message: "2", at })], env);
    await api(`/v1/suppressions/${recipient}`, { method: "PUT", json: {}, env });
    await api("/v1/rebuild", { json: { recipient }, env });
    await api("/v1/rebuild", { json: { target: "kv" }, env });
    await api("/v1/reconcile", { method: "POST", env });
    for (let run = 0; run < 3; run++) {
      pass(2 * MINUTE_MS);
      await runCron(env);
    }
    expect((await eventsOf(recipient)).map((event) => event.state)).toEqual([0, 0, 0]);
    expect([await rowOf(recipient), await edgeOf(recipient)]).toEqual([null, null]);
    await settle();
    const { verdict } = await expectAgreement(recipient);
    expect(verdict.suppressions.map((s) => s.reason)).toEqual(["hard", "manual"]);
  });

  it("leaves a standing decision as it is while the objects do not answer", async () => {
    const { address, env } = newRound(failStore("object"));
    const recipient = address("ann");
    await deliver("inboxroad", [bounce("hard", { recipient, message: "1", at })], testEnv());
    await settle();
    const before = [await rowOf(recipient), await edgeOf(recipient)];
    await command("DELETE", recipient, env);
    pass(2 * MINUTE_MS);
    await runCron(env);
    expect([await rowOf(recipient), await edgeOf(recipient)]).toEqual(before);
    expect(await jsonOf(await api(`/v1/check?recipient=${recipient}&consistency=strong`))).toMatchObject({
      suppressed: true,
    });
    await settle();
    expect((await expectAgreement(recipient)).verdict.suppressions).toEqual([]);
  });

  it("is so in the source: only the object folds and decides, and what asks what would be, which tells nobody", () => {
    const sources = import.meta.glob<string>("../../src/**/*.ts", { query: "?raw", import: "default", eager: true });
    const deciders = Object.entries(sources).filter(([, text]) => IMPORTS_A_DECISION.test(text));
    expect(Object.keys(sources).length).toBeGreaterThan(50);
    expect(deciders.map(([path]) => path)).toEqual([ASKS_WHAT_IF, "../../src/recipient/recipient.ts"]);
    expect(sources[ASKS_WHAT_IF]).not.toMatch(
      /from "(?:\.\/project|\.\.\/recipient\/client|\.\.\/store\/edge-cache)"|projectDecisions/,
    );
  });
});
