import { expect, it } from "vitest";
import { base64Of, utf8Bytes } from "../../src/crypto/encoding";
import { classify } from "../../src/domain/classify";
import { markVerified } from "../../src/providers/adapter";
import { resend } from "../../src/providers/resend";
import { describeAdapter } from "./contract";
import { NOW } from "./contract/setup";
import { draftsOf } from "./fixtures";
import { post } from "./senders";
import { standardContract } from "./standard-sender";

describeAdapter({
  adapter: resend,
  ...standardContract({
    path: "/webhooks/resend",
    prefix: "svix",
    version: "v1,",
    credentialOf: (key) => `whsec_${base64Of(key)}`,
  }),
});

function draftOf(data: object, headers = {}, type = "email.bounced") {
  const body = utf8Bytes(JSON.stringify({ type, data: { to: ["john@example.com"], email_id: "m-1", ...data } }));
  const request = post({ body, contentType: "application/json" }, headers, "/webhooks/resend");
  const [draft] = draftsOf(resend.parse(markVerified(request), { receivedAt: NOW }));
  if (!draft) throw new Error("no event");
  return draft;
}

it.each<[object, string]>([
  [{ type: "Permanent", subType: "General" }, "hard"],
  [{ type: "Permanent", subType: "NoEmail" }, "hard"],
  [{ type: "Transient", subType: "General" }, "soft"],
  [{ type: "Transient", subType: "MailboxFull" }, "soft"],
  [{ type: "Transient", subType: "MessageTooLarge" }, "block"],
  [{ type: "Transient", subType: "ContentRejected" }, "block"],
  [{ type: "Transient", subType: "AttachmentRejected" }, "block"],
  [{ type: "Undetermined", subType: "Undetermined" }, "undetermined"],
  [{ type: "Temporary", subType: "General" }, "soft"],
  [{ type: "Permanent", diagnosticCode: ["smtp; 550 5.7.1 Message refused as spam"] }, "block"],
  [{ type: "constructor" }, "undetermined"],
  [{ message: "The recipient's email provider sent a hard bounce message." }, "hard"],
  [{ message: "They sent a bounce message because the recipient's inbox was full." }, "soft"],
  [{}, "undetermined"],
])("makes of the bounce %j the class %s", (bounce, expected) => {
  const draft = draftOf({ bounce });
  expect([draft.kind, classify(draft).class]).toEqual(["bounced", expected]);
});

it.each<[string, object, string]>([
  ["email.bounced", { bounce: { type: "Permanent", subType: "Suppressed", message: "No." } }, "bounced"],
  ["email.bounced", { bounce: { type: "Permanent", subType: "OnAccountSuppressionList" } }, "bounced"],
  ["email.suppressed", { suppressed: { message: "The recipient has complained before." } }, "complained"],
  ["email.suppressed", { suppressed: { message: "On the list.", reason: "previous_complaint" } }, "complained"],
  ["email.suppressed", {}, "bounced"],
  ["email.failed", { failed: { reason: "reached_daily_quota" } }, "policy"],
])("takes %s of %j for a refusal because of %s", (type, data, category) => {
  expect(draftOf(data, {}, type)).toMatchObject({ kind: "rejected", category, stated: undefined });
});

it("names the message by its Message-ID too, as a bounce that comes back by mail does", () => {
  expect(draftOf({ message_id: "<one@mail.example.org>" })).toMatchObject({
    messageId: "m-1",
    internetMessageId: "<one@mail.example.org>",
  });
  expect(draftOf({}).internetMessageId).toBeUndefined();
});

it("names an event by the call's id only, which a replay keeps", () => {
  expect(draftOf({}, { "svix-id": "msg_1", "svix-timestamp": "1" }).identity).toEqual(["msg_1"]);
  expect(draftOf({}, { "webhook-id": "msg_1" }).identity).toEqual(["msg_1"]);
  expect(resend.replayHeaders).toEqual(["svix-id", "webhook-id"]);
});
