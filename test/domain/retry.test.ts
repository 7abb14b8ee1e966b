import { describe, expect, it } from "vitest";
import {
  backOffMs,
  GIVE_UP_AFTER_MS,
  judgeRound,
  MESSAGE_BACK_OFF,
  type Outcome,
  outcomeOfStatus,
  RECEIVER_BACK_OFF,
  retryAfterMs,
} from "../../src/domain/retry";

const MINUTE_MS = 60_000;
const NOW = Date.UTC(2030, 0, 15, 12);

describe("waiting", () => {
  it("doubles from attempt to attempt, up to a longest wait, give or take a fifth", () => {
    for (let attempts = 1; attempts <= 60; attempts++) {
      const wanted = Math.min(MINUTE_MS * 2 ** (attempts - 1), MESSAGE_BACK_OFF.longestMs);
      for (const name of ["msg_a", "msg_b", "msg_c"]) {
        const ms = backOffMs(MESSAGE_BACK_OFF, attempts, name);
        expect(ms).toBeGreaterThanOrEqual(wanted * 0.8);
        expect(ms).toBeLessThanOrEqual(wanted * 1.2);
      }
    }
  });

  it("is not the same for everybody, and always the same for one", () => {
    const waits = Array.from({ length: 50 }, (_, i) => backOffMs(MESSAGE_BACK_OFF, 3, `msg_${i}`));
    expect(new Set(waits).size).toBeGreaterThan(45);
    expect(Math.max(...waits) - Math.min(...waits)).toBeGreaterThan(MINUTE_MS);
    expect(backOffMs(MESSAGE_BACK_OFF, 3, "msg_7")).toBe(waits[7]);
  });

  it("makes between fifteen and twenty-five attempts in the three days before a message is given up", () => {
    for (const name of ["msg_a", "msg_b", "msg_c"]) {
      let [at, attempts] = [0, 1];
      for (; at < GIVE_UP_AFTER_MS; attempts++) at += backOffMs(MESSAGE_BACK_OFF, attempts, name);
      expect(attempts).toBeGreaterThan(15);
      expect(attempts).toBeLessThan(25);
    }
  });

  it("never leaves a receiver alone for much longer than a quarter of an hour", () => {
    expect(backOffMs(RECEIVER_BACK_OFF, 1_000, "receiver")).toBeLessThanOrEqual(18 * MINUTE_MS);
  });
});

describe("Retry-After", () => {
  it.each([
    ["120", 120_000],
    [" 0 ", 0],
    ["Tue, 15 Jan 2030 12:05:00 GMT", 5 * MINUTE_MS],
    ["999999999", 24 * 60 * MINUTE_MS],
    ["Tue, 15 Jan 2030 11:00:00 GMT", null],
    ["-5", null],
    ["soon", null],
    ["", null],
    [null, null],
  ])("%j is %j ms", (header, ms) => {
    expect(retryAfterMs(header, NOW)).toBe(ms);
  });
});

describe("an answer", () => {
  it.each<[number, Outcome["type"]]>([
    [200, "delivered"],
    [204, "delivered"],
    [299, "delivered"],
    [301, "refused"],
    [307, "refused"],
    [400, "refused"],
    [401, "refused"],
    [404, "refused"],
    [408, "unreachable"],
    [410, "gone"],
    [422, "refused"],
    [429, "unreachable"],
    [500, "refused"],
    [502, "unreachable"],
    [503, "unreachable"],
    [504, "unreachable"],
    [522, "unreachable"],
  ])("with the status %i means: %s", (status, type) => {
    expect(outcomeOfStatus(status, "", null).type).toBe(type);
  });
});

describe("a round", () => {
  const delivered = outcomeOfStatus(200, "", null);
  const refused = outcomeOfStatus(400, "", null);
  const unreachable = outcomeOfStatus(503, "", null);
  const gone = outcomeOfStatus(410, "", null);

  it("with one success shows that the receiver works, whatever else failed", () => {
    expect(judgeRound([unreachable, delivered, refused], 50)).toBe("up");
  });

  it("in which nobody answered is the receiver's trouble", () => {
    expect(judgeRound([unreachable], 0)).toBe("down");
    expect(judgeRound([refused, unreachable], 0)).toBe("down");
  });

  it("in which everything was refused may be the messages' fault, twice in a row; then it is the receiver's", () => {
    expect([0, 1, 2, 3].map((failures) => judgeRound([refused, refused], failures))).toEqual([
      "refused",
      "refused",
      "down",
      "down",
    ]);
  });

  it("with a 410 is the last one", () => {
    expect(judgeRound([delivered, gone], 0)).toBe("gone");
  });
});
