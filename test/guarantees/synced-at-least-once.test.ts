/**
 * What changed on the list is sent to the provider at least once, and the last word there is ours: whatever step of a
 * store failed, whatever call the provider did not answer, or answered and we never heard.
 *
 * And what a provider's list says is read whole: whatever failed, no entry is missing and none is there twice.
 */
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { configOf, type Env } from "../../src/config";
import { type Faults, failStep, type Moment, type Plan, withFaults } from "../support/faults";
import { bounced, release, report } from "../support/reports";
import { DAY_MS, MINUTE_MS, pass, setStage } from "../support/stage";
import { countOf, reasonsOf, rowsOf } from "../support/stores";
import { type FakeApi, type SuppressionApis, suppressionApis } from "../support/suppression-apis";
import { pull, push, syncEnv, syncOf, tend } from "../support/syncs";
import { api, freshStores } from "../support/worker";

setStage();

let apis: SuppressionApis;
beforeEach(() => {
  for (const level of ["log", "warn", "error"] as const) vi.spyOn(console, level).mockImplementation(() => {});
  apis = suppressionApis();
});
afterEach(() => vi.restoreAllMocks());

const NAMES = ["ses", "sendgrid", "mailgun", "postmark"] as const;
const MOMENTS: readonly Moment[] = ["before", "after"];

/** Only this provider, so that steps are its own; its stores fail as planned. */
function envOf(name: (typeof NAMES)[number], plan: Plan = () => null): { env: Env } & Pick<Faults, "struck" | "steps"> {
  const faults = withFaults(plan);
  const others = NAMES.filter((other) => other !== name).map((other) => [`SYNC_${other.toUpperCase()}`, undefined]);
  return {
    env: syncEnv({ ...faults.bindings, ...Object.fromEntries(others) }),
    struck: faults.struck,
    steps: faults.steps,
  };
}

const thereOf = ({ lists }: FakeApi) => [...new Set(Object.values(lists).flatMap((list) => [...list.keys()]))].sort();
const at = () => Date.now() - MINUTE_MS;

/** Runs until nothing is left to do, each time long enough after a failure. */
async function settleSync(env: Env): Promise<void> {
  for (let run = 0; run < 3; run++) {
    pass(70 * MINUTE_MS);
    await tend(env);
  }
}

/** Lists one, releases one that the provider knows, in this order. */
async function prepare(name: (typeof NAMES)[number]): Promise<void> {
  await freshStores();
  for (const list of Object.values(apis[name].lists)) list.clear();
  await report(bounced("freed@example.com", "hard", at()));
  await push(`${name}/default`, "beginning", "", envOf(name).env);
  await report([bounced("new@example.com", "hard", at()), bounced("freed@example.com", "hard", at())]);
  await release("freed@example.com");
  await report({ kind: "unsubscribed", recipient: "left@example.com", at: at() });
}

const SENT = ["left@example.com", "new@example.com"];

/** The steps of our own stores are the same whoever is told. */
it("a provider hears of every change, whatever step of a store fails", async () => {
  const name = "sendgrid";
  const sync = `${name}/default`;
  let steps = 0;
  for (let isOver = false; !isOver; steps++) {
    for (const moment of MOMENTS) {
      await prepare(name);
      const { env, struck, steps: taken } = envOf(name, failStep(steps, moment));
      await tend(env).catch(() => {});
      isOver = struck() === 0;
      await settleSync(envOf(name).env);
      expect(thereOf(apis[name]), `fault ${moment} step ${steps}`).toEqual(SENT);
      expect((await syncOf(sync)).failures).toBe(0);
      if (isOver || taken[steps]?.isRead) break;
    }
  }
  expect(steps).toBeGreaterThan(4);
});

describe.each(NAMES)("%s", (name) => {
  it("hears of every change, whatever call of it fails or is not answered", async () => {
    let calls = 0;
    for (let isOver = false; !isOver; calls++) {
      for (const moment of MOMENTS) {
        await prepare(name);
        const from = apis[name].calls.length;
        let struck = false;
        apis[name].intercept = (call, index) => {
          if (index !== from + calls || struck) return null;
          struck = true;
          if (moment === "before") return new Response("down", { status: 502 });
          // It takes effect, and its answer is lost.
          return fetch(`https://${call.headers.get("x-host")}${call.path}?${call.query}`, {
            method: call.method,
            headers: call.headers,
            ...(call.body === null ? {} : { body: JSON.stringify(call.body) }),
          }).then(() => Promise.reject(new TypeError("connection lost")));
        };
        await tend(envOf(name).env);
        isOver = !struck;
        apis[name].intercept = () => null;
        await settleSync(envOf(name).env);
        expect(thereOf(apis[name]), `fault ${moment} call ${calls}`).toEqual(SENT);
      }
    }
    expect(calls).toBeGreaterThan(1);
  });
});

describe("a provider's list", () => {
  const created = () => Math.floor((Date.now() - DAY_MS) / 1000);

  it("is read whole and once, whatever step of a store fails", async () => {
    let steps = 0;
    for (let isOver = false; !isOver; steps++) {
      for (const moment of MOMENTS) {
        await freshStores();
        const { lists } = apis.sendgrid;
        lists.spam_reports?.set("angry@example.com", {
          email: "angry@example.com",
          created: created(),
          ip: "192.0.2.1",
        });
        lists.unsubscribes?.set("left@example.com", { email: "left@example.com", created: created() });
        const { env, struck, steps: taken } = envOf("sendgrid", failStep(steps, moment));
        await pull("sendgrid/default", "", env).catch(() => {});
        isOver = struck() === 0;
        await settleSync(envOf("sendgrid").env);
        await pull("sendgrid/default", "", envOf("sendgrid").env);
        // What was recorded and not applied is the cron's, as for any import.
        await api("/v1/reconcile", { method: "POST" });
        expect(await countOf("events"), `fault ${moment} step ${steps}`).toBe(2);
        expect(await reasonsOf("angry@example.com")).toEqual(["complaint"]);
        expect(await reasonsOf("left@example.com")).toEqual(["unsubscribe"]);
        // What came in is in batches, all of which can be undone.
        expect(await rowsOf("SELECT sum(added) AS added FROM batches")).toEqual([{ added: 2 }]);
        if (isOver || taken[steps]?.isRead) break;
      }
    }
    expect(steps).toBeGreaterThan(8);
  });
});

it("the secrets of the tests are good ones", () => {
  expect(configOf(syncEnv()).problems).toEqual([]);
});
