/** The journal as it grows: every event once, in the order in which they were recorded. */
import { isUnavailable } from "./error";
import { sleep } from "./signals";
import type { Event, Page } from "./types";

/** @returns a page of the journal, newest first */
export type FetchPage = (cursor?: string) => Promise<Page<Event>>;

export interface FollowSettings {
  readonly fetchPage: FetchPage;
  /** How long to wait before looking again. */
  readonly intervalMs: number;
  /** Also what is there already; otherwise from now on. */
  readonly fromBeginning: boolean;
  readonly signal: AbortSignal | undefined;
}

const FIRST_WAIT_MS = 500;
const MAX_WAIT_MS = 30_000;

/**
 * Yields without end. A service that does not answer is asked again until it does: nothing is left out.
 *
 * @throws what no patience helps against, and the signal's reason
 */
export async function* follow({ fetchPage, intervalMs, fromBeginning, signal }: FollowSettings): AsyncGenerator<Event> {
  const patiently = untilAnswered(fetchPage, signal);
  const mark = new Mark();
  if (!fromBeginning) mark.passReceipt(await newest(patiently));
  for (;;) {
    yield* unread(patiently, mark);
    await sleep(intervalMs, signal);
  }
}

/** Of a filter that few events pass, the first pages may be empty. */
async function newest(fetchPage: FetchPage): Promise<Event | undefined> {
  let page = await fetchPage();
  while (!page.items.length && page.nextCursor !== null) page = await fetchPage(page.nextCursor);
  return page.items[0];
}

/** How far the journal has been read. Receipts are recorded whole, and in the order of their numbers. */
class Mark {
  #receiptId = 0;
  /** Events of that receipt that have been read; `null`: all of them. */
  #ids: Set<string> | null = null;

  isUnread({ receiptId, id }: Event): boolean {
    if (receiptId !== this.#receiptId) return receiptId > this.#receiptId;
    return this.#ids !== null && !this.#ids.has(id);
  }

  pass({ receiptId, id }: Event): void {
    if (receiptId === this.#receiptId) this.#ids?.add(id);
    else this.#ids = new Set([id]);
    this.#receiptId = receiptId;
  }

  /** All that came with this event, and before. */
  passReceipt(event: Event | undefined): void {
    this.#receiptId = event?.receiptId ?? 0;
    this.#ids = null;
  }
}

/**
 * Down the pages to what has been read, and up again from the oldest unread one. Of the pages between only the cursors are
 * kept, however many they are. What arrives meanwhile is above them all: the next round.
 */
async function* unread(fetchPage: FetchPage, mark: Mark): AsyncGenerator<Event> {
  const top = await fetchPage();
  const cursors: string[] = [];
  let page = top;
  while (page.nextCursor !== null && page.items.every((event) => mark.isUnread(event))) {
    cursors.push(page.nextCursor);
    page = await fetchPage(page.nextCursor);
  }
  yield* unreadOf(page, mark);
  for (const cursor of cursors.slice(0, -1).reverse()) yield* unreadOf(await fetchPage(cursor), mark);
  if (page !== top) yield* unreadOf(top, mark);
}

function* unreadOf({ items }: Page<Event>, mark: Mark): Generator<Event> {
  for (const event of [...items].reverse()) {
    if (!mark.isUnread(event)) continue;
    mark.pass(event);
    yield event;
  }
}

function untilAnswered(fetchPage: FetchPage, signal: AbortSignal | undefined): FetchPage {
  return async (cursor) => {
    for (let waitMs = FIRST_WAIT_MS; ; waitMs = Math.min(2 * waitMs, MAX_WAIT_MS)) {
      try {
        return await fetchPage(cursor);
      } catch (error) {
        if (!isUnavailable(error)) throw error;
        await sleep(waitMs * (0.5 + Math.random() / 2), signal);
      }
    }
  };
}
