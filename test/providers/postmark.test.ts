import { expect, it } from "vitest";
import { utf8Bytes } from "../../src/crypto/encoding";
import { classify } from "../../src/domain/classify";
import { markVerified } from "../../src/providers/adapter";
import { postmark } from "../../src/providers/postmark";
import { describeAdapter } from "./contract";
import { NOW } from "./contract/setup";
import { draftsOf } from "./fixtures";
import { post, sharedSecret } from "./senders";

const PATH = "/webhooks/postmark";

describeAdapter({ adapter: postmark, ...sharedSecret(PATH) });

/** Each of Postmark's bounce types, with a reply that says "soft": kind, and class or what a refusal stands for. */
it.each<[string, string | null, string?]>([
  ["HardBounce", "bounced", "hard"],
  ["Transient", "deferred"],
  ["Unsubscribe", "unsubscribed"],
  ["Subscribe", null],
  ["AutoResponder", "auto_reply"],
  ["AddressChange", "auto_reply"],
  ["DnsError", "bounced", "soft"],
  ["SpamNotification", "bounced", "block"],
  ["OpenRelayTest", null],
  ["Unknown", "bounced", "soft"],
  ["SoftBounce", "bounced", "soft"],
  ["VirusNotification", "bounced", "block"],
  ["ChallengeVerification", "auto_reply"],
  ["BadEmailAddress", "bounced", "hard"],
  ["SpamComplaint", "complained"],
  ["ManuallyDeactivated", "rejected", "policy"],
  ["Unconfirmed", "rejected", "policy"],
  ["Blocked", "bounced", "block"],
  ["SMTPApiError", "rejected", "policy"],
  ["InboundError", null],
  ["DMARCPolicy", "bounced", "block"],
  ["TemplateRenderingFailed", "rejected", "policy"],
])("makes of a bounce of type %s: %s %s", (Type, kind, meaning) => {
  const record = { RecordType: "Bounce", ID: 42, Type, Details: "smtp;450 4.2.2 full", Email: "john@example.com" };
  const request = post({ body: utf8Bytes(JSON.stringify(record)), contentType: "application/json" }, {}, PATH);
  const outcome = postmark.parse(markVerified(request), { receivedAt: NOW });
  const [draft] = draftsOf(outcome);
  if (kind === null) return expect(outcome).toEqual({ type: "items", items: [{ type: "ignored" }] });
  expect(draft).toMatchObject({ kind, hint: Type, identity: ["id", "42"] });
  const found = draft?.kind === "bounced" ? classify(draft).class : draft?.category;
  expect(found).toBe(meaning);
});
