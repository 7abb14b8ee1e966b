/** Copernica as the tests play it: a key pair, the DNS record that publishes it, and the signature on a request. */
import { sha256 } from "../../src/crypto/digest";
import { base64Of, utf8Bytes } from "../../src/crypto/encoding";
import type { WebhookRequest } from "../../src/providers/adapter";
import type { Payload } from "./fixtures";
import { post } from "./senders";

export const KEY_NAME = "one._domainkey.copernica.com";
const PATH = "/webhooks/smtpeter";
export const SIGNED_NAMES = "(request-target) host date content-length content-type x-copernica-id digest x-nonce";

/** What to do otherwise than Copernica does. */
export interface Deviation {
  readonly keyId?: string;
  readonly algorithm?: string;
  /** The names of the signed headers. */
  readonly names?: string;
  /** Headers beside or instead of the usual ones, before signing. */
  readonly headers?: Readonly<Record<string, string>>;
  /** The URL that Copernica believes it calls. */
  readonly url?: string;
}

export class Copernica {
  private constructor(
    private readonly keys: CryptoKeyPair,
    /** As published in DNS. */
    readonly record: string,
  ) {}

  static async create(hash: "SHA-1" | "SHA-256" = "SHA-256"): Promise<Copernica> {
    const algorithm = { name: "RSASSA-PKCS1-v1_5", hash, modulusLength: 2048, publicExponent: Uint8Array.of(1, 0, 1) };
    const keys = (await crypto.subtle.generateKey(algorithm, true, ["sign", "verify"])) as CryptoKeyPair;
    const spki = new Uint8Array((await crypto.subtle.exportKey("spki", keys.publicKey)) as ArrayBuffer);
    return new Copernica(keys, `v=DKIM1; k=rsa; p=${base64Of(spki)}`);
  }

  /** A signed call for one of Copernica's accounts. */
  async call(environment: string, payload: Payload, at: number, deviation: Deviation = {}): Promise<WebhookRequest> {
    const { keyId = KEY_NAME, algorithm = "rsa-sha256", names = SIGNED_NAMES } = deviation;
    const request = post(
      payload,
      {
        date: new Date(at).toUTCString(),
        "content-length": String(payload.body.length),
        "x-copernica-id": environment,
        digest: `SHA-256=${base64Of(await sha256(payload.body))}`,
        "x-nonce": "fsd9f2",
        ...deviation.headers,
      },
      PATH,
    );
    const target = new URL(deviation.url ?? request.url);
    const values: Record<string, string> = {
      "(request-target)": `post ${target.pathname}${target.search}`,
      host: target.host,
    };
    const lines = names
      .split(" ")
      .map((name) => `${name.toLowerCase()}: ${values[name.toLowerCase()] ?? request.headers.get(name)}`);
    const signature = await crypto.subtle.sign("RSASSA-PKCS1-v1_5", this.keys.privateKey, utf8Bytes(lines.join("\n")));
    request.headers.set(
      "signature",
      `keyId="${keyId}",algorithm="${algorithm}",headers="${names}",signature="${base64Of(new Uint8Array(signature))}"`,
    );
    return request;
  }
}
