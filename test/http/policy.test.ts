/** What another policy would do, making it so, and undoing that. */
import { describe, expect, it } from "vitest";
import type { Page } from "../../src/client/types";
import { erase, reverted } from "../support/batches";
import { withFaults } from "../support/faults";
import { decisionOf, policyOf } from "../support/ledger";
import {
  aDayAgo,
  applied,
  dumpOf,
  only,
  people,
  policyNow,
  postPolicy,
  postSimulation,
  type Shown,
  simulated,
} from "../support/policies";
import { report, softBounces } from "../support/reports";
import { setStage, settle } from "../support/stage";
import { reasonsOf, rowsOf } from "../support/stores";
import { ADMIN, api, CHECK, jsonOf, testEnv } from "../support/worker";

setStage();

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
    const { items: all } = await jsonOf<Page<Shown>>(await api(`/v1/policy/simulations/${run.id}/changes`));
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
    await report(softBounces(recipient, 3, aDayAgo()), testEnv(bindings));
    const run = await simulated({ policy: { soft_threshold: 3 } });
    expect(run.examples.filter((item) => item.recipient === recipient)).toEqual([]);
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
