/// <reference types="vite/types/importMeta.d.ts" />
/** Signed return paths: what is made is recognized, and nothing else is. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createReturnPaths } from "../../src/client/return-path";
import { checkReturnPath, makeReturnPath, type ReturnPathParts } from "../../src/mail/verp";

const KEY = "a-key-of-nineteen-c";
const OTHER_KEY = "another-key-of-27-character";
const PARTS: ReturnPathParts = { prefix: "bounces", delimiter: "+", stream: "news", domain: "return.example.com" };

async function made(recipient: string, parts: Partial<ReturnPathParts> = {}, key = KEY): Promise<string> {
  const address = await makeReturnPath(recipient, { ...PARTS, ...parts }, key);
  if (!address.ok) throw new Error(address.error);
  return address.value;
}

const check = (address: string, named: readonly string[] = [], keys = [KEY]) => checkReturnPath(address, keys, named);

/** Characters of a local part: those that are written out, and those that make the recipient stay out of it. */
const LOCAL = fc.stringMatching(/^[a-z0-9+_.=!%'&~-]{1,30}$/).filter((local) => !/^\.|\.\.|\.$/.test(local));
const DOMAIN = fc
  .tuple(
    fc.stringMatching(/^[a-z0-9]([a-z0-9-]{0,10}[a-z0-9])?$/),
    fc.constantFrom("com", "co.uk", "example", "xn--p1ai"),
  )
  .map((labels) => labels.join("."));
const RECIPIENT = fc.tuple(LOCAL, DOMAIN).map((parts) => parts.join("@"));
const STREAM = fc.stringMatching(/^[a-z0-9]{1,15}$/);
const PREFIX = fc.stringMatching(/^[a-z]{1,8}(-[a-z]{1,8})?$/);
const DELIMITER = fc.constantFrom(..."+=_.~-");
const ADDRESS_CHARACTER = fc.constantFrom(..."abcdefghijklmnopqrstuvwxyz0123456789+-=_.@!%");

describe("a signed return path", () => {
  it("proves whom a mail went to, for every recipient, stream, prefix and delimiter, whatever its letters become", async () => {
    await fc.assert(
      fc.asyncProperty(RECIPIENT, STREAM, PREFIX, DELIMITER, async (recipient, stream, prefix, delimiter) => {
        const address = await made(recipient, { stream, prefix, delimiter });
        expect(address.startsWith(`${prefix}${delimiter}${stream}-`)).toBe(true);
        expect(address.lastIndexOf("@")).toBeLessThanOrEqual(64);
        const named = address.includes("=") ? [] : ["other@example.net", recipient.toUpperCase()];
        for (const seen of [address, address.toUpperCase(), `Bounces <${address}>`]) {
          expect(await check(seen, [recipient, ...named])).toEqual({ recipient, stream });
        }
      }),
      { numRuns: 300 },
    );
  });

  it("is no longer one when any character of it is another", async () => {
    await fc.assert(
      fc.asyncProperty(RECIPIENT, STREAM, fc.nat(), ADDRESS_CHARACTER, async (recipient, stream, place, character) => {
        const address = await made(recipient, { stream });
        const at = place % address.length;
        fc.pre(address[at] !== character);
        const changed = `${address.slice(0, at)}${character}${address.slice(at + 1)}`;
        expect(await check(changed, [recipient, changed])).toBeNull();
      }),
      { numRuns: 2_000 },
    );
  });

  it("is no longer one when something is cut off, added or taken from another address", async () => {
    const [john, ann] = [await made("john@example.com"), await made("ann@example.com")];
    const signature = (address: string) => address.slice("bounces+news-".length, "bounces+news-".length + 16);
    const wrong = [
      ...Array.from({ length: john.length }, (_, end) => john.slice(0, end)),
      ...Array.from({ length: john.length }, (_, start) => john.slice(start + 1)),
      `${john.slice(0, john.indexOf("-john"))}@return.example.com`,
      john.replace("john", "ann"),
      john.replace(signature(john), signature(ann)),
      john.replace("news", "other"),
      john.replace("return.example.com", "return.example.net"),
      john.replace("john", "john.x"),
      `x${john}`,
      john.replace("@", ".@"),
    ];
    for (const address of wrong) expect(await check(address, ["john@example.com", "ann@example.com"])).toBeNull();
    expect(await check(john)).toEqual({ recipient: "john@example.com", stream: "news" });
  });

  it("that names the recipient is about nobody else, whatever a report names", async () => {
    const named = ["ann@example.com"];
    expect(await check(await made("john@example.com"), named)).toEqual({
      recipient: "john@example.com",
      stream: "news",
    });
  });

  it.each([
    ["too long", "a.rather.long.local.part.of.an.address@mail.department.example.com"],
    ["quoted", '"john smith"@example.com'],
    ["not ASCII", "jörg@example.com"],
    ["of old routing", "john%example.com@relay.example.net"],
    ["with two dots", "john..smith@example.com"],
    ["at an address literal", "john@[192.0.2.1]"],
  ])("leaves out a recipient that is %s, and is tried on those that the report names", async (_what, recipient) => {
    const address = await made(recipient);
    expect(address).toMatch(/^bounces\+news-[a-z2-7]{16}@return\.example\.com$/);
    expect(await check(address, ["ann@example.com", "no address", recipient])).toMatchObject({ stream: "news" });
    expect(await check(address, ["ann@example.com"])).toBeNull();
    expect(await check(address)).toBeNull();
  });

  it("is good under each of several keys, and under none that is not there", async () => {
    const [present, past] = [await made("john@example.com"), await made("john@example.com", {}, OTHER_KEY)];
    for (const address of [present, past]) expect(await check(address, [], [KEY, OTHER_KEY])).not.toBeNull();
    expect(await check(past)).toBeNull();
    expect(await check(past, [], [])).toBeNull();
  });

  it.each([
    "",
    "@",
    "bounces@return.example.com",
    "bounces+news@return.example.com",
    "bounces+john=example.com@return.example.com",
    "bounces+news-aaaaaaaaaaaaaaaa@return.example.com",
    "bounces+news-aaaaaaaaaaaaaaaa-john=example.com@return.example.com",
    "bounces+news-aaaaaaaaaaaaaaaa-=@return.example.com",
    "prvs=0123456789=john@example.com",
    "SRS0=abcd=ef=example.net=john@example.com",
    `${"bounces+news-".repeat(10_000)}@return.example.com`,
    "+".repeat(100_000),
  ])("is not what merely looks like it: %.60s", async (address) => {
    expect(await check(address, ["john@example.com"])).toBeNull();
  });
});

describe("the manual's way to make one in Node", async () => {
  const [manual = ""] = Object.values(
    import.meta.glob<string>("../../docs/bounce-mail.md", { query: "?raw", import: "default", eager: true }),
  );
  const code = /```js\n(import[\s\S]*?)```/.exec(manual)?.[1] ?? "";
  const { returnPath } = await import(/* @vite-ignore */ `data:text/javascript,${encodeURIComponent(code)}`);

  it("makes the same", async () => {
    await fc.assert(
      fc.asyncProperty(RECIPIENT, STREAM, async (recipient, stream) => {
        const theirs = returnPath(recipient, { key: KEY, domain: PARTS.domain, stream });
        expect(theirs).toBe(await made(recipient, { stream }));
      }),
    );
    expect(returnPath(" John@Example.com ", { key: KEY, domain: PARTS.domain })).toBe(
      await made("john@example.com", { stream: "mail" }),
    );
  });
});

describe("making one", () => {
  it.each<[Partial<ReturnPathParts>, string]>([
    [{ prefix: "" }, "bad_prefix"],
    [{ prefix: "a..b" }, "bad_prefix"],
    [{ prefix: "with space" }, "bad_prefix"],
    [{ prefix: "x".repeat(22) }, "bad_prefix"],
    [{ prefix: "a-b-aaaaaaaaaaaaaaaa", delimiter: "-" }, "bad_prefix"],
    [{ delimiter: "" }, "bad_delimiter"],
    [{ delimiter: "x" }, "bad_delimiter"],
    [{ delimiter: "++" }, "bad_delimiter"],
    [{ stream: "" }, "bad_stream"],
    [{ stream: "a-b" }, "bad_stream"],
    [{ stream: "x".repeat(16) }, "bad_stream"],
    [{ domain: "" }, "bad_domain"],
    [{ domain: "a@b" }, "bad_domain"],
    [{ domain: "[192.0.2.1]" }, "bad_domain"],
  ])("needs parts that fit into an address: %j", async (parts, error) => {
    expect(await makeReturnPath("john@example.com", { ...PARTS, ...parts }, KEY)).toEqual({ ok: false, error });
  });

  it("needs a recipient, and a key that nobody guesses", async () => {
    expect(await makeReturnPath("john", PARTS, KEY)).toEqual({ ok: false, error: "bad_recipient" });
    expect(await makeReturnPath("john@example.com", PARTS, "fifteen-charact")).toEqual({ ok: false, error: "bad_key" });
  });

  it("writes the domain as servers do, and signs the canonical recipient", async () => {
    const address = await made(" John@Example.COM ", { domain: "Rücklauf.Example.com", prefix: "Bounces" });
    expect(address).toMatch(/^bounces\+news-[a-z2-7]{16}-john=example\.com@xn--rcklauf-n2a\.example\.com$/);
    expect(await check(address)).toEqual({ recipient: "john@example.com", stream: "news" });
  });
});

describe("createReturnPaths, for senders", () => {
  const options = { key: KEY, domain: "return.example.com" };

  it("makes return paths with defaults for prefix, delimiter and stream", async () => {
    const returnPathOf = createReturnPaths(options);
    expect(await returnPathOf("john@example.com", "news")).toBe(await made("john@example.com"));
    expect(await check(await returnPathOf("john@example.com"))).toMatchObject({ stream: "mail" });
  });

  it("says what is wrong with its options or with a recipient, without repeating them", async () => {
    await expect(createReturnPaths({ ...options, key: "short-secret" })("john@example.com")).rejects.toThrow(
      new TypeError("key: at least 16 characters"),
    );
    await expect(createReturnPaths(options)("john")).rejects.toThrow(new TypeError("recipient: an address"));
  });
});
