import { fail, ok, type Result } from "./result";

/** Pseudo-domain of recipients that listmonk names by the subscriber's uuid only. */
export const UUID_DOMAIN = "listmonk.invalid";

/** Pseudo-domain of recipients that were erased and whose hash alone is kept. */
export const ERASED_DOMAIN = "erased.invalid";

const MAX_LOCAL_BYTES = 64;
const MAX_ADDRESS_BYTES = 320;
const UUID = /^[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}$/i;
/** RFC 5321 dot-string, but also the doubled and final dots that Japanese carriers hand out, and UTF-8 (RFC 6531). */
const PLAIN_LOCAL = /^[^\s"(),:;<>@[\]\\\x00-\x1f\x7f]+$/u;
const QUOTED_LOCAL = /^"(?:[^"\\\x00-\x1f\x7f]|\\[\x20-\x7e])*"$/u;
const DOMAIN_LABEL = /^[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?$/;
const ERASED = /^([0-9a-f]{64})@erased\.invalid$/;
const ADDRESS_LITERAL = /^\[(?:ipv6:[0-9a-f:.]+|\d{1,3}(?:\.\d{1,3}){3})\]$/;

/** Canonical as it stands, as most addresses are that providers report. */
const CANONICAL =
  /^[a-z0-9._+-]{1,64}@(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/;
const MAX_PLAIN_LENGTH = 253;

export type AddressError = "empty" | "no_at_sign" | "space" | "bad_local_part" | "bad_domain" | "too_long";

/** Why an address is none, in a sentence without the address. */
export const ADDRESS_ERRORS: Readonly<Record<AddressError, string>> = {
  empty: "The recipient is empty.",
  no_at_sign: "The recipient has no @.",
  space: "The recipient has a space in it; in a URL, a + must be sent as %2B.",
  bad_local_part: "The part before the @ is not valid.",
  bad_domain: "The part after the @ is not a valid domain.",
  too_long: "The recipient is longer than an address can be.",
};

/**
 * The canonical form of a mail address: trimmed, without angle brackets, display name and the `rfc822;` of a
 * DSN, in lower case, the domain in punycode. A `+tag` is kept: it is another address to the world.
 *
 * @param input as received, e.g. `"John" <John@Example.com>`
 */
export function canonicalAddress(input: string): Result<string, AddressError> {
  if (isCanonical(input)) return ok(input);
  const bare = stripDecoration(input);
  if (bare === "") return fail("empty");
  const at = bare.lastIndexOf("@");
  if (at < 0) return fail("no_at_sign");
  const domain = canonicalDomain(bare.slice(at + 1));
  if (!domain.ok) return domain;
  const local = bare.slice(0, at).normalize("NFC").toLowerCase();
  if (!PLAIN_LOCAL.test(local) && !QUOTED_LOCAL.test(local)) {
    return fail(/\s/.test(local) && !local.startsWith('"') ? "space" : "bad_local_part");
  }
  // Unpaired surrogates have no UTF-8 form: two of them would end up as the same bytes.
  if (!local.isWellFormed()) return fail("bad_local_part");
  if (byteLength(local) > MAX_LOCAL_BYTES) return fail("too_long");
  const address = `${local}@${domain.value}`;
  return byteLength(address) > MAX_ADDRESS_BYTES ? fail("too_long") : ok(address);
}

/** Is there nothing to be done to it? Most are asked about as they are stored. */
function isCanonical(input: string): boolean {
  return input.length <= MAX_PLAIN_LENGTH && CANONICAL.test(input);
}

/** What can be mailed, and so bounce: an address, or the bare uuid of a listmonk subscriber. */
export function canonicalMailbox(input: string): Result<string, AddressError> {
  if (isCanonical(input)) return ok(input);
  const trimmed = input.trim();
  return UUID.test(trimmed) ? ok(uuidAddress(trimmed)) : canonicalAddress(trimmed);
}

/** What an operator can ask about and act on: a mailbox, or a whole domain (`@example.com`). */
export function canonicalRecipient(input: string): Result<string, AddressError> {
  const trimmed = input.trim();
  if (!trimmed.startsWith("@")) return canonicalMailbox(trimmed);
  const domain = canonicalDomain(trimmed.slice(1));
  return domain.ok ? ok(`@${domain.value}`) : domain;
}

/** The pseudo-address of a listmonk subscriber. */
export function uuidAddress(uuid: string): string {
  return `${uuid.toLowerCase()}@${UUID_DOMAIN}`;
}

/** A UUID of any version, in either case (RFC 9562): how listmonk names a subscriber. */
export function isUuid(text: string): boolean {
  return UUID.test(text);
}

/** The pseudo-address of a recipient of whom no more than the key is known. @param key hex SHA-256 of the address */
export function erasedAddress(key: string): string {
  return `${key}@${ERASED_DOMAIN}`;
}

/** The key in such a pseudo-address; `null` for every other address. */
export function keyOfErased(address: string): string | null {
  return ERASED.exec(address)?.[1] ?? null;
}

/** The domain of a canonical address, in the form in which a whole domain is named: `@example.com`. */
export function domainRecipient(address: string): string {
  return address.slice(address.lastIndexOf("@"));
}

function stripDecoration(input: string): string {
  let text = input.trim();
  const angle = /<([^<>]*)>$/.exec(text);
  if (angle) text = (angle[1] ?? "").trim();
  return text.replace(/^(?:rfc822|utf-8)\s*;\s*/i, "").replace(/^mailto:/i, "");
}

function canonicalDomain(input: string): Result<string, AddressError> {
  const text = input.normalize("NFC").toLowerCase().replace(/\.$/, "");
  if (/\s/.test(text)) return fail("space");
  if (ADDRESS_LITERAL.test(text)) return ok(text);
  const ascii = /^[\x21-\x7e]*$/.test(text) ? text : punycode(text);
  if (ascii === null || ascii.length > 253) return fail("bad_domain");
  return ascii.split(".").every((label) => DOMAIN_LABEL.test(label)) ? ok(ascii) : fail("bad_domain");
}

/** IDNA by the URL parser, which every runtime has; only ever sees names that hold a non-ASCII letter. */
function punycode(domain: string): string | null {
  if (/[/?#@:[\]\\%]/.test(domain)) return null;
  try {
    return new URL(`http://${domain}/`).hostname;
  } catch {
    return null;
  }
}

function byteLength(text: string): number {
  return new TextEncoder().encode(text).length;
}
