import { expect, it } from "vitest";
import { base64Of } from "../../src/crypto/encoding";
import { mailpace } from "../../src/providers/mailpace";
import { describeAdapter } from "./contract";
import { header, post, type Sender } from "./senders";

const HEADER = "x-mailpace-signature";

/** A domain with a key pair of its own. */
async function domain(): Promise<Sender> {
  const pair = (await crypto.subtle.generateKey({ name: "Ed25519" }, true, ["sign", "verify"])) as CryptoKeyPair;
  const raw = (await crypto.subtle.exportKey("raw", pair.publicKey)) as ArrayBuffer;
  return {
    credential: base64Of(new Uint8Array(raw)),
    sign: async (payload) => {
      const signature = await crypto.subtle.sign({ name: "Ed25519" }, pair.privateKey, payload.body);
      return post(payload, { [HEADER]: base64Of(new Uint8Array(signature)) }, "/webhooks/mailpace");
    },
  };
}

const [current, previous] = [await domain(), await domain()];

describeAdapter({
  adapter: mailpace,
  senders: [current, previous],
  proofs: [header(HEADER)],
  tamper: "any_byte",
  forgeries: {
    "a signature that was cut off": async (payload, at) => {
      const request = await current.sign(payload, at);
      return header(HEADER).replace(request, request.headers.get(HEADER)?.slice(0, 40) ?? null);
    },
    "a signature of zeros": async (payload, at) =>
      header(HEADER).replace(await current.sign(payload, at), base64Of(new Uint8Array(64))),
  },
});

it.each([
  ["a key of another length", "QUJD"],
  ["what is no base64", "correct horse battery staple"],
])("refuses %s", (_what, raw) => expect(mailpace.readCredential(raw).ok).toBe(false));
