import { expect, it } from "vitest";
import { md5 } from "../../src/crypto/digest";
import { hexOf, utf8Bytes } from "../../src/crypto/encoding";
import { classify } from "../../src/domain/classify";
import type { BounceClass } from "../../src/domain/event";
import { markVerified } from "../../src/providers/adapter";
import { unisenderGo } from "../../src/providers/unisender-go";
import { describeAdapter } from "./contract";
import { NOW, verifyWith } from "./contract/setup";
import { draftsOf, type Payload } from "./fixtures";
import { type Proof, post, type Sender } from "./senders";

const PATH = "/webhooks/unisender-go";
const textOf = (body: Uint8Array) => new TextDecoder().decode(body);
const md5Of = async (text: string) => hexOf(await md5(utf8Bytes(text)));
const call = (text: string) => post({ body: utf8Bytes(text), contentType: "application/json" }, {}, PATH);

/** The body with `auth` in it, however the rest of it is written. */
async function signedWith(key: string, { body }: Payload): Promise<string> {
  const rest = textOf(body).replace(/^\s*\{/, "");
  return `{ "auth": "${await md5Of(`{ "auth": "${key}",${rest}`)}",${rest}`;
}
const sender = (key: string): Sender => ({
  credential: key,
  sign: async (payload) => call(await signedWith(key, payload)),
});

const AUTH: Proof = {
  name: "auth",
  replace: (request, value) => {
    const auth = value === null ? "" : `"auth": ${JSON.stringify(value)},`;
    return call(textOf(request.body).replace(/"auth": "\w+",/, () => auth));
  },
};

describeAdapter({
  adapter: unisenderGo,
  senders: [sender("first-key"), sender("second-key")],
  proofs: [AUTH],
  tamper: "any_byte",
  forgeries: Object.fromEntries(
    [0, null, [], {}, "{", ":", "a".repeat(32), ["a".repeat(32)]].map((auth) => [
      `an auth of ${JSON.stringify(auth)}`,
      () => call(JSON.stringify({ auth, status: "spam", email: "john@example.com" })),
    ]),
  ),
});

const isAccepted = async (text: string, key = "k") =>
  (await verifyWith({ adapter: unisenderGo }, [sender(key)], call(text), NOW)).ok;

it("takes a genuine body, that of Anymail's tests (the key was withdrawn)", async () => {
  const body =
    '{"auth":"b3cb4d6aef9d07095805c39e792e0542","events_by_user":[{"user_id":5960727,"project_name":"Testing","project_id":"6862471","events":[{"event_name":"transactional_email_status","event_data":{"job_id":"1sn15Z-0007Le-GtVN","email":"unisendergo@anymail.dev","status":"clicked","event_time":"2024-09-08 19:56:41","url":"https:\\/\\/example.com","delivery_info":{"user_agent":"Mozilla\\/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit\\/537.36 (KHTML, like Gecko) Chrome\\/128.0.0.0 Safari\\/537.36","ip":"66.179.153.169"}}}]}]}';
  expect(await isAccepted(body, "6mjstx9gwi7qj8eni6m77hfiiw6aifmss154y4ze")).toBe(true);
  expect(await isAccepted(body.replace("clicked", "spam"), "6mjstx9gwi7qj8eni6m77hfiiw6aifmss154y4ze")).toBe(false);
});

it.each<[string, (auth: string) => string]>([
  ["first and tight", (auth) => `{"auth":"${auth}","status":"sent"}`],
  ["last and spaced", (auth) => `{\n  "status" : "sent",\r\n  "auth" : "${auth}"\n}\n`],
  ["beside letters beyond ASCII", (auth) => `{"metadata":{"имя":"Ё\\u0416"},"auth":"${auth}"}`],
])("replaces the value where it stands, %s", async (_how, write) => {
  expect(await isAccepted(write(await md5Of(write("k"))))).toBe(true);
  expect(await isAccepted(write(await md5Of(write("x"))))).toBe(false);
});

it("takes no value that stands in the body twice, escaped, or in capitals", async () => {
  const auth = await md5Of('{"auth":"k"}');
  expect(await isAccepted(`{"auth":"${auth}"}`)).toBe(true);
  expect(await isAccepted(`{"auth":"${auth.toUpperCase()}"}`)).toBe(false);
  expect(await isAccepted(`{"auth":"\\u00${auth.charCodeAt(0).toString(16)}${auth.slice(1)}"}`)).toBe(false);
  const twice = (value: string, other: string) => `{"auth":"${value}","status":"${other}"}`;
  const both = await md5Of(twice("k", "k"));
  expect(await isAccepted(twice(both, both))).toBe(false);
});

it("answers the test of the URL, and nothing else, before there is anything to verify", () => {
  const request = (method: string) => ({ ...call(""), method });
  for (const method of ["GET", "HEAD"]) expect(unisenderGo.probe?.(request(method), [])).toEqual({ status: 200 });
  for (const method of ["POST", "PUT"]) expect(unisenderGo.probe?.(request(method), [])).toBeNull();
});

function draftOf(status: string, detail: string) {
  const event = { status, email: "john@example.com", delivery_info: { delivery_status: detail } };
  const [draft] = draftsOf(unisenderGo.parse(markVerified(call(JSON.stringify(event))), { receivedAt: NOW }));
  if (!draft) throw new Error("no event");
  return draft;
}

it.each<[string, BounceClass]>([
  ["err_user_unknown", "hard"],
  ["err_user_inactive", "hard"],
  ["err_mailbox_discarded", "hard"],
  ["err_domain_inactive", "hard"],
  ["err_unreachable", "hard"],
  ["err_mailbox_full", "soft"],
  ["err_destination_misconfigured", "soft"],
  ["err_no_dns", "soft"],
  ["err_no_smtp", "soft"],
  ["err_giveup", "expired"],
  ["err_spam_rejected", "block"],
  ["err_blacklisted", "block"],
  ["err_too_large", "block"],
  ["err_delivery_failed", "undetermined"],
  ["err_lost", "undetermined"],
  ["err_internal", "undetermined"],
  ["constructor", "undetermined"],
])("makes of a hard bounce for %s the class %s", (detail, expected) => {
  expect(classify(draftOf("hard_bounced", detail)).class).toBe(expected);
  expect(draftOf("soft_bounced", detail).kind).toBe("deferred");
});

it.each([
  ["err_unsubscribed", "unsubscribed"],
  ["skip_dup_unreachable", "bounced"],
  ["skip_dup_temp_unreachable", "policy"],
  ["skip_dup_mailbox_full", "policy"],
  ["err_skip_letter", "policy"],
  ["err_spam_skipped", "policy"],
  ["err_spam_removed", "policy"],
])("takes %s for a refusal because of %s, whichever bounce it comes with", (detail, category) => {
  for (const status of ["hard_bounced", "soft_bounced"]) {
    expect(draftOf(status, detail)).toMatchObject({ kind: "rejected", category, hint: detail });
  }
  expect(draftOf("delivered", detail).kind).toBe("delivered");
});
