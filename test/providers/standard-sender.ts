/** Those who sign as Standard Webhooks says, or nearly so. */
import { sha256Hex } from "../../src/crypto/digest";
import { base64Of, utf8Bytes } from "../../src/crypto/encoding";
import { hmac } from "../../src/crypto/hmac";
import type { AdapterContract } from "./contract/setup";
import type { Payload } from "./fixtures";
import { header, post, type Sender } from "./senders";

interface StandardVariant {
  readonly path: string;
  readonly prefix: "webhook" | "svix";
  /** What stands before a signature, `v1,`, or nothing. */
  readonly version: "v1," | "";
  /** The credential that an operator configures for a key. */
  readonly credentialOf: (key: Uint8Array) => string;
}

/** The same body is the same event: its id stays what it is when it is delivered again. */
const idOf = async (body: Uint8Array) => `msg_${(await sha256Hex(String(body))).slice(0, 20)}`;

export async function signatureOf(key: Uint8Array, id: string, timestamp: string, body: Uint8Array): Promise<string> {
  const signed = new Uint8Array([...utf8Bytes(`${id}.${timestamp}.`), ...body]);
  return base64Of(await hmac("SHA-256", key, signed));
}

export function standardSender(key: Uint8Array, { path, prefix, version, credentialOf }: StandardVariant): Sender {
  return {
    credential: credentialOf(key),
    sign: async (payload, at) => {
      const [id, timestamp] = [await idOf(payload.body), String(Math.floor(at / 1000))];
      const signature = `${version}${await signatureOf(key, id, timestamp, payload.body)}`;
      const headers = {
        [`${prefix}-id`]: id,
        [`${prefix}-timestamp`]: timestamp,
        [`${prefix}-signature`]: signature,
      };
      return post(payload, headers, path);
    },
  };
}

/** All that the contract suite has to know of a variant. */
export function standardContract(variant: StandardVariant): Omit<AdapterContract, "adapter"> {
  const [current, previous] = ["current key of 24 bytes!", "previous key, 24 bytes.."].map((text) =>
    standardSender(utf8Bytes(text), variant),
  ) as [Sender, Sender];
  const [id, timestamp, signature] = ["id", "timestamp", "signature"].map((n) => header(`${variant.prefix}-${n}`));
  if (!id || !timestamp || !signature) throw new Error("unreachable");
  const changed = (proof: typeof id, change: (value: string) => string) => async (payload: Payload, at: number) => {
    const request = await current.sign(payload, at);
    return proof.replace(request, change(request.headers.get(proof.name) ?? ""));
  };
  return {
    senders: [current, previous],
    proofs: [id, timestamp, signature],
    tamper: "any_byte",
    forgeries: {
      "an id that was changed after signing": changed(id, (value) => `${value}0`),
      "a time that was changed after signing": changed(timestamp, (value) => String(Number(value) + 1)),
      "a signature of another version": changed(signature, (value) => `v1a,${value.slice(variant.version.length)}`),
      "a signature with or without the version that it should not have": changed(signature, (value) =>
        variant.version === "" ? `v1,${value}` : value.slice(variant.version.length),
      ),
    },
    window: { pastMs: 5 * 60_000, futureMs: 5 * 60_000 },
  };
}
