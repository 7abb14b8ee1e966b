/**
 * Nothing is deleted from a mailbox before it is recorded. Whatever byte the connection is cut after, and whatever step
 * of our storage fails: a mail that is gone from the server is on record, and in the end each is recorded once.
 */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { scanMailbox } from "../../src/mailbox/scan";
import type { MailboxDeps } from "../../src/mailbox/visit";
import { mailboxStates } from "../../src/store/mailboxes";
import { eventsOf } from "../support/ledger";
import { depsFor, notingReception, type Reception, settingsWith } from "../support/mailboxes";
import { binaryText, Maildrop, mailOf } from "../support/pop3-server";
import type { Fate } from "../support/pop3-wire";
import { bounceMail, strayMail } from "../support/returned-mails";
import { everyFault, newRound, type Round } from "../support/rounds";
import { MINUTE_MS, pass, setStage } from "../support/stage";
import { countOf } from "../support/stores";
import { bindings } from "../support/worker";

setStage();

/** Longer than a mail that failed now and then has to wait. */
const PAUSE_MS = 60 * MINUTE_MS;
const MAX_SCANS = 12;
/** Far more bytes than an undisturbed session takes. */
const MAX_CUTS = 1_000;

let boxes = 0;

async function scan(name: string, deps: MailboxDeps): Promise<void> {
  const settings = settingsWith({ trusted: true });
  const state = (await mailboxStates(bindings.DB)).get(name);
  await scanMailbox(deps, { name, settings }, state);
  pass(PAUSE_MS);
}

/** Undisturbed, until the server holds nothing. */
async function scanUntilEmpty(name: string, drop: Maildrop, deps: MailboxDeps): Promise<void> {
  for (let scans = 0; drop.mails.length; scans++) {
    if (scans === MAX_SCANS) expect(drop.uidls, "mails that nobody fetches").toEqual([]);
    await scan(name, deps);
  }
}

const MAILS = ["a", "b"].map((uidl) => mailOf(uidl, `${uidl}: .\n.\n`));
const TEXTS = MAILS.map(({ bytes }) => binaryText(bytes));

describe("Nothing is deleted before it is recorded", () => {
  it.each(["end", "break"] as const)("when the connection is cut after any byte (%s)", async (cutBy) => {
    let cuts = 0;
    for (let isWhole = false; !isWhole; cuts++) {
      expect(cuts, "cuts").toBeLessThan(MAX_CUTS);
      const name = `cut-${++boxes}`;
      const drop = new Maildrop(MAILS);
      const received: string[] = [];
      const receiveMail = notingReception(received);
      await scan(name, { ...depsFor(drop, [{ cutAfter: cuts, cutBy }]), receiveMail });
      const left = drop.mails.map(({ bytes }) => binaryText(bytes));
      expect([...new Set([...received, ...left])].sort(), `lost by a cut after byte ${cuts}`).toEqual(TEXTS);
      isWhole = (await mailboxStates(bindings.DB)).get(name)?.errorCode === null;
      await scanUntilEmpty(name, drop, { ...depsFor(drop), receiveMail });
      expect(received.toSorted(), `recorded after a cut after byte ${cuts}`).toEqual(TEXTS);
    }
    expect(cuts).toBeGreaterThan(150);
  });

  it("when any step of our storage fails", async () => {
    const steps = await everyFault({
      play: async (round) => {
        const drop = dropOf(round);
        for (let scans = 0; drop.mails.length; scans++) {
          expect(scans, "scans").toBeLessThan(MAX_SCANS);
          await scanAndLook(round, drop);
        }
      },
      check: expectAllRecorded,
    });
    expect(steps).toBeGreaterThanOrEqual(12);
  });

  it("when our storage fails from any step on, for the rest of a scan", async () => {
    let outages = 0;
    for (let hasStruck = true; hasStruck; outages++) {
      const round = newRound((_step, index) => (index >= outages ? "before" : null));
      const drop = dropOf(round);
      await scanAndLook(round, drop);
      hasStruck = round.faults.struck() > 0;
      await scanUntilEmpty(nameOf(round), drop, depsFor(drop));
      await expectAllRecorded(round);
    }
    expect(outages).toBeGreaterThanOrEqual(12);
  });

  it("when the connection breaks, storage fails and mails come in, at random", async () => {
    const fate = fc.record({
      cutAfter: fc.nat({ max: 500 }),
      cutBy: fc.constantFrom<NonNullable<Fate["cutBy"]>>("end", "break"),
    });
    const trouble = fc.record({
      fates: fc.array(fate, { maxLength: 3 }),
      fails: fc.array(fc.boolean(), { maxLength: 6 }),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(trouble, { minLength: 1, maxLength: 6 }), async (troubles) => {
        const name = `random-${++boxes}`;
        const drop = new Maildrop(MAILS);
        const received: string[] = [];
        const expected = [...TEXTS];
        for (const [n, { fates, fails }] of troubles.entries()) {
          let turn = 0;
          const reception: Reception = () => (fails[turn++] ? new Error("D1_ERROR") : "recorded");
          await scan(name, { ...depsFor(drop, fates), receiveMail: notingReception(received, reception) });
          const left = drop.mails.map(({ bytes }) => binaryText(bytes));
          expect([...new Set([...received, ...left])].sort()).toEqual(expected.toSorted());
          const late = mailOf(`late-${n}`, `late: ${n}\n`);
          drop.mails.push(late);
          expected.push(binaryText(late.bytes));
        }
        await scanUntilEmpty(name, drop, { ...depsFor(drop), receiveMail: notingReception(received) });
        expect(received.toSorted()).toEqual(expected.toSorted());
      }),
      { numRuns: 60 },
    );
  });
});

function nameOf({ domain }: Round): string {
  return domain.replaceAll(".", "-");
}

/** A report of a bounce, and a mail that is none. */
function dropOf({ address, domain }: Round): Maildrop {
  return new Maildrop([bounceMail(`bounce.${domain}`, address("ann")), strayMail(`stray.${domain}`)]);
}

/** A mail that is gone from the server is in the journal or in quarantine. */
async function scanAndLook(round: Round, drop: Maildrop): Promise<void> {
  const deps = depsFor(drop, [], round.env);
  await scan(nameOf(round), deps);
  await Promise.allSettled(deps.background);
  if (!drop.uidls.includes(`bounce.${round.domain}`)) expect(await eventsOf(round.address("ann"))).toHaveLength(1);
  if (!drop.uidls.includes(`stray.${round.domain}`)) expect(await quarantined(round)).toBe(1);
}

async function expectAllRecorded(round: Round): Promise<void> {
  expect(await eventsOf(round.address("ann"))).toMatchObject([
    { kind: "bounced", class: "hard", provider: "mailbox", connection: nameOf(round) },
  ]);
  expect(await quarantined(round)).toBe(1);
  // Notes of mails that are gone go with the next scan at the latest.
  await scan(nameOf(round), depsFor(new Maildrop([])));
  expect(await countOf("mailbox_messages WHERE mailbox = ?1", nameOf(round))).toBe(0);
}

/** Mails of a mailbox in quarantine. */
function quarantined(round: Round): Promise<number> {
  return countOf(
    "quarantine q JOIN receipts r ON r.id = q.receipt_id WHERE r.provider = 'mailbox' AND r.connection = ?1",
    nameOf(round),
  );
}
