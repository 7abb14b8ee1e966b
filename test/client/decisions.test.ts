/** What operators decide through the client: the policy, incidents, providers' lists. Against the worker itself. */
import type { z } from "@hono/zod-openapi";
import { beforeEach, describe, expect, expectTypeOf, it } from "vitest";
import type * as client from "../../src/client/client";
import type { incidentDetailSchema } from "../../src/http/incidents";
import type { policySchema, simulationSchema } from "../../src/http/policy";
import type { policyChangeSchema } from "../../src/http/policy-changes";
import type { syncSchema } from "../../src/http/sync-representation";
import type { pullPreviewSchema, pushPreviewSchema, syncDetailSchema } from "../../src/http/syncs";
import { burst } from "../support/bursts";
import { guardedEnv } from "../support/incidents";
import { bounced, report, softBounces } from "../support/reports";
import { MINUTE_MS, setStage } from "../support/stage";
import { reasonsOf } from "../support/stores";
import { setProviders } from "../support/sync-lists";
import { syncEnv } from "../support/syncs";
import { freshStores } from "../support/worker";
import { operator } from "./live";

async function all<T>(items: AsyncIterable<T>): Promise<T[]> {
  const list: T[] = [];
  for await (const item of items) list.push(item);
  return list;
}

setStage();
beforeEach(freshStores);

it("the client's types are the service's", () => {
  type Fits<A, B> = A extends B ? true : false;
  type Same<A, B> = [Fits<A, B>, Fits<keyof B, keyof A>];
  type Wire<T extends () => z.ZodType> = z.infer<ReturnType<T>>;
  expectTypeOf<Same<Wire<typeof policySchema>, client.CurrentPolicy>>().toEqualTypeOf<[true, true]>();
  expectTypeOf<Same<Wire<typeof simulationSchema>, client.PolicySimulation>>().toEqualTypeOf<[true, true]>();
  expectTypeOf<Same<Wire<typeof policyChangeSchema>, client.PolicyChange>>().toEqualTypeOf<[true, true]>();
  expectTypeOf<Same<Wire<typeof incidentDetailSchema>, client.IncidentDetail>>().toEqualTypeOf<[true, true]>();
  expectTypeOf<Same<Wire<typeof syncSchema>, client.Sync>>().toEqualTypeOf<[true, true]>();
  expectTypeOf<Same<Wire<typeof syncDetailSchema>, client.SyncDetail>>().toEqualTypeOf<[true, true]>();
  expectTypeOf<Same<Wire<typeof pullPreviewSchema>, client.PullPreview>>().toEqualTypeOf<[true, true]>();
  expectTypeOf<Same<Wire<typeof pushPreviewSchema>, client.PushPreview>>().toEqualTypeOf<[true, true]>();
});

describe("the policy", () => {
  const { policy, batches } = operator().client;
  const counted = "counted@example.com";
  beforeEach(() => report(softBounces(counted, 3, Date.now() - MINUTE_MS)));

  it("is tried on what is on record, and changes nobody by that", async () => {
    const simulated = await policy.simulate({ policy: { soft_threshold: 3 } });
    expect(simulated).toMatchObject({ status: "done", suppressed: 1, suppressedBy: { soft: 1 }, reclassify: false });
    expect(await policy.simulation(simulated.id)).toEqual(simulated);
    const changes = await all(policy.changes(simulated.id));
    expect(changes).toMatchObject([{ recipient: counted, change: "suppressed", after: { reasons: ["soft"] } }]);
    expect(await reasonsOf(counted)).toEqual([]);
  });

  it("is put in force, and that is undone", async () => {
    expect(await policy.get()).toMatchObject({ origin: "variable", version: 0, batchId: null });
    const { id: simulationId } = await policy.simulate({ policy: { soft_threshold: 3 } });
    const batch = await policy.apply({ simulationId, note: "stricter" });
    expect(batch).toMatchObject({ kind: "policy", status: "recorded", note: "stricter" });
    expect(await policy.get()).toMatchObject({ origin: "applied", policy: { soft_threshold: 3 }, batchId: batch.id });
    expect(await reasonsOf(counted)).toEqual(["soft"]);
    expect(await batches.revert(batch.id)).toMatchObject({ status: "reverted" });
    expect(await reasonsOf(counted)).toEqual([]);
  });

  it("that is none is refused, value by value", async () => {
    const refused = { code: "invalid_request", message: expect.stringContaining("policy.soft_threshold") };
    await expect(policy.simulate({ policy: { soft_threshold: 0 } })).rejects.toMatchObject(refused);
    await expect(policy.apply({ policy: { soft_threshold: 0 } })).rejects.toMatchObject(refused);
    await expect(policy.simulation("none")).rejects.toMatchObject({ code: "not_found" });
  });

  it("is not applied a second time where the answer got lost", async () => {
    let asked = 0;
    const lost = operator({ fetch: async () => Promise.reject(new TypeError(`lost ${++asked}`)) }).client;
    await expect(lost.policy.apply({ policy: {} })).rejects.toMatchObject({ code: "network" });
    expect(asked).toBe(1);
  });
});

describe("incidents", () => {
  const env = guardedEnv();
  const { incidents } = operator({}, env).client;

  it("are listed, looked into and dropped, with what they suppressed before", async () => {
    const { id, first, then } = await burst(env);
    expect(await all(incidents.list({ status: "open" }))).toMatchObject([{ id, status: "open", held: then.length }]);
    expect((await incidents.page({ limit: 1 })).items).toHaveLength(1);
    const recipients = async (group?: "held" | "before") =>
      (await all(incidents.bounces(id, group))).map(({ recipient }) => recipient).sort();
    expect(await recipients()).toEqual([...then].sort());
    expect(await recipients("before")).toEqual([...first].sort());
    expect(await incidents.get(id)).toMatchObject({ id, suppressedBefore: first.length });
    const dropped = await incidents.drop(id, { releaseSuppressed: true });
    expect(dropped).toMatchObject({ status: "dropped", released: first.length, settledAt: expect.any(String) });
    for (const recipient of [...first, ...then]) expect(await reasonsOf(recipient)).toEqual([]);
    await expect(incidents.confirm(id)).rejects.toMatchObject({ code: "incident_decided" });
    expect(await all(incidents.list({ status: "open" }))).toEqual([]);
  });

  it("are confirmed", async () => {
    const { id, then } = await burst(env);
    expect(await incidents.confirm(id)).toMatchObject({ status: "confirmed" });
    expect(await reasonsOf(then[0] ?? "")).toEqual(["hard"]);
    await expect(incidents.get("none")).rejects.toMatchObject({ code: "not_found" });
  });
});

describe("syncs", () => {
  setProviders();
  const { syncs } = operator({}, syncEnv()).client;

  it("are listed, and looked at by the provider's name", async () => {
    const list = await syncs.list();
    expect(list.map(({ provider }) => provider).sort()).toEqual(["mailgun", "postmark", "sendgrid", "ses"]);
    expect(await syncs.get("sendgrid")).toMatchObject({ provider: "sendgrid", connection: "default", refusals: [] });
    expect(await syncs.get("sendgrid/default")).toEqual(await syncs.get("sendgrid"));
    await expect(syncs.get("sendgrid/eu")).rejects.toMatchObject({ code: "not_found" });
  });

  it("are tried before they are done", async () => {
    const tried = await syncs.previewPull("postmark");
    expect(tried).toMatchObject({ dryRun: true, complete: true });
    expect((await syncs.get("postmark")).pull).toBeNull();
    expect(await syncs.pull("postmark")).toMatchObject({ pull: { new: tried.new, isRunning: false } });
  });

  it("send the list, from where one says", async () => {
    await report(bounced("dead@example.com", "hard", Date.now() - MINUTE_MS));
    expect(await syncs.previewPush("sendgrid", { from: "beginning" })).toMatchObject({ dryRun: true, list: 1 });
    await expect(syncs.push("sendgrid")).rejects.toMatchObject({ code: "invalid_request" });
    expect(await syncs.push("sendgrid", { from: "beginning" })).toMatchObject({
      push: { listed: 1, isWalking: false },
    });
  });

  it("are paused and resumed", async () => {
    expect(await syncs.pause("ses")).toMatchObject({ status: "paused" });
    await expect(syncs.pull("ses")).rejects.toMatchObject({ code: "sync_paused" });
    expect(await syncs.resume("ses")).toMatchObject({ status: "active" });
  });
});
