/**
 * Counted once.
 *
 * One message adds at most one to a recipient's counter, whatever tells of its bounce and however often: the webhook,
 * its retry, the bounce that comes back later by mail, through whichever door, another source that saw the same message. So it stays when old
 * deliveries have been pruned, and when the recipient is rebuilt from the journal.
 *
 * Not promised where two sources do not name the message the same way: without a Message-ID a provider's own id names
 * it within that provider only, and an event that names no message at all counts for itself.
 */
import { describe, expect, it } from "vitest";
import { eventsOf, expectAgreement, expectStatistics, policyOf } from "../support/ledger";
import { dsn, postMail, route } from "../support/mails";
import { bounce, delivery, type PmtaRecord, remoteBounce } from "../support/pmta";
import { deliver, everyFault, newRound, type Round, rebuild, untilAccepted } from "../support/rounds";
import { DAY_MS, MINUTE_MS, pass, reconcile, START_MS, setStage, settle } from "../support/stage";
import { api, testEnv } from "../support/worker";

setStage();

const at = START_MS - 5 * MINUTE_MS;
const RAW_POLICY = { POLICY: { soft_threshold: 2 } };
const POLICY = policyOf({ soft_threshold: 2 });

/** Four sources tell of the bounce of one message, the first of them twice. */
async function tellFourTimes({ address, env }: Round, message: string): Promise<void> {
  const about = { recipient: address("ann"), message, at };
  await deliver("inboxroad", [bounce("soft", about)], env);
  await deliver("powermta", [bounce("expired", { ...about, at: at + 1_000 })], env);
  await deliver("powermta", [remoteBounce("soft", { ...about, at: at + 2_000 })], env);
  const own = {
    kind: "bounced",
    class: "soft",
    recipient: about.recipient,
    internetMessageId: `<${message}@news.example.com>`,
    id: message,
  };
  await untilAccepted(() => api("/v1/events", { json: own, env }));
  await deliver("inboxroad", [bounce("soft", about)], env);
}

describe("Counted once", () => {
  it("holds for a message that four sources tell of, whichever step fails", async () => {
    const steps = await everyFault({
      env: RAW_POLICY,
      play: (round) => tellFourTimes(round, "1"),
      check: async ({ address, domain }) => {
        await settle(testEnv(RAW_POLICY));
        const { events, verdict } = await expectAgreement(address("ann"), POLICY);
        expect(events).toHaveLength(4);
        expect(verdict).toMatchObject({ softCount: 1, suppressions: [] });
        await expectStatistics(domain);
      },
    });
    expect(steps).toBeGreaterThanOrEqual(14);
  });

  it("lets a second message complete the threshold, whichever step fails", async () => {
    const steps = await everyFault({
      env: RAW_POLICY,
      prepare: (round) => tellFourTimes(round, "1"),
      play: async ({ address, env }) => {
        const second = bounce("soft", { recipient: address("ann"), message: "2", at: START_MS - MINUTE_MS });
        await deliver("inboxroad", [second], env);
        await deliver("inboxroad", [second, second], env);
      },
      check: async ({ address }) => {
        await settle(testEnv(RAW_POLICY));
        const { verdict } = await expectAgreement(address("ann"), POLICY);
        expect(verdict.softCount).toBe(2);
        expect(verdict.suppressions.map((s) => s.reason)).toEqual(["soft"]);
      },
    });
    expect(steps).toBeGreaterThanOrEqual(5);
  });

  it("holds by the provider's own id where no Message-ID was logged", async () => {
    const { address, env } = newRound();
    const anonymous = (record: PmtaRecord, envId: string): PmtaRecord => {
      const { "header_Message-Id": _, ...rest } = record;
      return { ...rest, envId };
    };
    const about = { recipient: address("ann"), message: "1", at };
    await deliver(
      "powermta",
      [anonymous(bounce("soft", about), "a"), anonymous(remoteBounce("soft", about), "a")],
      env,
    );
    expect((await settled(address("ann"))).softCount).toBe(1);
    await deliver("powermta", [anonymous(bounce("soft", about), "b")], env);
    expect((await settled(address("ann"))).softCount).toBe(2);
  });

  it("holds for a report that comes by mail through every door, beside the webhook, whichever step fails", async () => {
    const steps = await everyFault({
      env: RAW_POLICY,
      prepare: ({ address, env }) => deliver("inboxroad", [bounce("soft", aboutMessage(address("ann")))], env).then(),
      play: async ({ address, env }) => {
        const full = { recipient: address("ann"), status: "5.2.2", diagnostic: "552 5.2.2 Mailbox full" };
        const mail = dsn(full, { message: "1@news.example.com", id: address("report"), at });
        for (let time = 0; time < 2; time++) {
          for (let isTaken = false; !isTaken; ) {
            isTaken = await route(mail, undefined, env).then(
              () => true,
              () => false,
            );
          }
        }
        await untilAccepted(() => postMail(mail, "/v1/messages", env));
      },
      check: async ({ address }) => {
        await settle(testEnv(RAW_POLICY));
        const { events, verdict } = await expectAgreement(address("ann"), POLICY);
        expect(events.map(({ provider }) => provider)).toEqual(["inboxroad", "email", "messages"]);
        expect(verdict).toMatchObject({ softCount: 1, suppressions: [] });
      },
    });
    expect(steps).toBeGreaterThanOrEqual(8);
  });

  it("holds for what SMTPeter tells twice: as a failure, and as the mail that came back", async () => {
    const { address, env } = newRound();
    const recipient = address("ann");
    const call = { id: "f1a2b3c4d6", time: `${at / 1000}`, recipient, tags: "" };
    const mime = dsn(
      { recipient, status: "5.2.2", diagnostic: "552 5.2.2 Mailbox full" },
      { message: "1@example.com" },
    );
    const failure = { ...call, type: "failure", state: "bounce", extended: "5.2.2", description: "Mailbox full" };
    for (const json of [failure, { ...call, type: "bounce", envelope: "b@example.com", mime }, failure]) {
      await untilAccepted(() => api("/webhooks/smtpeter?token=smtpeter-secret", { json, headers: {}, env }));
    }
    expect((await settled(recipient)).softCount).toBe(1);
    expect(await eventsOf(recipient)).toHaveLength(2);
  });

  it("holds for a message without any name: its own retries are one", async () => {
    const { address, env } = newRound();
    const unnamed = { kind: "bounced", class: "soft", recipient: address("ann"), occurredAt: "2030-01-15T11:00:00Z" };
    for (let time = 0; time < 3; time++) await untilAccepted(() => api("/v1/events", { json: unnamed, env }));
    expect((await settled(address("ann"))).softCount).toBe(1);
  });

  it("counts a message for each of its recipients", async () => {
    const { address, env } = newRound();
    const recipients = ["ann", "bob", "cem"].map(address);
    const records = recipients.map((recipient) => bounce("soft", { recipient, message: "1", at }));
    await deliver("inboxroad", records, env);
    await deliver("inboxroad", records, env);
    for (const recipient of recipients) expect((await settled(recipient)).softCount).toBe(1);
  });

  it("holds after pruning and rebuild, whichever step of the rebuild and of late reports fails", async () => {
    const steps = await everyFault({
      prepare: async (round) => {
        await recordLongHistory(round);
        pass(40 * DAY_MS);
        await reconcile();
      },
      play: async ({ address, env }) => {
        await rebuild(address("ann"), env);
        // A provider that tries again for weeks, and a bounce that comes back later than anyone expects.
        const late = { recipient: address("ann"), message: "3", at: Date.now() - 41 * DAY_MS };
        await deliver("inboxroad", [bounce("soft", late)], env);
        await deliver("powermta", [remoteBounce("soft", late)], env);
      },
      check: async ({ address }) => {
        await settle();
        const { verdict } = await expectAgreement(address("ann"));
        expect(verdict).toMatchObject({ softCount: 2, suppressions: [] });
      },
    });
    expect(steps).toBeGreaterThanOrEqual(12);
  });

  it("holds whichever step of the pruning fails", async () => {
    const steps = await everyFault({
      prepare: async (round) => {
        await recordLongHistory(round);
        pass(40 * DAY_MS);
      },
      play: async ({ env }) => void (await reconcile(env)),
      check: async ({ address }) => {
        await settle();
        const left = (await eventsOf(address("ann"))).map((e) => `${e.kind} ${e.internet_message_id?.split("@")[0]}`);
        expect(left.sort()).toEqual(["bounced 1", "bounced 2", "bounced 3", "delivered takes-back-1"]);
        await rebuild(address("ann"), testEnv());
        await settle();
        expect((await expectAgreement(address("ann"))).verdict.softCount).toBe(2);
      },
    });
    expect(steps).toBeGreaterThanOrEqual(8);
  });
});

const aboutMessage = (recipient: string) => ({ recipient, message: "1", at });

async function settled(address: string) {
  await settle();
  return (await expectAgreement(address)).verdict;
}

/** Three bounces, the first taken back by a delivery that has to stay, and deliveries that may go. */
async function recordLongHistory({ address, env }: Round): Promise<void> {
  const recipient = address("ann");
  const now = Date.now();
  const about = (message: string, minute: number) => ({ recipient, message, at: now - DAY_MS + minute * MINUTE_MS });
  await deliver("inboxroad", [delivery(about("older", 0)), bounce("soft", about("1", 1))], env);
  await deliver("inboxroad", [delivery(about("superseded", 2)), delivery(about("takes-back-1", 3))], env);
  await deliver("inboxroad", [bounce("soft", about("2", 4)), bounce("soft", about("3", 5))], env);
}
