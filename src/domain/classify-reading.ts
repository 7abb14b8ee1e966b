/**
 * A server's text, read once: its words in a plain form that rules can match, the codes in it, and the SMTP command
 * that it answers.
 *
 * The plain form is lower case, without accents on Latin letters, without the codes at the head of a line, with `@`
 * for every mail address and angle-bracketed name, with `.` between sentences, and with one blank for everything else
 * that is no letter or digit. `user_unknown`, `<john@example.com>: User-unknown!` and `User 'unknown'` so become the
 * same words; a name that happens to be `spam@example.com` cannot be mistaken for a reason.
 */
import { replyCodeIn, statusCodesIn } from "./delivery-status";
import type { SmtpCommand } from "./event";
import { commandNamed } from "./smtp-command";

/** Rules see no more of a text than this: its time must not be a sender's to choose. UTF-16 units. */
export const MAX_READ_LENGTH = 4_000;

export interface Reading {
  /** The plain form, with a blank at either end; a single blank where there is no text. */
  readonly words: string;
  /** Every enhanced status code in the text, in order. */
  readonly statusCodes: readonly string[];
  readonly replyCode: string | undefined;
  readonly command: SmtpCommand | undefined;
  /** Does the text say that no recipient was left, so that a refused DATA only follows from refused RCPTs? */
  readonly noRecipientLeft: boolean;
}

const NOTHING: Reading = {
  words: " ",
  statusCodes: [],
  replyCode: undefined,
  command: undefined,
  noRecipientLeft: false,
};

/** Reads a diagnostic text or a report's explanation; nothing after `MAX_READ_LENGTH` counts. */
export function readText(text: string | undefined): Reading {
  if (text === undefined || text === "") return NOTHING;
  const lower = text.slice(0, MAX_READ_LENGTH).toLowerCase();
  return {
    words: plainWords(lower),
    statusCodes: statusCodesIn(lower),
    replyCode: replyCodeIn(lower),
    command: commandIn(lower),
    noRecipientLeft: NO_RECIPIENT_LEFT.test(lower),
  };
}

const NON_ASCII = /[^\0-\x7f]/;
const ADDRESS = /[^\s<>()[\]"',;:=]{1,64}@[^\s<>()[\]"',;:]{1,255}|<[^<>\s]{0,80}>/g;
/** `550-5.1.1 ` at the head of each line of a reply, and codes in brackets: they are read apart. */
const REPLY_HEAD = /(?<![^\s(:])[245][0-5]\d[- ]{1,2}#?[245]\.\d{1,3}\.\d{1,3}(?!\d)|(?<!\S)[245][0-5]\d-/g;
const APOSTROPHE = /(?<=\p{L})['’´`](?=\p{L})/gu;
const SENTENCE_END = /[.!?;]{1,20}(?=\s|$)|[。！？；]/g;
/** Whatever is neither letter nor digit, in ASCII and in the blocks of punctuation beyond it. */
const NO_WORD =
  /(?:[^a-z0-9.@\u00c0-\uffff]|[\u2000-\u206f\u3000-\u303f\uff00-\uff0f\uff1a-\uff20\uff3b-\uff40\uff5b-\uff65])+/g;

function plainWords(lower: string): string {
  const plain = NON_ASCII.test(lower) ? withoutAccents(lower) : lower;
  const words = plain
    .replace(REPLY_HEAD, " ")
    .replace(ADDRESS, " @ ")
    .replace(APOSTROPHE, "")
    .replace(SENTENCE_END, " . ")
    .replace(NO_WORD, " ");
  return ` ${words.trim()} `;
}

/** Latin and Greek letters that stand for others without being an accented form of them. */
const LETTERS: Readonly<Record<string, string>> = { ß: "ss", ł: "l", ø: "o", đ: "d", æ: "ae", œ: "oe", ı: "i", ё: "е" };
const LETTER = new RegExp(`[${Object.keys(LETTERS).join("")}]`, "g");

/** `Empfänger` → `empfanger`, half-width kana → kana. Cyrillic й and Japanese が keep their marks. */
function withoutAccents(text: string): string {
  return text
    .normalize("NFKC")
    .replace(LETTER, (letter) => LETTERS[letter] ?? letter)
    .normalize("NFD")
    .replace(/(?<=[a-zα-ω][\u0300-\u036f]{0,3})[\u0300-\u036f]/g, "")
    .normalize("NFC");
}

/** What MTAs write about the command whose answer they quote, in lower case; the first that is found decides. */
const COMMAND_WORDS: readonly (readonly [SmtpCommand, RegExp])[] = [
  ["DATA", /\bend of data\b|\bin reply to (?:the )?data\b|\bafter (?:pipelined )?(?:sending )?(?:end of )?data\b/],
  [
    "DATA",
    /\bfailed (?:after i sent the message|on data command)\b|\bafter transfer of mail text\b|\bfor text command\b|\(state 1[578]\)/,
  ],
  ["DATA", /\bwhile sending (?:message body|end of data)\b|\bresponse to (?:end of )?data\b/],
  ["RCPT", /\b(?:reply|response) to "?rcpt\b|\bafter (?:pipelined )?(?:sending )?rcpt\b|\bwhile sending rcpt\b/],
  ["RCPT", /\bdoes not like recipient\b|\bfor rcpt (?:to )?command\b|\(state 14\)/],
  ["MAIL", /\b(?:reply|response) to "?mail(?: from)?\b|\bafter (?:pipelined )?(?:sending )?mail from\b/],
  ["MAIL", /\bwhile sending mail from\b|\bbut sender was rejected\b|\(state 13\)|\bfor mail (?:from )?command\b/],
  ["EHLO", /\b(?:reply|response) to "?(?:ehlo|helo)\b|\bafter (?:ehlo|helo)\b|\bbut my name was rejected\b/],
  ["EHLO", /\bwhile performing the (?:ehlo|helo) handshake\b/],
  ["STARTTLS", /\b(?:reply|response) to "?starttls\b|\bafter starttls\b/],
  ["AUTH", /\b(?:reply|response) to "?auth\b|\bafter auth\b/],
  ["DATA", /\bsmtp command[\s:-]{1,5}data\b/],
  ["RCPT", /\bsmtp command[\s:-]{1,5}rcpt\b/],
  ["MAIL", /\bsmtp command[\s:-]{1,5}mail\b/],
  ["CONNECT", /\brefused to talk to me\b|\bafter initial connection\b|\bbut greeting failed\b|\bin greeting\b/],
  ["CONNECT", /\bwhile receiving the initial server greeting\b/],
];
/** A transcript: the command before the first answer that refuses. */
const TRANSCRIPT =
  />>> ?(ehlo|helo|starttls|auth|mail|rcpt|data|\.)[^\n<]{0,300}(?:<[^\n<]{0,300}){0,2}\n? ?<<< ?[45]\d\d/;
const NO_RECIPIENT_LEFT = /(?<!\S)503[ -]|\bno valid recipients\b|\bneed (?:a )?rcpt\b|\bbad sequence of commands\b/;

function commandIn(lower: string): SmtpCommand | undefined {
  return COMMAND_WORDS.find(([, words]) => words.test(lower))?.[0] ?? commandNamed(TRANSCRIPT.exec(lower)?.[1]);
}
