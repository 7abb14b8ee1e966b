import { beforeEach, describe, expect, it, vi } from "vitest";
import { sha256Hex } from "../../src/crypto/digest";
import { insertAudit } from "../../src/store/audit";
import { allow, bulk, erase, imported, reverted } from "../support/batches";
import { failStep, withFaults } from "../support/faults";
import { hardBounce, posted, theItem } from "../support/quarantine";
import { madeUpWorld, subscribe } from "../support/receivers";
import { block, bounced, rebuild, release, report } from "../support/reports";
import { DAY_MS, pass, setStage } from "../support/stage";
import { countOf, rowsOf } from "../support/stores";
import { syncEnv } from "../support/syncs";
import { ADMIN, api, bindings, CHECK, freshStores, jsonOf, runCron, testEnv } from "../support/worker";

setStage();
beforeEach(freshStores);

const audit = async (query = "") => (await jsonOf(await api(`/v1/audit?${query}`))).items;
const FINGERPRINT = (await sha256Hex("admin-token")).slice(0, 8);

describe("the audit trail", () => {
  it("has an entry for each thing that an operator does", async () => {
    const key = await sha256Hex("ann@example.com");
    const acts: [string, () => Promise<unknown>, string | null][] = [
      ["block", () => block("ann@example.com", { note: "private words" }), key],
      ["release", () => release("ann@example.com"), key],
      ["allow", () => allow("ann@example.com"), key],
      ["disallow", () => api("/v1/allowlist/ann@example.com", { method: "DELETE" }), key],
      ["bulk_block", () => bulk("block", ["bob@example.com"]), null],
      ["bulk_release", () => bulk("release", ["bob@example.com"]), null],
      ["rebuild", () => rebuild("ann@example.com"), key],
      ["erase", () => erase("ann@example.com"), key],
    ];
    for (const [, act] of acts) {
      await act();
      pass(1);
    }
    const { batchId } = await imported("cem@example.com\n");
    pass(1);
    await reverted(batchId);
    pass(1);
    await posted(JSON.stringify([hardBounce("dora@example.com"), { type: "unheard of" }]));
    const { id } = await theItem();
    await api(`/v1/quarantine/${id}/replay`, { method: "POST" });
    pass(1);
    await api(`/v1/quarantine/${id}`, { method: "DELETE" });

    const entries = await audit();
    expect(entries.map((e) => e.action).reverse()).toEqual([
      ...acts.map(([action]) => action),
      "import",
      "revert",
      "replay",
      "drop",
    ]);
    for (const [action, , subject] of acts) {
      const entry = entries.find((e) => e.action === action);
      expect(entry).toMatchObject({ actor: FINGERPRINT, actorLabel: null, ...(subject ? { subject } : {}) });
      expect(Date.parse(entry?.at ?? "")).toBeLessThanOrEqual(Date.now());
    }
    expect(await audit(`subject=${batchId}`)).toMatchObject([
      { action: "revert" },
      { action: "import", detail: { format: "list" } },
    ]);
    expect(await audit(`subject=${id}`)).toMatchObject([{ action: "drop" }, { action: "replay" }]);
  });

  it("has an entry for each thing done about those who are told, and about providers' lists", async () => {
    const hook = madeUpWorld().receiver("hooks.example.com");
    const { id } = await subscribe(hook, ["event.*"]);
    await report(bounced("ann@example.com", "hard", Date.now()));
    const messageId = hook.heard[0]?.headers.get("webhook-id");
    const acts: [path: string, json: unknown][] = [
      ["notifications/{id}/redeliver", { messageId }],
      ["notifications/{id}/rotate", {}],
      ["notifications/{id}/resume", {}],
      ["sync/mailgun/default/pause", {}],
      ["sync/mailgun/default/resume", {}],
    ];
    for (const [path, json] of acts) {
      pass(1);
      const response = await api(`/v1/${path.replace("{id}", id)}`, { json, env: syncEnv() });
      expect(response.ok, path).toBe(true);
    }
    pass(1);
    await api(`/v1/notifications/${id}`, { method: "DELETE" });
    vi.restoreAllMocks();
    const told = ["add_notification", "redeliver", "rotate_secret", "resume_notification"];
    const actions = [...told, "pause_sync", "resume_sync", "remove_notification"];
    const entries = (await audit()).reverse();
    expect(entries.map((e) => e.action)).toEqual(actions);
    for (const entry of entries) expect([entry.actor, entry.subject]).toEqual([FINGERPRINT, expect.any(String)]);
  });

  it("has an entry for each kind of command that is posted among events, once", async () => {
    const events = [
      { id: "1", kind: "manual_block", recipient: "ann@example.com" },
      { id: "2", kind: "manual_block", recipient: "bob@example.com" },
      { id: "3", kind: "manual_release", recipient: "Cem@Example.com" },
      { id: "4", kind: "bounced", class: "hard", recipient: "dora@example.com" },
    ];
    const said = { "x-actor": "nightly job", ...ADMIN };
    const response = await api("/v1/events", { json: events, headers: said });
    const requestId = response.headers.get("x-request-id");
    const who = { requestId, actor: FINGERPRINT, actorLabel: "nightly job" };
    const entries = (await audit()).sort((a: { action: string }, b: { action: string }) =>
      a.action < b.action ? -1 : 1,
    );
    expect(entries).toMatchObject([
      { ...who, action: "block", subject: null, detail: { recipients: 2 } },
      { ...who, action: "release", subject: await sha256Hex("cem@example.com") },
    ]);
    pass(1);
    await api("/v1/events", { json: events });
    await api("/v1/events", { json: { id: "5", kind: "delivered", recipient: "ann@example.com" } });
    expect(await audit()).toHaveLength(2);
    pass(1);
    await api("/v1/events", { json: [events[0], { id: "6", kind: "delivered", recipient: "bob@example.com" }] });
    expect(await audit()).toHaveLength(2);
  });

  it("names the request, so that the log can be searched for it", async () => {
    const response = await block("ann@example.com");
    expect(await audit()).toMatchObject([{ requestId: response.headers.get("x-request-id") }]);
  });

  it("holds no address and no note", async () => {
    await block("ann@example.com", { note: "private words" });
    await release("ann@example.com", "?note=more%20of%20them");
    const text = JSON.stringify(await rowsOf("SELECT * FROM audit"));
    for (const secret of ["ann@", "private words", "more of them", "admin-token"]) expect(text).not.toContain(secret);
  });

  it("says nothing where nothing was done", async () => {
    await block("ann@example.com");
    await block("ann@example.com");
    await release("nobody@example.com");
    await erase("nobody@example.com");
    await report({ kind: "complained", recipient: "angry@example.com" });
    await release("angry@example.com");
    expect(await audit()).toHaveLength(1);
  });

  it("is written in the very transaction that does it", async () => {
    for (let n = 0; ; n++) {
      for (const moment of ["before", "after"] as const) {
        const faults = withFaults(failStep(n, moment));
        const recipient = `user-${n}-${moment}@example.com`;
        await block(recipient, {}, testEnv(faults.bindings));
        if (!faults.struck()) return;
        const events = await countOf("events WHERE address = ?", recipient);
        expect(await countOf("audit WHERE subject = ?", await sha256Hex(recipient)), `${moment} step ${n}`).toBe(
          events,
        );
      }
    }
  });

  it("tells scripts apart by what they say of themselves", async () => {
    const as = (label: string) =>
      api("/v1/suppressions/ann@example.com", {
        method: "PUT",
        json: { note: label },
        headers: { ...ADMIN, "x-actor": label },
      });
    await as("nightly job");
    pass(1);
    await as(`${"x".repeat(500)}`);
    const [long, first] = await audit();
    expect(first?.actorLabel).toBe("nightly job");
    expect(long.actorLabel).toHaveLength(100);
    expect(await audit("actor=nightly%20job")).toHaveLength(1);
    expect(await audit(`actor=${FINGERPRINT}`)).toHaveLength(2);
    expect(await audit("actor=somebody")).toHaveLength(0);
  });

  it("can be asked by action, subject and time, page by page", async () => {
    const begin = Date.now();
    for (let i = 0; i < 5; i++) {
      await block(`user-${i}@example.com`);
      pass(1_000);
    }
    await report(bounced("x@example.com", "hard", Date.now()));
    await release("x@example.com");
    expect(await audit("action=release")).toHaveLength(1);
    expect(await audit("subject=user-3@example.com")).toMatchObject([
      { subject: await sha256Hex("user-3@example.com") },
    ]);
    const iso = (ms: number) => new Date(begin + ms).toISOString();
    expect(await audit(`since=${iso(1_000)}&until=${iso(3_000)}`)).toHaveLength(2);
    const first = await jsonOf(await api("/v1/audit?limit=4"));
    const second = await jsonOf(await api(`/v1/audit?limit=4&cursor=${first.nextCursor}`));
    const ids = [...first.items, ...second.items].map((e) => e.requestId);
    expect(new Set(ids).size).toBe(6);
    expect(second.nextCursor).toBeNull();
    expect((await api("/v1/audit?action=steal")).status).toBe(400);
    expect((await jsonOf(await api("/v1/audit?cursor=x"))).code).toBe("invalid_cursor");
  });

  it("loses nothing between two pages of what one request did in the same moment", async () => {
    const entry = { at: Date.now(), requestId: "one-request", actor: { id: "cron", label: null }, subject: null };
    const actions = ["pull_sync", "import"] as const;
    await bindings.DB.batch(actions.map((action) => insertAudit(bindings.DB, { ...entry, action })));
    const first = await jsonOf(await api("/v1/audit?limit=1"));
    const second = await jsonOf(await api(`/v1/audit?limit=1&cursor=${first.nextCursor}`));
    expect([...first.items, ...second.items].map((e) => e.action)).toEqual(actions);
  });

  it("is for operators only", async () => {
    expect((await api("/v1/audit", { headers: CHECK })).status).toBe(403);
    expect((await api("/v1/audit", { headers: {} })).status).toBe(401);
  });

  it("goes back a year, or as long as the configuration says", async () => {
    await block("ann@example.com");
    pass(364 * DAY_MS);
    await runCron();
    expect(await countOf("audit")).toBe(1);
    await runCron(testEnv({ RETENTION: { audit_days: 363 } }));
    expect(await countOf("audit")).toBe(0);
    await block("bob@example.com");
    pass(366 * DAY_MS);
    await runCron();
    expect(await countOf("audit")).toBe(0);
  });
});
