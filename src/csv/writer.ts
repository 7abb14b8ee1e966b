/** CSV out: RFC 4180, and nothing that a spreadsheet would run. */

/** What makes spreadsheets take a cell for a formula. */
const FORMULA_START = /^[=+\-@\t\r]/;
const DEFUSED_FORMULA = /^'[=+\-@\t\r]/;
const NEEDS_QUOTES = /[",;\t\r\n|]|^\s|\s$/;

/**
 * One cell. A text that a spreadsheet would take for a formula is prefixed with `'`; `null` and `undefined` are empty.
 * Quoted where any common delimiter, a quote, a line end or a blank end is in it.
 */
export function csvCell(value: string | number | null | undefined): string {
  const text = value === null || value === undefined ? "" : String(value);
  const safe = FORMULA_START.test(text) ? `'${text}` : text;
  return NEEDS_QUOTES.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}

/** One record, with its line end (CRLF). */
export function csvLine(values: readonly (string | number | null | undefined)[], delimiter = ","): string {
  return `${values.map(csvCell).join(delimiter)}\r\n`;
}

/** What a cell said before `csvCell` made it harmless: our own exports are read back. */
export function plainCell(cell: string): string {
  return DEFUSED_FORMULA.test(cell) ? cell.slice(1) : cell;
}
