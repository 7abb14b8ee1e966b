/** JSON as it came, laid out for reading. */
import { valueOfJson } from "../../domain/json";

/** Deeper than that lines move no further to the right: nobody could follow, and they would cost more than the text. */
const MAX_INDENT_LEVELS = 20;
const MARKS = "{}[],:";
/** RFC 8259 §2. */
const WHITE_SPACE = " \t\r\n";

/**
 * Only the white space between the words of a JSON text is changed: numbers keep their digits, also those above 2^53,
 * strings their escapes, members their order and their repetitions.
 *
 * @returns a line for each value, two blanks for each level; an object or a list that is no JSON, and anything else, as it is
 */
export function laidOutJson(text: string): string {
  if (!/^\s*[[{]/.test(text) || valueOfJson(text) === undefined) return text;
  const parts: string[] = [];
  let level = 0;
  let previous = "";
  for (const word of wordsOf(text)) {
    if (isClosing(word)) level--;
    parts.push(gapBetween(previous, word, level), word);
    if (isOpening(word)) level++;
    previous = word;
  }
  return parts.join("");
}

function gapBetween(previous: string, word: string, level: number): string {
  if (previous === ":") return " ";
  const isFirst = isOpening(previous);
  if (isClosing(word) ? !isFirst : isFirst || previous === ",") {
    return `\n${"  ".repeat(Math.min(level, MAX_INDENT_LEVELS))}`;
  }
  return "";
}

/** The strings, marks, numbers and literals of a text that is JSON. */
function* wordsOf(text: string): Generator<string> {
  for (let at = 0; at < text.length; ) {
    const character = text.charAt(at);
    const end = MARKS.includes(character) ? at + 1 : character === '"' ? endOfString(text, at) : endOfBare(text, at);
    if (end > at) yield text.slice(at, end);
    at = Math.max(end, at + 1);
  }
}

/** Behind the quotation mark that ends the string which begins here. */
function endOfString(text: string, start: number): number {
  let at = start + 1;
  while (at < text.length && text.charAt(at) !== '"') at += text.charAt(at) === "\\" ? 2 : 1;
  return at + 1;
}

/** Behind a number or a literal; here, where there is white space. */
function endOfBare(text: string, start: number): number {
  let at = start;
  while (at < text.length && !MARKS.includes(text.charAt(at)) && !WHITE_SPACE.includes(text.charAt(at))) at++;
  return at;
}

function isOpening(word: string): boolean {
  return word === "{" || word === "[";
}

function isClosing(word: string): boolean {
  return word === "}" || word === "]";
}
