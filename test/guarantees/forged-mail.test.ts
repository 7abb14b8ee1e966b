/**
 * Nothing unverified becomes an event, by mail either.
 *
 * Everybody can send a mail that says that somebody else's address is dead. It is believed where a signed return path says
 * whom our mail went to, where the journal knows the returned Message-ID of that very recipient, or where its door was
 * marked as trusted. All else waits in quarantine, with its bytes, and does nothing until an operator releases it.
 *
 * Not promised: that somebody cannot speak against his own address. Whoever got a mail of ours has its return path and its
 * Message-ID; so has whoever he forwards it to.
 */
import { beforeEach, describe, expect, it } from "vitest";
import { createReturnPaths } from "../../src/client/return-path";
import { failStore, withFaults } from "../support/faults";
import { expectAgreement } from "../support/ledger";
import { dsn, feedback, postMail, route, vacation } from "../support/mails";
import { items, replay } from "../support/quarantine";
import { bounced, report } from "../support/reports";
import { DAY_MS, MINUTE_MS, pass, setStage, settle } from "../support/stage";
import { checkOf, countOf, reasonsOf, rowsOf, tamper } from "../support/stores";
import { freshStores, jsonOf, runCron, testEnv } from "../support/worker";

setStage();
beforeEach(freshStores);

const VICTIM = "victim@example.com";
const MINE = "mine@example.net";
const MESSAGE = "message-to-me@mail.example.com";
const VERP_KEYS = "a-key-of-nineteen-c";
const returnPathOf = createReturnPaths({ key: VERP_KEYS, domain: "return.example.com" });
const env = () => testEnv({ VERP_KEYS });

/** The journal knows that this message went to somebody else. */
const sentToMe = () => report({ kind: "delivered", recipient: MINE, messageId: MESSAGE, at: Date.now() });

/** What somebody can say of another who got a mail of ours, and so knows its Message-ID and its return path. */
async function forgeries(): Promise<readonly (readonly [mail: string, to: string])[]> {
  const open = "bounces@return.example.com";
  const mine = await returnPathOf(MINE);
  const verp = mine.replace("mine=example.net", "victim=example.com");
  const about = { message: MESSAGE, addressee: VICTIM, id: "forged@example.net", at: Date.now() };
  return [
    [dsn({ recipient: VICTIM }, about), open],
    [dsn({ recipient: VICTIM, final: "elsewhere@example.com" }, { ...about, to: verp }), verp],
    [dsn({ recipient: VICTIM }, { ...about, headers: [`Return-Path: <${verp}>`] }), open],
    [dsn({ recipient: VICTIM }, { ...about, to: mine.replace("@return", "@returns") }), open],
    [dsn([{ recipient: VICTIM }, { recipient: "another@example.com" }], about), verp],
    [dsn({ recipient: VICTIM, action: "delivered", status: "2.0.0" }, about), open],
    [dsn({ recipient: VICTIM, action: "delayed", status: "4.4.1" }, about), open],
    [feedback({ recipient: VICTIM }, about), open],
    [feedback({ recipient: VICTIM, type: "opt-out" }, about), open],
    [vacation(VICTIM, about), open],
  ];
}

describe("Nothing unverified becomes an event", () => {
  it("by a forged mail, through any open door: it waits, and suppresses nobody", async () => {
    await sentToMe();
    const forged = await forgeries();
    for (const [mail, to] of forged) await route(mail, to, env());
    for (const [mail] of forged) await postMail(mail, "/v1/messages?trusted=false", env());
    expect(await countOf("events")).toBe(1);
    expect(await countOf("quarantine WHERE reason = 'unverified'")).toBe(2 * forged.length);
    await runCron(env());
    expect(await countOf("events")).toBe(1);
    for (const consistency of ["eventual", "strong"] as const) {
      expect(await checkOf(VICTIM, consistency)).toMatchObject({ suppressed: false });
    }
  });

  it("before an operator releases it: then it is believed, and suppresses", async () => {
    await route(...((await forgeries())[0] ?? ["", ""]), env());
    const [item] = await items();
    pass(DAY_MS);
    expect(await reasonsOf(VICTIM)).toEqual([]);
    expect(await jsonOf(await replay(item?.id ?? ""))).toMatchObject({ new: 1, settled: true });
    expect(await reasonsOf(VICTIM)).toEqual(["hard"]);
    await settle();
    expect((await expectAgreement(VICTIM)).verdict.suppressions).toMatchObject([{ reason: "hard" }]);
  });

  it("beside a genuine one: a mail speaks for its own recipient only, whatever it names too", async () => {
    await sentToMe();
    await route(dsn([{ recipient: VICTIM }, { recipient: MINE }], { message: MESSAGE }), undefined, env());
    await route(dsn([{ recipient: VICTIM }, { recipient: "x@example.com" }]), await returnPathOf(MINE), env());
    expect(await rowsOf("SELECT DISTINCT address FROM events WHERE provider = 'email'")).toEqual([{ address: MINE }]);
    expect(await reasonsOf(VICTIM)).toEqual([]);
  });

  it("and takes back nothing: a forged delivery does not reset a count", async () => {
    const counted = bounced(VICTIM, "soft", Date.now() - DAY_MS, "one");
    await report(counted);
    await route(
      dsn({ recipient: VICTIM, action: "delivered", status: "2.0.0" }, { message: "another" }),
      undefined,
      env(),
    );
    await settle();
    expect((await expectAgreement(VICTIM)).verdict.softCount).toBe(1);
  });

  it("nor is a mail doubted by our own fault: while keys or journal fail it is to come again", async () => {
    const [[mail, to] = ["", ""]] = await forgeries();
    for (const failing of [testEnv({ VERP_KEYS: "short" }), testEnv(withFaults(failStore("db")).bindings)]) {
      await expect(route(mail, to, failing)).rejects.toThrow();
      expect((await postMail(mail, "/v1/messages", failing)).status).toBe(503);
    }
    expect(await countOf("receipts")).toBe(0);
  });
});

it("A flood of mail that nothing vouches for fills quarantine to its limit; genuine mail goes on coming in", async () => {
  const numbers = JSON.stringify(Array.from({ length: 10_000 }, (_, i) => i));
  await tamper(
    "INSERT INTO quarantine SELECT 'flood-' || value, 1, value, 'unverified', '', 0 FROM json_each(?1)",
    numbers,
  );
  pass(MINUTE_MS);
  await expect(route(dsn({ recipient: VICTIM }), undefined, env())).rejects.toThrow();
  expect((await postMail("\r\n", "/v1/messages", env())).status).toBe(503);
  await route(dsn({ recipient: MINE }), await returnPathOf(MINE), env());
  expect(await reasonsOf(MINE)).toEqual(["hard"]);
  await tamper("DELETE FROM quarantine WHERE id = 'flood-0'");
  pass(MINUTE_MS);
  await route(dsn({ recipient: VICTIM }), undefined, env());
  expect(await countOf("quarantine WHERE reason = 'unverified'")).toBe(10_000);
});
