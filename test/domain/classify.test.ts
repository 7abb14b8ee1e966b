import { describe, expect, it } from "vitest";
import { classify } from "../../src/domain/classify";
import { MAX_READ_LENGTH } from "../../src/domain/classify-reading";
import { STAGE_RULES } from "../../src/domain/classify-stage";
import { evidenceOf, groundsOf } from "../support/rule-grounds";

const HARD_HINT = { class: "hard", rule: "provider:hard", fixed: false } as const;
const SOFT_HINT = { class: "soft", rule: "provider:soft", fixed: false } as const;

describe("what is consulted, and in which order", () => {
  it("takes a class that the provider's own mapper fixes before everything else", () => {
    const stated = { class: "soft", rule: "inboxroad:quota-issues", fixed: true } as const;
    const found = classify({
      stated,
      category: "quota-issues",
      diagnosticCode: "550 5.1.1 User unknown",
      statusCode: "5.1.1",
    });
    expect(found).toEqual({ class: "soft", category: "quota-issues", rule: "inboxroad:quota-issues" });
  });

  it("lets the text fill in the category of a fixed class only where it agrees with the class", () => {
    const stated = { class: "soft", rule: "provider:soft", fixed: true } as const;
    expect(classify({ stated, diagnosticCode: "552 5.2.2 Mailbox full" })).toMatchObject({ category: "quota-issues" });
    expect(classify({ stated, diagnosticCode: "550 5.1.1 User unknown" })).toMatchObject({ category: "other" });
  });

  it("takes the receiver's words before any code", () => {
    expect(classify({ diagnosticCode: "550 5.7.1 User unknown", statusCode: "5.7.1" })).toMatchObject({
      class: "hard",
      rule: "text:user-unknown",
    });
    expect(classify({ diagnosticCode: "550 5.1.1 Message rejected as spam", statusCode: "5.1.1" })).toMatchObject({
      class: "block",
      rule: "text:spam",
    });
  });

  it("takes the code inside the reply before the one stated beside it", () => {
    expect(classify({ diagnosticCode: "smtp; 552 5.2.2 sorry", statusCode: "5.0.0" })).toMatchObject({
      class: "soft",
      rule: "status:5.2.2",
    });
    expect(classify({ diagnosticCode: "550 5.7.1 sorry", statusCode: "5.1.1" })).toMatchObject({
      class: "block",
      rule: "status:5.7.1",
    });
  });

  it("takes the first code that names a cause where a reply holds several", () => {
    expect(classify({ diagnosticCode: "554 5.0.0 sorry (550 5.1.1)" })).toMatchObject({ rule: "status:5.1.1" });
  });

  it("takes what a report says elsewhere where the reply names no cause", () => {
    const explanation = "The following address failed:\n\n  john@example.com\n    550 5.1.1 User unknown";
    expect(classify({ diagnosticCode: "550 5.0.0 sorry", explanation })).toMatchObject({ rule: "text:user-unknown" });
    expect(classify({ diagnosticCode: "552 5.2.2 sorry", explanation })).toMatchObject({ rule: "status:5.2.2" });
    expect(classify({ explanation: "Status was 5.2.2" })).toMatchObject({ rule: "status:5.2.2" });
  });

  it("takes a provider's hint where neither words nor codes name a cause", () => {
    expect(classify({ stated: HARD_HINT, statusCode: "5.0.0" })).toMatchObject({
      class: "hard",
      rule: "provider:hard",
    });
    expect(classify({ stated: HARD_HINT, statusCode: "5.2.2" })).toMatchObject({ class: "soft", rule: "status:5.2.2" });
  });

  it("takes a provider's hint before words and codes that only hint", () => {
    expect(classify({ stated: HARD_HINT, diagnosticCode: "550 Access denied" })).toMatchObject({
      class: "hard",
      rule: "provider:hard",
    });
    expect(classify({ stated: SOFT_HINT, diagnosticCode: "550 mailbox unavailable" })).toMatchObject({ class: "soft" });
    expect(classify({ stated: HARD_HINT, statusCode: "5.4.4" })).toMatchObject({ rule: "provider:hard" });
  });

  it("takes words that hint before codes that hint, and both before the reply code", () => {
    expect(classify({ diagnosticCode: "550 5.5.0 Blocked" })).toMatchObject({ rule: "hint:refused" });
    expect(classify({ diagnosticCode: "552 5.3.0 sorry" })).toMatchObject({ rule: "status:5.3.0" });
    expect(classify({ replyCode: "552" })).toMatchObject({ class: "soft", rule: "reply:552" });
  });

  it("takes a reply code that names a cause (RFC 7504) before words that hint", () => {
    expect(classify({ diagnosticCode: "521 5.3.2 Recipient address rejected" })).toMatchObject({
      class: "hard",
      rule: "reply:521",
    });
  });

  it("takes a report's hints last", () => {
    const explanation = "550 Requested action not taken: mailbox unavailable";
    expect(classify({ explanation })).toMatchObject({ class: "hard", rule: "hint:mailbox-unavailable" });
    expect(classify({ explanation, statusCode: "4.4.4" })).toMatchObject({ rule: "status:4.4.4" });
  });

  it("keeps the provider's category where nothing else decides", () => {
    expect(classify({ category: "other-reason" })).toEqual({
      class: "undetermined",
      category: "other-reason",
      rule: "none",
    });
  });
});

describe("a hard verdict", () => {
  it.each(["4.0.0", "5.0.0", "5.1.0", "5.9.9", "5.0.911"])(
    "never comes from the class digit alone: %s",
    (statusCode) => {
      expect(classify({ statusCode, replyCode: "550", diagnosticCode: "550 no" })).toEqual({
        class: "undetermined",
        category: "other",
        rule: "none",
      });
    },
  );

  it("does not come from words that only hint, against a code that says otherwise", () => {
    const diagnosticCode = "550 Requested action not taken: mailbox unavailable";
    expect(classify({ diagnosticCode })).toMatchObject({ class: "hard" });
    expect(classify({ diagnosticCode, statusCode: "5.2.0" })).toMatchObject({ class: "soft", rule: "status:5.2.0" });
    expect(classify({ diagnosticCode: "550 5.7.1 mailbox unavailable" })).toMatchObject({ class: "block" });
    expect(classify({ diagnosticCode: "450 mailbox unavailable" })).toMatchObject({ class: "soft" });
  });

  it("does not come from a stated code, against words that hint at something else", () => {
    expect(classify({ diagnosticCode: "550 Message refused", statusCode: "5.1.1" })).toMatchObject({ class: "block" });
    expect(classify({ diagnosticCode: "550 5.1.1 Message refused" })).toMatchObject({ class: "hard" });
    expect(classify({ diagnosticCode: "550 sorry", statusCode: "5.1.1" })).toMatchObject({ class: "hard" });
  });

  it("does not come from what is unknown about the sender", () => {
    for (const text of [
      "550 5.1.1 Sender address rejected: User unknown",
      "550 Verification failed for <news@example.com>: no such user",
      "553 5.1.8 Domain of sender address news@example.com does not exist",
      "450 4.7.1 <mail.example.com>: Helo command rejected: Host not found",
      "535 5.7.8 Authentication failed: unknown user",
      "550 5.7.1 Too many unknown users",
      "550 Your address is not valid",
    ]) {
      expect(classify({ diagnosticCode: text }).class, text).not.toBe("hard");
    }
  });

  it("does not come from a name that holds the words", () => {
    expect(classify({ diagnosticCode: "550 <unknown.user@example.com>: sorry" })).toMatchObject({ rule: "none" });
    expect(classify({ diagnosticCode: "550 <spam@example.com>: User unknown" })).toMatchObject({ class: "hard" });
  });

  it("does not come from a look-up that only failed for now", () => {
    const failed = "Host or domain name not found. Name service error for name=example.net type=MX: Host not found";
    expect(classify({ diagnosticCode: failed })).toMatchObject({ class: "hard", category: "bad-domain" });
    expect(classify({ diagnosticCode: `${failed}, try again` })).toMatchObject({ class: "soft" });
    expect(classify({ diagnosticCode: "DNS query failed: ServFail", statusCode: "5.4.4" })).toMatchObject({
      class: "soft",
    });
  });
});

describe("the refused command", () => {
  for (const rule of STAGE_RULES) {
    it.each(groundsOf(rule).examples.map(evidenceOf))(
      `lets ${rule.id} decide its own example: $diagnosticCode`,
      (said) => {
        expect(classify(said)).toEqual({
          class: rule.class,
          category: rule.category,
          rule: rule.id,
        });
      },
    );
  }

  it("is RCPT where a refused DATA only follows from refused recipients", () => {
    const diagnosticCode = "550 <john@example.com>: User unknown\n503 need RCPT command";
    expect(classify({ diagnosticCode, smtpCommand: "DATA" })).toMatchObject({ class: "hard" });
    expect(
      classify({
        diagnosticCode: "550 User unknown",
        smtpCommand: "DATA",
        explanation: ">>> DATA\n<<< 550 User unknown\n<<< 554 no valid recipients",
      }),
    ).toMatchObject({ class: "hard" });
  });

  it("leaves a code for a bad mailbox standing after DATA: a proxy repeats the server behind it", () => {
    expect(classify({ diagnosticCode: "550 5.1.1 User unknown", smtpCommand: "DATA" })).toMatchObject({
      class: "hard",
    });
  });

  it("leaves verdicts about the host standing before a recipient is named", () => {
    expect(classify({ diagnosticCode: "521 host does not accept mail", smtpCommand: "CONNECT" })).toMatchObject({
      class: "hard",
      category: "null-mx",
    });
  });

  it("changes no verdict that is not hard", () => {
    expect(classify({ diagnosticCode: "552 5.2.2 Mailbox full", smtpCommand: "MAIL" })).toMatchObject({
      class: "soft",
    });
  });

  it("decides where a permanent refusal gives no reason, and only then", () => {
    expect(classify({ diagnosticCode: "554 no", smtpCommand: "EHLO" })).toMatchObject({ class: "block" });
    expect(classify({ diagnosticCode: "554 no", smtpCommand: "RCPT" })).toMatchObject({ class: "undetermined" });
    expect(classify({ smtpCommand: "MAIL" })).toMatchObject({ class: "undetermined" });
  });
});

describe("a long text", () => {
  it("counts up to a limit", () => {
    const padding = "lorem ".repeat(MAX_READ_LENGTH / 6);
    expect(classify({ diagnosticCode: `550 User unknown ${padding}` })).toMatchObject({ class: "hard" });
    expect(classify({ diagnosticCode: `550 ${padding} User unknown` })).toMatchObject({ class: "undetermined" });
  });
});
