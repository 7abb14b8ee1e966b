import { describe, expect, it } from "vitest";
import { causeOf, receiverOf, wordsOf } from "../../src/domain/cause";
import type { NormalizedEvent } from "../../src/domain/event";

const bounce = (more: Partial<NormalizedEvent>): NormalizedEvent => ({
  id: "e1",
  provider: "ses",
  connection: "default",
  kind: "bounced",
  class: "hard",
  category: "policy-related",
  recipient: "john.doe@example.com",
  address: "john.doe@example.com",
  statusCode: "5.7.1",
  occurredAt: 0,
  receivedAt: 0,
  ...more,
});

describe("the words of a diagnostic", () => {
  it.each([
    [
      "550 5.7.1 Service unavailable, Client host [192.0.2.7] blocked using lists.example.net; see https://check.example.net/q?ip=192.0.2.7",
      "service unavailable client host blocked using see",
    ],
    [
      "550-5.1.1 <john.doe@example.com>: Recipient address rejected (in reply to RCPT TO)",
      "recipient address rejected in reply to rcpt to",
    ],
    ["User John.Doe unknown in virtual mailbox table", "user unknown in virtual mailbox table"],
    ['452 4.2.2 mailbox "Old Mail" is full, q1si8231 - gw-7', "mailbox is full"],
    ["Empfänger unbekannt. Fehler: 0x8004010F facadebead", "empfänger unbekannt fehler"],
    ["", ""],
  ])("of %j are %j", (diagnostic, expected) => {
    expect(wordsOf(diagnostic, "john.doe@example.com")).toBe(expected);
  });

  it("are the first twelve, and of a text of any length they are found in no time", () => {
    const words = Array.from({ length: 40 }, (_, i) => `word${"x".repeat(i % 7)}`).join(" ");
    expect(wordsOf(words, "a@example.com").split(" ")).toHaveLength(12);
    const start = performance.now();
    for (const text of ['"'.repeat(4_000), "a.".repeat(2_000), "- ".repeat(2_000), "<a@b>".repeat(800)]) {
      for (let i = 0; i < 200; i++) wordsOf(text, "a@example.com");
    }
    expect(performance.now() - start).toBeLessThan(3_000);
  });
});

describe("the receiver", () => {
  it.each([
    ["mx1.mail.example.net", "example.net"],
    ["mx1.mail.example.net. (192.0.2.1)", "example.net"],
    ["dns; MX.Example.NET", "example.net"],
    ["smtp;[192.0.2.1]", "shop.example"],
    ["192.0.2.1", "shop.example"],
    ["2001:db8::1", "shop.example"],
    [undefined, "shop.example"],
    ["mx.example.co.uk", "example.co.uk"],
    ["mx.example.de", "example.de"],
    ["localhost", "shop.example"],
  ])("that is named %j is %j", (remoteMta, expected) => {
    expect(receiverOf(remoteMta, "john@mail.shop.example")).toBe(expected);
  });
});

describe("the cause", () => {
  const said = (diagnosticCode: string, more: Partial<NormalizedEvent> = {}) =>
    causeOf(bounce({ diagnosticCode, ...more }));

  it("is the same for all whom the same is said to", () => {
    const one = said("550 5.7.1 host [192.0.2.7] is blocked: john.doe@example.com (id a1b2)");
    const two = said("550 5.7.1 host [192.0.2.8] is blocked: ann@example.com (id c3d4)", {
      address: "ann@example.com",
    });
    expect(one).toMatch(/^[0-9a-f]{12} example\.com$/);
    expect(two).toBe(one);
  });

  it("differs by words, class, category, status code and receiver", () => {
    const causes = [
      said("blocked"),
      said("not blocked"),
      said("blocked", { class: "soft" }),
      said("blocked", { category: "spam-related" }),
      said("blocked", { statusCode: "5.7.26" }),
      said("blocked", { remoteMta: "mx.example.net" }),
    ];
    expect(new Set(causes).size).toBe(causes.length);
  });

  it("is that of a bounce: nothing else has one", () => {
    expect(causeOf(bounce({ kind: "complained", class: undefined }))).toBeNull();
    expect(causeOf(bounce({ kind: "delivered", class: undefined }))).toBeNull();
  });
});
