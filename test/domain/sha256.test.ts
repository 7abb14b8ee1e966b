import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { sha256Hex } from "../../src/crypto/digest";
import { sha256HexSync, sha256Prefix } from "../../src/domain/sha256";

async function expectSame(text: string): Promise<void> {
  const { high, low } = sha256Prefix(text);
  const hex = [high, low].map((word) => word.toString(16).padStart(8, "0")).join("");
  const expected = await sha256Hex(text);
  expect(hex, JSON.stringify(text)).toBe(expected.slice(0, 16));
  expect(sha256HexSync(text)).toBe(expected);
}

describe("the synchronous digest", () => {
  it("is that of the standard's examples", () => {
    // FIPS 180-4's example values: one block, and two.
    expect(sha256Prefix("abc")).toEqual({ high: 0xba7816bf, low: 0x8f01cfea });
    const twoBlocks = "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq";
    expect(sha256Prefix(twoBlocks)).toEqual({ high: 0x248d6a61, low: 0xd20638b8 });
  });

  it("is Web Crypto's for texts of any length, also at the ends of blocks", async () => {
    for (let length = 0; length <= 260; length++) await expectSame("a".repeat(length));
  });

  it("is that of the UTF-8 bytes", async () => {
    for (const text of [
      "bücher@example.com",
      "用户@例子.example",
      "😀",
      "é".repeat(27),
      "é".repeat(28),
      "\u0000",
      "\u007f\u0080",
    ]) {
      await expectSame(text);
    }
  });

  it("is Web Crypto's for any text", async () => {
    await fc.assert(fc.asyncProperty(fc.string({ unit: "grapheme", maxLength: 200 }), expectSame), { numRuns: 500 });
  });
});
