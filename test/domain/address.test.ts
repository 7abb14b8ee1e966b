import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  canonicalAddress,
  canonicalRecipient,
  domainRecipient,
  erasedAddress,
  keyOfErased,
} from "../../src/domain/address";

describe("the canonical form of an address", () => {
  it.each([
    ["  John@Example.COM ", "john@example.com"],
    ['"John Doe" <John@Example.com>', "john@example.com"],
    ["John (home) <john@example.com>", "john@example.com"],
    ["<john@example.com>", "john@example.com"],
    ["rfc822;John@Example.com", "john@example.com"],
    ["RFC822; <john@example.com>", "john@example.com"],
    ["utf-8; john@example.com", "john@example.com"],
    ["mailto:john@example.com", "john@example.com"],
    ["john+news@example.com", "john+news@example.com"],
    ["john@example.com.", "john@example.com"],
    ["john@münchen.example", "john@xn--mnchen-3ya.example"],
    ["JÖHN@example.com", "jöhn@example.com"],
    ["jo\u0308hn@example.com", "jöhn@example.com"],
    ["john..doe.@docomo.example", "john..doe.@docomo.example"],
    ['"john doe"@example.com', '"john doe"@example.com'],
    ['"a@b"@example.com', '"a@b"@example.com'],
    ["root@localhost", "root@localhost"],
    ["john@[192.0.2.1]", "john@[192.0.2.1]"],
    ["o'brien/x=y@example.com", "o'brien/x=y@example.com"],
    ["__proto__@example.com", "__proto__@example.com"],
  ])("of %j is %j", (input, expected) => {
    expect(canonicalAddress(input)).toEqual({ ok: true, value: expected });
  });

  it.each([
    ["", "empty"],
    ["  <> ", "empty"],
    ["john", "no_at_sign"],
    ["@example.com", "bad_local_part"],
    ["john@", "bad_domain"],
    ["john doe@example.com", "space"],
    ["john@exam ple.com", "space"],
    ["john@-example.com", "bad_domain"],
    ["john@exa_mple..com", "bad_domain"],
    ["john@example.com/path", "bad_domain"],
    ["john@münchen.example:80", "bad_domain"],
    ["john@ex%61mple.ü", "bad_domain"],
    ["a,b@example.com", "bad_local_part"],
    ["john\u0000@example.com", "bad_local_part"],
    ["john\ud800@example.com", "bad_local_part"],
    [`${"x".repeat(65)}@example.com`, "too_long"],
    [`john@${"a.".repeat(130)}com`, "bad_domain"],
  ])("is none for %j: %s", (input, error) => {
    expect(canonicalAddress(input)).toEqual({ ok: false, error });
  });

  it("is the same whether or not there is anything to strip", () => {
    const characters = fc.constantFrom(..."abz09._+-@ A".split(""));
    const addresses = fc.tuple(
      fc.string({ unit: characters, maxLength: 70 }),
      fc.string({ unit: fc.constantFrom(..."az9.-".split("")), maxLength: 70 }),
    );
    fc.assert(
      fc.property(addresses, ([local, domain]) => {
        const address = `${local}@${domain}`;
        expect(canonicalAddress(address)).toEqual(canonicalAddress(`<${address}>`));
      }),
      { numRuns: 5_000 },
    );
  });

  it("is its own canonical form", () => {
    for (const input of ["A@B.example", "jö@ü.example", '"X y"@example.com']) {
      const once = canonicalAddress(input);
      expect(once.ok && canonicalAddress(once.value)).toEqual(once);
    }
  });
});

describe("what is left of an erased address", () => {
  const key = "9f".repeat(32);

  it("is made of its hash, is an address, and gives the hash back", () => {
    expect(canonicalRecipient(erasedAddress(key))).toEqual({ ok: true, value: erasedAddress(key) });
    expect(keyOfErased(erasedAddress(key))).toBe(key);
  });

  it("is taken for nothing else", () => {
    for (const other of [
      "john@example.com",
      "@erased.invalid",
      `${key}@example.com`,
      `${key.slice(1)}@erased.invalid`,
    ]) {
      expect(keyOfErased(other)).toBeNull();
    }
  });
});

describe("what can be asked about", () => {
  it("is an address, a whole domain, or a subscriber's uuid", () => {
    expect(canonicalRecipient("@Example.COM")).toEqual({ ok: true, value: "@example.com" });
    expect(canonicalRecipient("9F86B50D-5711-41c8-ab03-bc91c43d711b")).toEqual({
      ok: true,
      value: "9f86b50d-5711-41c8-ab03-bc91c43d711b@listmonk.invalid",
    });
    expect(canonicalRecipient("@")).toEqual({ ok: false, error: "bad_domain" });
  });

  it("is named with its domain by everything from the last @ on", () => {
    expect(domainRecipient('"a@b"@example.com')).toBe("@example.com");
  });
});
