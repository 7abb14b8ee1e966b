/** Classes decided anew, with today's rules. */
import { describe, expect, it } from "vitest";
import { erase, reverted } from "../support/batches";
import { eventsOf, expectAgreement } from "../support/ledger";
import { listenToLog } from "../support/log";
import { aDayAgo, applied, simulated } from "../support/policies";
import { report } from "../support/reports";
import { MINUTE_MS, pass, setStage, settle } from "../support/stage";
import { reasonsOf, tamper } from "../support/stores";
import { api, testEnv } from "../support/worker";

setStage();

describe("today's rules", () => {
  const old = (recipient: string) =>
    tamper(
      "UPDATE events SET class = 'soft', category = 'other', rule = 'text:of-old' WHERE address = ? AND kind = 'bounced'",
      recipient,
    );

  it("decide classes anew, from the record, and undoing puts them back exactly", async () => {
    const recipient = "unknown@example.com";
    const diagnosticCode = "550 5.1.1 The email account that you tried to reach does not exist";
    await report({ kind: "bounced", recipient, at: aDayAgo(), diagnosticCode });
    await old(recipient);
    await api("/v1/rebuild", { json: { recipient } });
    expect(await reasonsOf(recipient)).toEqual([]);
    pass(20 * MINUTE_MS);
    const events = await eventsOf(recipient);
    const run = await simulated({ reclassify: true });
    expect(run.examples).toEqual(
      expect.arrayContaining([expect.objectContaining({ recipient, change: "suppressed" })]),
    );
    expect(run.reclassified).toBe(1);
    expect(await eventsOf(recipient)).toEqual(events);
    const batch = await applied({ simulationId: run.id });
    expect(await eventsOf(recipient)).toMatchObject([{ class: "hard", category: "bad-mailbox" }]);
    expect(await reasonsOf(recipient)).toEqual(["hard"]);
    await reverted(batch.id);
    expect(await eventsOf(recipient)).toEqual(events);
    expect(await reasonsOf(recipient)).toEqual([]);
    await settle();
    await expectAgreement(recipient);
    await erase(recipient);
  });

  it("read again what is kept, where a provider's word decides, and do not guess where it is gone", async () => {
    const recipient = "word@example.com";
    const record = {
      type: "b",
      rcpt: recipient,
      bounceCat: "bad-mailbox",
      timeLogged: new Date(aDayAgo()).toISOString(),
    };
    const response = await api("/webhooks/inboxroad?token=inboxroad-secret", { headers: {}, json: [record] });
    expect(response.status).toBe(200);
    const [event] = await eventsOf(recipient);
    await tamper(
      "UPDATE events SET class = 'soft', category = 'other', rule = 'inboxroad:old' WHERE address = ?",
      recipient,
    );
    await api("/v1/rebuild", { json: { recipient } });
    pass(20 * MINUTE_MS);
    const batch = await applied({ reclassify: true });
    const [again] = await eventsOf(recipient);
    expect([again?.class, again?.category, again?.rule]).toEqual([event?.class, event?.category, event?.rule]);
    await reverted(batch.id);
    const warnings = listenToLog("warn");
    await tamper("UPDATE receipt_bodies SET bytes = x'00'");
    expect(await simulated({ reclassify: true })).toMatchObject({ reclassified: 0 });
    expect(warnings()).toMatchObject([{ event: "reclassify.unread", receipt: expect.any(Number) }]);
    await tamper("DELETE FROM receipt_bodies");
    const run = await simulated({ reclassify: true });
    expect(run).toMatchObject({ reclassified: 0 });
    expect(run.undecidable).toBeGreaterThan(0);
    await erase(recipient);
  });

  it("do not guess from the record where the refused command had decided, which no record keeps", async () => {
    const recipient = "command@example.com";
    const record = {
      type: "Bounce",
      id: "1",
      recipient,
      timestamp: Math.floor(aDayAgo() / 1000),
      response: { code: 550, content: "User unknown", command: "MAIL FROM" },
    };
    const response = await api("/webhooks/kumomta?token=kumomta-secret", {
      headers: {},
      json: record,
      env: testEnv({ WEBHOOK_KUMOMTA: "kumomta-secret" }),
    });
    expect(response.status).toBe(200);
    expect(await eventsOf(recipient)).toMatchObject([{ class: "block", rule: "stage:mail-from" }]);
    await tamper("DELETE FROM receipt_bodies");
    pass(20 * MINUTE_MS);
    expect((await simulated({ reclassify: true })).reclassified).toBe(0);
    await erase(recipient);
  });

  it("leave alone what was applied a moment ago, which may still be on its way", async () => {
    const recipient = "moment@example.com";
    await report({ kind: "bounced", recipient, at: aDayAgo(), diagnosticCode: "550 5.1.1 User unknown" });
    await old(recipient);
    expect((await simulated({ reclassify: true })).reclassified).toBe(0);
    pass(20 * MINUTE_MS);
    expect((await simulated({ reclassify: true })).reclassified).toBe(1);
  });
});
