import { expect, it } from "vitest";
import { utf8Bytes } from "../../src/crypto/encoding";
import { classify } from "../../src/domain/classify";
import type { BounceClass } from "../../src/domain/event";
import { markVerified } from "../../src/providers/adapter";
import { kumomta } from "../../src/providers/kumomta";
import { describeAdapter } from "./contract";
import { NOW } from "./contract/setup";
import { draftsOf } from "./fixtures";
import { post, sharedSecret } from "./senders";

const PATH = "/webhooks/kumomta";

describeAdapter({ adapter: kumomta, ...sharedSecret(PATH) });

/** With a reply that says something else: the operator's classifier has the last word. */
it.each<[string, BounceClass]>([
  ["InvalidRecipient", "hard"],
  ["BadDomain", "hard"],
  ["DNSFailure", "soft"],
  ["RoutingErrors", "soft"],
  ["RelayingIssues", "soft"],
  ["QuotaIssues", "soft"],
  ["InactiveMailbox", "soft"],
  ["NoAnswerFromHost", "soft"],
  ["BadConnection", "soft"],
  ["BadConfiguration", "soft"],
  ["TransientFailure", "soft"],
  ["TooManyRecipients", "soft"],
  ["MessageExpired", "expired"],
  ["SpamBlock", "block"],
  ["SpamContent", "block"],
  ["SpamRelated", "block"],
  ["VirusRelated", "block"],
  ["ContentRelated", "block"],
  ["ProhibitedAttachment", "block"],
  ["PolicyRelated", "block"],
  ["AuthenticationFailed", "block"],
  ["InvalidSender", "block"],
  ["RelayDenied", "block"],
  ["ProtocolErrors", "undetermined"],
  ["Uncategorized", "hard"],
  ["SomethingOfOurOwn", "hard"],
  ["constructor", "hard"],
])("makes of the classification %s the class %s", (classification, expected) => {
  const record = {
    type: "Bounce",
    id: "1",
    recipient: "john@example.com",
    timestamp: 1_763_719_200,
    response: { code: 550, enhanced_code: { class: 5, subject: 1, detail: 1 }, content: "User unknown" },
    bounce_classification: classification,
  };
  const request = post({ body: utf8Bytes(JSON.stringify(record)), contentType: "application/json" }, {}, PATH);
  const [draft] = draftsOf(kumomta.parse(markVerified(request), { receivedAt: NOW }));
  expect(draft && classify(draft).class).toBe(expected);
  expect(draft?.hint).toBe(classification);
});
