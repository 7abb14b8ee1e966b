/** One entry of a list: from the values of its columns to what it states. Pure. */
import { classify } from "../domain/classify";
import type { EventDraft } from "../domain/event";
import { cleanText } from "../domain/text";
import { columnName, type Format, isWords, type Meaning } from "./format";
import { parseTime } from "./time";

/** Reads a column by its name, as `columnName` makes it. */
export type Values = (column: string) => string | undefined;

export interface ListRow {
  /** Where it begins, counted from 1. */
  readonly line: number;
  /** As it stands on the list; `null` where it names nobody. */
  readonly recipient: string | null;
  readonly outcome: RowOutcome;
}

export type RowOutcome =
  /** What it states: an event for each reason. Without a date of its own it counts as of now. */
  | { readonly type: "entries"; readonly drafts: readonly EventDraft[]; readonly isDated: boolean }
  | { readonly type: "skipped"; readonly code: SkipCode }
  | { readonly type: "invalid"; readonly code: InvalidCode };

/** Why an entry says nothing to record: code, and sentence. */
export const SKIPPED = {
  not_suppressed: "It is on the list, but not suppressed.",
  sender_fault: "The receiver refused the sender or the message, not the recipient.",
  expired: "It has ended.",
  sent_from_here: "It is on the provider's list because it was sent there from here.",
} as const;
type SkipCode = keyof typeof SKIPPED;

/** Why a row cannot be read: code, and sentence. */
export const INVALID = {
  no_recipient: "It names no recipient.",
  invalid_time: "A time in it cannot be read: write ISO 8601, or seconds since 1970.",
  unclosed_quote: "A quote in it is never closed.",
  too_long: "It is longer than an entry can be.",
  invalid_json: "It is not valid JSON.",
  cut_off: "The list ends in the middle of it.",
} as const;
type InvalidCode = keyof typeof INVALID;

/** Longest that an answer repeats of what stands where an address should. */
const MAX_SHOWN_LENGTH = 320;

type Statement = Pick<EventDraft, "kind" | "stated" | "category">;

const HARD = { class: "hard", rule: "import:hard", fixed: true } as const;

const STATEMENTS: Readonly<Record<Exclude<Meaning, "none" | "bounce">, Statement>> = {
  hard: { kind: "bounced", stated: HARD },
  complaint: { kind: "complained" },
  unsubscribe: { kind: "unsubscribed" },
  manual: { kind: "manual_block" },
  temporary: { kind: "manual_block" },
};

/** @param now epoch ms: what has ended by then is left out */
export function rowOf(line: number, format: Format, values: Values, now: number): ListRow {
  const text = first(values, format.recipient);
  const recipient = text?.slice(0, MAX_SHOWN_LENGTH) ?? null;
  return {
    line,
    recipient,
    outcome: text === undefined ? invalid("no_recipient") : outcomeOf(text, format, values, now),
  };
}

function outcomeOf(recipient: string, format: Format, values: Values, now: number): RowOutcome {
  const occurredAt = timeIn(values, format.occurredAt);
  const expiresAt = timeIn(values, format.expiresAt);
  const retriedAt = timeIn(values, format.retriedAt);
  if (!occurredAt.ok || !expiresAt.ok || !retriedAt.ok) return invalid("invalid_time");
  const evidence = {
    statusCode: first(values, format.statusCode),
    diagnosticCode: first(values, format.diagnosticCode),
  };
  const meant = meaningsOf(format, values).map(({ word, meaning }) => ({ word, ...statementOf(meaning, evidence) }));
  const ends = (meaning: Meaning) => (meaning === "temporary" ? retriedAt.value : expiresAt.value);
  const stated = meant.flatMap(({ word, meaning, statement }) => {
    const end = ends(meaning);
    return statement && (end === undefined || end > now) ? [{ word, statement, end }] : [];
  });
  if (!stated.length) return skipped(meant.some((m) => m.statement) ? "expired" : skipCodeOf(meant));
  const note = cleanText(first(values, format.note));
  const drafts = stated.map(({ word, statement, end }) => ({
    ...statement,
    ...evidence,
    recipient,
    hint: word,
    occurredAt: occurredAt.value,
    expiresAt: end,
    metadata: note === undefined ? undefined : { note },
    // What the list repeats when it is exported again: its position and its notes are not the entry.
    identity: [occurredAt.value, word, end],
  }));
  return { type: "entries", drafts, isDated: occurredAt.value !== undefined };
}

function skipCodeOf(meant: readonly { readonly meaning: Meaning }[]): SkipCode {
  return meant.some((m) => m.meaning === "bounce") ? "sender_fault" : "not_suppressed";
}

type ReplyEvidence = Pick<EventDraft, "statusCode" | "diagnosticCode">;

function statementOf(meaning: Meaning, evidence: ReplyEvidence): { meaning: Meaning; statement: Statement | null } {
  if (meaning === "none") return { meaning, statement: null };
  if (meaning !== "bounce") return { meaning, statement: STATEMENTS[meaning] };
  const verdict = classify({ ...evidence, stated: { ...HARD, fixed: false } });
  if (verdict.class === "block") return { meaning, statement: null };
  const category = verdict.class === "hard" ? verdict.category : undefined;
  return { meaning, statement: { ...STATEMENTS.hard, category } };
}

function meaningsOf({ meaning }: Format, values: Values): { word: string | undefined; meaning: Meaning }[] {
  if (!isWords(meaning)) return [{ word: undefined, meaning }];
  const texts = meaning.columns.map(values);
  const [text] = texts.filter((value) => value !== undefined);
  const words = meaning.isList ? (text?.split(/\s+/) ?? []) : [text];
  const joined = texts.map((value) => columnName(value ?? "")).join("/");
  const lookUp = (name: string) => (Object.hasOwn(meaning.words, name) ? meaning.words[name] : undefined);
  const found = (word: string | undefined) => lookUp(joined) ?? lookUp(columnName(word ?? "")) ?? meaning.otherwise;
  return (words.length ? words : [undefined]).map((word) => ({ word: cleanText(word), meaning: found(word) }));
}

function first(values: Values, columns: readonly string[] = []): string | undefined {
  for (const column of columns) {
    const value = values(column);
    if (value !== undefined) return value;
  }
  return undefined;
}

function timeIn(values: Values, columns: readonly string[] | undefined) {
  return parseTime(first(values, columns));
}

function skipped(code: SkipCode): RowOutcome {
  return { type: "skipped", code };
}

/** An entry that cannot be read. */
export function invalid(code: InvalidCode): RowOutcome {
  return { type: "invalid", code };
}
