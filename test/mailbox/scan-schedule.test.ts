/** When mailboxes are scanned, and by whom. */
import { describe, expect, it } from "vitest";
import { isDue, scanDueMailboxes, scanMailbox } from "../../src/mailbox/scan";
import type { Mailbox } from "../../src/mailbox/settings";
import type { MailboxDeps } from "../../src/mailbox/visit";
import { type MailboxState, mailboxStates } from "../../src/store/mailboxes";
import { depsFor, notingReception, settingsWith } from "../support/mailboxes";
import { Maildrop } from "../support/pop3-server";
import { box, mail, mails, setMailbox, texts } from "../support/scans";
import { MINUTE_MS, pass, setStage } from "../support/stage";
import { bindings, testEnv } from "../support/worker";

setStage();
setMailbox();

describe("when a mailbox is scanned", () => {
  const state = (more: Partial<MailboxState> = {}): MailboxState => ({
    name: box.name,
    leasedUntil: 0,
    lastScanAt: Date.now(),
    lastSuccessAt: null,
    isBehind: false,
    errorCode: null,
    errorDetail: null,
    failures: 0,
    counts: null,
    ...more,
  });
  const dueAfter = (minutes: number, more: Partial<MailboxState> = {}, scan_interval = "15m") =>
    isDue(settingsWith({ scan_interval }), state(more), Date.now() + minutes * MINUTE_MS);

  it("is at once the first time, then in its interval, give or take half a minute", () => {
    expect(isDue(settingsWith(), undefined, Date.now())).toBe(true);
    expect([14, 14.5, 15].map((minutes) => dueAfter(minutes))).toEqual([false, true, true]);
    expect([0.4, 0.6, 1].map((minutes) => dueAfter(minutes, {}, "1m"))).toEqual([false, true, true]);
  });

  it("is at the next run where something was left", () => {
    expect(dueAfter(0, { isBehind: true })).toBe(true);
  });

  it("is not while somebody else scans it", () => {
    const leasedUntil = Date.now() + 20 * MINUTE_MS;
    expect([16, 20].map((minutes) => dueAfter(minutes, { leasedUntil }))).toEqual([false, true]);
  });

  it("is less and less often while the password is wrong, up to once an hour", () => {
    const wrong = (failures: number) => ({ errorCode: "login_failed", failures });
    expect([15, 30].map((minutes) => dueAfter(minutes, wrong(1)))).toEqual([false, true]);
    expect([30, 60].map((minutes) => dueAfter(minutes, wrong(2)))).toEqual([false, true]);
    expect([30, 60].map((minutes) => dueAfter(minutes, wrong(50)))).toEqual([false, true]);
    expect([60, 120].map((minutes) => dueAfter(minutes, wrong(50), "2h"))).toEqual([false, true]);
    expect(dueAfter(15, { errorCode: "timeout", failures: 50 })).toBe(true);
  });

  const configured = (more: Readonly<Record<string, unknown>> = {}): Mailbox => ({
    name: box.name,
    settings: { ok: true, value: settingsWith(more) },
  });

  it("is decided by the cron, which passes over what is disabled, unusable or not due", async () => {
    const drop = new Maildrop(mails(1));
    const deps = { ...depsFor(drop), receiveMail: notingReception(box.received) };
    const unusable: Mailbox = { name: "broken", settings: { ok: false, error: "host: missing" } };
    await scanDueMailboxes(deps, [configured({ enabled: false }), unusable]);
    expect(drop.commands).toEqual([]);
    await scanDueMailboxes(deps, [configured(), unusable]);
    expect(box.received).toEqual(texts(1));
    drop.mails.push(mail(2));
    await scanDueMailboxes(deps, [configured()]);
    expect(box.received).toEqual(texts(1));
    pass(15 * MINUTE_MS);
    await scanDueMailboxes(deps, [configured()]);
    expect(box.received).toEqual(texts(1, 2));
  });

  it("is never while nothing could be recorded", async () => {
    const drop = new Maildrop(mails(1));
    for (const broken of [{ POLICY: "{" }, { VERP_KEYS: "short" }]) {
      await scanDueMailboxes(depsFor(drop, [], testEnv(broken)), [configured()]);
    }
    expect(drop.commands).toEqual([]);
  });

  it("is by one run at a time, and another may after the lease of one that died", async () => {
    const settings = settingsWith();
    const held = Promise.withResolvers<void>();
    const begun = Promise.withResolvers<void>();
    const first = { ...depsFor(new Maildrop(mails(1))), receiveMail: notingReception(box.received) };
    const stuck: MailboxDeps = {
      ...first,
      openWire: async (endpoint) => {
        begun.resolve();
        await held.promise;
        return first.openWire(endpoint);
      },
    };
    const running = scanMailbox(stuck, { name: box.name, settings }, undefined);
    await begun.promise;
    const stateNow = (await mailboxStates(bindings.DB)).get(box.name);
    expect(await scanMailbox(first, { name: box.name, settings }, stateNow)).toBeNull();
    expect(await scanMailbox(first, { name: box.name, settings }, undefined)).toBeNull();
    pass(6 * MINUTE_MS);
    expect(await scanMailbox(first, { name: box.name, settings }, stateNow)).toMatchObject({ counts: { recorded: 1 } });
    held.resolve();
    expect(await running).toMatchObject({ counts: { listed: 0 } });
    expect((await mailboxStates(bindings.DB)).get(box.name)).toMatchObject({ counts: { recorded: 1 }, leasedUntil: 0 });
  });

  it("is not at all by the slower of two that saw it due", async () => {
    const deps = { ...depsFor(new Maildrop(mails(1))), receiveMail: notingReception(box.received) };
    const seen = (await mailboxStates(bindings.DB)).get(box.name);
    expect(await scanMailbox(deps, { name: box.name, settings: settingsWith() }, seen)).not.toBeNull();
    pass(1);
    expect(await scanMailbox(deps, { name: box.name, settings: settingsWith() }, seen)).toBeNull();
  });
});
