import { describe, expect, it, vi } from "vitest";
import { anySecretEqual, bytesEqual, secretEqual } from "../../src/crypto/secret-equal";

describe("comparing secrets", () => {
  it("finds equal ones equal, of whatever length", () => {
    for (const secret of ["", "a", "p\u00e4ssw\u00f6rd", "x".repeat(10_000)])
      expect(secretEqual(secret, secret)).toBe(true);
  });

  it.each([
    ["secret", "secreT"],
    ["secret", "secre"],
    ["secret", "secret "],
    ["", "secret"],
    ["secret", ""],
    ["secret", "secret\u0000"],
    ["e\u0301", "\u00e9"],
  ])("tells %j from %j", (given, secret) => expect(secretEqual(given, secret)).toBe(false));

  it("does not throw on bytes of unequal length", () => {
    expect(bytesEqual(new Uint8Array(1), new Uint8Array(2))).toBe(false);
    expect(bytesEqual(new Uint8Array(), new Uint8Array())).toBe(true);
  });

  it("knows only the bytes of a view, not those of the buffer behind it", () => {
    const buffer = Uint8Array.of(1, 2, 3, 1, 2, 4);
    expect(bytesEqual(buffer.subarray(0, 2), buffer.subarray(3, 5))).toBe(true);
    expect(bytesEqual(buffer.subarray(0, 3), buffer.subarray(3, 6))).toBe(false);
  });

  it("accepts any of several, and none of none", () => {
    expect(anySecretEqual("b", ["a", "b", "c"])).toBe(true);
    expect(anySecretEqual("d", ["a", "b", "c"])).toBe(false);
    expect(anySecretEqual("", [])).toBe(false);
  });

  it("compares with all of them, whichever matches, and always by the platform's constant-time comparison", () => {
    const compare = vi.spyOn(crypto.subtle, "timingSafeEqual");
    anySecretEqual("a", ["a", "b", "longer"]);
    expect(compare).toHaveBeenCalledTimes(3);
    compare.mockRestore();
  });
});
