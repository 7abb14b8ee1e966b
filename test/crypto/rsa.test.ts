import { describe, expect, it } from "vitest";
import { utf8Bytes } from "../../src/crypto/encoding";
import { importRsaKey, type RsaHash, verifyRsa } from "../../src/crypto/rsa";

const SIGNED = utf8Bytes("what was signed");

async function keyPair(hash: RsaHash, modulusLength = 2048) {
  const algorithm = { name: "RSASSA-PKCS1-v1_5", hash, modulusLength, publicExponent: Uint8Array.of(1, 0, 1) };
  const pair = (await crypto.subtle.generateKey(algorithm, true, ["sign", "verify"])) as CryptoKeyPair;
  const spki = new Uint8Array((await crypto.subtle.exportKey("spki", pair.publicKey)) as ArrayBuffer);
  return { spki, signature: new Uint8Array(await crypto.subtle.sign(algorithm.name, pair.privateKey, SIGNED)) };
}

async function importKey(spki: Uint8Array, hash: RsaHash) {
  const key = await importRsaKey(spki, hash);
  if (!key) throw new Error("no key");
  return key;
}

const sha256 = await keyPair("SHA-256");
const key = await importKey(sha256.spki, "SHA-256");

describe("an RSA signature", () => {
  it.each<RsaHash>(["SHA-1", "SHA-256"])(
    "by %s is accepted from the key's owner and from nobody else",
    async (hash) => {
      const [ours, theirs] = [await keyPair(hash), await keyPair(hash)];
      expect(await verifyRsa(await importKey(ours.spki, hash), ours.signature, SIGNED)).toBe(true);
      expect(await verifyRsa(await importKey(theirs.spki, hash), ours.signature, SIGNED)).toBe(false);
    },
  );

  it("by another hash than the pinned one is refused", async () => {
    const sha1 = await keyPair("SHA-1");
    expect(await verifyRsa(await importKey(sha1.spki, "SHA-256"), sha1.signature, SIGNED)).toBe(false);
    expect(await verifyRsa(await importKey(sha256.spki, "SHA-1"), sha256.signature, SIGNED)).toBe(false);
  });

  it("of other bytes is refused", async () => {
    expect(await verifyRsa(key, sha256.signature, utf8Bytes("what was signed "))).toBe(false);
    expect(await verifyRsa(key, sha256.signature, new Uint8Array())).toBe(false);
  });

  it.each<[string, Uint8Array]>([
    ["empty", new Uint8Array()],
    ["one byte", Uint8Array.of(1)],
    ["cut off", sha256.signature.slice(0, -1)],
    ["too long", Uint8Array.of(...sha256.signature, 0)],
    ["too long by a leading zero", Uint8Array.of(0, ...sha256.signature)],
    ["zeros", new Uint8Array(256)],
    ["the number one", new Uint8Array(256).with(255, 1)],
    ["larger than the modulus", new Uint8Array(256).fill(0xff)],
    ["a megabyte", new Uint8Array(1 << 20)],
    ["changed in one bit", sha256.signature.with(0, (sha256.signature[0] ?? 0) ^ 1)],
  ])("that is %s is refused without an exception", async (_what, signature) => {
    expect(await verifyRsa(key, signature, SIGNED)).toBe(false);
  });

  it("is refused, without an exception, by a key that is for something else", async () => {
    const hmac = (await crypto.subtle.generateKey({ name: "HMAC", hash: "SHA-256" }, true, [
      "verify",
      "sign",
    ])) as CryptoKey;
    expect(await verifyRsa(hmac, sha256.signature, SIGNED)).toBe(false);
  });
});

describe("an RSA key", () => {
  it("cannot be exported, nor used for anything but verifying", () => {
    expect(key.extractable).toBe(false);
    expect(key.usages).toEqual(["verify"]);
  });

  it("is none in what is not the DER of one", async () => {
    const ec = (await crypto.subtle.generateKey({ name: "ECDSA", namedCurve: "P-256" }, true, [
      "sign",
      "verify",
    ])) as CryptoKeyPair;
    const ecSpki = new Uint8Array((await crypto.subtle.exportKey("spki", ec.publicKey)) as ArrayBuffer);
    const pem = utf8Bytes("-----BEGIN PUBLIC KEY-----");
    const hostile = [
      new Uint8Array(),
      Uint8Array.of(0x30),
      Uint8Array.of(0x30, 0x84, 0xff, 0xff, 0xff, 0xff),
      ecSpki,
      pem,
    ];
    for (const spki of [...hostile, sha256.spki.slice(0, -1), sha256.spki.slice(1), new Uint8Array(1 << 16)]) {
      expect(await importRsaKey(spki, "SHA-256")).toBeNull();
    }
  });
});
