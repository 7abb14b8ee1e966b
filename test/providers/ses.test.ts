import { expect, it } from "vitest";
import { utf8Bytes } from "../../src/crypto/encoding";
import { classify } from "../../src/domain/classify";
import type { BounceClass } from "../../src/domain/event";
import { markVerified } from "../../src/providers/adapter";
import { ses } from "../../src/providers/ses";
import { policyOf } from "../support/ledger";
import { describeAdapter } from "./contract";
import { NOW, verifyWith } from "./contract/setup";
import { draftsOf } from "./fixtures";
import { SIGNED_PARTS, Topics, tamperWithMessage } from "./topics";

const CERTIFICATE_URL =
  "https://sns.us-east-1.amazonaws.com/SimpleNotificationService-0123456789abcdef0123456789abcdef.pem";
const PATH = "/webhooks/ses";
const [OURS, OLD] = ["arn:aws:sns:us-east-1:111122223333:mail", "arn:aws:sns:eu-west-1:111122223333:mail-old"];

const [sns, stranger] = [await Topics.create(CERTIFICATE_URL, PATH), await Topics.create(CERTIFICATE_URL, PATH)];

describeAdapter({
  adapter: ses,
  textType: "text/plain; charset=UTF-8",
  senders: [sns.sender(OURS), sns.sender(OLD)],
  proofs: SIGNED_PARTS,
  tamper: tamperWithMessage,
  forgeries: {
    "a signature with another key": (payload) => stranger.publish(OURS, payload),
    "a signature by SHA-1 that says it is by SHA-256": (payload) =>
      sns.publish(OURS, payload, { fields: { SignatureVersion: "1" }, afterwards: { SignatureVersion: "2" } }),
    "a version of the signature to come": (payload) =>
      sns.publish(OURS, payload, { fields: { SignatureVersion: "3" } }),
    "a version that is a number": (payload) => sns.publish(OURS, payload, { afterwards: { SignatureVersion: 2 } }),
    "a message delivered raw, which nothing signs": async (payload) => ({
      ...(await sns.publish(OURS, payload, { headers: { "x-amz-sns-rawdelivery": "true" } })),
      body: payload.body,
    }),
    "a topic in the header that is not the body's": (payload) =>
      sns.publish(OURS, payload, { headers: { "x-amz-sns-topic-arn": OLD } }),
    "a type in the header that is not the body's": (payload) =>
      sns.publish(OURS, payload, { headers: { "x-amz-sns-message-type": "SubscriptionConfirmation" } }),
  },
  lookups: sns.lookups,
});

const payloadOf = (message: unknown) => ({ body: utf8Bytes(JSON.stringify(message)), contentType: "application/json" });

it.each(["1", "2"])("accepts the signature version %s, and headers that agree with the body", async (version) => {
  const request = await sns.publish(OURS, payloadOf({ eventType: "Send" }), {
    fields: { SignatureVersion: version },
    headers: { "x-amz-sns-message-type": "Notification", "x-amz-sns-topic-arn": OURS },
  });
  const outcome = await verifyWith({ adapter: ses, lookups: sns.lookups }, [sns.sender(OURS)], request, NOW);
  expect(outcome.ok).toBe(true);
});

it.each(["mail", "*", "arn:aws:sns:*", `${OURS}:0a1b2c3d-subscription`, "arn:aws:sqs:us-east-1:111122223333:mail"])(
  "takes %s for no topic",
  (raw) => expect(ses.readCredential(raw).ok).toBe(false),
);

async function draftOf(bounce: Record<string, unknown>, recipient: Record<string, unknown> = {}) {
  const bouncedRecipients = [{ emailAddress: "john@example.com", ...recipient }];
  const message = { eventType: "Bounce", bounce: { ...bounce, bouncedRecipients }, mail: { messageId: "m-1" } };
  const request = await sns.publish(OURS, payloadOf(message));
  const [draft] = draftsOf(ses.parse(markVerified(request), { receivedAt: NOW }));
  if (!draft) throw new Error("no event");
  return draft;
}

const [UNKNOWN_USER, FULL] = ["smtp; 550 5.1.1 user unknown", "smtp; 452 4.2.2 mailbox full"];

/** Without a word of the receiver, and with one. */
it.each<[string, string, BounceClass, string, BounceClass]>([
  ["Permanent", "General", "hard", FULL, "soft"],
  ["Permanent", "NoEmail", "hard", UNKNOWN_USER, "hard"],
  ["Permanent", "BrandNew", "hard", UNKNOWN_USER, "hard"],
  ["Transient", "General", "undetermined", FULL, "soft"],
  ["Transient", "General", "undetermined", "smtp; 550 5.4.7 message expired", "expired"],
  ["Transient", "MailboxFull", "soft", FULL, "soft"],
  ["Transient", "MessageTooLarge", "block", FULL, "block"],
  ["Transient", "ContentRejected", "block", UNKNOWN_USER, "block"],
  ["Transient", "AttachmentRejected", "block", FULL, "block"],
  ["Transient", "CustomTimeoutExceeded", "expired", FULL, "soft"],
  ["Transient", "BrandNew", "soft", FULL, "soft"],
  ["Undetermined", "Undetermined", "undetermined", UNKNOWN_USER, "hard"],
  ["BrandNew", "General", "undetermined", UNKNOWN_USER, "hard"],
])(
  "makes of a bounce %s/%s without a reply %s, with `%s` %s",
  async (bounceType, bounceSubType, silent, diagnosticCode, told) => {
    const draft = await draftOf({ bounceType, bounceSubType });
    expect(draft).toMatchObject({ kind: "bounced", hint: `${bounceType}/${bounceSubType}` });
    expect(classify(draft).class).toBe(silent);
    expect(classify(await draftOf({ bounceType, bounceSubType }, { diagnosticCode })).class).toBe(told);
  },
);

/** What mail to `ooto@simulator.amazonses.com` may come back as. */
it.each([{}, { action: "failed" }, { diagnosticCode: "Automatic reply: I am out of the office until Monday." }])(
  "counts nothing for an out-of-office reply that SES calls a bounce: %j",
  async (recipient) => {
    const draft = await draftOf({ bounceType: "Transient", bounceSubType: "General" }, recipient);
    const { class: bounceClass } = classify(draft);
    expect(policyOf().effects[bounceClass]).toBe("record");
  },
);

it("takes SES's status for a missing domain for final, although SES calls it transient", async () => {
  const draft = await draftOf(
    { bounceType: "Transient", bounceSubType: "General" },
    { status: "5.4.4", diagnosticCode: "smtp; 550 5.4.4 Invalid domain" },
  );
  expect(classify(draft)).toMatchObject({ class: "hard", category: "bad-domain" });
});

it.each([
  ["Suppressed", "bounced"],
  ["OnAccountSuppressionList", "bounced"],
  ["UnsubscribedRecipient", "unsubscribed"],
])("takes Permanent/%s for a refusal because the recipient %s", async (bounceSubType, category) => {
  const draft = await draftOf({ bounceType: "Permanent", bounceSubType }, { diagnosticCode: UNKNOWN_USER });
  expect(draft).toMatchObject({ kind: "rejected", category });
});

it("gives a bounce that is told of twice, as a notification and as an event, one identity", async () => {
  const bounce = { bounceType: "Permanent", feedbackId: "f-1", timestamp: "2026-11-21T09:00:00.000Z" };
  expect((await draftOf({ ...bounce, bounceSubType: "General" })).identity).toEqual((await draftOf(bounce)).identity);
});
