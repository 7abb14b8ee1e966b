/** Reading providers' lists, through the API and the cron, with made-up APIs in the providers' place. */
import { describe, expect, it } from "vitest";
import { listenToLog } from "../support/log";
import { block, release } from "../support/reports";
import { DAY_MS, MINUTE_MS, pass, setStage } from "../support/stage";
import { countOf, reasonsOf, rowsOf } from "../support/stores";
import { pulledOf, SYNCS, secondsAgo, setProviders } from "../support/sync-lists";
import { ask, pull, syncEnv, syncOf, tend } from "../support/syncs";
import { api, freshStores, jsonOf, testEnv } from "../support/worker";

setStage();
const { apis, fill } = setProviders();

const standings = async (addresses: readonly string[]) =>
  Object.fromEntries(await Promise.all(addresses.map(async (address) => [address, await reasonsOf(address)])));

describe.each(SYNCS)("reading the list of %s", (sync) => {
  it("is first tried: that says what would come, and changes nothing", async () => {
    fill(sync);
    const preview = await pull(sync, "?dryRun=true");
    expect(preview).toMatchObject({ dryRun: true, complete: true, rows: 3, new: 3, known: 0, invalid: 0 });
    const isSes = sync === "ses/default";
    expect(preview.byReason).toEqual(isSes ? { hard: 2, complaint: 1 } : { hard: 1, complaint: 1, unsubscribe: 1 });
    expect(preview.examples.map(({ recipient }) => recipient).sort()).toEqual(Object.keys(pulledOf(sync)).sort());
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
    expect(await standings(Object.keys(pulledOf(sync)))).toEqual(pulledOf(sync));
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
    expect(await standings(Object.keys(pulledOf(sync)))).toEqual({
      "gone@example.com": [],
      "angry@example.com": [],
      "left@example.com": [],
    });
    pass(DAY_MS);
    await tend();
    expect(await countOf("events WHERE retracted_by IS NULL")).toBe(0);
    await pull(sync);
    expect(await standings(Object.keys(pulledOf(sync)))).toEqual(pulledOf(sync));
  });

  it("has no effect on whom we released since, and says so", async () => {
    fill(sync);
    await block("gone@example.com");
    await release("gone@example.com");
    const preview = await pull(sync, "?dryRun=true");
    expect(preview.examples.find(({ recipient }) => recipient === "gone@example.com")).toMatchObject({
      code: "released_later",
    });
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
      apis.sendgrid.lists.bounces?.set(email, { email, created: secondsAgo(DAY_MS) - i, ...reply });
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
    apis.sendgrid.lists.unsubscribes?.set("new@example.com", {
      email: "new@example.com",
      created: secondsAgo(MINUTE_MS),
    });
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
