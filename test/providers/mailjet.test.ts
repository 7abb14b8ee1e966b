import { expect, it } from "vitest";
import { utf8Bytes } from "../../src/crypto/encoding";
import { classify } from "../../src/domain/classify";
import type { BounceClass } from "../../src/domain/event";
import { markVerified } from "../../src/providers/adapter";
import { mailjet } from "../../src/providers/mailjet";
import { describeAdapter } from "./contract";
import { NOW } from "./contract/setup";
import { draftsOf } from "./fixtures";
import { post, sharedSecret } from "./senders";

const PATH = "/webhooks/mailjet";

describeAdapter({ adapter: mailjet, ...sharedSecret(PATH) });

function draftOf(fields: Record<string, unknown>, messageId = "7") {
  const body = `{"time":1763719200,"email":"john@example.com",${JSON.stringify(fields).slice(1, -1)},"MessageID":${messageId}}`;
  const request = post({ body: utf8Bytes(body), contentType: "application/json" }, {}, PATH);
  const [draft] = draftsOf(mailjet.parse(markVerified(request), { receivedAt: NOW }));
  if (!draft) throw new Error("no event");
  return draft;
}

it.each(["9007199254740993", "104427216766056451", "13792286917004336"])("keeps the message id %s exact", (id) => {
  expect(draftOf({ event: "sent" }, id).messageId).toBe(id);
});

/** Of a permanent and of a temporary bounce with Mailjet's error and no reply of the receiver. */
it.each<[string, BounceClass, BounceClass]>([
  ["user unknown", "hard", "soft"],
  ["mailbox inactive", "hard", "soft"],
  ["quota exceeded", "hard", "soft"],
  ["invalid domain", "hard", "soft"],
  ["no mail host", "hard", "soft"],
  ["relay/access denied", "block", "block"],
  ["sender blocked", "block", "block"],
  ["content blocked", "block", "block"],
  ["policy issue", "block", "block"],
  ["system issue", "hard", "soft"],
  ["protocol issue", "hard", "soft"],
  ["connection issue", "hard", "soft"],
  ["something new", "hard", "soft"],
])("makes of the error `%s` %s if permanent, else %s", (error, permanent, temporary) => {
  const bounce = { event: "bounce", error };
  expect(classify(draftOf({ ...bounce, hard_bounce: true })).class).toBe(permanent);
  expect(classify(draftOf({ ...bounce, hard_bounce: false })).class).toBe(temporary);
});

it.each(["spam", "content", "policy"])("takes the group `%s` for a refusal of the message", (group) => {
  expect(classify(draftOf({ event: "bounce", error_related_to: group, hard_bounce: true })).class).toBe("block");
});

it.each<[string, string]>([
  ["preblocked", "bounced"],
  ["user unknown", "bounced"],
  ["mailbox inactive", "bounced"],
  ["spam reporter", "complained"],
  ["typofix", "invalid"],
  ["invalid domain", "invalid"],
  ["quota exceeded", "policy"],
  ["blacklisted", "policy"],
  ["duplicate in campaign", "policy"],
])("takes a message blocked for `%s` for a refusal because of %s", (error, category) => {
  expect(draftOf({ event: "blocked", error })).toMatchObject({ kind: "rejected", category, hint: error });
});
