/**
 * An hour of a sender's life: who was written to, by which provider, and what became of it.
 *
 * Most of it is chance; a few recipients have a fate that shows what the product does with it. Times are counted
 * from a full ten minutes, so that a second run soon after repeats the first to the letter (and must add nothing),
 * while a later run is a new hour of mail to the same people.
 */
import {
  COMPLAINT,
  DELIVERED,
  FULL_MAILBOX,
  LISTED_BOUNCE,
  NO_SUCH_USER,
  OUTCOMES,
  SPAM,
  UNHEARD_OF,
  UNSUBSCRIBE,
} from "./outcomes.mjs";
import { createRandom } from "./random.mjs";

const RECIPIENTS = 400;
const STEP_MS = 10 * 60_000;
const SPAN_MS = 50 * 60_000;
const DOMAINS = ["example.com", "example.net", "example.org"];
export const CAMPAIGNS = ["autumn-sale", "weekly-news", "password-reset", "invoice"];
const FIRST =
  "ada ben cleo dora emil finn greta hugo ida jan kira leo mia noah olga paul rosa sven tara udo vera wim".split(" ");
const LAST =
  "abel brandt costa dunn eriksen fuchs gallo hahn ivanov jonker keller lind moreau novak ortiz petrov".split(" ");

const repeat = (count, outcome) => Array.from({ length: count }, () => outcome);

/**
 * Fates: the outcomes of one recipient's messages, in order of time, by one provider or by several in turn, and which
 * reason must (or must not) suppress the address in the end.
 */
export const FATES = [
  {
    recipient: "fills.up@example.net",
    providers: ["inboxroad"],
    outcomes: repeat(5, FULL_MAILBOX),
    reason: "soft",
    suppressed: true,
    told: "5 messages bounced off a full mailbox",
  },
  {
    recipient: "came.back@example.org",
    providers: ["inboxroad"],
    outcomes: [...repeat(4, FULL_MAILBOX), DELIVERED],
    reason: "soft",
    suppressed: false,
    told: "4 bounced, then one was delivered",
  },
  {
    recipient: "has.left@example.com",
    providers: ["powermta"],
    outcomes: [DELIVERED, NO_SUCH_USER],
    reason: "hard",
    suppressed: true,
    told: "the mailbox does not exist any more",
  },
  {
    recipient: "had.enough@example.com",
    providers: ["powermta"],
    outcomes: [DELIVERED, COMPLAINT],
    reason: "complaint",
    suppressed: true,
    told: "reported a message as spam",
  },
  {
    recipient: "opted.out@example.org",
    providers: ["api"],
    outcomes: [DELIVERED, UNSUBSCRIBE],
    reason: "unsubscribe",
    suppressed: true,
    told: "unsubscribed",
  },
  {
    recipient: "strict.filter@example.net",
    providers: ["powermta"],
    outcomes: repeat(6, SPAM),
    reason: "soft",
    suppressed: false,
    told: "6 refused as spam: not the recipient's fault",
  },
  {
    recipient: "here.and.there@example.org",
    providers: ["sendgrid", "mailgun", "resend", "sparkpost", "brevo"],
    outcomes: repeat(5, FULL_MAILBOX),
    reason: "soft",
    suppressed: true,
    told: "5 bounces, each told by another provider",
  },
  {
    recipient: "on.their.list@example.com",
    providers: ["sendgrid"],
    outcomes: [LISTED_BOUNCE],
    reason: "hard",
    suppressed: true,
    told: "SendGrid had it on its own list, and did not send",
  },
  {
    recipient: "puzzle@example.net",
    providers: ["inboxroad"],
    outcomes: [UNHEARD_OF],
    told: "a record of a kind nobody knows: kept in quarantine",
  },
];

/** The end of the hour to tell of. */
export function hourEnding(now) {
  return Math.floor(now / STEP_MS) * STEP_MS;
}

/**
 * @param {{ seed: string, end: number, senders: typeof import("./senders.mjs").SENDERS }} options
 *   `senders`: who may have sent a message, its share, and what it tells of
 * @returns what happened, in order of time
 */
export function tellHour({ seed, end, senders }) {
  const random = createRandom(seed);
  const happened = [];
  const add = (recipient, provider, outcome, at) => {
    const id = `${seed}-${end / STEP_MS}-${happened.length}`;
    const campaign = random.pick(CAMPAIGNS);
    happened.push({
      ...outcome,
      recipient,
      provider,
      at: Math.floor(at),
      id,
      messageId: `${id}@mail.example.com`,
      campaign,
      sender: "news@mail.example.com",
    });
  };
  for (const { recipient, providers, outcomes } of FATES) {
    const gap = SPAN_MS / (outcomes.length + 1);
    for (const [index, outcome] of outcomes.entries())
      add(recipient, providers[index % providers.length], outcome, end - SPAN_MS + (index + 1) * gap);
  }
  // Everybody has something to tell: of the first messages each provider gets one.
  const waiting = [...senders];
  for (const recipient of peopleOf(random, RECIPIENTS)) {
    const messages = random.chance(0.7) ? 1 : 2 + random.below(2);
    for (let i = 0; i < messages; i++) {
      const sender = waiting.pop() ?? random.weighted(senders);
      add(recipient, sender.provider, random.weighted(OUTCOMES.filter(sender.tells)), end - random.below(SPAN_MS));
    }
  }
  return happened.sort((a, b) => a.at - b.at);
}

/** So many addresses, all different. */
export function peopleOf(random, count) {
  const people = new Set();
  while (people.size < count) {
    const tag = random.chance(0.05) ? "+news" : "";
    people.add(`${random.pick(FIRST)}.${random.pick(LAST)}${random.below(90) + 10}${tag}@${random.pick(DOMAINS)}`);
  }
  return people;
}
