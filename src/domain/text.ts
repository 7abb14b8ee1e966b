/** Longest diagnostic text that is kept; the raw body has the rest. */
export const MAX_DIAGNOSTIC_LENGTH = 4_000;
/** Longest id, name or other single value. RFC 5322 ends a line, and so a Message-ID, at 998. */
export const MAX_VALUE_LENGTH = 998;

/** Printable ASCII without blank ends, as nearly everything is: there is nothing to clean. */
const PLAIN = /^[!-~](?:[ -~]*[!-~])?$/;

/**
 * Text that every store accepts: no NUL (SQLite would end the value there), no unpaired surrogates (they have no
 * UTF-8 form), trimmed, at most `max` UTF-16 units.
 */
export function cleanText(value: string | undefined, max = MAX_VALUE_LENGTH): string | undefined {
  if (value === undefined || (value.length <= max && PLAIN.test(value))) return value;
  const clean = value.replaceAll("\u0000", "").slice(0, max).toWellFormed().trim();
  return clean === "" ? undefined : clean;
}
