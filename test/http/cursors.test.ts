import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { madeUpWorld, subscribe } from "../support/receivers";
import { bounced, report } from "../support/reports";
import { MINUTE_MS, setStage } from "../support/stage";
import { api, freshStores, jsonOf } from "../support/worker";

setStage();

beforeEach(freshStores);
afterEach(() => {
  vi.restoreAllMocks();
});

/** The first page of a list, of which there has to be another, and whether its cursor is taken by another question. */
async function isTakenBy(asked: string, other: string): Promise<boolean> {
  const { nextCursor } = await jsonOf(await api(asked));
  expect(nextCursor, asked).toEqual(expect.any(String));
  const same = await api(`${asked}&cursor=${nextCursor}`);
  expect(same.status, asked).toBe(200);
  const response = await api(`${other}&cursor=${nextCursor}`);
  if (response.status === 200) return true;
  expect((await jsonOf(response)).code).toBe("invalid_cursor");
  return false;
}

it("of a delivery log is good for the same subscription and the same outcome only", async () => {
  const world = madeUpWorld();
  const hook = world.receiver("hooks.example.com");
  const { id } = await subscribe(hook, ["event.*"]);
  const { id: other } = await subscribe(world.receiver("other.example.com"), ["event.*"]);
  const at = Date.now() - MINUTE_MS;
  await report(["ann", "bob", "cem"].map((name) => bounced(`${name}@example.com`, "hard", at)));
  const log = `/v1/notifications/${id}/deliveries?limit=1`;
  expect(await isTakenBy(log, `${log}&outcome=failed`)).toBe(false);
  expect(await isTakenBy(log, `/v1/notifications/${other}/deliveries?limit=1`)).toBe(false);
});

it("of an outbox is good for the same subscription and the same state only", async () => {
  const hook = madeUpWorld().receiver("hooks.example.com");
  hook.answer = () => new Response(null, { status: 422 });
  const { id } = await subscribe(hook, ["event.*"]);
  const at = Date.now() - MINUTE_MS;
  await report(["ann", "bob", "cem"].map((name) => bounced(`${name}@example.com`, "hard", at)));
  const outbox = `/v1/notifications/${id}/outbox?limit=1`;
  expect(await isTakenBy(`${outbox}&state=waiting`, `${outbox}&state=parked`)).toBe(false);
});

it("of a simulation's changes is good for the same simulation only", async () => {
  const at = Date.now() - MINUTE_MS;
  await report(["ann", "bob", "cem"].map((name) => bounced(`${name}@example.com`, "soft", at)));
  const simulated = async (threshold: number) => {
    const json = { policy: { soft_threshold: threshold } };
    const { id } = await jsonOf(await api("/v1/policy/simulate", { json }));
    return `/v1/policy/simulations/${id}/changes?limit=1`;
  };
  expect(await isTakenBy(await simulated(1), await simulated(2))).toBe(false);
});
