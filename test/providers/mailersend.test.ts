import { expect, it } from "vitest";
import { utf8Bytes } from "../../src/crypto/encoding";
import { mailersend } from "../../src/providers/mailersend";
import { describeAdapter } from "./contract";
import { NOW, verifyWith } from "./contract/setup";
import { header, signedBody } from "./senders";

const sender = (secret: string) => signedBody(secret, "signature", "/webhooks/mailersend");
/** In MailerSend's manual, for everybody to read. */
const anybody = sender("test_Am3L1GuOIc4blLUuHqAPxxwkZaJyEk8G");

describeAdapter({
  adapter: mailersend,
  senders: [sender("GvLY88Uyj70jQm3fUwYyWmAaiz98wWim"), sender("another secret")],
  proofs: [header("signature")],
  tamper: "any_byte",
  forgeries: { "an event signed with the secret of the ping": anybody.sign },
});

/** Signed with the public secret, for a connection that has a secret of its own, or none. */
async function verifyAnybodys(body: string, configured = [sender("own")]): Promise<boolean> {
  const request = await anybody.sign({ body: utf8Bytes(body), contentType: "application/json" }, NOW);
  return (await verifyWith({ adapter: mailersend }, configured, request, NOW)).ok;
}

it("lets the ping in that comes before there is a secret to sign it with", async () => {
  expect(await verifyAnybodys('{"type":"webhook.test","message":"ping"}')).toBe(true);
  expect(await verifyAnybodys('{"type":"webhook.test","message":"ping"}', [])).toBe(false);
});

it.each([
  ["an event", '{"type":"activity.hard_bounced","data":{"id":"1","recipient":"john@example.com"}}'],
  ["an event that names the ping elsewhere", '{"type":"activity.delivered","data":{"type":"webhook.test"}}'],
  ["an event without a type", '{"data":{"type":"hard_bounced","recipient":"john@example.com"}}'],
  ["a type that comes twice", '{"type":"webhook.test","type":"activity.hard_bounced"}'],
  ["a list", '[{"type":"webhook.test"}]'],
  ["what is no JSON", '{"type":"webhook.test"'],
])("keeps %s out that is signed like the ping", async (_what, body) => {
  expect(await verifyAnybodys(body)).toBe(false);
});
