import { describe, expect, it } from "vitest";
import { readElement, readSequence } from "../../src/crypto/asn1";
import { importP256Key, verifyP256 } from "../../src/crypto/ecdsa";
import { importEd25519Key, verifyEd25519 } from "../../src/crypto/ed25519";
import { bytesOfHex, hexOf, utf8Bytes } from "../../src/crypto/encoding";
import { hmac, verifyHmac } from "../../src/crypto/hmac";
import { derOfPem, publicKeyOfCertificate } from "../../src/crypto/x509";

const bytes = (hex: string) => bytesOfHex(hex)!;
const MESSAGE = utf8Bytes("the signed bytes");

describe("a keyed hash", () => {
  it("is that of RFC 4231, test case 2, and of RFC 2202, test case 2", async () => {
    const [key, message] = [utf8Bytes("Jefe"), utf8Bytes("what do ya want for nothing?")];
    expect(hexOf(await hmac("SHA-256", key, message))).toBe(
      "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843",
    );
    expect(hexOf(await hmac("SHA-1", key, message))).toBe("effcdf6ae5eb2fa2d27416d5f184df9c259a7c79");
  });

  it("is wrong when cut, changed, of another key, undecodable, or under an empty key", async () => {
    const key = utf8Bytes("key");
    const right = await hmac("SHA-256", key, MESSAGE);
    expect(await verifyHmac("SHA-256", key, MESSAGE, right)).toBe(true);
    expect(await verifyHmac("SHA-256", key, MESSAGE, right.slice(1))).toBe(false);
    expect(await verifyHmac("SHA-256", key, utf8Bytes("other"), right)).toBe(false);
    expect(await verifyHmac("SHA-256", utf8Bytes("KEY"), MESSAGE, right)).toBe(false);
    expect(await verifyHmac("SHA-256", key, MESSAGE, null)).toBe(false);
    expect(await verifyHmac("SHA-256", new Uint8Array(), MESSAGE, right)).toBe(false);
  });
});

/** r ‖ s → DER, with the zero that a set first bit needs. */
function derOf(raw: Uint8Array): Uint8Array {
  const integer = (part: Uint8Array) => {
    let start = 0;
    while (start < part.length - 1 && part[start] === 0) start++;
    const trimmed = [...part.slice(start)];
    const content = trimmed[0]! & 0x80 ? [0, ...trimmed] : trimmed;
    return [0x02, content.length, ...content];
  };
  const body = [...integer(raw.slice(0, 32)), ...integer(raw.slice(32))];
  return Uint8Array.from([0x30, body.length, ...body]);
}

describe("an ECDSA signature", () => {
  it("is read from DER whatever the length of its numbers", async () => {
    const pair = (await crypto.subtle.generateKey({ name: "ECDSA", namedCurve: "P-256" }, true, [
      "sign",
      "verify",
    ])) as CryptoKeyPair;
    const key = await importP256Key(
      new Uint8Array((await crypto.subtle.exportKey("spki", pair.publicKey)) as ArrayBuffer),
    );
    // Among 300 signatures some have numbers that begin with a zero byte.
    for (let i = 0; i < 300; i++) {
      const raw = new Uint8Array(
        await crypto.subtle.sign({ name: "ECDSA", hash: "SHA-256" }, pair.privateKey, MESSAGE),
      );
      expect(await verifyP256(key!, derOf(raw), MESSAGE)).toBe(true);
      if (i === 0) {
        expect(await verifyP256(key!, derOf(raw), utf8Bytes("other"))).toBe(false);
        expect(await verifyP256(key!, raw, MESSAGE)).toBe(false);
        expect(await verifyP256(key!, Uint8Array.from([...derOf(raw), 0]), MESSAGE)).toBe(false);
      }
    }
  });

  it.each(["", "30", "3000", "3080", "30060201010201", "300602010102010100", "30060201010301ff", "3084ffffffff"])(
    "is wrong where it is no DER: %s",
    async (hex) => {
      const pair = (await crypto.subtle.generateKey({ name: "ECDSA", namedCurve: "P-256" }, true, [
        "sign",
        "verify",
      ])) as CryptoKeyPair;
      expect(await verifyP256(pair.publicKey, bytes(hex), MESSAGE)).toBe(false);
    },
  );

  it("needs a P-256 key", async () => {
    expect(await importP256Key(bytes("3000"))).toBeNull();
  });
});

describe("an Ed25519 signature", () => {
  it("is that of RFC 8032, test 2", async () => {
    const key = await importEd25519Key(bytes("3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c"));
    const signature = bytes(
      "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00",
    );
    expect(await verifyEd25519(key!, signature, bytes("72"))).toBe(true);
    expect(await verifyEd25519(key!, signature, bytes("73"))).toBe(false);
    expect(await verifyEd25519(key!, signature.slice(1), bytes("72"))).toBe(false);
    expect(await importEd25519Key(bytes("00"))).toBeNull();
  });
});

describe("DER", () => {
  it("gives null for what does not fit", () => {
    for (const hex of ["", "02", "0205", "02050101", "3080", "3085ffffffffff"])
      expect(readElement(bytes(hex))).toBeNull();
    expect(readSequence(bytes("3003020101"))).toHaveLength(1);
    expect(readSequence(bytes("30040201010f"))).toBeNull();
  });
});

describe("a certificate", () => {
  it("is no certificate when it is something else", () => {
    expect(publicKeyOfCertificate(bytes("3003020101"))).toBeNull();
    expect(derOfPem("-----BEGIN CERTIFICATE-----\nAAAA", "CERTIFICATE")).toBeNull();
    expect(derOfPem("-----BEGIN CERTIFICATE-----\nAA!A\n-----END CERTIFICATE-----", "CERTIFICATE")).toBeNull();
  });
});
