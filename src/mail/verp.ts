/**
 * Signed return paths: VERP whose sender can be proved.
 *
 * A mailbox for bounces is open to everybody, and a report in it names whom it likes. An envelope sender of one's own
 * for each recipient, with a keyed hash in it, proves that a report answers a mail which we sent to that very
 * recipient.
 *
 * `bounces+news-6ihqs2lm4rm5zj3e-john=example.com@return.example.org`: prefix and delimiter of the sender's choice, the
 * stream of mail, the signature, the recipient with `=` for `@`. Where the recipient does not fit into the 64 octets of a
 * local part (RFC 5321 §4.5.3.1.1) or has characters that some server trips over, it is left out, and the signature is
 * tried on the addresses that the report names.
 *
 * The signature is HMAC-SHA-256 (RFC 2104) over everything else in the address and the recipient, cut to 80 bits, in
 * base32 (RFC 4648 §6). All of it survives a server that changes letters to lower or upper case.
 */
import { utf8Bytes } from "../crypto/encoding";
import { hmac } from "../crypto/hmac";
import { anySecretEqual } from "../crypto/secret-equal";
import { canonicalAddress } from "../domain/address";
import { fail, ok, type Result } from "../domain/result";

/** Shorter keys can be guessed. */
export const MIN_KEY_LENGTH = 16;
const MAX_LOCAL_LENGTH = 64;
const MAC_BYTES = 10;
const BASE32 = "abcdefghijklmnopqrstuvwxyz234567";
/** So that a later scheme is another signature. */
const SCHEME = "bouncekeeper return path 1";
/** Looks into addresses longer than any mail can have are a waste. */
const MAX_ADDRESS_LENGTH = 320;
/** A report that names more addresses than this is not tried on all of them. */
const MAX_CANDIDATES = 50;

const PREFIX = /^(?!.*\.\.)[a-z0-9](?:[a-z0-9._-]{0,19}[a-z0-9])?$/;
const DELIMITER = /^[+=_.~-]$/;
/** Shorter than a signature, so that it is never taken for one. */
const STREAM = /^[a-z0-9]{1,15}$/;
/** Prefix and delimiter, stream, signature; then the recipient, or nothing. The first that looks like it counts. */
const SIGNED_LOCAL = /^(.{1,30}?[+=_.~-])([a-z0-9]{1,15})-([a-z2-7]{16})(?:-(.{3,40}))?$/;
/** What no server on the way trips over: no quotes, no `%` or `!` (old routing), nothing empty between dots. */
const PLAIN_RECIPIENT = /^(?!\.|.*\.\.|.*\.@)[a-z0-9._+-]{1,64}@[a-z0-9.-]{1,64}$/;

export interface ReturnPathParts {
  /** Letters, digits, `.`, `_`, `-`. */
  readonly prefix: string;
  /** What the receiving server parts an address at: `+`, `=`, `_`, `.`, `~` or `-`. */
  readonly delimiter: string;
  /** A word for the kind of mail, letters and digits, at most 15: `news`. */
  readonly stream: string;
  /** The domain whose mail comes to the worker. */
  readonly domain: string;
}

export interface SignedReturnPath {
  /** Canonical. */
  readonly recipient: string;
  readonly stream: string;
}

export type ReturnPathError =
  | "bad_key"
  | "bad_prefix"
  | "bad_delimiter"
  | "bad_stream"
  | "bad_domain"
  | "bad_recipient";

/**
 * The envelope sender for a mail to one recipient.
 *
 * @param recipient as it is mailed to; the signature is over its canonical form
 * @param key at least 16 characters
 */
export async function makeReturnPath(
  recipient: string,
  parts: ReturnPathParts,
  key: string,
): Promise<Result<string, ReturnPathError>> {
  if (key.length < MIN_KEY_LENGTH) return fail("bad_key");
  const [prefix, stream] = [parts.prefix.toLowerCase(), parts.stream.toLowerCase()];
  if (!PREFIX.test(prefix)) return fail("bad_prefix");
  if (!DELIMITER.test(parts.delimiter)) return fail("bad_delimiter");
  if (!STREAM.test(stream)) return fail("bad_stream");
  const address = canonicalAddress(recipient);
  if (!address.ok) return fail("bad_recipient");
  const domain = canonicalAddress(`x@${parts.domain}`);
  if (!domain.ok || domain.value.includes("[")) return fail("bad_domain");

  const head = `${prefix}${parts.delimiter}${stream}-`;
  const tail = `-${address.value.replace("@", "=")}`;
  const length = head.length + (MAC_BYTES * 8) / 5 + tail.length;
  const isNamed = PLAIN_RECIPIENT.test(address.value) && length <= MAX_LOCAL_LENGTH;
  const about = { head, domain: domain.value.slice("x@".length), recipient: address.value, isNamed };
  const local = `${head}${await signatureOf(about, key)}${isNamed ? tail : ""}`;
  // A prefix that itself looks signed would be read in another way than it was written.
  return SIGNED_LOCAL.exec(local)?.[1] === `${prefix}${parts.delimiter}`
    ? ok(`${local}@${about.domain}`)
    : fail("bad_prefix");
}

/**
 * Whose return path is it? `null`: it is none, or none of ours, or somebody changed it.
 *
 * @param address as it came
 * @param keys the present one and those that mail under way was signed with
 * @param named addresses that the report names: for return paths that do not name the recipient themselves
 */
export async function checkReturnPath(
  address: string,
  keys: readonly string[],
  named: readonly string[],
): Promise<SignedReturnPath | null> {
  const signed = signedPartsOf(address);
  if (!signed) return null;
  const { head, domain, stream, signature, encoded } = signed;
  const isNamed = encoded !== undefined;
  for (const recipient of isNamed ? [decoded(encoded)] : canonical(named)) {
    if (recipient === null) continue;
    const about = { head, domain, recipient, isNamed };
    const signatures = await Promise.all(keys.map((key) => signatureOf(about, key)));
    if (anySecretEqual(signature, signatures)) return { recipient, stream };
  }
  return null;
}

interface SignedParts {
  /** Prefix, delimiter and stream, up to the signature. */
  readonly head: string;
  readonly stream: string;
  readonly signature: string;
  /** The recipient as it stands there. */
  readonly encoded: string | undefined;
  readonly domain: string;
}

function signedPartsOf(address: string): SignedParts | null {
  if (address.length > MAX_ADDRESS_LENGTH) return null;
  const plain = canonicalAddress(address);
  if (!plain.ok) return null;
  const at = plain.value.lastIndexOf("@");
  const match = SIGNED_LOCAL.exec(plain.value.slice(0, at));
  if (!match) return null;
  const [, start = "", stream = "", signature = "", encoded] = match;
  return { head: `${start}${stream}-`, stream, signature, encoded, domain: plain.value.slice(at + 1) };
}

/** Only what `makeReturnPath` writes: one form for each recipient. */
function decoded(encoded: string): string | null {
  const at = encoded.lastIndexOf("=");
  const recipient = `${encoded.slice(0, at)}@${encoded.slice(at + 1)}`;
  const address = canonicalAddress(recipient);
  return at > 0 && address.ok && address.value === recipient && PLAIN_RECIPIENT.test(recipient) ? recipient : null;
}

function canonical(named: readonly string[]): string[] {
  const addresses = named.slice(0, MAX_CANDIDATES).flatMap((name) => {
    const address = canonicalAddress(name);
    return address.ok ? [address.value] : [];
  });
  return [...new Set(addresses)];
}

interface Signable {
  readonly head: string;
  readonly domain: string;
  readonly recipient: string;
  /** Does the address name the recipient? Without this, cutting the name off would go unnoticed. */
  readonly isNamed: boolean;
}

async function signatureOf({ head, domain, recipient, isNamed }: Signable, key: string): Promise<string> {
  // No part can hold a line feed, so no two lists of parts read the same.
  const message = [SCHEME, isNamed ? "named" : "unnamed", head, domain, recipient].join("\n");
  return base32Of((await hmac("SHA-256", utf8Bytes(key), utf8Bytes(message))).subarray(0, MAC_BYTES));
}

/** Of a whole number of 5-byte groups: nothing to pad. */
function base32Of(bytes: Uint8Array): string {
  let [text, bits, value] = ["", 0, 0];
  for (const byte of bytes) {
    value = ((value << 8) | byte) & 0xfff;
    bits += 8;
    for (; bits >= 5; bits -= 5) text += BASE32[(value >> (bits - 5)) & 31];
  }
  return text;
}
