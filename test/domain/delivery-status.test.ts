import { describe, expect, it } from "vitest";
import {
  meaningOfReply,
  meaningOfStatus,
  replyCodeIn,
  statusCodeIn,
  statusCodesIn,
} from "../../src/domain/delivery-status";
import { PRIVATE_CODES } from "../../src/domain/private-codes";
import { REPLY_CODES } from "../../src/domain/reply-codes";
import { STATUS_CODES } from "../../src/domain/status-codes";

describe("codes in a text", () => {
  it.each([
    ["5.2.1 (mailbox disabled, not accepting messages)", "5.2.1"],
    ["smtp;550 5.1.1 unknown", "5.1.1"],
    ["#4.4.7 expired", "4.4.7"],
    ["550-5.07.001 x", "5.7.1"],
    ["host 5.9.14.2 said no", undefined],
    ["version 15.2.1", undefined],
    ["5.1.1.2", undefined],
    ["3.1.1", undefined],
    [undefined, undefined],
  ])("%j holds the enhanced status code %j", (text, code) => {
    expect(statusCodeIn(text)).toBe(code);
  });

  it("are found in their order, each once, and no more than a few", () => {
    expect(statusCodesIn("550-5.1.1 no 550 5.1.1 such user; 5.0.0")).toEqual(["5.1.1", "5.0.0"]);
    expect(statusCodesIn(Array.from({ length: 50 }, (_, i) => `5.7.${i}`).join(" "))).toHaveLength(8);
  });

  it.each([
    ["550 no", "550"],
    ["smtp;452 4.2.2 full", "452"],
    ["host mx.example.net[192.0.2.1] said: 554-5.7.1 no", "554"],
    ["about 550 things", undefined],
    ["1550 x", undefined],
  ])("%j holds the reply code %j", (text, code) => {
    expect(replyCodeIn(text)).toBe(code);
  });
});

describe("the tables of codes", () => {
  it("hold each code once, in the order of the registry", () => {
    const codes = STATUS_CODES.map(({ code }) => code);
    const number = (code: string) => code.split(".").reduce((n, part) => n * 1_000 + Number(part), 0);
    expect(codes).toEqual([...new Set(codes)].toSorted((a, b) => number(a) - number(b)));
    expect(new Set(REPLY_CODES.map(({ code }) => code)).size).toBe(REPLY_CODES.length);
  });

  it("hold the registry without a gap", () => {
    const details = (subject: number) => STATUS_CODES.filter(({ code }) => code.startsWith(`${subject}.`)).length;
    expect([0, 1, 2, 3, 4, 5, 6, 7].map(details)).toEqual([1, 11, 5, 7, 8, 7, 11, 31]);
  });

  it("hold private codes only where the registry has none, in ranges that do not overlap", () => {
    const taken = new Set(STATUS_CODES.map(({ code }) => code));
    for (const { subject, from, to } of PRIVATE_CODES) {
      expect(to).toBeGreaterThanOrEqual(from);
      for (let detail = from; detail <= to; detail++) {
        expect(taken.has(`${subject}.${detail}`), `${subject}.${detail}`).toBe(false);
        taken.add(`${subject}.${detail}`);
      }
    }
  });
});

describe("a code", () => {
  it("means the same in either class", () => {
    expect(meaningOfStatus("4.2.2")).toEqual(meaningOfStatus("5.2.2"));
  });

  it.each(["5.0.0", "5.1.0", "2.1.5", "2.6.4", "5.0.911", "5.9.9", "5.1", ""])("may mean nothing: %j", (code) => {
    expect(meaningOfStatus(code)).toBeUndefined();
  });

  it("may be an operator's own", () => {
    expect(meaningOfStatus("5.4.310")).toMatchObject({ class: "hard", category: "bad-domain" });
    expect(meaningOfStatus("5.7.606")).toMatchObject({ class: "block" });
    expect(meaningOfStatus("4.4.316")).toMatchObject({ class: "expired" });
    expect(meaningOfStatus("5.7.499")).toBeUndefined();
  });

  it("of a reply alone says why only where it stands for one thing", () => {
    expect(meaningOfReply("556")).toMatchObject({ class: "hard", category: "null-mx" });
    expect(meaningOfReply("552")).toMatchObject({ class: "soft" });
    expect(meaningOfReply("550")).toBeUndefined();
    expect(meaningOfReply(undefined)).toBeUndefined();
  });
});
