import fc from "fast-check";
import { expect, it } from "vitest";
import { bytesOfText, byteTextOf } from "../../src/csv/bytes";

it("every byte is the character of its number, and becomes itself again", () => {
  const bytes = Uint8Array.from({ length: 256 }, (_, byte) => byte);
  const text = byteTextOf(bytes);
  expect(Array.from(text, (character) => character.charCodeAt(0))).toEqual([...bytes]);
  expect(bytesOfText(text)).toEqual(bytes);
});

it("any bytes become themselves again, wherever they are cut", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 2_000 }), fc.nat(2_000), (bytes, cut) => {
      const text = byteTextOf(bytes.subarray(0, cut)) + byteTextOf(bytes.subarray(cut));
      expect(text).toHaveLength(bytes.length);
      expect(bytesOfText(text)).toEqual(bytes);
    }),
  );
  const marked = Uint8Array.of(0xef, 0xbb, 0xbf, 0xff, 0xfe);
  expect(bytesOfText(byteTextOf(marked))).toEqual(marked);
});
