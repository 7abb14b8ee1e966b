/** Times as exports write them. */
import { fail, ok, type Result } from "../domain/result";

/** Before this a time is a placeholder: Mailgun writes the year 1 for "unknown". */
const EARLIEST_YEAR = 2000;
const EARLIEST_MS = Date.UTC(EARLIEST_YEAR, 0, 1);

/** `2026-11-21`, `2026-11-21 10:00:00.123`, `2026-11-21T10:00:00Z`, `…+01:00`; without a zone: UTC. */
const ISO = /^(\d{4}-\d{2}-\d{2})(?:[T ](\d{2}:\d{2}(?::\d{2}(?:\.\d{1,9})?)?)\s?(Z|UTC|[+-]\d{2}(?::?\d{2})?)?)?$/i;
/** RFC 5322 section 3.3, with the zone names of RFC 2822: `Fri, 18 Oct 2024 18:28:14 UTC`. */
const MAIL = /^(?:[a-z]{3},\s)?\d{1,2}\s[a-z]{3}\s(\d{4})\s\d{2}:\d{2}(?::\d{2})?\s(?:UTC|GMT|[+-]\d{4})$/i;
const EPOCH = /^\d{9,10}(?:\.\d{1,9})?$|^\d{12,13}$/;
const MIN_EPOCH_MS_DIGITS = 12;

/**
 * A time: ISO 8601, of a mail's header, or seconds or milliseconds since 1970.
 *
 * @returns epoch ms; `undefined` for none and for placeholders; `unreadable` for what may be a time in another country
 */
export function parseTime(text: string | undefined): Result<number | undefined, "unreadable"> {
  const trimmed = text?.trim() ?? "";
  if (trimmed === "") return ok(undefined);
  const time = EPOCH.test(trimmed) ? epochOf(trimmed) : (mailTimeOf(trimmed) ?? isoOf(trimmed));
  if (!Number.isFinite(time)) return fail("unreadable");
  return ok(time < EARLIEST_MS ? undefined : time);
}

function epochOf(text: string): number {
  return /^\d+$/.test(text) && text.length >= MIN_EPOCH_MS_DIGITS ? Number(text) : Math.round(Number(text) * 1_000);
}

/** `null`: it is none. */
function mailTimeOf(text: string): number | null {
  const year = MAIL.exec(text)?.[1];
  if (year === undefined) return null;
  // The platform takes the year 0001 for 2001.
  return Number(year) < EARLIEST_YEAR ? 0 : Date.parse(text);
}

function isoOf(text: string): number {
  const [, day, time = "00:00", zone = "Z"] = ISO.exec(text) ?? [];
  if (!day) return Number.NaN;
  return Date.parse(`${day}T${withMilliseconds(time)}${offsetOf(zone)}`);
}

/** Digits beyond milliseconds are cut off. */
function withMilliseconds(time: string): string {
  const [whole = "", fraction = ""] = time.split(".");
  const seconds = whole.length === 5 ? `${whole}:00` : whole;
  return `${seconds}.${fraction.padEnd(3, "0").slice(0, 3)}`;
}

function offsetOf(zone: string): string {
  if (/^(?:Z|UTC)$/i.test(zone)) return "Z";
  const digits = zone.slice(1).replace(":", "").padEnd(4, "0");
  return `${zone[0]}${digits.slice(0, 2)}:${digits.slice(2)}`;
}
