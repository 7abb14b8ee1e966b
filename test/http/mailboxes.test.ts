/** Mailboxes as an operator meets them: through the API and the cron, with servers on this machine. */
import { beforeEach, describe, expect, inject, it } from "vitest";
import type { Env } from "../../src/config";
import { listenToLog } from "../support/log";
import { MINUTE_MS, pass, setStage } from "../support/stage";
import { countOf, reasonsOf, tamper } from "../support/stores";
import { api, CHECK, jsonOf, runCron, testEnv } from "../support/worker";

setStage();

const PORTS = inject("pop3Ports");
const RECIPIENT = "gone@pop3.example.net";
let boxes = 0;
let name = "";
beforeEach(() => {
  name = `box-${++boxes}`;
});

type Entry = Readonly<Record<string, unknown>>;

/** A mailbox whose server plays this scenario. */
const entryOf = (scenario: string, more: Entry = {}): Entry => ({
  name,
  host: "localhost",
  port: PORTS.tls,
  username: `${scenario}-${name}`,
  password: "secret",
  ...more,
});
const envOf = (...entries: readonly Entry[]): Env => testEnv({ MAILBOXES: JSON.stringify(entries) });
const scanned = (env: Env, query = "") => api(`/v1/mailboxes/${name}/scan${query}`, { method: "POST", env });
const listed = async (env: Env) => (await jsonOf(await api("/v1/mailboxes", { env }))).items;

const NOTHING = { listed: 0, recorded: 0, quarantined: 0, deleted: 0, oversized: 0, failed: 0 };

describe("a scan on demand", () => {
  it.each<[string, Entry]>([
    ["TLS", { tls: "tls", port: PORTS.tls }],
    ["STARTTLS", { tls: "starttls", port: PORTS.plain }],
    ["nothing in between", { tls: "none", port: PORTS.plain }],
  ])("with %s records what is believed, quarantines the rest, and empties the mailbox", async (_what, more) => {
    const env = envOf(entryOf("bounces", { trusted: true, ...more }));
    const before = await countOf("quarantine");
    expect(await jsonOf(await scanned(env))).toEqual({
      ...NOTHING,
      listed: 2,
      recorded: 2,
      quarantined: 1,
      deleted: 2,
      isBehind: false,
      error: null,
    });
    expect(await reasonsOf(RECIPIENT)).toEqual(["hard"]);
    expect(await jsonOf(await api(`/v1/events?connection=${name}`, { env }))).toMatchObject({
      items: [{ provider: "mailbox", connection: name, recipient: RECIPIENT, kind: "bounced", class: "hard" }],
    });
    expect(await countOf("quarantine")).toBe(before + 1);
    expect(await jsonOf(await scanned(env))).toEqual({ ...NOTHING, isBehind: false, error: null });
  });

  it("logs no address, no word of a mail and no secret", async () => {
    const lines = [listenToLog("log"), listenToLog("warn"), listenToLog("error")];
    await scanned(envOf(entryOf("bounces", { trusted: true })));
    await scanned(envOf(entryOf("bounces", { password: "other" })));
    const text = JSON.stringify(lines.flatMap((linesOf) => linesOf()));
    expect(text).toMatch(/mailbox\.scanned.*mailbox\.failed/);
    expect(text).not.toMatch(/@|lunch|noon|secret|other|bounces-/);
  });

  it("believes nothing from a mailbox that is not trusted, and keeps it", async () => {
    const env = envOf(entryOf("forged"));
    expect(await jsonOf(await scanned(env))).toMatchObject({ recorded: 2, quarantined: 2, deleted: 2 });
    expect(await jsonOf(await api(`/v1/events?connection=${name}`, { env }))).toMatchObject({ items: [] });
  });

  it("leaves a mail of 30 MB where it is, whatever size was announced", async () => {
    for (const scenario of ["large", "lying"]) {
      name = `box-${++boxes}`;
      const env = envOf(entryOf(scenario));
      for (const recorded of [1, 0]) {
        const report = await jsonOf(await scanned(env));
        expect(report).toMatchObject({ recorded, deleted: recorded, oversized: 1, failed: 0, error: null });
      }
    }
  });

  it("takes a mail of 20 MB", async () => {
    const env = envOf(entryOf("fitting"));
    expect(await jsonOf(await scanned(env))).toMatchObject({ recorded: 2, deleted: 2, oversized: 0, error: null });
  });

  it("survives a connection that is cut in the middle of a mail", async () => {
    const env = envOf(entryOf("cut"));
    expect(await jsonOf(await scanned(env))).toMatchObject({
      recorded: 0,
      deleted: 0,
      failed: 1,
      error: { code: "cut_off" },
    });
  });

  it.each<[string, Entry, string]>([
    ["nobody listens", { port: 1 }, "connect_failed"],
    ["nobody trusts the certificate", { port: PORTS.stranger }, "connect_failed"],
    ["the password is wrong", { password: "other" }, "login_failed"],
  ])("says in its answer, in the list and in the log that %s", async (_what, more, code) => {
    const logged = listenToLog("error");
    const env = envOf(entryOf("mails", more));
    const response = await scanned(env);
    expect(response.status).toBe(200);
    const { error } = await jsonOf<{ error: { detail: string } }>(response);
    expect(error).toEqual({ code, detail: expect.any(String) });
    expect(await listed(env)).toMatchObject([{ error, lastSuccessAt: null }]);
    expect(logged()).toMatchObject([{ event: "mailbox.failed", mailbox: name, code }]);
    expect(JSON.stringify(logged())).not.toContain(error.detail);
  });

  it("can be a dry run, which signs in, counts, and touches nothing", async () => {
    const env = envOf(entryOf("mails"));
    for (let run = 0; run < 2; run++) {
      // Misspelt, it would be a scan.
      expect((await scanned(env, "?dryrun=true")).status).toBe(400);
      const report = await jsonOf(await scanned(env, "?dryRun=true"));
      expect(report).toEqual({ ...NOTHING, listed: 2, isBehind: false, error: null });
    }
    expect(await listed(env)).toMatchObject([{ lastScanAt: null, counts: null }]);
    expect(await jsonOf(await scanned(envOf(entryOf("mails", { password: "other" })), "?dryRun=true"))).toMatchObject({
      error: { code: "login_failed", detail: expect.stringContaining("[AUTH]") },
    });
  });

  it("is refused while another one runs", async () => {
    const env = envOf(entryOf("mails"));
    await scanned(env);
    await tamper("UPDATE mailboxes SET leased_until = ?1 WHERE name = ?2", Date.now() + MINUTE_MS, name);
    const response = await scanned(env);
    expect([response.status, (await jsonOf(response)).code]).toEqual([409, "scan_running"]);
    expect(await listed(env)).toMatchObject([{ isScanning: true }]);
    pass(MINUTE_MS);
    expect((await scanned(env)).status).toBe(200);
  });

  it.each<[string, Entry, Entry, number, string]>([
    ["a mailbox that is not configured", { name: "other" }, {}, 404, "not_found"],
    ["settings that cannot be used", { port: 25 }, {}, 503, "config_invalid"],
    ["a policy that cannot be used", {}, { POLICY: "{" }, 503, "config_invalid"],
    ["keys of return paths that cannot be used", {}, { VERP_KEYS: "short" }, 503, "config_invalid"],
  ])("answers %s with a problem", async (_what, entry, more, status, code) => {
    const response = await scanned({ ...envOf(entryOf("mails", entry)), ...more });
    expect([response.status, (await jsonOf(response)).code]).toEqual([status, code]);
  });

  it("is for operators only", async () => {
    const env = envOf(entryOf("mails"));
    for (const path of ["/v1/mailboxes", `/v1/mailboxes/${name}/scan`]) {
      const method = path.endsWith("scan") ? "POST" : "GET";
      expect((await api(path, { method, env, headers: CHECK })).status).toBe(403);
      expect((await api(path, { method, env, headers: {} })).status).toBe(401);
    }
  });
});

describe("the list of mailboxes", () => {
  it("is empty where none is configured", async () => {
    expect(await listed(testEnv())).toEqual([]);
  });

  it("shows settings without user and password, and how the last scan went", async () => {
    const env = envOf(entryOf("mails", { return_path: "Bounces@Example.com", scan_interval: "1h", keep: true }));
    expect(await listed(env)).toEqual([
      {
        name,
        usable: true,
        problem: null,
        enabled: true,
        host: "localhost",
        port: PORTS.tls,
        tls: "tls",
        returnPath: "bounces@example.com",
        scanIntervalSeconds: 3_600,
        trusted: false,
        keep: true,
        isScanning: false,
        lastScanAt: null,
        lastSuccessAt: null,
        nextScanAt: new Date().toISOString(),
        error: null,
        counts: null,
      },
    ]);
    await scanned(env);
    const now = new Date().toISOString();
    expect(await listed(env)).toMatchObject([
      {
        lastScanAt: now,
        lastSuccessAt: now,
        nextScanAt: new Date(Date.now() + 60 * MINUTE_MS).toISOString(),
        counts: { ...NOTHING, listed: 2, recorded: 2, quarantined: 2 },
      },
    ]);
  });

  it("names what is wrong with a mailbox, without a value; the others go on", async () => {
    const env = envOf(entryOf("mails", { name: "broken", port: 25 }), entryOf("mails"));
    const items = await listed(env);
    expect(items).toMatchObject([
      { name: "broken", usable: false, problem: expect.stringContaining("port 25"), host: null, nextScanAt: null },
      { name, usable: true },
    ]);
    expect(JSON.stringify(items)).not.toMatch(/secret|mails-/);
    expect(await jsonOf(await api("/health", { env }))).toMatchObject({ checks: { configuration: false } });
    expect((await scanned(env)).status).toBe(200);
  });
});

describe("the cron", () => {
  it("scans what is due and logs what is wrong", async () => {
    const lines = listenToLog("log");
    const errors = listenToLog("error");
    const env = envOf(
      entryOf("mails"),
      entryOf("mails", { name: "broken", port: 25 }),
      entryOf("mails", { name: "off", enabled: false }),
    );
    await runCron(env);
    expect(await listed(env)).toMatchObject([
      { counts: { recorded: 2 } },
      { counts: null },
      { counts: null, nextScanAt: null },
    ]);
    expect(lines()).toContainEqual(
      expect.objectContaining({ event: "mailbox.scanned", mailbox: name, recorded: 2, deleted: 2 }),
    );
    expect(errors()).toMatchObject([
      { event: "config.invalid", detail: expect.stringMatching(/^mailbox broken: port/) },
    ]);
  });

  it("says what is wrong where the whole secret is unreadable", async () => {
    const errors = listenToLog("error");
    await runCron(testEnv({ MAILBOXES: '[{"password":"top-secret"' }));
    expect(errors()).toMatchObject([{ event: "config.invalid", detail: "MAILBOXES is not valid JSON" }]);
  });

  it("does its other work whatever happens to mailboxes", async () => {
    const lines = listenToLog("log");
    await runCron(envOf(entryOf("mails", { port: 1 })));
    expect(lines().map(({ event }) => event)).toContain("cron.done");
  });

  it("writes nothing about mailboxes where none is configured", async () => {
    const before = await countOf("mailboxes");
    await runCron();
    expect(await countOf("mailboxes")).toBe(before);
  });
});
