/** What becomes of genuine bodies on their way, in gateways, in a provider's next version, and in bad hands. */
import fc from "fast-check";
import { utf8Bytes } from "../../src/crypto/encoding";

export type Mutation<T> = (value: T) => T;

/** Where in a value or a text: a share of it. */
const SHARE = fc.double({ min: 0, max: 1, noNaN: true, maxExcluded: true });
const MAX_DEPTH = 3_000;
const MANY = 10_000;
const HUGE = 20_000;
/** Repetitions of repetitions end here, well below what a body may have. */
const MAX_REPEATED_BYTES = 2_000_000;

/** In the place of what a field holds. */
export const ODD_VALUE: fc.Arbitrary<unknown> = fc.oneof(
  fc.constantFrom(
    null,
    true,
    false,
    0,
    -1,
    1e308,
    2 ** 53,
    -(2 ** 31),
    0.1,
    "",
    " ",
    "null",
    "[object Object]",
    "\u0000",
  ),
  fc.constantFrom("\ud800", "a\udfffb@example.com", "\u202eevil", "é\u0301", "😀".repeat(50), "x".repeat(HUGE)),
  fc.constantFrom("@", "a@", "@b", "a@b@c", "<>", '"', "john@example.com\r\nBcc: jane@example.com", "john@[127.0.0.1]"),
  fc.constantFrom("9999-12-31T23:59:59Z", "-1", "NaN", "1e400", "2026-13-45", "constructor", "__proto__", "toString"),
  fc.constantFrom<unknown>([], {}, [[]], [null], { a: { b: [] } }, { length: 3 }, { toString: 1 }),
  fc.string({ unit: "binary", maxLength: 40 }),
  fc.integer(),
  fc.double(),
  fc.jsonValue({ maxDepth: 2 }),
);
const ODD_KEY = fc.constantFrom("__proto__", "constructor", "toString", "hasOwnProperty", "", "\u0000", "0", "length");

type Json = Record<string, unknown> | unknown[];

const isJson = (value: unknown): value is Json => typeof value === "object" && value !== null;
const keysOf = (json: Json) => Object.keys(json);
/** Own keys, `__proto__` too. */
function put(json: Json, key: string, value: unknown): void {
  Object.defineProperty(json, key, { value, enumerable: true, configurable: true, writable: true });
}

/** One object or array of all that there are in a value. */
function someWithin(value: unknown, share: number): Json | null {
  const all: Json[] = [];
  const walk = (inner: unknown) => {
    if (!isJson(inner) || all.length >= MANY) return;
    all.push(inner);
    for (const key of keysOf(inner)) walk(Reflect.get(inner, key));
  };
  walk(value);
  return all[Math.floor(share * all.length)] ?? null;
}

function nested(value: unknown, depth: number): unknown {
  let inner = value;
  for (let i = 0; i < depth; i++) inner = i % 2 ? [inner] : { nested: inner };
  return inner;
}

/** Changes of one place, each in a copy of its own; `bytes`: how long the whole is by now. */
const CHANGES: Readonly<Record<string, fc.Arbitrary<(json: Json, key: string, bytes: number) => void>>> = {
  "another value": ODD_VALUE.map((value) => (json, key) => put(json, key, value)),
  "no value": fc.constant((json, key) => void Reflect.deleteProperty(json, key)),
  "the value in a list": fc.constant((json, key) => put(json, key, [Reflect.get(json, key)])),
  "the value as a text": fc.constant((json, key) => put(json, key, JSON.stringify(Reflect.get(json, key)))),
  "the value deep inside": fc
    .integer({ min: 1, max: MAX_DEPTH })
    .map((depth) => (json, key) => put(json, key, nested(Reflect.get(json, key), depth))),
  "the value under another name": ODD_KEY.map((name) => (json, key) => put(json, name, Reflect.get(json, key))),
  "a value more": fc.tuple(ODD_KEY, ODD_VALUE).map(
    ([name, value]) =>
      (json) =>
        put(json, name, value),
  ),
  "the same many times": fc.integer({ min: 2, max: 300 }).map((times) => (json, key, bytes) => {
    const length = Math.min(times, Math.ceil(MAX_REPEATED_BYTES / bytes));
    put(
      json,
      key,
      Array.from({ length }, () => Reflect.get(json, key)),
    );
  }),
};

/** A JSON value of which one place after another is changed. */
const JSON_MUTATION: fc.Arbitrary<Mutation<unknown>> = fc
  .array(fc.tuple(SHARE, SHARE, fc.oneof(...Object.values(CHANGES))), { minLength: 1, maxLength: 4 })
  .map((changes) => (value) => {
    const root = { value: structuredClone(value) };
    for (const [where, which, change] of changes) {
      const json = someWithin(root, where);
      const keys = json ? keysOf(json) : [];
      const key = keys[Math.floor(which * keys.length)];
      if (json && key !== undefined) change(json, key, JSON.stringify(root).length);
    }
    return root.value;
  });

/** Bytes that transport changes. */
const BYTE_CHANGES: Readonly<Record<string, fc.Arbitrary<Mutation<Uint8Array>>>> = {
  "cut off": SHARE.map((end) => (body) => body.slice(0, Math.floor(end * body.length))),
  "without its beginning": SHARE.map((start) => (body) => body.slice(Math.floor(start * body.length))),
  "with bytes changed": fc
    .array(fc.tuple(SHARE, fc.integer({ min: 0, max: 255 })), { minLength: 1, maxLength: 20 })
    .map((changes) => (body) => {
      const copy = body.slice();
      for (const [where, byte] of changes) copy[Math.floor(where * copy.length)] = byte;
      return copy;
    }),
  "with something put in": fc
    .tuple(
      SHARE,
      fc.constantFrom("&", "=", "%", "%00", "%ff", "\r\n", '"', "\\u0000", "\\ud800", "{", "]", "\ufeff", "&a=b&a=c"),
    )
    .map(([where, text]) => (body) => {
      const at = Math.floor(where * body.length);
      return Uint8Array.from([...body.slice(0, at), ...utf8Bytes(text), ...body.slice(at)]);
    }),
  "in UTF-16": fc.constant((body) => Uint8Array.from([0xff, 0xfe, ...[...body].flatMap((byte) => [byte, 0])])),
  "after a byte order mark": fc.constant((body) => Uint8Array.from([0xef, 0xbb, 0xbf, ...body])),
  twice: fc.constant((body) => Uint8Array.from([...body, ...body])),
};
const BYTE_MUTATION = fc.oneof(...Object.values(BYTE_CHANGES));

/** A body that is changed: as what it says, where it is JSON, or as bytes. */
export const BODY_MUTATION: fc.Arbitrary<Mutation<Uint8Array>> = fc.oneof(
  {
    weight: 3,
    arbitrary: JSON_MUTATION.map(
      (mutate): Mutation<Uint8Array> =>
        (body) =>
          mutatedJson(body, mutate) ?? body,
    ),
  },
  { weight: 1, arbitrary: BYTE_MUTATION },
);

function mutatedJson(body: Uint8Array, mutate: Mutation<unknown>): Uint8Array | null {
  try {
    return utf8Bytes(JSON.stringify(mutate(JSON.parse(new TextDecoder().decode(body)))) ?? "");
  } catch {
    return null;
  }
}

/** The records of a body, again and again. */
export function manyOf(body: Uint8Array): Uint8Array {
  const value: unknown = (() => {
    try {
      return JSON.parse(new TextDecoder().decode(body));
    } catch {
      return new TextDecoder().decode(body).slice(0, 100);
    }
  })();
  const [record = null] = Array.isArray(value) ? value : [value];
  return utf8Bytes(JSON.stringify(Array.from({ length: MANY }, () => record)));
}
