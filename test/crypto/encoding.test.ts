import { describe, expect, it } from "vitest";
import { sha256Hex } from "../../src/crypto/digest";
import { base64Of, bytesOfBase64, bytesOfHex, hexOf, utf8Bytes, utf8Text } from "../../src/crypto/encoding";

const ALL_BYTES = Uint8Array.from({ length: 256 }, (_, i) => i);

describe("base64", () => {
  it("gives every byte back", () => {
    for (let length = 0; length < 5; length++) {
      expect(bytesOfBase64(base64Of(ALL_BYTES.slice(0, length)))).toEqual(ALL_BYTES.slice(0, length));
    }
    expect(bytesOfBase64(base64Of(ALL_BYTES))).toEqual(ALL_BYTES);
  });

  it("is read in its URL-safe form and without padding", () => {
    expect(bytesOfBase64("-_-_")).toEqual(Uint8Array.of(0xfb, 0xff, 0xbf));
    expect(bytesOfBase64("/w")).toEqual(bytesOfBase64("/w=="));
  });

  it("is written for bodies of a megabyte", () => {
    expect(base64Of(new Uint8Array(1 << 20))).toHaveLength(1_398_104);
  });

  it.each(["*", "A", "AAAAA", "AA=A", "====", "A===", "AA AA", "AAAA\n", "data:,AAAA", "\u0000", "\u{1f600}"])(
    "is not %j",
    (text) => expect(bytesOfBase64(text)).toBeNull(),
  );
});

describe("hex", () => {
  it("gives every byte back, in either case", () => {
    expect(bytesOfHex(hexOf(ALL_BYTES))).toEqual(ALL_BYTES);
    expect(bytesOfHex(hexOf(ALL_BYTES).toUpperCase())).toEqual(ALL_BYTES);
    expect(bytesOfHex("")).toEqual(new Uint8Array());
  });

  it.each(["0", "0g", "0x00", " 00", "00 ", "-1", "\uff10\uff10"])("is not %j", (text) =>
    expect(bytesOfHex(text)).toBeNull(),
  );
});

describe("UTF-8", () => {
  it("gives every text back", () => {
    for (const text of ["", "zo\u00eb", "\u{1f600}", "a\u0000b"]) expect(utf8Text(utf8Bytes(text))).toBe(text);
  });

  it("is read without its byte order mark", () => {
    expect(utf8Text(Uint8Array.of(0xef, 0xbb, 0xbf, 0x7b))).toBe("{");
  });

  it.each([
    ["a lone continuation byte", [0x80]],
    ["a sequence that was cut off", [0xe2, 0x82]],
    ["an overlong form", [0xc0, 0xaf]],
    ["a surrogate", [0xed, 0xa0, 0x80]],
    ["Latin-1", [0x7a, 0x6f, 0xeb]],
  ])("is not %s", (_what, bytes) => expect(utf8Text(Uint8Array.from(bytes))).toBeNull());
});

it("hashes a text's UTF-8 bytes", async () => {
  expect(await sha256Hex("abc")).toBe("ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  expect(await sha256Hex("")).toBe("e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
});
