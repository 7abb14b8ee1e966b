import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Message, Places, Stream } from "../../src/domain/notification";
import { mergeLogs, type Told } from "../../src/pipeline/told-messages";

const message = (stream: Stream, seq: number, at: number): Message => ({
  id: `msg_${stream}_${seq}_0000000000000000`,
  stream,
  seq,
  type: stream === "event" ? "event.bounced" : "suppression.created",
  at,
  happenedAt: at,
  subject: "somebody",
  source: null,
  data: {},
  bounce: null,
});

interface Log {
  readonly stream: Stream;
  readonly messages: readonly Message[];
}

/** A page of a log, as it is read from a place on. */
function pageOf({ stream, messages }: Log, place: number, size: number): Told & { readonly stream: Stream } {
  const ahead = messages.filter(({ seq }) => seq > place);
  const page = ahead.slice(0, size);
  return { stream, messages: page, end: page.at(-1)?.seq ?? place, hasMore: ahead.length > size };
}

/** Reads logs to their ends, page by page. */
function readAll(logs: readonly Log[], sizes: readonly number[]): Message[] {
  let places: Places = { event: 0, change: 0, alert: 0 };
  const read: Message[] = [];
  for (let round = 0; round < 500; round++) {
    const pages = logs.map((log, i) => pageOf(log, places[log.stream], sizes[i] ?? 1));
    const { messages, ends } = mergeLogs(pages);
    read.push(...messages);
    places = { ...places, ...ends };
    if (!messages.length && pages.every(({ hasMore }) => !hasMore)) break;
  }
  return read;
}

const logOf = (stream: Stream, times: readonly number[]): Log => ({
  stream,
  messages: times.map((at, i) => message(stream, 10 * (i + 1), at)),
});

describe("several logs as one", () => {
  it("hold each message once, and each log in its own order, whatever the clocks said", () => {
    const times = fc.array(fc.nat(100), { maxLength: 12 });
    const size = fc.integer({ min: 1, max: 5 });
    fc.assert(
      fc.property(times, times, size, size, (events, changes, a, b) => {
        const logs = [logOf("event", events), logOf("change", changes)];
        const read = readAll(logs, [a, b]);
        for (const { stream, messages } of logs) {
          expect(read.filter((m) => m.stream === stream)).toEqual(messages);
        }
      }),
      { numRuns: 500 },
    );
  });

  it("are in the order of time, where clocks agree: a report comes before the change that it caused", () => {
    const rising = fc.array(fc.nat(10), { maxLength: 12 }).map((steps) => {
      let at = 0;
      return steps.map((step) => (at += step));
    });
    const size = fc.integer({ min: 1, max: 5 });
    fc.assert(
      fc.property(rising, rising, size, size, (events, changes, a, b) => {
        const read = readAll([logOf("event", events), logOf("change", changes)], [a, b]);
        const inOrder = read.toSorted(
          (one, other) => one.at - other.at || Number(one.stream === "change") - Number(other.stream === "change"),
        );
        expect(read).toEqual(inOrder);
      }),
      { numRuns: 500 },
    );
  });

  it("go on past a stretch of one log in which there is nothing to tell", () => {
    const quiet = { stream: "event" as const, messages: [], end: 500, hasMore: true };
    const { messages, ends } = mergeLogs([quiet, { ...pageOf(logOf("change", [5]), 0, 10) }]);
    // What changed may have been caused by what lies behind the stretch.
    expect(messages).toEqual([]);
    expect(ends).toEqual({ event: 500 });
  });
});
