import { beforeEach, expect, it, vi } from "vitest";
import { doneOf, type Visitor, visitor } from "../support/dashboard";
import { policyNow } from "../support/policies";
import { report, softBounces } from "../support/reports";
import { DAY_MS, setStage } from "../support/stage";
import { reasonsOf } from "../support/stores";
import { freshStores, testEnv } from "../support/worker";

const PATH = "/dashboard/policy";
const RECIPIENT = "three@example.com";

setStage();

let one: Visitor;
beforeEach(async () => {
  await freshStores();
  for (const level of ["log", "warn", "error"] as const) vi.spyOn(console, level).mockImplementation(() => {});
  one = await visitor(testEnv());
  await report(softBounces(RECIPIENT, 3, Date.now() - DAY_MS));
});

it("goes from a draft to what it would do, to the batch that does it, and back", async () => {
  expect(await one.html(PATH)).toContain("As the variable POLICY says.");
  const drafted = await one.post(`${PATH}/simulate`, { "policy.soft_threshold": "3", "policy.effects.block": "count" });
  expect(drafted.status).toBe(303);
  const result = drafted.headers.get("location") ?? "";
  const shown = await one.html(result);
  for (const words of ["Newly suppressed", RECIPIENT, "soft bounces 1", "may be mailed, 3 bounces counted"]) {
    expect(shown).toContain(words);
  }
  expect(await reasonsOf(RECIPIENT)).toEqual([]);
  const done = await one.post(`${result}/apply`, { note: "stricter" });
  expect(doneOf(done)).toBe("policy-applied");
  const batch = new URL(done.headers.get("location") ?? "", "https://x.invalid").pathname;
  expect(await one.html(batch)).toContain("1 looked at, 1 decided about anew");
  expect(await reasonsOf(RECIPIENT)).toEqual(["soft"]);
  expect(await policyNow()).toMatchObject({
    origin: "applied",
    inFull: { soft_threshold: 3, effects: { block: "count" } },
  });
  const page = await one.html(PATH);
  expect(page).toContain(batch);
  expect(page).toContain(result);
  expect(doneOf(await one.post(`${batch}/revert`, {}))).toBe("reverted");
  expect(await reasonsOf(RECIPIENT)).toEqual([]);
  expect(await one.html("/dashboard/audit")).toContain("applied a policy");
});

it("keeps what was entered where it cannot be used, and says why", async () => {
  const response = await one.post(`${PATH}/simulate`, { "policy.soft_threshold": "many", reclassify: "yes" });
  expect(response.status).toBe(422);
  const page = await response.text();
  expect(page).toContain("policy.soft_threshold");
  expect(page).toContain('value="many"');
});

it("says when the policy cannot be used at all, and what is not there", async () => {
  const broken = await visitor(testEnv({ POLICY: { soft_threshold: 0 } }));
  expect(await broken.html(PATH)).toContain("The policy cannot be used");
  expect((await one.get(`${PATH}/simulations/none`)).status).toBe(404);
  expect(doneOf(await one.post(`${PATH}/simulations/none/apply`, {}))).toBe("not-found");
});
