import { expect, it } from "vitest";
import { base64Of, utf8Bytes, utf8Text } from "../../src/crypto/encoding";
import { classify } from "../../src/domain/classify";
import { markVerified } from "../../src/providers/adapter";
import { ahasend } from "../../src/providers/ahasend";
import { describeAdapter } from "./contract";
import { NOW, verifyWith } from "./contract/setup";
import { draftsOf } from "./fixtures";
import { post } from "./senders";
import { standardContract, standardSender } from "./standard-sender";

const VARIANT = {
  path: "/webhooks/ahasend",
  prefix: "webhook",
  version: "v1,",
  /** The characters themselves. */
  credentialOf: (key: Uint8Array) => utf8Text(key) ?? "",
} as const;

describeAdapter({ adapter: ahasend, ...standardContract(VARIANT) });

it("takes the secret as it is, prefix and all", async () => {
  const secret = "whsec_c2VjcmV0";
  const payload = { body: utf8Bytes("{}"), contentType: "application/json" };
  const credentialOf = () => secret;
  const literal = standardSender(utf8Bytes(secret), { ...VARIANT, credentialOf });
  expect((await verifyWith({ adapter: ahasend }, [literal], await literal.sign(payload, NOW), NOW)).ok).toBe(true);
  const decoded = standardSender(utf8Bytes("secret"), { ...VARIANT, credentialOf });
  expect(base64Of(utf8Bytes("secret"))).toBe("c2VjcmV0");
  expect((await verifyWith({ adapter: ahasend }, [decoded], await decoded.sign(payload, NOW), NOW)).ok).toBe(false);
});

it.each<[string | undefined, string, string]>([
  ["InvalidRecipient", "no", "hard"],
  ["BadDomain", "no", "hard"],
  ["InactiveMailbox", "no", "soft"],
  ["QuotaIssues", "no", "soft"],
  ["NoAnswerFromHost", "no", "soft"],
  ["BadConnection", "no", "soft"],
  ["DNSFailure", "no", "soft"],
  ["RoutingErrors", "no", "soft"],
  ["TransientFailure", "no", "soft"],
  ["MessageExpired", "no", "expired"],
  ["InvalidSender", "no", "block"],
  ["AuthenticationFailed", "no", "block"],
  ["PolicyRelated", "no", "block"],
  ["ProtocolErrors", "no", "undetermined"],
  ["Uncategorized", "no", "undetermined"],
  ["Uncategorized", "Mailbox full", "soft"],
  ["InvalidRecipient", "Refused as spam", "block"],
  ["BrandNew", "no such user", "hard"],
  [undefined, "no", "undetermined"],
])("makes of the classification %s and the reply '%s' the class %s", (classification, response, expected) => {
  const data = {
    recipient: "john@example.com",
    id: "m-1",
    delivery_attempt: { smtp_code: 550, classification, response },
  };
  const body = utf8Bytes(JSON.stringify({ type: "message.bounced", data }));
  const request = post({ body, contentType: "application/json" }, {}, VARIANT.path);
  const [draft] = draftsOf(ahasend.parse(markVerified(request), { receivedAt: NOW }));
  expect(draft && classify(draft).class).toBe(expected);
});
