/** A policy in force, retroactively, and back again. */
import { describe, expect, it } from "vitest";
import { batchOf, erase, revert, reverted } from "../support/batches";
import { holdStep, nth, withFaults } from "../support/faults";
import { expectAgreement, policyOf } from "../support/ledger";
import { aDayAgo, applied, only, people, policyNow, postPolicy, simulated, verdictsOf } from "../support/policies";
import { bounced, delivered, report, softBounces } from "../support/reports";
import { MINUTE_MS, pass, setStage, settle } from "../support/stage";
import { reasonsOf, rowsOf, standingOf, versionOf } from "../support/stores";
import { api, jsonOf, runCron, testEnv } from "../support/worker";

setStage();

describe("applying a policy", () => {
  it("does what the simulation said, and undoing it leaves every verdict as it was", async () => {
    const { domain, named } = await people();
    await settle();
    const before = await verdictsOf(domain);
    const version = await versionOf(named("three"));
    const draft = { policy: { soft_threshold: 3, effects: { hard: "record", block: "suppress" } } };
    const run = await simulated(draft);
    const batch = await applied({ simulationId: run.id, note: "stricter" });
    expect(batch).toMatchObject({ status: "recorded", pending: 0, rows: run.recipients.total });
    for (const { recipient, after } of only(run.examples, domain)) {
      expect(await reasonsOf(recipient)).toEqual(after.reasons);
    }
    await settle();
    for (const { address } of before as { address: string }[]) {
      await expectAgreement(address, policyOf(draft.policy));
    }
    expect(await reverted(batch.id)).toMatchObject({ status: "reverted", pending: 0 });
    expect(await verdictsOf(domain)).toEqual(before);
    expect(await versionOf(named("three"))).toBeGreaterThan(version);
    await settle();
    for (const { address } of before as { address: string }[]) await expectAgreement(address);
  });

  it("counts what happens from then on by it, and shows its threshold", async () => {
    const recipient = "later@example.com";
    const batch = await applied({ policy: { soft_threshold: 2 } });
    await report(softBounces(recipient, 2, aDayAgo()));
    expect(await reasonsOf(recipient)).toEqual(["soft"]);
    const shown = await jsonOf(await api(`/v1/recipients/${recipient}`));
    expect(shown.softBounces).toEqual({ count: 2, threshold: 2 });
    await reverted(batch.id);
    expect(await reasonsOf(recipient)).toEqual([]);
  });

  it("holds until the variable is changed", async () => {
    const recipient = "deploy@example.com";
    const batch = await applied({ policy: { soft_threshold: 2 } });
    const env = testEnv({ POLICY: { soft_threshold: 4 } });
    expect(await policyNow(env)).toMatchObject({ origin: "variable", policy: { soft_threshold: 4 } });
    await report(softBounces(recipient, 3, aDayAgo()), env);
    expect(await reasonsOf(recipient)).toEqual([]);
    // The same words in another order, or as text, are the same variable.
    const same = testEnv({ POLICY: "{}" });
    expect(await policyNow(same)).toMatchObject({ origin: "applied" });
    await reverted(batch.id);
  });

  it("is not undone while a later one stands, and then each is, one after the other", async () => {
    const { domain } = await people();
    const before = await verdictsOf(domain);
    const first = await applied({ policy: { soft_threshold: 3 } });
    const between = await verdictsOf(domain);
    const second = await applied({ policy: { soft_threshold: 1 } });
    const response = await revert(first.id);
    expect(response.status).toBe(409);
    expect(await jsonOf(response)).toMatchObject({ code: "policy_superseded" });
    expect(await policyNow()).toMatchObject({ policy: { soft_threshold: 1 } });
    await reverted(second.id);
    expect(await policyNow()).toMatchObject({ policy: { soft_threshold: 3 }, batchId: second.id });
    expect(await verdictsOf(domain)).toEqual(between);
    expect((await reverted(second.id)).status).toBe("reverted");
    await reverted(first.id);
    expect(await verdictsOf(domain)).toEqual(before);
    expect(await policyNow()).toMatchObject({ origin: "variable", policy: {} });
  });

  it("is one at a time", async () => {
    await people();
    const held = holdStep(nth(0, "object", "revision"), "before");
    const { bindings } = withFaults(held.plan);
    const first = postPolicy({ policy: { soft_threshold: 3 } }, testEnv(bindings));
    await held.reached;
    const second = await postPolicy({ policy: { soft_threshold: 2 } });
    expect(second.status).toBe(409);
    expect(await jsonOf(second)).toMatchObject({ code: "policy_busy" });
    held.release();
    const { id } = await jsonOf(await first);
    expect(await batchOf(id)).toMatchObject({ status: "recorded" });
    await reverted(id);
  });

  it("decides about events that were on their way with the policy before", async () => {
    const recipient = "on-the-way@example.com";
    await report(softBounces(recipient, 2, aDayAgo()));
    const held = holdStep(nth(0, "object", "apply"), "before");
    const { bindings } = withFaults(held.plan);
    const late = report(softBounces(recipient, 1, aDayAgo() + MINUTE_MS), testEnv(bindings));
    await held.reached;
    const batch = await applied({ policy: { soft_threshold: 3 } });
    held.release();
    await late;
    expect(await reasonsOf(recipient)).toEqual(["soft"]);
    await reverted(batch.id);
    expect(await reasonsOf(recipient)).toEqual([]);
  });

  it("goes on where it was cut off, by the cron", async () => {
    const { named } = await people();
    const { bindings } = withFaults((step) => (step.store === "object" ? "before" : null));
    const response = await postPolicy({ policy: { soft_threshold: 3 } }, testEnv(bindings));
    expect(response.status).toBe(202);
    const { id, pending } = await jsonOf(response);
    expect(pending).toBeGreaterThan(0);
    expect(await reasonsOf(named("three"))).toEqual([]);
    await runCron();
    expect(await batchOf(id)).toMatchObject({ status: "recorded", pending: 0 });
    expect(await reasonsOf(named("three"))).toEqual(["soft"]);
    expect((await revert(id, testEnv(bindings))).status).toBe(202);
    await runCron();
    expect(await batchOf(id)).toMatchObject({ status: "reverted", pending: 0 });
    expect(await reasonsOf(named("three"))).toEqual([]);
  });

  it("passes over whose object fails, and comes back to it", async () => {
    const { named } = await people();
    const [{ key } = { key: "" }] = await rowsOf<{ key: string }>(
      "SELECT key FROM recipients WHERE address = ?",
      named("three"),
    );
    const env = testEnv(withFaults(() => null).bindings);
    const broken = { ...env, RECIPIENT: failingFor(env.RECIPIENT, key) };
    const { id, status } = await jsonOf(await postPolicy({ policy: { soft_threshold: 3 } }, broken));
    expect(status).toBe("incomplete");
    expect(await reasonsOf(named("five"))).toEqual(["soft"]);
    await runCron();
    expect(await batchOf(id)).toMatchObject({ status: "recorded" });
    expect(await reasonsOf(named("three"))).toEqual(["soft"]);
    await reverted(id);
  });

  it("leaves alone who was erased, blocked, or is on the allow-list", async () => {
    const { named } = await people();
    await erase(named("three"));
    await erase(named("hard"), "?keepSuppressed=true");
    await api(`/v1/suppressions/@${named("x").split("@")[1]}`, { method: "PUT", json: {} });
    const before = await Promise.all(["spared", "blocked"].map((name) => standingOf(named(name))));
    const kept = await jsonOf(await api(`/v1/check?recipient=${named("hard")}&consistency=strong`));
    const batch = await applied({ policy: { soft_threshold: 1, effects: { hard: "record" } } });
    const after = await Promise.all(["spared", "blocked"].map((name) => standingOf(named(name))));
    expect(after.map((s) => s?.suppressions)).toEqual(before.map((s) => s?.suppressions));
    expect(await jsonOf(await api(`/v1/check?recipient=${named("hard")}&consistency=strong`))).toEqual(kept);
    expect(JSON.stringify(await rowsOf("SELECT * FROM recipients"))).not.toContain(named("three"));
    await reverted(batch.id);
  });

  it("wakes deliveries that did not matter before", async () => {
    const recipient = "woken@example.com";
    await report([bounced(recipient, "block", aDayAgo()), bounced(recipient, "block", aDayAgo() + 1_000, "m-two")]);
    await report(delivered(recipient, aDayAgo() + MINUTE_MS));
    const batch = await applied({ policy: { soft_threshold: 2, effects: { block: "count" } } });
    expect(await standingOf(recipient)).toMatchObject({ suppressions: [], soft_count: 0 });
    await settle();
    await expectAgreement(recipient, policyOf({ soft_threshold: 2, effects: { block: "count" } }));
    await reverted(batch.id);
  });

  it("is in the audit trail, and so is its undoing", async () => {
    const batch = await applied({ policy: { soft_threshold: 9 } });
    pass(1_000);
    await reverted(batch.id);
    const { items } = await jsonOf(await api(`/v1/audit?subject=${batch.id}`));
    expect(items.map(({ action }) => action)).toEqual(["revert", "apply_policy"]);
  });
});

function failingFor(namespace: DurableObjectNamespace, key: string): DurableObjectNamespace {
  return new Proxy(namespace, {
    get(target, name) {
      if (name !== "getByName") return (Reflect.get(target, name) as () => unknown).bind(target);
      return (asked: string) => {
        if (asked !== key) return target.getByName(asked);
        const fail = () => Promise.reject(new Error("out of order"));
        return { apply: fail, rebuild: fail, revision: fail };
      };
    },
  });
}
