import { expect, it } from "vitest";
import { base64Of, utf8Bytes } from "../../src/crypto/encoding";
import { hmac } from "../../src/crypto/hmac";
import { zeptomail } from "../../src/providers/zeptomail";
import { describeAdapter } from "./contract";
import { NOW, verifyWith } from "./contract/setup";
import type { Payload } from "./fixtures";
import { header, post, type Sender } from "./senders";

const PATH = "/webhooks/zeptomail";
const FORM = "application/x-www-form-urlencoded";
const SIGNATURE = header("producer-signature");

/** The JSON alone is signed, also where a form brings it. */
async function signatureOf(key: string, { body, contentType }: Payload): Promise<string> {
  const field = new URLSearchParams(new TextDecoder().decode(body)).get("data") ?? "";
  const json = contentType === FORM ? utf8Bytes(field) : body;
  return base64Of(await hmac("SHA-256", utf8Bytes(key), json));
}

const headerOf = (signature: string, at = NOW, algorithm = "HmacSHA256") =>
  `ts=${at};s=${encodeURIComponent(signature)};s-algorithm=${algorithm}`;

const sender = (key: string): Sender => ({
  credential: key,
  sign: async (payload, at) =>
    post(payload, { "producer-signature": headerOf(await signatureOf(key, payload), at) }, PATH),
});

describeAdapter({
  adapter: zeptomail,
  textType: FORM,
  senders: [sender("first-key"), sender("second-key")],
  proofs: [SIGNATURE],
  tamper: "any_byte",
  forgeries: {
    "another algorithm by the name that it goes by": async (payload) =>
      post(payload, { "producer-signature": headerOf(await signatureOf("first-key", payload), NOW, "none") }, PATH),
    "a signature without an algorithm": async (payload) => {
      const signature = encodeURIComponent(await signatureOf("first-key", payload));
      return post(payload, { "producer-signature": `ts=${NOW};s=${signature}` }, PATH);
    },
    "a signature that cannot be decoded": (payload) =>
      post(payload, { "producer-signature": `ts=${NOW};s=%E0%A4%A;s-algorithm=HmacSHA256` }, PATH),
  },
});

it("reads a signature with its padding, percent-encoded or not, and its parts in any order", async () => {
  const payload = { body: utf8Bytes('{"event_name":[]}'), contentType: "application/json" };
  const plain = await signatureOf("first-key", payload);
  expect(plain).toMatch(/=$/);
  for (const value of [headerOf(plain), `s-algorithm=HmacSHA256; s=${plain}; ts=1`]) {
    const request = post(payload, { "producer-signature": value }, PATH);
    expect((await verifyWith({ adapter: zeptomail }, [sender("first-key")], request, NOW)).ok).toBe(true);
  }
});

it("takes no form with the signed field twice", async () => {
  const payload = { body: utf8Bytes("data=%7B%7D&data=%7B%7D"), contentType: FORM };
  const request = await sender("first-key").sign(payload, NOW);
  expect((await verifyWith({ adapter: zeptomail }, [sender("first-key")], request, NOW)).ok).toBe(false);
});
