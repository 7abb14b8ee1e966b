/** Keeping providers' lists in step, through the API and the cron, with made-up APIs in the providers' place. */
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { listenToLog } from "../support/log";
import { block, bounced, release, report } from "../support/reports";
import { DAY_MS, MINUTE_MS, pass, setStage } from "../support/stage";
import { countOf, reasonsOf, rowsOf, tamper } from "../support/stores";
import { type FakeApi, type SuppressionApis, suppressionApis } from "../support/suppression-apis";
import { ask, pull, push, syncEnv, syncOf, tend } from "../support/syncs";
import { ADMIN, api, CHECK, freshStores, jsonOf, runCron, testEnv } from "../support/worker";

setStage();

let apis: SuppressionApis;
beforeEach(async () => {
  await freshStores();
  for (const level of ["log", "warn", "error"] as const) vi.spyOn(console, level).mockImplementation(() => {});
  apis = suppressionApis();
});
afterEach(() => vi.restoreAllMocks());

const SYNCS = ["ses/default", "sendgrid/default", "mailgun/default", "postmark/default"] as const;
type SyncId = (typeof SYNCS)[number];
const apiOf = (sync: SyncId): FakeApi => apis[sync.split("/")[0] as keyof SuppressionApis];
const seconds = (ms: number) => Math.floor((Date.now() - ms) / 1000);
const mailTime = (ms: number) => new Date(Date.now() - ms).toUTCString().replace("GMT", "UTC");

/** Puts a hard bounce, a complaint and an unsubscription on the provider's list. */
function fill(sync: SyncId): void {
  const { lists } = apiOf(sync);
  const put = (list: string, address: string, entry: Readonly<Record<string, unknown>>) =>
    lists[list]?.set(address, entry);
  if (sync === "ses/default") {
    const entry = (EmailAddress: string, Reason: string) =>
      put("account", EmailAddress, { EmailAddress, Reason, LastUpdateTime: seconds(DAY_MS) + 0.123 });
    entry("gone@example.com", "BOUNCE");
    entry("angry@example.com", "COMPLAINT");
    entry("left@example.com", "BOUNCE");
  } else if (sync === "sendgrid/default") {
    put("bounces", "gone@example.com", {
      email: "gone@example.com",
      created: seconds(DAY_MS),
      reason: "550 5.1.1 unknown",
      status: "5.1.1",
    });
    put("spam_reports", "angry@example.com", { email: "angry@example.com", created: seconds(DAY_MS), ip: "192.0.2.1" });
    put("unsubscribes", "left@example.com", { email: "left@example.com", created: seconds(DAY_MS) });
  } else if (sync === "mailgun/default") {
    put("bounces", "gone@example.com", {
      address: "gone@example.com",
      code: "550",
      error: "No such mailbox",
      created_at: mailTime(DAY_MS),
    });
    put("complaints", "angry@example.com", { address: "angry@example.com", created_at: mailTime(DAY_MS) });
    put("unsubscribes", "left@example.com", { address: "left@example.com", tags: ["*"], created_at: mailTime(DAY_MS) });
  } else {
    const entry = (EmailAddress: string, SuppressionReason: string) =>
      put("outbound", EmailAddress, {
        EmailAddress,
        SuppressionReason,
        Origin: "Recipient",
        CreatedAt: new Date(Date.now() - DAY_MS).toISOString(),
      });
    entry("gone@example.com", "HardBounce");
    entry("angry@example.com", "SpamComplaint");
    entry("left@example.com", "ManualSuppression");
  }
}

const PULLED = {
  "gone@example.com": ["hard"],
  "angry@example.com": ["complaint"],
  "left@example.com": ["unsubscribe"],
};
/** SES knows no unsubscriptions. */
const pulledOf = (sync: SyncId) => (sync === "ses/default" ? { ...PULLED, "left@example.com": ["hard"] } : PULLED);
const standings = async (addresses: readonly string[]) =>
  Object.fromEntries(await Promise.all(addresses.map(async (address) => [address, await reasonsOf(address)])));
/** Everybody whom the provider suppresses. */
const thereOf = (sync: SyncId) =>
  [...new Set(Object.values(apiOf(sync).lists).flatMap((list) => [...list.keys()]))].sort();
const writesTo = (sync: SyncId) => apiOf(sync).calls.filter(({ method }) => method !== "GET").length;

describe.each(SYNCS)("reading the list of %s", (sync) => {
  it("is first tried: that says what would come, and changes nothing", async () => {
    fill(sync);
    const preview = await pull(sync, "?dryRun=true");
    expect(preview).toMatchObject({ dryRun: true, complete: true, rows: 3, new: 3, known: 0, invalid: 0 });
    const isSes = sync === "ses/default";
    expect(preview.byReason).toEqual(isSes ? { hard: 2, complaint: 1 } : { hard: 1, complaint: 1, unsubscribe: 1 });
    expect(preview.examples.map(({ recipient }: { recipient: string }) => recipient).sort()).toEqual(
      Object.keys(PULLED).sort(),
    );
    for (const table of ["events", "batches", "receipts", "audit", "syncs"]) expect(await countOf(table)).toBe(0);
  });

  it("suppresses whom the provider suppresses, each for its own reason; a second time everything is known", async () => {
    fill(sync);
    const first = await pull(sync);
    expect(first).toMatchObject({
      status: "active",
      failures: 0,
      pull: { isRunning: false, isFull: true, new: 3, rows: 3 },
    });
    expect(await standings(Object.keys(PULLED))).toEqual(pulledOf(sync));
    const origins = await rowsOf("SELECT DISTINCT provider, connection FROM events");
    expect(origins).toEqual([{ provider: "import", connection: first.importConnection }]);
    const again = await pull(sync);
    expect(again.pull).toMatchObject({ new: 0, known: 3, batchId: null });
    expect(await countOf("batches")).toBe(1);
    const actions = await rowsOf<{ action: string }>("SELECT action FROM audit ORDER BY at, action");
    expect(actions.map(({ action }) => action).sort()).toEqual(["import", "pull_sync", "pull_sync"]);
  });

  it("can be undone, and is not read back by itself after that", async () => {
    fill(sync);
    const { pull: pulled } = await pull(sync);
    expect((await api(`/v1/batches/${pulled.batchId}/revert`, { method: "POST" })).status).toBe(200);
    expect(await standings(Object.keys(PULLED))).toEqual({
      "gone@example.com": [],
      "angry@example.com": [],
      "left@example.com": [],
    });
    pass(DAY_MS);
    await tend();
    expect(await countOf("events WHERE retracted_by IS NULL")).toBe(0);
    await pull(sync);
    expect(await standings(Object.keys(PULLED))).toEqual(pulledOf(sync));
  });

  it("has no effect on whom we released since, and says so", async () => {
    fill(sync);
    await block("gone@example.com");
    await release("gone@example.com");
    const preview = await pull(sync, "?dryRun=true");
    expect(
      preview.examples.find(({ recipient }: { recipient: string }) => recipient === "gone@example.com"),
    ).toMatchObject({ code: "released_later" });
    await pull(sync);
    expect(await reasonsOf("gone@example.com")).toEqual([]);
  });
});

describe("reading", () => {
  it("goes through all pages, and into one batch", async () => {
    // Most are refusals because of the sender, which suppress nobody: a test need not wait for so many.
    for (let i = 0; i < 1_230; i++) {
      const email = `r${String(i).padStart(4, "0")}@example.com`;
      const isGone = i % 400 === 0;
      const reply = isGone
        ? { reason: "550 5.1.1 unknown", status: "5.1.1" }
        : { reason: "550 5.7.1 spam", status: "5.7.1" };
      apis.sendgrid.lists.bounces?.set(email, { email, created: seconds(DAY_MS) - i, ...reply });
    }
    const { pull: pulled } = await pull("sendgrid/default");
    expect(pulled).toMatchObject({ isRunning: false, new: 4 });
    expect(apis.sendgrid.calls.filter(({ path }) => path.endsWith("/bounces"))).toHaveLength(3);
    expect(
      await standings(["r0000@example.com", "r0400@example.com", "r0800@example.com", "r1200@example.com"]),
    ).toEqual({
      "r0000@example.com": ["hard"],
      "r0400@example.com": ["hard"],
      "r0800@example.com": ["hard"],
      "r1200@example.com": ["hard"],
    });
    expect(await rowsOf("SELECT status, added FROM batches")).toEqual([{ status: "recorded", added: 4 }]);
  });

  it("that is interrupted at any page goes on from there, and loses and doubles nothing", async () => {
    for (let page = 0; page < 4; page++) {
      await freshStores();
      fill("sendgrid/default");
      const from = apis.sendgrid.calls.length;
      apis.sendgrid.intercept = (_call, index) =>
        index === from + page ? new Response("down", { status: 503 }) : null;
      const cut = await pull("sendgrid/default");
      expect(cut, `page ${page}`).toMatchObject({
        status: "active",
        failures: 1,
        lastError: "HTTP 503 down",
        pull: { isRunning: true, new: page === 0 ? 0 : page === 1 ? 1 : 2 },
      });
      pass(5 * MINUTE_MS);
      await tend();
      const { pull: pulled, failures } = await syncOf("sendgrid/default");
      expect(pulled, `page ${page}`).toMatchObject({ isRunning: false, new: 3 });
      expect(failures).toBe(0);
      expect(await countOf("events")).toBe(3);
      expect(await rowsOf("SELECT status, added FROM batches")).toEqual([{ status: "recorded", added: 3 }]);
      pass(DAY_MS);
    }
  });

  it("happens by itself only after it was done by hand, and then only for what is new where the provider can tell", async () => {
    fill("sendgrid/default");
    pass(DAY_MS);
    await tend();
    expect(apis.sendgrid.calls).toEqual([]);
    await pull("sendgrid/default");
    const asked = apis.sendgrid.calls.length;
    pass(MINUTE_MS);
    await tend();
    expect(apis.sendgrid.calls).toHaveLength(asked);
    pass(7 * 60 * MINUTE_MS);
    apis.sendgrid.lists.unsubscribes?.set("new@example.com", { email: "new@example.com", created: seconds(MINUTE_MS) });
    await tend();
    expect(apis.sendgrid.calls[asked]?.query.get("start_time")).not.toBeNull();
    expect(await reasonsOf("new@example.com")).toEqual(["unsubscribe"]);
  });

  it('happens by itself from the beginning where the secret says "auto"', async () => {
    fill("postmark/default");
    const SYNC_POSTMARK = JSON.stringify({ apiKey: "00000000-made-up-token", pull: "auto" });
    await tend(testEnv({ SYNC_POSTMARK }));
    expect(await reasonsOf("gone@example.com")).toEqual(["hard"]);
  });

  it("reads no page of another host", async () => {
    fill("mailgun/default");
    apis.mailgun.intercept = ({ method, path }) =>
      method === "GET" && path.endsWith("/bounces")
        ? Response.json({
            items: [...(apis.mailgun.lists.bounces?.values() ?? [])],
            paging: { next: "https://evil.example/v3/x" },
          })
        : null;
    expect(await pull("mailgun/default")).toMatchObject({
      failures: 1,
      lastError: "The next page is said to be somewhere else.",
    });
    const preview = await ask("mailgun/default", "pull?dryRun=true");
    expect(preview.status).toBe(502);
    expect(await jsonOf(preview)).toMatchObject({ code: "provider_failed" });
  });

  it("stops where the provider does not accept the credentials, and says so; resumed, it tries again", async () => {
    fill("sendgrid/default");
    const env = syncEnv({ SYNC_SENDGRID: JSON.stringify({ apiKey: "wrong", pull: true }) });
    const logged = listenToLog("warn");
    expect(await pull("sendgrid/default", "", env)).toMatchObject({
      status: "stopped",
      lastError: "HTTP 401: the provider does not accept the credentials",
    });
    expect(logged()).toMatchObject([{ event: "sync.failed", sync: "sendgrid/default", type: "stopped" }]);
    const asked = apis.sendgrid.calls.length;
    pass(DAY_MS);
    await tend(env);
    expect(apis.sendgrid.calls).toHaveLength(asked);
    expect((await ask("sendgrid/default", "resume")).status).toBe(200);
    await tend();
    expect(await reasonsOf("gone@example.com")).toEqual(["hard"]);
  });
});

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

  it("counts and names complaints that Postmark does not let go of, and does not try for ever", async () => {
    fill("postmark/default");
    await push("postmark/default", "now");
    await pull("postmark/default");
    await api("/v1/suppressions/angry%40example.com?force=true&note=asked", { method: "DELETE" });
    await tend();
    const state = await syncOf("postmark/default");
    expect(state).toMatchObject({ status: "active", failures: 0, push: { kept: 1 }, refusalCount: 1 });
    expect(state.refusals).toMatchObject([{ recipient: "angry@example.com", action: "release", outcome: "kept" }]);
    const calls = apis.postmark.calls.length;
    await tend();
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

  it("finds the one that the provider does not take, and sends the others", async () => {
    const bad = "bad..dots@example.com";
    await push("mailgun/default", "now");
    await report(["a", "b", "c", "d"].map((name) => bounced(`${name}@example.com`, "hard", Date.now() - MINUTE_MS)));
    await report(bounced(bad, "hard", Date.now() - MINUTE_MS));
    apis.mailgun.intercept = ({ method, body }) =>
      method === "POST" && JSON.stringify(body).includes(bad)
        ? Response.json({ message: `Invalid address: ${bad}` }, { status: 400 })
        : null;
    await tend();
    expect(thereOf("mailgun/default")).toEqual(["a", "b", "c", "d"].map((name) => `${name}@example.com`));
    const { push: sent, refusals } = await syncOf("mailgun/default");
    expect(sent).toMatchObject({ listed: 4, refused: 1 });
    expect(refusals).toMatchObject([{ recipient: bad, outcome: "refused" }]);
    expect(refusals[0].detail).not.toContain("@example.com");
    apis.mailgun.intercept = () => null;
    await release(bad);
    await tend();
    expect(await syncOf("mailgun/default")).toMatchObject({ refusalCount: 0 });
  });

  it("that is refused as a whole waits before it takes the recipients to be at fault", async () => {
    await push("mailgun/default", "now");
    await report(["a", "b", "c", "d"].map((name) => bounced(`${name}@example.com`, "hard", Date.now() - MINUTE_MS)));
    apis.mailgun.intercept = ({ method }) =>
      method === "POST" ? Response.json({ message: "no" }, { status: 400 }) : null;
    for (let run = 0; run < 3; run++) {
      await tend();
      expect(await syncOf("mailgun/default")).toMatchObject({ failures: run + 1, refusalCount: 0 });
      pass(90 * MINUTE_MS);
    }
    await tend();
    expect(await syncOf("mailgun/default")).toMatchObject({ failures: 0, refusalCount: 4, push: { refused: 4 } });
  });

  it("to a domain that is not in the account stops, and says so", async () => {
    const SYNC_MAILGUN = JSON.stringify({ apiKey: "key-made-up", domain: "other.example.com", push: ["hard"] });
    const env = syncEnv({ SYNC_MAILGUN });
    await push("mailgun/default", "now", "", env);
    await report(bounced("a@example.com", "hard", Date.now() - MINUTE_MS));
    await tend(env);
    expect(await syncOf("mailgun/default", env)).toMatchObject({
      status: "stopped",
      lastError: expect.stringContaining("404"),
    });
    await release("a@example.com");
    await ask("mailgun/default", "resume", undefined, env);
    await tend(env);
    expect(await syncOf("mailgun/default", env)).toMatchObject({ status: "stopped" });
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

it("a provider that allows few calls at a time is one that works: it comes further, and is not left alone for longer", async () => {
  await push("ses/default", "now");
  await report(Array.from({ length: 9 }, (_, i) => bounced(`r${i}@example.com`, "hard", Date.now() - MINUTE_MS)));
  for (let run = 1; run <= 3; run++) {
    const from = apis.ses.calls.length;
    apis.ses.intercept = (_call, index) =>
      index >= from + 3 ? Response.json({ message: "Rate exceeded" }, { status: 429 }) : null;
    await tend();
    expect(thereOf("ses/default")).toHaveLength(3 * run);
    expect(await syncOf("ses/default")).toMatchObject({ failures: run < 3 ? 1 : 0 });
    pass(2 * MINUTE_MS);
  }
});

describe("what is configured", () => {
  it("is listed, with what is wrong with it, and without a secret", async () => {
    const env = syncEnv({ SYNC_MAILGUN__EU: '{"apiKey":"secret-key","pull":true}', SYNC_POSTMARK: "not json" });
    const { items } = await jsonOf(await api("/v1/sync", { env }));
    expect(
      items.map(({ provider, connection, usable }: Record<string, unknown>) => [provider, connection, usable]),
    ).toEqual([
      ["mailgun", "default", true],
      ["mailgun", "eu", false],
      ["postmark", "default", false],
      ["sendgrid", "default", true],
      ["ses", "default", true],
    ]);
    expect(items[1]).toMatchObject({ problem: expect.stringContaining("domain"), importConnection: "mailgun-api-eu" });
    expect(JSON.stringify(items)).not.toContain("secret-key");
    const response = await ask("mailgun/eu", "pull", undefined, env);
    expect(response.status).toBe(503);
    const logged = listenToLog("error");
    await runCron(testEnv({ SYNC_NOBODY: "{}", SYNC_MAILGUN__: "{}", SYNC_SENDGRID: "{}" }));
    const details = logged().map(({ detail }) => detail);
    expect(details).toContain("SYNC_NOBODY: there is no such provider to synchronize with");
    expect(details).toContain("SYNC_MAILGUN__: the connection has no name");
    expect(details.some((detail) => detail?.startsWith("sync sendgrid/default: apiKey"))).toBe(true);
  });

  it("is the operator's alone", async () => {
    for (const path of ["/v1/sync", "/v1/sync/sendgrid/default"]) {
      expect((await api(path, { env: syncEnv(), headers: CHECK })).status).toBe(403);
    }
    expect((await ask("sparkpost/default", "pull")).status).toBe(404);
    expect((await api("/v1/sync/sendgrid/other", { env: syncEnv() })).status).toBe(404);
    expect((await ask("sendgrid/default", "pull?dryrun=true")).status).toBe(400);
    expect((await ask("sendgrid/default", "push", { from: "here" })).status).toBe(400);
    expect(apis.sendgrid.calls).toEqual([]);
  });

  it("is done by one run at a time", async () => {
    fill("sendgrid/default");
    const held = Promise.withResolvers<void>();
    const reached = Promise.withResolvers<void>();
    apis.sendgrid.intercept = async () => {
      reached.resolve();
      await held.promise;
      return null;
    };
    const first = pull("sendgrid/default");
    await reached.promise;
    expect((await ask("sendgrid/default", "pull")).status).toBe(409);
    held.resolve();
    expect((await first).pull).toMatchObject({ new: 3 });
  });

  it("logs no address and no secret", async () => {
    const lines = [listenToLog("log"), listenToLog("warn"), listenToLog("error")];
    fill("sendgrid/default");
    await push("sendgrid/default", "beginning");
    await pull("sendgrid/default");
    await report(bounced("next@example.com", "hard", Date.now() - MINUTE_MS));
    apis.sendgrid.intercept = () => new Response("no next@example.com here", { status: 500 });
    await tend();
    expect((await syncOf("sendgrid/default")).lastError).toBe("HTTP 500 no …@… here");
    const text = JSON.stringify(lines.flatMap((linesOf) => linesOf()));
    expect(text).toMatch(/sync\.pulled.*sync\.failed/);
    expect(text).not.toMatch(/@|SG\.made/);
  });
});
