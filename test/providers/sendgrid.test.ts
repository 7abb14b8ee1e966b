import { expect, it } from "vitest";
import { base64Of, utf8Bytes } from "../../src/crypto/encoding";
import { classify } from "../../src/domain/classify";
import type { BounceClass } from "../../src/domain/event";
import { markVerified } from "../../src/providers/adapter";
import { sendgrid } from "../../src/providers/sendgrid";
import { describeAdapter } from "./contract";
import { NOW, verifyWith } from "./contract/setup";
import { draftsOf, type Payload } from "./fixtures";
import { header, post, type Sender } from "./senders";

const PATH = "/webhooks/sendgrid";
const [SIGNATURE, TIMESTAMP] = ["x-twilio-email-event-webhook-signature", "x-twilio-email-event-webhook-timestamp"];
const ECDSA = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" };

async function sender(): Promise<Sender> {
  const keys = (await crypto.subtle.generateKey(ECDSA, true, ["sign", "verify"])) as CryptoKeyPair;
  const spki = new Uint8Array((await crypto.subtle.exportKey("spki", keys.publicKey)) as ArrayBuffer);
  return {
    credential: base64Of(spki),
    sign: async (payload, at) => {
      const timestamp = String(Math.floor(at / 1000));
      const signed = Uint8Array.from([...utf8Bytes(timestamp), ...payload.body]);
      const signature = derOf(new Uint8Array(await crypto.subtle.sign(ECDSA, keys.privateKey, signed)));
      return post(payload, { [SIGNATURE]: base64Of(signature), [TIMESTAMP]: timestamp }, PATH);
    },
  };
}

/** r and s, 32 bytes each → `SEQUENCE { r INTEGER, s INTEGER }`, as SendGrid sends it. */
function derOf(raw: Uint8Array): Uint8Array {
  const integers = [raw.slice(0, 32), raw.slice(32)].flatMap((bytes) => {
    const digits = [...bytes.slice(bytes.findIndex((byte) => byte !== 0))];
    if ((digits[0] ?? 0) >= 0x80) digits.unshift(0);
    return [0x02, digits.length, ...digits];
  });
  return Uint8Array.from([0x30, integers.length, ...integers]);
}

const [current, previous] = [await sender(), await sender()];

describeAdapter({
  adapter: sendgrid,
  senders: [current, previous],
  proofs: [header(SIGNATURE), header(TIMESTAMP)],
  tamper: "any_byte",
  forgeries: {
    "a signature with another timestamp": async (payload, at) =>
      header(TIMESTAMP).replace(await current.sign(payload, at), "1600112502"),
    "the timestamp's last digit moved into the body": async (payload, at) => {
      const request = await current.sign(payload, at);
      const timestamp = request.headers.get(TIMESTAMP) ?? "";
      const body = Uint8Array.from([...utf8Bytes(timestamp.slice(-1)), ...payload.body]);
      // The same bytes are signed. What is left to tell is that the body is no JSON any more.
      return { ...header(TIMESTAMP).replace(request, timestamp.slice(0, -1)), body };
    },
  },
});
