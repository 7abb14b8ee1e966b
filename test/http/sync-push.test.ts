/** Sending our list to providers, through the API and the cron, with made-up APIs in the providers' place. */
import { describe, expect, it } from "vitest";
import { block, bounced, release, report } from "../support/reports";
import { MINUTE_MS, pass, setStage } from "../support/stage";
import { countOf, reasonsOf, tamper } from "../support/stores";
import { SYNCS, setProviders } from "../support/sync-lists";
import { ask, pull, push, syncEnv, syncOf, tend } from "../support/syncs";
import { ADMIN, api, jsonOf } from "../support/worker";

setStage();
const { apis, apiOf, fill, thereOf, writesTo } = setProviders();

describe.each(SYNCS)("sending to %s", (sync) => {
  const REPORTED = [
    bounced("hard@example.com", "hard", Date.UTC(2030, 0, 10)),
    { kind: "complained", recipient: "complaint@example.com", at: Date.UTC(2030, 0, 10) },
    { kind: "unsubscribed", recipient: "unsubscribed@example.com", at: Date.UTC(2030, 0, 10) },
  ];

  it("says first what would be sent, and sends nothing", async () => {
    await report(REPORTED);
    await block("@blocked.example.net");
    const preview = await push(sync, "beginning", "?dryRun=true");
    expect(preview).toMatchObject({ dryRun: true, complete: true, list: 3, release: 0, skipped: { domain: 1 } });
    expect(preview.byReason).toEqual({ hard: 1, complaint: 1, unsubscribe: 1 });
    expect(apiOf(sync).calls).toEqual([]);
    expect(await countOf("syncs")).toBe(0);
  });

  it("from the beginning brings the whole list there, then each listing and each release", async () => {
    await report(REPORTED);
    await block("blocked@example.com");
    expect((await ask(sync, "push", {})).status).toBe(400);
    const sent = await push(sync, "beginning");
    expect(sent.push).toMatchObject({ isWalking: false, listed: 4, released: 0, refused: 0 });
    expect(thereOf(sync)).toEqual([
      "blocked@example.com",
      "complaint@example.com",
      "hard@example.com",
      "unsubscribed@example.com",
    ]);
    await report(bounced("next@example.com", "hard", Date.now() - MINUTE_MS));
    await release("hard@example.com");
    await tend();
    expect(thereOf(sync)).toEqual([
      "blocked@example.com",
      "complaint@example.com",
      "next@example.com",
      "unsubscribed@example.com",
    ]);
    expect((await syncOf(sync)).push).toMatchObject({ listed: 5, released: 1 });
  });

  it("from now on sends what changes, and not what was there", async () => {
    await report(REPORTED);
    await push(sync, "now");
    expect(writesTo(sync)).toBe(0);
    await report(bounced("next@example.com", "hard", Date.now() - MINUTE_MS));
    await tend();
    expect(thereOf(sync)).toEqual(["next@example.com"]);
  });

  it("does not send back what came from there", async () => {
    fill(sync);
    const before = thereOf(sync);
    await push(sync, "now");
    await pull(sync);
    await tend();
    await push(sync);
    expect(writesTo(sync)).toBe(0);
    expect(thereOf(sync)).toEqual(before);
    expect((await syncOf(sync)).push).toMatchObject({ listed: 0, skipped: 3 });
  });

  it("does not take what it sent for something that the provider says", async () => {
    await report(REPORTED);
    await push(sync, "beginning");
    const preview = await pull(sync, "?dryRun=true");
    expect(preview).toMatchObject({ new: 0 });
    await pull(sync);
    expect(await countOf("events WHERE provider = 'import'")).toBe(0);
    // Also not when it is on its way off our list: the batch that put it there is undone.
    await release("hard@example.com");
    await pull(sync);
    expect(await reasonsOf("hard@example.com")).toEqual([]);
    expect(thereOf(sync)).not.toContain("hard@example.com");
  });

  it("goes on after the provider was down, and asks no sooner than it said", async () => {
    await push(sync, "now");
    await report(REPORTED);
    apiOf(sync).intercept = () => new Response("slow down", { status: 429, headers: { "retry-after": "7200" } });
    await tend();
    expect(await syncOf(sync)).toMatchObject({ status: "active", failures: 1, lastError: "HTTP 429 slow down" });
    const asked = apiOf(sync).calls.length;
    apiOf(sync).intercept = () => null;
    pass(110 * MINUTE_MS);
    await tend();
    expect(apiOf(sync).calls).toHaveLength(asked);
    pass(11 * MINUTE_MS);
    await tend();
    expect(await syncOf(sync)).toMatchObject({ failures: 0, failingSince: null });
    expect(thereOf(sync)).toEqual(["complaint@example.com", "hard@example.com", "unsubscribed@example.com"]);
  });

  it("tries again ever later while nobody answers, and delays nothing else", async () => {
    await push(sync, "now");
    await report(REPORTED);
    apiOf(sync).intercept = () => Promise.reject(new TypeError("connection refused"));
    for (let minute = 0; minute < 120; minute++) {
      pass(MINUTE_MS);
      await tend();
    }
    const tried = apiOf(sync).calls.length;
    expect(tried).toBeGreaterThan(4);
    expect(tried).toBeLessThan(12);
    expect(await syncOf(sync)).toMatchObject({ status: "active", lastError: "no connection" });
    await report(bounced("later@example.com", "hard", Date.now() - MINUTE_MS));
    expect(await reasonsOf("later@example.com")).toEqual(["hard"]);
  });

  it("is paused and resumed", async () => {
    await push(sync, "now");
    expect(await jsonOf(await ask(sync, "pause"))).toMatchObject({ status: "paused" });
    await report(REPORTED);
    await tend();
    expect(writesTo(sync)).toBe(0);
    expect((await ask(sync, "push", {})).status).toBe(409);
    await ask(sync, "resume");
    // A body is needed only to say from where.
    expect((await ask(sync, "push?dryRun=true")).status).toBe(200);
    await tend();
    expect(thereOf(sync)).toHaveLength(3);
  });
});

describe("sending", () => {
  it("leaves out the erased, domains, and reasons that are not asked for", async () => {
    const env = syncEnv({ SYNC_POSTMARK: JSON.stringify({ apiKey: "00000000-made-up-token", push: ["hard"] }) });
    await report([
      bounced("hard@example.com", "hard", Date.now() - MINUTE_MS),
      bounced("erased@example.com", "hard", Date.now() - MINUTE_MS),
      { kind: "unsubscribed", recipient: "left@example.com", at: Date.now() - MINUTE_MS },
    ]);
    await api("/v1/recipients/erased%40example.com?keepSuppressed=true", { method: "DELETE" });
    await block("@example.net");
    const preview = await push("postmark/default", "beginning", "?dryRun=true", env);
    expect(preview).toMatchObject({ list: 1, skipped: { erased: 1, domain: 1, reason: 1 } });
    await push("postmark/default", "beginning", "", env);
    expect(thereOf("postmark/default")).toEqual(["hard@example.com"]);
    await release("left@example.com");
    const calls = apis.postmark.calls.length;
    await tend(env);
    expect(apis.postmark.calls).toHaveLength(calls);
  });

  it("does not read back what the provider has yet to delete", async () => {
    const body = "email,reason\nimported@example.com,hard\n";
    const { batchId } = await jsonOf(
      await api("/v1/suppressions/import", { body, headers: { ...ADMIN, "content-type": "text/csv" } }),
    );
    await push("postmark/default", "beginning");
    expect(thereOf("postmark/default")).toEqual(["imported@example.com"]);
    await api(`/v1/batches/${batchId}/revert`, { method: "POST" });
    // Postmark takes a minute: it says that it is deleted, and still shows it.
    apis.postmark.intercept = ({ path, body: sent }) =>
      path.endsWith("/delete")
        ? Response.json({
            Suppressions: (sent as { Suppressions: object[] }).Suppressions.map((s) => ({ ...s, Status: "Deleted" })),
          })
        : null;
    await pull("postmark/default");
    expect(await reasonsOf("imported@example.com")).toEqual([]);
    expect((await syncOf("postmark/default")).pull).toMatchObject({ rows: 1, skipped: 1 });
  });

  it("says so where changes that it has not sent are no longer kept", async () => {
    await push("sendgrid/default", "now");
    await report(["a", "b", "c"].map((name) => bounced(`${name}@example.com`, "hard", Date.now() - MINUTE_MS)));
    await tamper("DELETE FROM suppression_changes WHERE seq <= 2");
    await tend();
    expect(await syncOf("sendgrid/default")).toMatchObject({
      status: "stopped",
      lastError: expect.stringContaining("from the beginning"),
    });
    await push("sendgrid/default", "beginning");
    expect(thereOf("sendgrid/default")).toHaveLength(3);
    expect(await syncOf("sendgrid/default")).toMatchObject({ status: "active" });
  });

  it("sends the end of what ends by itself", async () => {
    await push("sendgrid/default", "now");
    await block("soon@example.com", { expiresAt: new Date(Date.now() + 10 * MINUTE_MS).toISOString() });
    await tend();
    expect(thereOf("sendgrid/default")).toEqual(["soon@example.com"]);
    pass(11 * MINUTE_MS);
    // Nothing has published the end yet; whatever does is a change.
    await api("/v1/rebuild", { json: { recipient: "soon@example.com" } });
    await tend();
    expect(thereOf("sendgrid/default")).toEqual([]);
  });
});
