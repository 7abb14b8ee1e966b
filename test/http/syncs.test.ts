/** Syncs as they are configured, who may run them, and what providers do not take. */
import { describe, expect, it } from "vitest";
import { listenToLog } from "../support/log";
import { bounced, release, report } from "../support/reports";
import { MINUTE_MS, pass, setStage } from "../support/stage";
import { setProviders } from "../support/sync-lists";
import { ask, pull, push, syncEnv, syncOf, tend } from "../support/syncs";
import { api, CHECK, jsonOf, runCron, testEnv } from "../support/worker";

setStage();
const { apis, fill, thereOf } = setProviders();

describe("what is configured", () => {
  it("is listed, with what is wrong with it, and without a secret", async () => {
    const env = syncEnv({ SYNC_MAILGUN__EU: '{"apiKey":"secret-key","pull":true}', SYNC_POSTMARK: "not json" });
    const { items } = await jsonOf(await api("/v1/sync", { env }));
    expect(items.map(({ provider, connection, usable }) => [provider, connection, usable])).toEqual([
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

describe("sending", () => {
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
