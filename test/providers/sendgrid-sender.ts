/** SendGrid's signed event webhook, as SendGrid plays it. */
import { base64Of, utf8Bytes } from "../../src/crypto/encoding";
import { post, type Sender } from "./senders";

export const PATH = "/webhooks/sendgrid";
export const [SIGNATURE, TIMESTAMP] = [
  "x-twilio-email-event-webhook-signature",
  "x-twilio-email-event-webhook-timestamp",
];
const ECDSA = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" };

/** One with a key of its own. */
export async function sendgridSender(): Promise<Sender> {
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
