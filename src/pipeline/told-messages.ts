/** From the rows of the logs to messages. */
import { sha256Hex } from "../crypto/digest";
import type { AlertDetail } from "../domain/alert";
import { combineAnswers, type StoredAnswer, withoutProbation } from "../domain/answer";
import { type Message, messageId, type Places, type Stream } from "../domain/notification";
import {
  changeData,
  eventData,
  type ListStanding,
  listmonkBounce,
  TOLD_KINDS,
  type ToldEvent,
  typeOfChange,
} from "../domain/notification-message";
import type { Suppression } from "../domain/recipient-state";
import type { AlertChange } from "../store/alerts";
import type { EventRow } from "../store/event-row";
import {
  alertsAt,
  alertsToTell,
  type ChangeToTell,
  changesAt,
  changesToTell,
  eventsAt,
  eventsOfRecipients,
  eventsToTell,
} from "../store/notification-streams";
import { toldAlert } from "./alerts";
import { recipientKey } from "./recipient-key";

/** What lies in a log after a place. */
export interface Told {
  readonly messages: readonly Message[];
  /** Everything up to here is among them, or of no interest. */
  readonly end: number;
  /** Is there more of the log after that? */
  readonly hasMore: boolean;
}

/** Of one log. */
interface Log {
  readonly after: (db: D1Database, place: number, limits: ReadLimits) => Promise<Told & { readonly newest: number }>;
  readonly at: (db: D1Database, seqs: readonly number[]) => Promise<readonly Message[]>;
}

export interface ReadLimits {
  /** Rows of the journal that are looked at in one statement. */
  readonly stretch: number;
  readonly messages: number;
}

const LOGS: Readonly<Record<Stream, Log>> = {
  event: {
    after: async (db, place, limits) => {
      const { rows, end, newest } = await eventsToTell(db, place, limits.stretch, limits.messages);
      return { messages: await eventMessages(rows), end, newest, hasMore: end < newest };
    },
    at: async (db, seqs) => eventMessages(await eventsAt(db, seqs)),
  },
  change: {
    after: async (db, place, limits) => {
      const { rows, end, newest } = await changesToTell(db, place, limits.messages);
      return { messages: await changeMessages(db, rows), end, newest, hasMore: end < newest };
    },
    at: async (db, seqs) => changeMessages(db, await changesAt(db, seqs)),
  },
  alert: {
    after: async (db, place, limits) => {
      const { rows, end, newest } = await alertsToTell(db, place, limits.messages);
      return { messages: await Promise.all(rows.map(alertMessage)), end, newest, hasMore: end < newest };
    },
    at: async (db, seqs) => Promise.all((await alertsAt(db, seqs)).map(alertMessage)),
  },
};

/**
 * What lies in a log after a place.
 *
 * @returns `place`: where it was read from. That is further back than asked where the log ends before: in a database
 *   that was set back
 */
export async function readLog(
  db: D1Database,
  stream: Stream,
  place: number,
  limits: ReadLimits,
): Promise<Told & { readonly place: number }> {
  const told = await LOGS[stream].after(db, place, limits);
  return told.newest < place
    ? { messages: [], end: told.newest, hasMore: false, place: told.newest }
    : { ...told, place };
}

/** The messages at these places, as they are now. What is gone is left out. */
export async function messagesAt(
  db: D1Database,
  places: readonly { readonly stream: Stream; readonly seq: number }[],
): Promise<Message[]> {
  const byStream = Map.groupBy(places, ({ stream }) => stream);
  const found = await Promise.all(
    [...byStream].map(([stream, wanted]) =>
      LOGS[stream].at(
        db,
        wanted.map(({ seq }) => seq),
      ),
    ),
  );
  return found.flat();
}

/**
 * Several logs as one, in the order of time; each log keeps its own order. What lies after the end of what was read of
 * another log waits for the rest of that log, so that a report comes before the change of the list that it caused.
 */
export function mergeLogs(logs: readonly (Told & { readonly stream: Stream })[]): {
  readonly messages: readonly Message[];
  /** How far each log is told when these messages are. */
  readonly ends: Partial<Places>;
} {
  const timed = logs.map((log, rank) => ({ ...log, rank, timed: risingTimes(log.messages) }));
  const unfinished = timed.filter(({ hasMore }) => hasMore);
  const isReached = (at: number, rank: number) =>
    unfinished.every((log) => {
      const last = log.timed.at(-1)?.at ?? Number.NEGATIVE_INFINITY;
      return at < last || (at === last && rank <= log.rank);
    });
  const taken = timed.map((log) => ({ ...log, taken: log.timed.filter(({ at }) => isReached(at, log.rank)) }));
  const messages = taken
    .flatMap(({ rank, ...log }) => log.taken.map(({ at, message }) => ({ at, rank, message })))
    .sort((a, b) => a.at - b.at || a.rank - b.rank)
    .map(({ message }) => message);
  const ends = taken.map((log) => {
    const isWhole = log.taken.length === log.timed.length;
    return [log.stream, isWhole ? log.end : (log.taken.at(-1)?.message.seq ?? null)] as const;
  });
  return { messages, ends: Object.fromEntries(ends.filter(([, end]) => end !== null)) as Partial<Places> };
}

/** Clocks differ, logs do not: a message is never earlier than the one before it. */
function risingTimes(messages: readonly Message[]): { readonly at: number; readonly message: Message }[] {
  let latest = Number.NEGATIVE_INFINITY;
  return messages.map((message) => {
    latest = Math.max(latest, message.at);
    return { at: latest, message };
  });
}

async function eventMessages(rows: readonly EventRow[]): Promise<Message[]> {
  const messages = await Promise.all(rows.map(eventMessage));
  return messages.filter((message) => message !== null);
}

async function eventMessage(row: EventRow): Promise<Message | null> {
  const type = TOLD_KINDS[row.kind];
  if (type === undefined) return null;
  const event = toldEvent(row);
  const key = recipientKey(row.address);
  return {
    id: messageId("event", row.seq, await sha256Hex(`${key} ${row.id}`)),
    stream: "event",
    seq: row.seq,
    type,
    at: row.received_at,
    happenedAt: row.occurred_at,
    subject: key,
    source: `${row.provider}/${row.connection}`,
    data: eventData(event, key),
    bounce: listmonkBounce(event),
  };
}

function toldEvent(row: EventRow): ToldEvent {
  return {
    id: row.id,
    address: row.address,
    provider: row.provider,
    connection: row.connection,
    kind: row.kind,
    class: row.class,
    category: row.category,
    rule: row.rule,
    statusCode: row.status_code,
    replyCode: row.reply_code,
    diagnosticCode: row.diagnostic_code,
    remoteMta: row.remote_mta,
    messageId: row.message_id ?? row.internet_message_id,
    campaign: row.campaign,
    tags: row.tags === null ? null : (JSON.parse(row.tags) as string[]),
    metadata: row.metadata === null ? null : (JSON.parse(row.metadata) as Record<string, unknown>),
    occurredAt: row.occurred_at,
    receivedAt: row.received_at,
  };
}

async function changeMessages(db: D1Database, rows: readonly ChangeToTell[]): Promise<Message[]> {
  const causes = rows.map(causeOf);
  const wanted = rows.flatMap(({ address }, i) => {
    const cause = causes[i];
    return cause && address !== null ? [[address, cause.eventId] as const] : [];
  });
  const events = new Map((await eventsOfRecipients(db, wanted)).map((row) => [`${row.address} ${row.id}`, row]));
  const messages = await Promise.all(
    rows.map((row, i) => changeMessage(row, events.get(`${row.address} ${causes[i]?.eventId}`))),
  );
  return messages.filter((message) => message !== null);
}

/** The first of the suppressions behind a change, where the recipient still stands as the change says. */
function causeOf({ answer, suppressions }: ChangeToTell): Suppression | null {
  const [first] = suppressions === null ? [] : (JSON.parse(suppressions) as Suppression[]);
  const reasons = answer === null ? {} : (JSON.parse(answer) as StoredAnswer).reasons;
  return first && reasons[first.reason]?.since === first.since ? first : null;
}

async function changeMessage(row: ChangeToTell, evidence: EventRow | undefined): Promise<Message | null> {
  if (row.previous !== null && row.answer !== null && isSameToOthers(row.previous, row.answer)) return null;
  const now = standingOf(row.answer, row.changed_at);
  // What had ended by itself by then stood until then.
  const before = standingOf(row.previous, Number.NEGATIVE_INFINITY);
  const type = typeOfChange({ now, before });
  if (type === null) return null;
  const told = {
    key: row.key,
    address: row.address,
    now,
    before,
    evidence: evidence ? toldEvent(evidence) : null,
    changedAt: row.changed_at,
  };
  return {
    id: messageId("change", row.seq, await sha256Hex(`${row.key} ${row.changed_at} ${row.answer}`)),
    stream: "change",
    seq: row.seq,
    type,
    at: row.changed_at,
    happenedAt: row.changed_at,
    subject: row.key,
    source: null,
    data: changeData(told),
    bounce: null,
  };
}

/** A step of a probation, or a probe, concerns only those who check. */
function isSameToOthers(before: string, now: string): boolean {
  return JSON.stringify(storedAnswer(before)) === JSON.stringify(storedAnswer(now));
}

function storedAnswer(json: string): StoredAnswer {
  return withoutProbation(JSON.parse(json) as StoredAnswer);
}

function standingOf(answer: string | null, now: number): ListStanding {
  return combineAnswers(answer === null ? undefined : storedAnswer(answer), undefined, "marketing", now);
}

async function alertMessage(row: AlertChange): Promise<Message> {
  const { seq, key, type, changedAt } = row;
  const detail = JSON.parse(row.detail) as AlertDetail;
  const closedAt = type === "closed" ? changedAt : null;
  const { openedAt, ...told } = toldAlert({ ...row, closedAt, detail });
  return {
    id: messageId("alert", seq, await sha256Hex(`${key} ${type} ${changedAt}`)),
    stream: "alert",
    seq,
    type: `alert.${type}`,
    at: changedAt,
    happenedAt: changedAt,
    subject: `alert:${key}`,
    source: null,
    data: {
      ...told,
      openedAt: new Date(openedAt).toISOString(),
      closedAt: closedAt === null ? null : new Date(closedAt).toISOString(),
    },
    bounce: null,
  };
}
