/**
 * The cause of a bounce: what it says, without what is particular to its recipient, its message and its moment. Bounces of
 * the same cause in great number at the same time are rarely the recipients' fault. Pure, and linear in its input.
 */
import type { NormalizedEvent } from "./event";
import { sha256HexSync } from "./sha256";

/** Servers say what is the matter at the beginning; what follows are links and tickets. */
const MAX_TEXT_LENGTH = 1_000;
const MAX_WORDS = 12;
const MAX_HOST_LENGTH = 255;
/** Of the fingerprint that a cause begins with, in hex digits. */
export const FINGERPRINT_LENGTH = 12;

/** A link leads to one message's page; a quoted string names somebody or something. */
const PARTICULAR = /https?:\/\/\S{0,500}|"[^"]{0,200}"/g;
/** Words, with their dots, digits and signs: these tell what is no word. */
const BETWEEN_WORDS = /[\s,;:!?()<>[\]{}"|=*]+/;
const WORD = /^\p{L}[\p{L}'’-]{0,23}$/u;
/** Ids of queues and messages are often hexadecimal, and some of these have letters only. */
const HEX = /^[a-f-]{7,}$/;
const PARTS_OF_ADDRESS = /[^\p{L}\p{N}]+/u;

/** Below a country's domain these are not yet a name: `co.uk`, `com.au` (a short list of the usual ones). */
const SECOND_LEVELS = new Set(["ac", "co", "com", "edu", "go", "gov", "ne", "net", "or", "org"]);
const COUNTRY_LENGTH = 2;
const BETWEEN_HOSTS = /[\s,;()<>[\]]+/;
const HOST = /^[a-z0-9-]{1,63}(?:\.[a-z0-9-]{1,63}){1,10}$/;

/**
 * Names the cause of a bounce: a fingerprint of class, category, status code and diagnostic, a space, and the receiver.
 *
 * @returns `null` for what is no bounce
 */
export function causeOf(event: NormalizedEvent): string | null {
  if (event.kind !== "bounced") return null;
  const { category = "", statusCode = "", diagnosticCode = "", remoteMta, address } = event;
  const said = [event.class, category, statusCode, wordsOf(diagnosticCode, address)].join("\n");
  return `${sha256HexSync(said).slice(0, FINGERPRINT_LENGTH)} ${receiverOf(remoteMta, address)}`;
}

/**
 * The first words of a diagnostic, lower case: no addresses, hosts, numbers, links, ids or quoted strings, and no part of
 * the recipient's address.
 */
export function wordsOf(diagnostic: string, address: string): string {
  const own = new Set(address.toLowerCase().split(PARTS_OF_ADDRESS));
  return diagnostic
    .slice(0, MAX_TEXT_LENGTH)
    .toLowerCase()
    .replace(PARTICULAR, " ")
    .split(BETWEEN_WORDS)
    .map((token) => (token.endsWith(".") ? token.slice(0, -1) : token))
    .filter((token) => WORD.test(token) && !HEX.test(token) && !own.has(token))
    .slice(0, MAX_WORDS)
    .join(" ");
}

/**
 * Who refused: the organization's domain of the receiving server where it is named, else of the recipient.
 *
 * @param remoteMta as the provider writes it: `mx.example.com (192.0.2.1)`, `dns; mx.example.com`
 * @param address canonical
 */
export function receiverOf(remoteMta: string | undefined, address: string): string {
  const hosts = (remoteMta ?? "").slice(0, MAX_HOST_LENGTH).toLowerCase().split(BETWEEN_HOSTS);
  const named = hosts.map((host) => (host.endsWith(".") ? host.slice(0, -1) : host)).find(isName);
  return organizationOf(named ?? address.slice(address.lastIndexOf("@") + 1));
}

/** The last label of an IP address is a number. */
function isName(host: string): boolean {
  return HOST.test(host) && !/^\d/.test(host.slice(host.lastIndexOf(".") + 1));
}

function organizationOf(host: string): string {
  const labels = host.split(".");
  const [second = "", top = ""] = labels.slice(-2);
  return labels.slice(top.length === COUNTRY_LENGTH && SECOND_LEVELS.has(second) ? -3 : -2).join(".");
}
