/** Plays a story once for every step it takes and every way in which that step can fail, each time with new recipients. */
import { expect } from "vitest";
import type { Counts } from "../../src/client/types";
import type { Env } from "../../src/config";
import { type Faults, failStep, type Moment, type Plan, withFaults } from "./faults";
import { api, jsonOf, testEnv } from "./worker";

export interface Round {
  /** Every recipient of the round is here. */
  readonly domain: string;
  /** The worker's environment, with the round's fault in it. */
  readonly env: Env;
  readonly faults: Faults;
  /** Of a recipient of this round. */
  readonly address: (name: string) => string;
}

let rounds = 0;

/** Recipients and an environment that nothing has been done with yet. */
export function newRound(plan: Plan = () => null, more: Readonly<Record<string, unknown>> = {}): Round {
  const domain = `round-${++rounds}.example.com`;
  const faults = withFaults(plan);
  return {
    domain,
    faults,
    env: testEnv({ ...faults.bindings, ...more }),
    address: (name) => `${name}@${domain}`,
  };
}

export interface Story {
  /** What is done; its steps are counted, and each fails in turn. */
  readonly play: (round: Round) => Promise<void>;
  /** What holds afterwards, whatever failed. */
  readonly check: (round: Round) => Promise<void>;
  /** What precedes it, undisturbed. */
  readonly prepare?: (round: Round) => Promise<void>;
  /** More of the environment. */
  readonly env?: Readonly<Record<string, unknown>>;
}

const MOMENTS: readonly Moment[] = ["before", "after"];

/** @returns how many steps there were */
export async function everyFault(story: Story): Promise<number> {
  await playRound(story, newRound(undefined, story.env), "undisturbed");
  for (let n = 0; ; n++) {
    for (const moment of MOMENTS) {
      const round = newRound(failStep(n, moment), story.env);
      await playRound(story, round, `fault ${moment} step ${n}`);
      if (!round.faults.struck()) return n;
      if (round.faults.steps[n]?.isRead) break;
    }
  }
}

async function playRound(story: Story, round: Round, label: string): Promise<void> {
  try {
    // Preparation does not count: it goes past the faults.
    await story.prepare?.({ ...round, env: testEnv(story.env) });
    await story.play(round);
    await story.check(round);
  } catch (error) {
    const step = round.faults.steps.map(({ store, operation }) => `${store}.${operation}`).join(" ");
    if (error instanceof Error) error.message = `${label}: ${error.message}\nSteps: ${step}`;
    throw error;
  }
}

export type PmtaProvider = "inboxroad" | "powermta";

/** Posts a batch of records, once. */
export function postRecords(provider: PmtaProvider, records: readonly unknown[], env: Env): Promise<Response> {
  return post(provider, JSON.stringify(records), env);
}

export function post(provider: PmtaProvider, body: string, env: Env): Promise<Response> {
  return api(`/webhooks/${provider}`, { body, env, headers: { authorization: `Bearer ${provider}-secret` } });
}

/** Posts a batch until it is acknowledged, as a provider does, and answers the counts of the acknowledgement. */
export async function deliver(provider: PmtaProvider, records: readonly unknown[], env: Env): Promise<Counts> {
  return jsonOf(await untilAccepted(() => postRecords(provider, records, env)));
}

const MAX_ATTEMPTS = 4;

/** Anything but acceptance has to be a failure of ours that says when to try again. */
export async function untilAccepted(send: () => Promise<Response>): Promise<Response> {
  for (let attempt = 1; ; attempt++) {
    const response = await send();
    if (response.ok) return response;
    expect(response.status).toBe(503);
    expect(response.headers.get("retry-after")).not.toBeNull();
    expect(attempt, "attempts").toBeLessThan(MAX_ATTEMPTS);
  }
}

/** An operator's command, repeated until it is accepted. */
export function command(method: "PUT" | "DELETE", address: string, env: Env): Promise<Response> {
  const path = `/v1/suppressions/${encodeURIComponent(address)}`;
  return untilAccepted(() =>
    method === "PUT" ? api(path, { method, json: {}, env }) : api(`${path}?force=true&note=asked`, { method, env }),
  );
}

export function rebuild(address: string, env: Env): Promise<Response> {
  return untilAccepted(() => api("/v1/rebuild", { json: { recipient: address }, env }));
}
