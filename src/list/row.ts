/**
 * A list that somebody hands in to have it scrubbed is read row by row. Rows stay as they came, byte for byte: they are
 * texts whose characters are bytes. Only the address is looked at.
 */
import { utf8Text } from "../crypto/encoding";
import { bytesOfText } from "../csv/bytes";
import { plainCell } from "../csv/writer";
import { type AddressError, canonicalMailbox } from "../domain/address";
import { fail, type Result } from "../domain/result";

/** Why a row holds no address that could be checked. */
export type RowProblem = AddressError | "encoding" | "no_such_column" | "not_json" | "unclosed_quote" | "too_long";

export interface ListRow {
  /** The line on which it begins, counted from 1. */
  readonly line: number;
  /** As it came, without its line end; empty where it was too long to be taken in. */
  readonly raw: string;
  /** Canonical. */
  readonly address: Result<string, RowProblem>;
  /** How many it has. */
  readonly cells: number;
}

/** How a row of a list stands. */
export const ROW_STATUSES = ["allowed", "suppressed", "invalid"] as const;
export type RowStatus = (typeof ROW_STATUSES)[number];

/** What is said about a row where it is asked for. */
export interface RowNote {
  readonly status: RowStatus;
  readonly reasons: readonly string[];
}

/** A list whose beginning has been looked at. */
export interface RowReader {
  /** What precedes the rows, as it came: a header. @param isAnnotated names the notes too */
  readonly head: (isAnnotated: boolean) => string;
  readonly push: (text: string) => readonly ListRow[];
  /** What is left when nothing follows. */
  readonly end: () => readonly ListRow[];
  /** The row with a note in it. */
  readonly annotated: (row: ListRow, note: RowNote) => string;
}

/** Names of columns that hold addresses, in the order in which they are looked for. */
const USUAL_COLUMNS = ["email", "emailaddress", "mail", "recipient", "address", "subscriber"];

/** The plain names under which the address is looked for. @param column as the caller calls it; absent: as usual */
export function wantedNames(column: string | undefined): readonly string[] {
  return column === undefined ? USUAL_COLUMNS : [plainName(column)];
}

/** Names are compared without case and signs: `E-Mail Address` → `emailaddress`. */
export function plainName(name: string): string {
  return name.toLowerCase().replace(/[\s_.-]/g, "");
}

/** The first of the wanted names that is among these; -1: none of them. */
export function columnOf(names: readonly string[], wanted: readonly string[]): number {
  const plain = names.map(plainName);
  return wanted.map((name) => plain.indexOf(name)).find((at) => at >= 0) ?? -1;
}

/** The address in a cell. @param cell a text of bytes, in UTF-8 */
export function addressIn(cell: string): Result<string, RowProblem> {
  const text = textOf(cell);
  return text === null ? fail("encoding") : canonicalMailbox(plainCell(text));
}

/** What bytes say in UTF-8; `null` where they are something else. */
export function textOf(bytes: string): string | null {
  return /^[\x00-\x7f]*$/.test(bytes) ? bytes : utf8Text(bytesOfText(bytes));
}
