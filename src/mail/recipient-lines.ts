/** The lines and sentences of a report that name whom it is about. */
import { ADDRESS_PATTERN, addressesIn, firstAddressIn } from "./address-text";
import { linesOf } from "./header-fields";
import { RECIPIENT_PHRASES, RECIPIENT_SHAPES } from "./recipient-shapes";

export interface RecipientLine {
  readonly address: string;
  /** Whom the sender addressed, where the line says that this address was forwarded to. */
  readonly forwardedFrom?: string | undefined;
  /** Position of the line. */
  readonly at: number;
  /** What the line itself says beside the address. */
  readonly rest: string;
  readonly shape: string;
  readonly isWeak: boolean;
}

/** Postfix, Sendmail: `(expanded from <john@example.com>)`; Exim: `(generated from john@example.com)`. */
const FORWARDED_FROM = new RegExp(
  String.raw`\s{0,20}\((?:expanded|generated) from:?\s*<?(${ADDRESS_PATTERN})>?\)`,
  "i",
);
const ALL_FORWARDED_FROM = new RegExp(FORWARDED_FROM, "gi");
const FORWARDED_FROM_BELOW = /\((?:expanded|generated) from:?\s*$/i;
/** Lines that name somebody to turn to. */
const CONTACT =
  /\b(?:contact|help|assist\w{0,10}|support|questions?|enquir\w{0,5}|inquir\w{0,5}|please (?:send|e-?mail|forward|write|call|notify)|send (?:mail|e-?mail) to|complain|administrator at|postmaster|reply to|copy (?:of this|sent)|wenden|contacter|contacte)\b/i;
/** Who wrote the mail, not whom it failed to reach. */
const SENDER = /\b(?:mail )?from[: ]+<?[^\s<>]{1,250}@[^\s<>]{1,250}/gi;
/** Shapes that state a reason behind the address: what is indented below them goes on with it. */
const STATES_REASON = new Set(["colon", "dots", "paren", "words", "semicolon"]);
/** Shapes of the words of an answer: below an address they are about it. */
const OF_ANSWER = new Set(["colon", "dots", "reply", "words"]);
/** Between an address and what is said about it. */
const PUNCTUATION = /^[\s.,;:]{1,10}/;
/** Another address behind one. */
const FURTHER = new RegExp(
  String.raw`^[>"')\s]{0,4}(?:[,;]|\b(?:and|und|et|y|e|en)\b)[\s<"'(]{0,4}(${ADDRESS_PATTERN})`,
  "i",
);
const MAX_FURTHER = 100;
const MAX_FURTHER_LENGTH = 4_000;
const MAX_LINE_LENGTH = 1_000;
/** More than a wrapped answer has. */
const MAX_WRAPPED_LINES = 40;
/** More than any report names. */
const MAX_LINES_NAMED = 1_000;
const MAX_PROSE_LENGTH = 20_000;
/** RFC 3676 §4.3. */
const SIGNATURE = /^-- ?$/;
const MAX_SIGNATURE_LINES = 12;

/** Every line that names a recipient by its shape. */
export function recipientLinesIn(lines: readonly string[]): RecipientLine[] {
  const found: RecipientLine[] = [];
  const end = endOfReport(lines);
  for (let at = 0; at < end && found.length < MAX_LINES_NAMED; at++) {
    const line = lines[at] ?? "";
    if (line.length > MAX_LINE_LENGTH || !line.includes("@")) continue;
    const { text, forwardedFrom } = partedFromForwarding(lines, at);
    const last = found.at(-1);
    if (text.trim() === "" && last)
      found[found.length - 1] = { ...last, forwardedFrom: last.forwardedFrom ?? forwardedFrom };
    const named = namedBy(text, at, forwardedFrom);
    const first = named[0];
    if (first && !isContact(lines, first) && !(last && goesOnWith(lines, last, first))) found.push(...named);
  }
  return found;
}

/** Without a signature at its end. */
function endOfReport(lines: readonly string[]): number {
  const from = Math.max(0, lines.length - MAX_SIGNATURE_LINES);
  const at = lines.slice(from).findIndex((line) => SIGNATURE.test(line));
  return at < 0 ? lines.length : from + at;
}

/** A text without the notes on whom a mail was addressed to before it was forwarded. */
export function withoutForwarding(text: string): string {
  return text.includes(" from") ? text.replace(ALL_FORWARDED_FROM, "") : text;
}

function partedFromForwarding(
  lines: readonly string[],
  at: number,
): { text: string; forwardedFrom?: string | undefined } {
  const line = lines[at] ?? "";
  const whole = FORWARDED_FROM_BELOW.test(line) ? `${line} ${(lines[at + 1] ?? "").trim()}` : line;
  const match = whole.includes("(") ? FORWARDED_FROM.exec(whole) : null;
  return match ? { text: whole.replace(match[0], ""), forwardedFrom: firstAddressIn(match[1] ?? "") } : { text: line };
}

/** The recipients of one line, by the first shape that it has: mostly none or one. */
function namedBy(text: string, at: number, forwardedFrom: string | undefined): RecipientLine[] {
  for (const { id, pattern, isWeak = false } of RECIPIENT_SHAPES) {
    const groups = pattern.exec(text)?.groups;
    const address = firstAddressIn(groups?.a ?? "");
    if (address === undefined) continue;
    const said = groups?.rest ?? "";
    const rest = `${groups?.code ?? ""}${said.replace(PUNCTUATION, "")}`.trim();
    return [address, ...furtherIn(said)].map((each) => ({ address: each, forwardedFrom, at, rest, shape: id, isWeak }));
  }
  return [];
}

/** Of "…, mary@example.com and paul@example.com" the addresses with which the text goes on. */
function furtherIn(text: string): string[] {
  const addresses: string[] = [];
  let match = FURTHER.exec(text);
  for (let rest = text; match && addresses.length < MAX_FURTHER; match = FURTHER.exec(rest)) {
    addresses.push(...addressesIn(match[1] ?? "").slice(0, 1));
    rest = rest.slice(match[0].length);
  }
  return addresses;
}

/** "For help write to", and the address on a line of its own. */
function isContact(lines: readonly string[], { at, shape }: RecipientLine): boolean {
  if (shape === "named") return CONTACT.test(lines[at] ?? "");
  if (shape !== "alone") return false;
  const above = (lines[at - 1] ?? "").trim() || (lines[at - 2] ?? "").trim();
  return CONTACT.test(above) && !/[.!?。]$/.test(above);
}

/** Indented below the line of a recipient, without an empty line between them: a part of what it says. */
function goesOnWith(lines: readonly string[], last: RecipientLine, { at, shape }: RecipientLine): boolean {
  if (indentOf(lines[at]) <= indentOf(lines[last.at])) return false;
  if (!STATES_REASON.has(last.shape) && !OF_ANSWER.has(shape)) return false;
  if (at - last.at > MAX_WRAPPED_LINES) return false;
  return lines.slice(last.at + 1, at).every((line) => /\S/.test(line));
}

function indentOf(line: string | undefined): number {
  return /^[ \t]*/.exec(line ?? "")?.[0].length ?? 0;
}

/** Addresses that sentences of the report name as what failed. */
export function recipientPhrasesIn(lines: readonly string[]): string[] {
  const text = prose(lines)
    .filter((line) => !(line.includes("@") && CONTACT.test(line)))
    .join(" ");
  if (!text.includes("@")) return [];
  return RECIPIENT_PHRASES.flatMap(({ pattern }) =>
    [...text.matchAll(pattern)].flatMap((match) => [
      ...addressesIn(match.groups?.a ?? "").slice(0, 1),
      ...furtherIn(text.slice(match.index + match[0].length, match.index + match[0].length + MAX_FURTHER_LENGTH)),
    ]),
  );
}

/** Every address of the report that no line offers as somebody to turn to. */
export function addressesMentionedIn(lines: readonly string[]): string[] {
  return prose(lines)
    .filter((line) => line.includes("@") && !CONTACT.test(line))
    .flatMap((line) => addressesIn(line.replace(SENDER, "")));
}

/** The beginning of the report, without its signature. */
function prose(lines: readonly string[]): string[] {
  return linesOf(lines.slice(0, endOfReport(lines)).join("\n").slice(0, MAX_PROSE_LENGTH));
}
