/** What a list of suppressions looks like, and what its entries mean: the terms in which the table of formats is written. */

/**
 * What an entry says about its address.
 *
 * - `hard`: it does not exist or will never accept mail.
 * - `bounce`: the same, unless the receiver's reply says that it refused the sender or the message.
 * - `complaint`, `unsubscribe`: as the words say.
 * - `manual`: keep it suppressed, for a reason that is none of these. Somebody gave up on it, or blocked it by hand.
 * - `temporary`: the same, until the time that the list names.
 * - `none`: it is on the list and not suppressed.
 */
export type Meaning = "hard" | "bounce" | "complaint" | "unsubscribe" | "manual" | "temporary" | "none";

/** Names of columns, as `columnName` makes them: the first that has a value counts. */
type Columns = readonly string[];

/** What an entry means by a word in it. */
export interface Words {
  /** Several: their words joined by a slash are looked up first, then that of the first alone. */
  readonly columns: Columns;
  /** The column holds several words, with blanks between them; each is an entry. */
  readonly isList?: boolean;
  /** By the word as `columnName` makes it. */
  readonly words: Readonly<Record<string, Meaning>>;
  /** For a word that is not among them, and for none. */
  readonly otherwise: Meaning;
}

export interface Format {
  /** The connection of its events. */
  readonly id: string;
  readonly title: string;
  /** Columns by which it is recognized; of several formats the one with the most wins. */
  readonly columns: Columns;
  /** Recognized only where there are no other columns. */
  readonly isExact?: boolean;
  /** Not recognized by itself: it looks like another one. */
  readonly isOnlyNamed?: boolean;
  readonly recipient: Columns;
  readonly occurredAt?: Columns;
  /** When the suppression ends. */
  readonly expiresAt?: Columns;
  /** When a `temporary` one ends. */
  readonly retriedAt?: Columns;
  readonly statusCode?: Columns;
  readonly diagnosticCode?: Columns;
  readonly note?: Columns;
  readonly meaning: Meaning | Words;
  /** It is no list of suppressions: what to do with it instead. */
  readonly refused?: string;
}

/** How columns, and words in them, are compared: letters and digits, in lower case. */
export function columnName(text: string): string {
  return text.toLowerCase().replace(/[^\p{L}\p{N}]+/gu, "");
}

/** Does each entry say what it means? Otherwise all of the list mean the same. */
export function isWords(meaning: Meaning | Words): meaning is Words {
  return typeof meaning !== "string";
}
