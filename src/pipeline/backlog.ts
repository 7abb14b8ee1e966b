/** What a subscription is still to be told: out of the logs, page by page, in order. */
import { isWanted, type Message, type Places, type Stream, streamsOf } from "../domain/notification";
import type { Notification } from "../store/notifications";
import { waitingOf } from "../store/outbox";
import { mergeLogs, type ReadLimits, readLog, type Told } from "./told-messages";

/** Beyond this the receiver refuses so much that nothing new is tried until it takes some of it. */
const MAX_WAITING = 10_000;
/** D1 takes a thousand statements an invocation, and a page takes up to seven. */
const PAGES_PER_RUN = 50;

interface Entry {
  readonly message: Message;
  isSettled: boolean;
}

/** The messages that lie ahead. What is settled moves the places up to which the subscription has been told. */
export class Backlog {
  readonly #db: D1Database;
  readonly #notification: Notification;
  readonly #limits: ReadLimits;
  /** Of the page that was read. */
  #entries: Entry[] = [];
  /** Where each log stands when the page is settled as a whole. */
  #ends: Places;
  #hasMore = true;
  #isFull = false;
  #pagesLeft = PAGES_PER_RUN;
  /** Recipients of whom something waits in the outbox: what follows has to wait behind it. */
  readonly #held = new Set<string>();

  constructor(db: D1Database, notification: Notification, limits: ReadLimits) {
    this.#db = db;
    this.#notification = notification;
    this.#limits = limits;
    this.#ends = notification.places;
  }

  /** Reads a page, if all that was read is settled. There may be nothing of interest on it. */
  async fill(): Promise<void> {
    if (this.#open().length || !this.hasMore) return;
    this.#pagesLeft--;
    await this.#readPage();
  }

  /** Is there more to read, in this run? */
  get hasMore(): boolean {
    return this.#hasMore && this.#pagesLeft > 0;
  }

  /** The next messages, each about somebody else than these. */
  take(count: number, taken: ReadonlySet<string>): Message[] {
    const subjects = new Set(taken);
    const messages: Message[] = [];
    for (const { message } of this.#open()) {
      if (messages.length === count) break;
      if (subjects.has(message.subject)) continue;
      subjects.add(message.subject);
      messages.push(message);
    }
    return messages;
  }

  /** Those next messages that have to wait behind others of the same recipient. They are settled by that. */
  takeHeld(): Message[] {
    const held = this.#open().filter(({ message }) => this.#held.has(message.subject));
    for (const entry of held) entry.isSettled = true;
    return held.map(({ message }) => message);
  }

  /** From now on its recipient's messages wait in the outbox. */
  hold(subject: string): void {
    this.#held.add(subject);
  }

  settle(message: Message): void {
    for (const entry of this.#entries) if (entry.message === message) entry.isSettled = true;
  }

  /** So much waits in the outbox that nothing new is taken. */
  get isFull(): boolean {
    return this.#isFull;
  }

  /** How far the subscription has been told. */
  get places(): Places {
    const open = this.#open();
    const placeIn = (stream: Stream) => {
      const first = open.find(({ message }) => message.stream === stream);
      return first ? first.message.seq - 1 : this.#ends[stream];
    };
    return { event: placeIn("event"), change: placeIn("change"), alert: placeIn("alert") };
  }

  #open(): Entry[] {
    return this.#entries.filter(({ isSettled }) => !isSettled);
  }

  async #readPage(): Promise<void> {
    const { places } = this;
    const logs: (Told & { readonly stream: Stream; readonly place: number })[] = [];
    // The journal last: the report behind a change of the list is then among what was read.
    for (const stream of streamsOf(this.#notification).reverse()) {
      logs.unshift({ stream, ...(await readLog(this.#db, stream, places[stream], this.#limits)) });
    }
    const { messages, ends } = mergeLogs(logs);
    const wanted = messages.filter((message) => isWanted(this.#notification, message));
    if (wanted.length && !(await this.#mayTake(wanted))) {
      this.#isFull = true;
      this.#hasMore = false;
      return;
    }
    this.#entries = wanted.map((message) => ({ message, isSettled: false }));
    const readFrom = Object.fromEntries(logs.map(({ stream, place }) => [stream, place]));
    this.#ends = { ...places, ...readFrom, ...ends };
    this.#hasMore = logs.some(({ stream, end, hasMore }) => hasMore || this.#ends[stream] < end);
  }

  /** Is there room in the outbox? Notes whose messages have to wait there. */
  async #mayTake(messages: readonly Message[]): Promise<boolean> {
    const subjects = [...new Set(messages.map(({ subject }) => subject))];
    const waiting = await waitingOf(this.#db, this.#notification.id, subjects);
    for (const subject of waiting.subjects) this.#held.add(subject);
    return waiting.count < MAX_WAITING;
  }
}
