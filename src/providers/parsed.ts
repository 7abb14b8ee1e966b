/** The things an adapter can say of a record, in short. */

import type { ParsedItem, ParseOutcome } from "./adapter";
import { type JsonError, parseJson, parseRecords } from "./json";

/** Why a form cannot be read. */
export type FormError = "empty_body" | "invalid_utf8" | "invalid_form";

/** Why something goes to quarantine. The words are stable; operators filter by them. */
export type UnreadableReason = JsonError | FormError | RecordError;
type RecordError =
  | "not_an_object"
  | "unknown_kind"
  | "invalid_event"
  | "adapter_error"
  | "invalid_recipient"
  | "no_recipient"
  | "ambiguous_recipient"
  | "unsupported_content_type";

/** The same in a sentence. */
const REASONS: Readonly<Record<UnreadableReason, string>> = {
  empty_body: "The body is empty.",
  invalid_utf8: "The body is not valid UTF-8.",
  invalid_form: "The body is not a valid form; it may have been cut off.",
  invalid_json: "The body is not valid JSON; it may have been cut off.",
  too_deep: "The JSON nests too deeply.",
  not_an_object: "The record is not a JSON object.",
  unknown_kind: "The record is of a kind this version does not know.",
  invalid_event: "The record is not a valid event.",
  adapter_error: "The adapter failed on this record.",
  invalid_recipient: "The recipient is no address.",
  no_recipient: "The record names no recipient.",
  ambiguous_recipient: "The record names several recipients and does not say which of them it is about.",
  unsupported_content_type: "The content type is none that this provider sends.",
};

/** Known and unwanted. */
export function ignored(): ParsedItem {
  return { type: "ignored" };
}

/** @param about what exactly, without personal data: the name of a field, never its value */
export function unreadable(reason: UnreadableReason, about?: string): ParsedItem {
  return { type: "unreadable", reason, detail: detailOf(reason, about) };
}

/** Of the body as a whole. @param about as of `unreadable` */
export function unreadableBody(reason: UnreadableReason, about?: string): ParseOutcome {
  return { type: "unreadable", reason, detail: detailOf(reason, about) };
}

/**
 * Reads the records of a batch one by one. A record on which the adapter itself fails is unreadable, with what was thrown;
 * its siblings are not affected.
 */
export function eachRecord<T>(
  records: readonly T[],
  read: (record: T, position: number) => ParsedItem,
): { readonly type: "items"; readonly items: readonly ParsedItem[] } {
  const items = records.map((record, position) => {
    try {
      return read(record, position);
    } catch (error) {
      return { ...unreadable("adapter_error"), thrown: error };
    }
  });
  return { type: "items", items };
}

/** A body of one record, of an array of them, or of one per line, read record by record. */
export function readRecords(body: Uint8Array, read: (record: unknown, position: number) => ParsedItem): ParseOutcome {
  const records = parseRecords(body);
  if (!records.ok) return unreadableBody(records.error);
  return eachRecord(records.value, (record, position) =>
    record.ok ? read(record.value, position) : unreadable(record.error),
  );
}

/** A body of one record. */
export function readRecord(body: Uint8Array, read: (record: unknown) => ParsedItem): ParseOutcome {
  const record = parseJson(body);
  return record.ok ? eachRecord([record.value], read) : unreadableBody(record.error);
}

function detailOf(reason: UnreadableReason, about?: string): string {
  const sentence = REASONS[reason];
  return about === undefined ? sentence : `${sentence} (${about})`;
}
