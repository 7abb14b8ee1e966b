/**
 * The weeks before the hour: mail to the same people day after day, by those who tell of many messages in one request.
 *
 * A day is told the same way whenever it is told, so that a second run adds nothing. Weekends are quiet; now and then a
 * provider of mailboxes takes the sender's mail for spam, or an old list is written to, which is what a chart is for.
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
/** Something goes wrong every so many days; which, by the day's number among them. */
const MISHAPS_EVERY_DAYS = 13;
/** The mailboxes of one domain refuse mail as spam, and how much of it. */
const REFUSAL = { days: [0, 1], domain: "example.net", share: 0.2 };
/** An old list is written to. */
const OLD_LIST = { days: [6], share: 0.06 };

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
  return Array.from({ length: days }, (_, i) => today - days + i).flatMap((day) =>
    tellDay({ seed, day, people, senders }),
  );
}

function tellDay({ seed, day, people, senders }) {
  const random = createRandom(`${seed}-day-${day}`);
  // 1970 began on a Thursday.
  const isWeekend = [2, 3].includes(day % 7);
  const mails = Math.floor((isWeekend ? MAILS.weekend : MAILS.workday) * (0.85 + random.below(30) / 100));
  const happened = Array.from({ length: mails }, (_, i) => {
    const recipient = random.pick(people);
    const sender = random.weighted(senders);
    const usual = random.weighted(USUAL.filter(sender.tells));
    const outcome = mishap({ random, day, recipient }) ?? usual;
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

function mishap({ random, day, recipient }) {
  const number = day % MISHAPS_EVERY_DAYS;
  if (REFUSAL.days.includes(number) && recipient.endsWith(`@${REFUSAL.domain}`) && random.chance(REFUSAL.share)) {
    return SPAM;
  }
  return OLD_LIST.days.includes(number) && random.chance(OLD_LIST.share) ? NO_SUCH_USER : undefined;
}
