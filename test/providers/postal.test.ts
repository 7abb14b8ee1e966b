import { expect, it } from "vitest";
import { base64Of, utf8Bytes } from "../../src/crypto/encoding";
import { postal } from "../../src/providers/postal";
import { describeAdapter } from "./contract";
import { NOW, verifyWith } from "./contract/setup";
import type { Payload } from "./fixtures";
import { header, post, type Sender } from "./senders";

const RSA = { name: "RSASSA-PKCS1-v1_5", modulusLength: 2048, publicExponent: Uint8Array.of(1, 0, 1), hash: "SHA-256" };
const NEW = "x-postal-signature-256";
const OLD = "x-postal-signature";

/** A Postal server with a key of its own. */
class Server {
  static async create(): Promise<Server> {
    const pair = (await crypto.subtle.generateKey(RSA, true, ["sign", "verify"])) as CryptoKeyPair;
    const pkcs8 = (await crypto.subtle.exportKey("pkcs8", pair.privateKey)) as ArrayBuffer;
    const spki = (await crypto.subtle.exportKey("spki", pair.publicKey)) as ArrayBuffer;
    return new Server(pkcs8, base64Of(new Uint8Array(spki)));
  }

  constructor(
    private readonly pkcs8: ArrayBuffer,
    readonly key: string,
  ) {}

  async signature(body: Uint8Array, hash: "SHA-1" | "SHA-256"): Promise<string> {
    const key = await crypto.subtle.importKey("pkcs8", this.pkcs8, { ...RSA, hash }, false, ["sign"]);
    return base64Of(new Uint8Array(await crypto.subtle.sign(RSA.name, key, body)));
  }

  async call(payload: Payload, signatures: Readonly<Record<string, "SHA-1" | "SHA-256">>) {
    const signed = Object.entries(signatures).map(async ([name, hash]) => [
      name,
      await this.signature(payload.body, hash),
    ]);
    return post(payload, Object.fromEntries(await Promise.all(signed)), "/webhooks/postal");
  }

  sender(credential = this.key): Sender {
    return { credential, sign: (payload) => this.call(payload, { [NEW]: "SHA-256" }) };
  }
}

const [server, other] = [await Server.create(), await Server.create()];
const pem = (key: string, newline = "\n") =>
  ["-----BEGIN PUBLIC KEY-----", ...(key.match(/.{1,64}/g) ?? []), "-----END PUBLIC KEY-----", ""].join(newline);

describeAdapter({
  adapter: postal,
  senders: [server.sender(), other.sender(pem(other.key))],
  proofs: [header(NEW)],
  tamper: "any_byte",
  forgeries: {
    "a signature with SHA-1 in the place of SHA-256": (payload) => server.call(payload, { [NEW]: "SHA-1" }),
    "a signature with SHA-256 in the place of SHA-1": (payload) => server.call(payload, { [OLD]: "SHA-256" }),
    "another server's signature, whatever the old one says": async (payload) =>
      header(OLD).replace(await other.sender().sign(payload, NOW), await server.signature(payload.body, "SHA-1")),
  },
});

const PAYLOAD: Payload = { body: utf8Bytes('{"event":"MessageLoaded"}'), contentType: "application/json" };
const accepts = async (sender: Sender, request: Awaited<ReturnType<Sender["sign"]>>) =>
  (await verifyWith({ adapter: postal }, [sender], request, NOW)).ok;

it("takes an older server's signature where there is no newer one", async () => {
  expect(await accepts(server.sender(), await server.call(PAYLOAD, { [OLD]: "SHA-1" }))).toBe(true);
  expect(await accepts(other.sender(), await server.call(PAYLOAD, { [OLD]: "SHA-1" }))).toBe(false);
});

it("looks at the newer signature where there are both", async () => {
  expect(await accepts(server.sender(), await server.call(PAYLOAD, { [NEW]: "SHA-256", [OLD]: "SHA-1" }))).toBe(true);
});

it.each([
  ["PEM", pem(server.key)],
  ["PEM with Windows' line ends", pem(server.key, "\r\n")],
  ["PEM in one line", pem(server.key, "\\n")],
  ["base64 in lines", server.key.replace(/.{64}/g, "$&\n")],
])("takes the key as %s", async (_what, credential) => {
  expect(await accepts(server.sender(credential), await server.sender().sign(PAYLOAD, NOW))).toBe(true);
});

it.each([
  ["a secret", "correct horse battery staple"],
  ["a key that was cut off", server.key.slice(0, 200)],
  ["a private key", "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----"],
  ["base64 of something else", "QUJD"],
])("refuses %s for a key", (_what, raw) => expect(postal.readCredential(raw).ok).toBe(false));
