import { expect, it } from "vitest";
import { noteActivity } from "../../src/pipeline/activity";
import { bindings } from "../support/worker";

const MINUTE_MS = 60_000;
const REFUSED = { provider: "inboxroad", connection: "default", rejectedFor: "the token is wrong" };
const HEARD = { provider: "inboxroad", connection: "default" };

/** A database that fails or not, whose statements are counted, with a clock of the test's own. */
function watched({ isDown = false } = {}) {
  const state = { now: Date.UTC(2026, 10, 27), isDown, statements: 0 };
  const work: Promise<unknown>[] = [];
  const db = new Proxy(bindings.DB, {
    get(target, name) {
      if (name !== "prepare") return Reflect.get(target, name);
      state.statements++;
      return () => ({
        bind: () => ({ run: () => (state.isDown ? Promise.reject(new Error("down")) : Promise.resolve()) }),
      });
    },
  });
  const deps = { db, now: () => state.now, waitUntil: (promise: Promise<unknown>) => void work.push(promise) };
  return { state, deps, done: () => Promise.all(work) };
}

it("a flood of refused requests is noted once a minute", async () => {
  const { state, deps, done } = watched();
  for (let i = 0; i < 1_000; i++) noteActivity(deps, REFUSED);
  state.now += MINUTE_MS - 1;
  noteActivity(deps, REFUSED);
  await done();
  expect(state.statements).toBe(1);
  state.now += 1;
  noteActivity(deps, REFUSED);
  await done();
  expect(state.statements).toBe(2);
});

it("what is let in is noted beside what is refused, and every connection by itself", async () => {
  const { state, deps, done } = watched();
  for (const one of [HEARD, REFUSED, { ...REFUSED, connection: "eu" }, HEARD, REFUSED]) noteActivity(deps, one);
  await done();
  expect(state.statements).toBe(3);
});

it("what could not be noted is noted with the next request", async () => {
  const { state, deps, done } = watched({ isDown: true });
  noteActivity(deps, REFUSED);
  await done();
  state.isDown = false;
  noteActivity(deps, REFUSED);
  await done();
  noteActivity(deps, REFUSED);
  expect(state.statements).toBe(2);
});
