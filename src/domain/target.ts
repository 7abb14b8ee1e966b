/**
 * Where notifications may be sent: to the public internet, and nowhere else. What a URL names is looked at as the
 * platform's own URL parser reads it, which writes every spelling of an IPv4 address (decimal, octal, hexadecimal, with
 * missing parts; https://url.spec.whatwg.org/#concept-ipv4-parser) as four numbers. Pure.
 *
 * Ranges: the registries of special-purpose addresses, https://www.iana.org/assignments/iana-ipv4-special-registry/ and
 * https://www.iana.org/assignments/iana-ipv6-special-registry/ (read 2026-11).
 */
import { fail, ok, type Result } from "./result";

export type TargetError = "invalid_url" | "not_https" | "has_credentials" | "not_public" | "too_long";

/** Why a target is refused, in a sentence. */
export const TARGET_ERRORS: Readonly<Record<TargetError, string>> = {
  invalid_url: "It is not an absolute http or https URL.",
  not_https: "It has to be https.",
  has_credentials: "It must not hold a user or a password.",
  not_public: "It names this machine, a private network or a special address.",
  too_long: "It is too long.",
};

const MAX_URL_LENGTH = 2_000;

/** Names that mean this machine or this network (RFC 6761, RFC 6762, RFC 8375, and what networks use of their own). */
const PRIVATE_SUFFIXES = [
  "localhost",
  "local",
  "internal",
  "intranet",
  "private",
  "corp",
  "home",
  "lan",
  "home.arpa",
  "localdomain",
  "onion",
];

/** Address and length of the prefix. */
const SPECIAL_IPV4 = [
  "0.0.0.0/8",
  "10.0.0.0/8",
  "100.64.0.0/10",
  "127.0.0.0/8",
  "169.254.0.0/16",
  "172.16.0.0/12",
  "192.0.0.0/24",
  "192.0.2.0/24",
  "192.88.99.0/24",
  "192.168.0.0/16",
  "198.18.0.0/15",
  "198.51.100.0/24",
  "203.0.113.0/24",
  "224.0.0.0/3",
].map(rangeOf);

/**
 * Reads where somebody wants to be told.
 *
 * @param allowPrivate for local development: http, and any host
 */
export function readTarget(text: string, allowPrivate: boolean): Result<URL, TargetError> {
  if (text.length > MAX_URL_LENGTH) return fail("too_long");
  const url = parseUrl(text);
  if (!url || !/^https?:$/.test(url.protocol) || url.hostname === "") return fail("invalid_url");
  if (url.username !== "" || url.password !== "") return fail("has_credentials");
  if (allowPrivate) return ok(url);
  if (url.protocol !== "https:") return fail("not_https");
  return isPublicHost(url.hostname) ? ok(url) : fail("not_public");
}

function parseUrl(text: string): URL | null {
  try {
    return new URL(text);
  } catch {
    return null;
  }
}

/** @param hostname as a URL has it: lower case, IPv6 in brackets */
export function isPublicHost(hostname: string): boolean {
  if (isAddress(hostname)) return isPublicAddress(hostname);
  const name = hostname.replace(/(?<!\.)\.+$/, "");
  if (!name.includes(".")) return false;
  return !PRIVATE_SUFFIXES.some((suffix) => name.endsWith(`.${suffix}`));
}

/** An IP address, and so no name to look up. */
export function isAddress(hostname: string): boolean {
  return hostname.startsWith("[") || ipv4Of(hostname) !== null;
}

/** @param text IPv4 as four numbers, or IPv6 with or without brackets; what is neither is not public */
export function isPublicAddress(text: string): boolean {
  const ipv4 = ipv4Of(text);
  if (ipv4 !== null) return isPublicIpv4(ipv4);
  const groups = ipv6Of(text.replace(/^\[|\]$/g, ""));
  return groups !== null && isPublicIpv6(groups);
}

function isPublicIpv4(address: number): boolean {
  return !SPECIAL_IPV4.some(({ first, last }) => address >= first && address <= last);
}

/** Only 2000::/3 is given out to the public; of it, what stands for something else is refused. */
function isPublicIpv6(groups: readonly number[]): boolean {
  const [a = 0, b = 0] = groups;
  if (a < 0x2000 || a > 0x3fff) return false;
  // Protocol assignments with Teredo, documentation, and 6to4, which holds an IPv4 address.
  const isProtocol = a === 0x2001 && b < 0x200;
  const isDocumentation = (a === 0x2001 && b === 0xdb8) || (a === 0x3fff && b < 0x1000);
  return !isProtocol && !isDocumentation && a !== 0x2002;
}

function rangeOf(cidr: string): { readonly first: number; readonly last: number } {
  const [address = "", length = ""] = cidr.split("/");
  const first = ipv4Of(address) ?? 0;
  return { first, last: first + 2 ** (32 - Number(length)) - 1 };
}

function ipv4Of(text: string): number | null {
  const parts = text.split(".");
  if (parts.length !== 4 || !parts.every((part) => /^\d{1,3}$/.test(part) && Number(part) < 256)) return null;
  return parts.reduce((sum, part) => sum * 256 + Number(part), 0);
}

const IPV6_GROUPS = 8;

/** The eight numbers of an address (RFC 4291 §2.2); `null` where it is none. A zone makes it one of this machine. */
function ipv6Of(text: string): number[] | null {
  const [head = "", tail, more] = text.split("::");
  if (more !== undefined) return null;
  const before = groupsOf(head);
  const after = tail === undefined ? [] : groupsOf(tail);
  if (!before || !after) return null;
  const missing = IPV6_GROUPS - before.length - after.length;
  if (tail === undefined ? missing !== 0 : missing < 1) return null;
  return [...before, ...Array.from({ length: missing }, () => 0), ...after];
}

function groupsOf(text: string): number[] | null {
  if (text === "") return [];
  const parts = text.split(":");
  // The last four bytes may be written as IPv4.
  const dotted = ipv4Of(parts.at(-1) ?? "");
  const plain = dotted === null ? parts : parts.slice(0, -1);
  if (!plain.every((part) => /^[0-9a-f]{1,4}$/i.test(part))) return null;
  const groups = plain.map((part) => Number.parseInt(part, 16));
  return dotted === null ? groups : [...groups, Math.floor(dotted / 65_536), dotted % 65_536];
}
