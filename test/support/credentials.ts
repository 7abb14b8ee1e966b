/** Credentials of every form that a provider may take; each adapter says which it understands. */
import { base64Of } from "../../src/crypto/encoding";
import type { Adapter, RawCredential } from "../../src/providers/adapter";
import { Copernica } from "../providers/copernica";

async function publicKey(algorithm: string | SubtleCryptoGenerateKeyAlgorithm, format: "spki" | "raw") {
  const { publicKey: key } = (await crypto.subtle.generateKey(algorithm, true, ["sign", "verify"])) as CryptoKeyPair;
  return base64Of(new Uint8Array((await crypto.subtle.exportKey(format, key)) as ArrayBuffer));
}

const CREDENTIALS: readonly RawCredential[] = [
  "user:a-token",
  "a-shared-secret",
  `whsec_${btoa("a secret of twenty-four b")}`,
  "arn:aws:sns:eu-west-1:123456789012:bounces",
  (await Copernica.create()).record.replace(/^.*p=/, ""),
  await publicKey({ name: "ECDSA", namedCurve: "P-256" }, "spki"),
  await publicKey("Ed25519", "raw"),
];

/** One that the adapter takes; `undefined` where it takes none. */
export function credentialOf(adapter: Adapter): RawCredential | undefined {
  return CREDENTIALS.find((credential) => adapter.readCredential(credential).ok);
}
