import { expect, it } from "vitest";
import { utf8Bytes } from "../../src/crypto/encoding";
import { classify } from "../../src/domain/classify";
import type { BounceClass } from "../../src/domain/event";
import { markVerified } from "../../src/providers/adapter";
import { inboxroad } from "../../src/providers/inboxroad";
import { powermta } from "../../src/providers/powermta";
import { describeAdapter } from "./contract";
import { NOW } from "./contract/setup";
import { draftsOf } from "./fixtures";
import { post, sharedSecret } from "./senders";

describeAdapter({ adapter: powermta, textType: "application/x-ndjson", ...sharedSecret("/webhooks/powermta") });

/** PowerMTA's seventeen bounce categories. `other` is left to the status code, 5.2.2 below. */
const CLASSES: Readonly<Record<string, BounceClass>> = {
  "bad-mailbox": "hard",
  "bad-domain": "hard",
  "quota-issues": "soft",
  "inactive-mailbox": "soft",
  "no-answer-from-host": "soft",
  "relaying-issues": "soft",
  "routing-errors": "soft",
  "message-expired": "expired",
  "bad-configuration": "soft",
  "bad-connection": "soft",
  "content-related": "block",
  "policy-related": "block",
  "spam-related": "block",
  "virus-related": "block",
  "invalid-sender": "block",
  "protocol-errors": "undetermined",
  other: "soft",
};

for (const adapter of [powermta, inboxroad]) {
  const draftOf = (record: Record<string, unknown>) => {
    const body = utf8Bytes(
      JSON.stringify({ type: "b", rcpt: "john@example.com", dsnStatus: "5.2.2 (mailbox full)", ...record }),
    );
    const request = post({ body, contentType: "application/json" }, {}, "/");
    const [draft] = draftsOf(adapter.parse(markVerified(request), { receivedAt: NOW }));
    if (!draft) throw new Error("no event");
    return draft;
  };

  it.each(Object.entries(CLASSES))(
    `makes of ${adapter.title}'s bounce category %s the class %s`,
    (bounceCat, expected) => {
      const draft = draftOf({ bounceCat });
      const verdict = classify(draft);
      expect(verdict.class).toBe(expected);
      expect(verdict.rule).toBe(bounceCat === "other" ? "status:5.2.2" : `${adapter.id}:${bounceCat}`);
      expect(draft.hint).toBe(bounceCat);
    },
  );

  it(`lets the status decide where ${adapter.title} names a category that nobody knows`, () => {
    expect(classify(draftOf({ bounceCat: "brand-new" })).rule).toBe("status:5.2.2");
    expect(classify(draftOf({ bounceCat: "constructor" })).rule).toBe("status:5.2.2");
  });

  it(`tells two attempts of ${adapter.title} by their time`, () => {
    const record = { type: "t", "header_Message-Id": "<one@example.org>" };
    const [first, second] = ["1763719200", "1763719201"].map(
      (timeLogged) => draftOf({ ...record, timeLogged }).identity,
    );
    expect(first).not.toEqual(second);
  });

  it.each([
    ["in seconds", "1763719200"],
    ["as a date with its offset", "2025-11-21 12:00:00+0200"],
  ])(`reads the time of ${adapter.title} %s`, (_how, timeLogged) => {
    expect(draftOf({ timeLogged }).occurredAt).toBe(Date.UTC(2025, 10, 21, 10));
  });

  it.each(["header_Message-Id", "header_Message-ID", "header_message-id"])(
    `finds the Message-ID of ${adapter.title} in %s, as it is configured`,
    (field) => expect(draftOf({ [field]: "<one@example.org>" }).internetMessageId).toBe("<one@example.org>"),
  );

  it(`names a message of ${adapter.title} by its Message-ID, and by the envelope's id only without one`, () => {
    const both = draftOf({ "header_Message-Id": "<one@example.org>", envId: "envelope-1" });
    expect([both.internetMessageId, both.messageId]).toEqual(["<one@example.org>", undefined]);
    expect(draftOf({ envId: "envelope-1" }).messageId).toBe("envelope-1");
  });
}
