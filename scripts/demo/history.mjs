/**
 * The weeks before the hour: mail to the same people day after day, by those who tell of many messages in one request.
 *
 * A day is told the same way whenever it is told, so that a second run adds nothing. Weekends are quiet; and some days
 * ago a provider of mailboxes took the sender's mail for spam, which is what a chart is for.
 */
import { DELIVERED, NO_SUCH_USER, OUTCOMES, SPAM } from "./outcomes.mjs";
import { createRandom } from "./random.mjs";
import { CAMPAIGNS, peopleOf } from "./story.mjs";

const DAY_MS = 86_400_000;
const PEOPLE = 4_000;
const MAILS = { workday: 800, weekend: 250 };
/** Of the hour's outcomes, deliveries are so much more: these weeks went well. */
const MORE_DELIVERED = 4;
/** A request tells of so many messages. */
const BATCH_SIZE = 250;
/** Days before today on which the mailboxes of one domain refused mail as spam, and how much of it. */
const REFUSAL = { daysAgo: [4, 5], domain: "example.net", share: 0.2 };
/** On one day an old list was written to. */
const OLD_LIST = { daysAgo: 11, share: 0.06 };

const USUAL = OUTCOMES.map((outcome) =>
  outcome === DELIVERED ? { ...outcome, weight: outcome.weight * MORE_DELIVERED } : outcome,
);

/** Those who tell of many messages at once. */
export function historians(senders) {
  return senders.filter(({ batchSize }) => batchSize > 1).map((sender) => ({ ...sender, batchSize: BATCH_SIZE }));
}

/**
 * @param {{ seed: string, now: number, days: number, senders: object[] }} options `senders`: the historians
 * @returns what happened on the days before today, in order of time
 */
export function tellHistory({ seed, now, days, senders }) {
  const today = Math.floor(now / DAY_MS);
  const people = [...peopleOf(createRandom(`${seed}-people`), PEOPLE)];
  const daysAgo = Array.from({ length: days }, (_, i) => days - i);
  return daysAgo.flatMap((ago) => tellDay({ seed, day: today - ago, ago, people, senders }));
}

function tellDay({ seed, day, ago, people, senders }) {
  const random = createRandom(`${seed}-day-${day}`);
  // 1970 began on a Thursday.
  const isWeekend = [2, 3].includes(day % 7);
  const mails = Math.floor((isWeekend ? MAILS.weekend : MAILS.workday) * (0.85 + random.below(30) / 100));
  const happened = Array.from({ length: mails }, (_, i) => {
    const recipient = random.pick(people);
    const sender = random.weighted(senders);
    const usual = random.weighted(USUAL.filter(sender.tells));
    const outcome = mishap({ random, ago, recipient }) ?? usual;
    const id = `${seed}-day-${day}-${i}`;
    return {
      ...(sender.tells(outcome) ? outcome : usual),
      recipient,
      provider: sender.provider,
      at: day * DAY_MS + 6 * 3_600_000 + random.below(14 * 3_600_000),
      id,
      messageId: `${id}@mail.example.com`,
      campaign: random.pick(CAMPAIGNS),
      sender: "news@mail.example.com",
    };
  });
  return happened.sort((a, b) => a.at - b.at);
}

function mishap({ random, ago, recipient }) {
  if (REFUSAL.daysAgo.includes(ago) && recipient.endsWith(`@${REFUSAL.domain}`) && random.chance(REFUSAL.share)) {
    return SPAM;
  }
  return ago === OLD_LIST.daysAgo && random.chance(OLD_LIST.share) ? NO_SUCH_USER : undefined;
}
