/** A service of topics as the tests play it: a key pair, the certificate that publishes it, and signed envelopes. */

import { sha256 } from "../../src/crypto/digest";
import { base64Of, hexOf, utf8Bytes } from "../../src/crypto/encoding";
import { fail, ok } from "../../src/domain/result";
import type { VerifyContext, WebhookRequest } from "../../src/providers/adapter";
import { stringToSign } from "../../src/providers/sns";
import type { Payload } from "./fixtures";
import { type Proof, post, type Sender } from "./senders";

type Fields = Readonly<Record<string, unknown>>;

/** What to do otherwise than the service does. */
interface Deviation {
  /** Fields of the envelope, before it is signed; `null` leaves one out. */
  readonly fields?: Fields;
  /** The same after that. */
  readonly afterwards?: Fields;
  readonly headers?: Readonly<Record<string, string>>;
}

const PUBLISHED_AT = "2026-11-21T09:59:58.000Z";
const RSA = "RSASSA-PKCS1-v1_5";

export class Topics {
  private constructor(
    private readonly keys: { readonly "1": CryptoKey; readonly "2": CryptoKey },
    /** PEM. */
    readonly certificate: string,
    readonly certificateUrl: string,
    private readonly path: string,
  ) {}

  static async create(certificateUrl: string, path: string): Promise<Topics> {
    const algorithm = { name: RSA, hash: "SHA-256", modulusLength: 2048, publicExponent: Uint8Array.of(1, 0, 1) };
    const pair = (await crypto.subtle.generateKey(algorithm, true, ["sign", "verify"])) as CryptoKeyPair;
    const pkcs8 = (await crypto.subtle.exportKey("pkcs8", pair.privateKey)) as ArrayBuffer;
    const sha1 = await crypto.subtle.importKey("pkcs8", pkcs8, { name: RSA, hash: "SHA-1" }, false, ["sign"]);
    const spki = new Uint8Array((await crypto.subtle.exportKey("spki", pair.publicKey)) as ArrayBuffer);
    return new Topics({ "1": sha1, "2": pair.privateKey }, certificateOf(spki), certificateUrl, path);
  }

  get lookups(): Pick<VerifyContext, "getText"> {
    return { getText: async (url) => (url === this.certificateUrl ? ok(this.certificate) : fail("absent")) };
  }

  /** One whose topic the operator may have put on the list. */
  sender(topic: string): Sender {
    return { credential: topic, sign: (payload) => this.publish(topic, payload) };
  }

  /**
   * A payload with a `Type` is an envelope and lacks only what the service adds; anything else is published as it is.
   * The same payload is the same message, as it is when a delivery is repeated.
   */
  async publish(topic: string, payload: Payload, deviation: Deviation = {}): Promise<WebhookRequest> {
    const text = new TextDecoder().decode(payload.body);
    const envelope: Fields = {
      Type: "Notification",
      MessageId: hexOf(await sha256(payload.body)).slice(0, 32),
      TopicArn: topic,
      ...(envelopeIn(text) ?? { Message: text }),
      Timestamp: PUBLISHED_AT,
      SignatureVersion: "2",
      SigningCertURL: this.certificateUrl,
      ...deviation.fields,
    };
    const key = envelope.SignatureVersion === "1" ? this.keys["1"] : this.keys["2"];
    const signed = utf8Bytes(stringToSign(envelope) ?? "");
    const signature = new Uint8Array(await crypto.subtle.sign(RSA, key, signed));
    const body = JSON.stringify({ ...envelope, Signature: base64Of(signature), ...deviation.afterwards });
    return post(
      { body: utf8Bytes(body), contentType: "text/plain; charset=UTF-8" },
      deviation.headers ?? {},
      this.path,
    );
  }
}

function envelopeIn(text: string): Fields | null {
  try {
    const value = JSON.parse(text);
    return typeof value?.Type === "string" ? value : null;
  } catch {
    return null;
  }
}

/** A field of the envelope as a part of the proof. */
function field(name: string): Proof {
  return {
    name,
    replace: (request, value) => {
      const envelope = JSON.parse(new TextDecoder().decode(request.body));
      if (value === null) delete envelope[name];
      else envelope[name] = value;
      return { ...request, body: utf8Bytes(JSON.stringify(envelope)) };
    },
  };
}

export const SIGNED_PARTS = [
  "Type",
  "Message",
  "MessageId",
  "Timestamp",
  "TopicArn",
  "SignatureVersion",
  "SigningCertURL",
  "Signature",
].map(field);

/** Another message under the same signature. */
export function tamperWithMessage(body: Uint8Array): Uint8Array {
  const envelope = JSON.parse(new TextDecoder().decode(body));
  return utf8Bytes(JSON.stringify({ ...envelope, Message: `${envelope.Message} ` }));
}

/** A certificate (RFC 5280) with nothing genuine in it but the key. */
function certificateOf(spki: Uint8Array): string {
  const empty = der(0x30);
  const version = der(0xa0, der(0x02, Uint8Array.of(2)));
  const serial = der(0x02, Uint8Array.of(1));
  const toBeSigned = der(0x30, version, serial, empty, empty, empty, empty, spki);
  const certificate = der(0x30, toBeSigned, empty, der(0x03, Uint8Array.of(0)));
  return `-----BEGIN CERTIFICATE-----\n${base64Of(certificate).replace(/.{64}/g, "$&\n")}\n-----END CERTIFICATE-----\n`;
}

function der(tag: number, ...contents: readonly Uint8Array[]): Uint8Array {
  const content = contents.flatMap((bytes) => [...bytes]);
  const length = content.length < 0x80 ? [content.length] : [0x82, content.length >> 8, content.length & 0xff];
  return Uint8Array.from([tag, ...length, ...content]);
}
