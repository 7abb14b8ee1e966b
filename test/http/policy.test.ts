/** What another policy would do, making it so, and undoing that. */
import { describe, expect, it } from "vitest";
import { allow, batchOf, erase, revert, reverted } from "../support/batches";
import { holdStep, nth, withFaults } from "../support/faults";
import { decisionOf, eventsOf, expectAgreement, policyOf } from "../support/ledger";
import { applied, dumpOf, policyNow, postPolicy, postSimulation, simulated, verdictsOf } from "../support/policies";
import { block, bounced, delivered, release, report, softBounces } from "../support/reports";
import { DAY_MS, MINUTE_MS, pass, setStage, settle } from "../support/stage";
import { reasonsOf, rowsOf, standingOf, tamper, versionOf } from "../support/stores";
import { ADMIN, api, CHECK, jsonOf, runCron, testEnv } from "../support/worker";

setStage();

const at = () => Date.now() - DAY_MS;
let domains = 0;

/** Recipients of a domain of their own: of each kind that a policy may or may not matter to. */
async function people() {
  const domain = `policy-${++domains}.example.com`;
  const named = (name: string) => `${name}@${domain}`;
  await report(softBounces(named("three"), 3, at()));
  await report(softBounces(named("one"), 1, at()));
  await report(softBounces(named("five"), 5, at()));
  await report([
    bounced(named("hard"), "hard", at()),
    bounced(named("refused"), "block", at()),
    { kind: "complained", recipient: named("angry"), at: at() },
    delivered(named("happy"), at()),
  ]);
  await report(softBounces(named("spared"), 3, at()));
  await allow(named("spared"));
  await report([...softBounces(named("forgiven"), 3, at()), delivered(named("forgiven"), at() + MINUTE_MS)]);
  await report(softBounces(named("released"), 4, at()));
  await release(named("released"));
  await block(named("blocked"), { note: "by hand" });
  return { domain, named };
}

interface Shown {
  readonly recipient: string;
  readonly change: string;
  readonly before: { readonly reasons: readonly string[] };
  readonly after: { readonly reasons: readonly string[]; readonly since: string };
  readonly event: { readonly occurredAt: string };
}

const only = (items: readonly Shown[], domain: string) => items.filter(({ recipient }) => recipient.endsWith(domain));

describe("GET /v1/policy", () => {
  it("shows the variable's where nothing was applied, and one that was until it is undone", async () => {
    expect(await policyNow()).toMatchObject({ origin: "variable", version: 0, policy: {}, batchId: null });
    expect((await policyNow()).inFull).toMatchObject({ soft_threshold: 5, effects: { block: "record" } });
    const env = testEnv({ POLICY: { soft_threshold: 7 } });
    const batch = await applied({ policy: { soft_threshold: 3 }, note: "too lax" }, env);
    expect(batch).toMatchObject({ kind: "policy", status: "recorded", pending: 0, note: "too lax" });
    expect(await policyNow(env)).toMatchObject({
      origin: "applied",
      version: 1,
      policy: { soft_threshold: 3 },
      batchId: batch.id,
      variable: { soft_threshold: 7 },
    });
    await reverted(batch.id, env);
    expect(await policyNow(env)).toMatchObject({ origin: "variable", version: 2, policy: { soft_threshold: 7 } });
  });

  it("says that the variable is unusable, and so do all that need it", async () => {
    const env = testEnv({ POLICY: { soft_threshold: 0 } });
    for (const response of [
      await api("/v1/policy", { env }),
      await postSimulation({ policy: {} }, env),
      await postPolicy({ policy: {} }, env),
    ]) {
      expect(response.status).toBe(503);
      expect(await jsonOf(response)).toMatchObject({ code: "config_invalid" });
    }
  });

  it("is for operators", async () => {
    for (const headers of [CHECK, {}]) {
      expect((await api("/v1/policy", { headers })).status).toBe(headers === CHECK ? 403 : 401);
    }
    expect((await api("/v1/policy", { headers: ADMIN })).status).toBe(200);
  });
});

describe("a simulation", () => {
  it("says who would be suppressed, and who released, with what decides it", async () => {
    const { domain, named } = await people();
    const run = await simulated({ policy: { soft_threshold: 3, effects: { hard: "record", block: "suppress" } } });
    expect(run).toMatchObject({ status: "done", reclassify: false });
    const items = only(run.examples, domain);
    const kinds = Object.fromEntries(items.map(({ recipient, change }) => [recipient.split("@")[0], change]));
    expect(kinds).toEqual({ three: "suppressed", refused: "suppressed", hard: "released", five: "changed" });
    const three = items.find(({ recipient }) => recipient === named("three"));
    expect(three).toMatchObject({
      before: { suppressed: false, reasons: [], softBounces: 3 },
      after: { suppressed: true, reasons: ["soft"], until: null, softBounces: 3 },
      event: { kind: "bounced", class: "soft", recipient: named("three") },
    });
    expect(three?.event.occurredAt).toBe(three?.after.since);
    const hard = items.find(({ recipient }) => recipient === named("hard"));
    expect(hard).toMatchObject({ before: { reasons: ["hard"] }, after: { reasons: [] }, event: { class: "hard" } });
    expect(run.suppressedBy).toMatchObject({ soft: 1, hard: 1 });
    expect(run.releasedBy).toEqual({ hard: 1 });
    const { items: all } = await jsonOf(await api(`/v1/policy/simulations/${run.id}/changes`));
    expect(only(all, domain)).toEqual(expect.arrayContaining(items));
    expect(await jsonOf(await api(`/v1/policy/simulations/${run.id}`))).toEqual(run);
  });

  it("changes nothing but its own record, neither in a table nor in an object nor in the edge cache", async () => {
    const { named } = await people();
    const mine = ["policy_runs"];
    const before = await dumpOf(mine);
    const decisions = await Promise.all(["three", "five", "hard"].map((name) => decisionOf(named(name), policyOf())));
    await simulated({ policy: { soft_threshold: 1, window_days: 1, effects: { hard: "record" } } });
    expect(await dumpOf(mine)).toEqual(before);
    expect(await Promise.all(["three", "five", "hard"].map((name) => decisionOf(named(name), policyOf())))).toEqual(
      decisions,
    );
  });

  it("of the policy that holds changes nobody", async () => {
    await settle();
    const run = await simulated({ policy: {} });
    expect(run).toMatchObject({ suppressed: 0, released: 0, changed: 0, overdue: 0, examples: [] });
    expect(run.recipients.looked).toBe(run.recipients.total);
  });

  it("says who would change already, because the variable was changed meanwhile", async () => {
    const { named } = await people();
    const env = testEnv({ POLICY: { soft_threshold: 3 } });
    expect((await simulated({ policy: { soft_threshold: 3 } }, env)).overdue).toBeGreaterThan(0);
    expect(await reasonsOf(named("three"))).toEqual([]);
  });

  it("is paged to the last of them", async () => {
    const { domain } = await people();
    const run = await simulated({ policy: { soft_threshold: 1 } });
    const found: string[] = [];
    for (let cursor: string | null = ""; cursor !== null; ) {
      const query: string = `?limit=1${cursor && `&cursor=${encodeURIComponent(cursor)}`}`;
      const page: { items: Shown[]; nextCursor: string | null } = await jsonOf(
        await api(`/v1/policy/simulations/${run.id}/changes${query}`),
      );
      expect(page.items.length).toBeLessThanOrEqual(1);
      found.push(...page.items.map(({ recipient }) => recipient));
      cursor = page.nextCursor;
    }
    expect(new Set(found).size).toBe(found.length);
    expect(found.length).toBe(run.suppressed + run.released + run.changed);
    expect(found.filter((recipient) => recipient.endsWith(domain)).length).toBeGreaterThan(2);
  });

  it("leaves out what is only pending", async () => {
    const recipient = "waiting@example.com";
    const { bindings } = withFaults((step) => (step.store === "object" ? "before" : null));
    await report(softBounces(recipient, 3, at()), testEnv(bindings));
    const run = await simulated({ policy: { soft_threshold: 3 } });
    expect(run.examples.filter((item: { recipient: string }) => item.recipient === recipient)).toEqual([]);
    await settle();
  });

  it("forgets the addresses of those who are erased", async () => {
    const { named } = await people();
    const run = await simulated({ policy: { soft_threshold: 3 } });
    expect(JSON.stringify(run)).toContain(named("three"));
    await erase(named("three"));
    const later = await jsonOf(await api(`/v1/policy/simulations/${run.id}`));
    expect(JSON.stringify(later)).not.toContain(named("three"));
    expect(JSON.stringify(await rowsOf("SELECT * FROM policy_runs"))).not.toContain(named("three"));
  });

  it.each<[unknown, string]>([
    [{ policy: { soft_threshold: 0 } }, "policy.soft_threshold"],
    [{ policy: { soft_threshold: 2.5, window_days: -1 } }, "policy.window_days"],
    [{ policy: { treshold: 3 } }, "treshold"],
    [{ policy: { effects: { hard: "ignore" } } }, "policy.effects.hard"],
    [{ policy: { effects: { gone: "record" } } }, "gone"],
    [{ policy: { reset_on_delivery: "yes" } }, "policy.reset_on_delivery"],
    [{ policy: "soft" }, "policy"],
    [{ policy: {}, reclassify: "yes" }, "reclassify"],
    [{ polcy: {} }, "polcy"],
    [[], ""],
  ])("refuses %j and says what is wrong with it", async (draft, named) => {
    for (const path of ["/v1/policy/simulate", "/v1/policy/apply"]) {
      const response = await api(path, { json: draft });
      expect(response.status).toBe(400);
      const problem = await jsonOf(response);
      expect(problem.code).toBe("invalid_request");
      if (path.endsWith("simulate")) expect(problem.detail).toContain(named);
    }
  });

  it("that nobody made is 404", async () => {
    for (const path of ["", "/changes"]) {
      expect((await api(`/v1/policy/simulations/nobody${path}`)).status).toBe(404);
    }
    expect((await postPolicy({ simulationId: "nobody" })).status).toBe(404);
  });
});

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
    await report(softBounces(recipient, 2, at()));
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
    await report(softBounces(recipient, 3, at()), env);
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
    await report(softBounces(recipient, 2, at()));
    const held = holdStep(nth(0, "object", "apply"), "before");
    const { bindings } = withFaults(held.plan);
    const late = report(softBounces(recipient, 1, at() + MINUTE_MS), testEnv(bindings));
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
    await report([bounced(recipient, "block", at()), bounced(recipient, "block", at() + 1_000, "m-two")]);
    await report(delivered(recipient, at() + MINUTE_MS));
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
    expect(items.map(({ action }: { action: string }) => action)).toEqual(["revert", "apply_policy"]);
  });
});

describe("today's rules", () => {
  const old = (recipient: string) =>
    tamper(
      "UPDATE events SET class = 'soft', category = 'other', rule = 'text:of-old' WHERE address = ? AND kind = 'bounced'",
      recipient,
    );

  it("decide classes anew, from the record, and undoing puts them back exactly", async () => {
    const recipient = "unknown@example.com";
    const diagnosticCode = "550 5.1.1 The email account that you tried to reach does not exist";
    await report({ kind: "bounced", recipient, at: at(), diagnosticCode });
    await old(recipient);
    await api("/v1/rebuild", { json: { recipient } });
    expect(await reasonsOf(recipient)).toEqual([]);
    pass(20 * MINUTE_MS);
    const events = await eventsOf(recipient);
    const run = await simulated({ reclassify: true });
    expect(run.examples).toEqual(
      expect.arrayContaining([expect.objectContaining({ recipient, change: "suppressed" })]),
    );
    expect(run.reclassified).toBe(1);
    expect(await eventsOf(recipient)).toEqual(events);
    const batch = await applied({ simulationId: run.id });
    expect(await eventsOf(recipient)).toMatchObject([{ class: "hard", category: "bad-mailbox" }]);
    expect(await reasonsOf(recipient)).toEqual(["hard"]);
    await reverted(batch.id);
    expect(await eventsOf(recipient)).toEqual(events);
    expect(await reasonsOf(recipient)).toEqual([]);
    await settle();
    await expectAgreement(recipient);
    await erase(recipient);
  });

  it("read again what is kept, where a provider's word decides, and do not guess where it is gone", async () => {
    const recipient = "word@example.com";
    const record = { type: "b", rcpt: recipient, bounceCat: "bad-mailbox", timeLogged: new Date(at()).toISOString() };
    const response = await api("/webhooks/inboxroad?token=inboxroad-secret", { headers: {}, json: [record] });
    expect(response.status).toBe(200);
    const [event] = await eventsOf(recipient);
    await tamper(
      "UPDATE events SET class = 'soft', category = 'other', rule = 'inboxroad:old' WHERE address = ?",
      recipient,
    );
    await api("/v1/rebuild", { json: { recipient } });
    pass(20 * MINUTE_MS);
    const batch = await applied({ reclassify: true });
    const [again] = await eventsOf(recipient);
    expect([again?.class, again?.category, again?.rule]).toEqual([event?.class, event?.category, event?.rule]);
    await reverted(batch.id);
    await tamper("DELETE FROM receipt_bodies");
    const run = await simulated({ reclassify: true });
    expect(run).toMatchObject({ reclassified: 0 });
    expect(run.undecidable).toBeGreaterThan(0);
    await erase(recipient);
  });

  it("leave alone what was applied a moment ago, which may still be on its way", async () => {
    const recipient = "moment@example.com";
    await report({ kind: "bounced", recipient, at: at(), diagnosticCode: "550 5.1.1 User unknown" });
    await old(recipient);
    expect((await simulated({ reclassify: true })).reclassified).toBe(0);
    pass(20 * MINUTE_MS);
    expect((await simulated({ reclassify: true })).reclassified).toBe(1);
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
