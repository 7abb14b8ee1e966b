/** What a report says about one of its recipients: the words after its address, or those around it. */
import type { RecipientLine } from "./recipient-lines";

const MAX_WORDS_LENGTH = 1_200;
const MAX_PARAGRAPHS = 3;
/** A heading: what it announces is the next paragraph. */
const HEADING = /[:：]\s*$|^(?:because|reason|technical details)\b.{0,40}$/i;

/**
 * @param own the lines that name the recipient
 * @param all the lines that name any recipient: words end where the next one begins
 * @param address for reports that name it in a sentence
 * @returns one line; empty where nothing is said
 */
export function wordsAbout(
  lines: readonly string[],
  own: readonly RecipientLine[],
  all: readonly RecipientLine[],
  address?: string,
): string {
  const after = own.map((line) => wordsAfter(lines, line, nextLine(all, line, own)));
  const said = flat(after.filter((words) => words !== "").join(" "));
  if (said !== "") return said.slice(0, MAX_WORDS_LENGTH);
  const at =
    own[0]?.at ??
    lines.findIndex((line) => address !== undefined && line.toLowerCase().includes(address.toLowerCase()));
  return flat(at < 0 ? "" : paragraphAround(lines, at)).slice(0, MAX_WORDS_LENGTH);
}

function nextLine(all: readonly RecipientLine[], line: RecipientLine, own: readonly RecipientLine[]): number {
  return all.find((other) => other.at > line.at && !own.includes(other))?.at ?? Number.POSITIVE_INFINITY;
}

/** The rest of the line, and the paragraphs below it until one says something. */
function wordsAfter(lines: readonly string[], { at, rest }: RecipientLine, end: number): string {
  const words = [rest];
  let paragraphs = 0;
  for (let i = at + 1; i < lines.length && i < end; i++) {
    const line = (lines[i] ?? "").trim();
    if (line !== "") {
      words.push(line);
      continue;
    }
    const last = words.at(-1) ?? "";
    const saysNothing = words.every((word) => word === "") || HEADING.test(last);
    if (!saysNothing || ++paragraphs > MAX_PARAGRAPHS) break;
  }
  return words.filter((word) => word !== "").join(" ");
}

function paragraphAround(lines: readonly string[], at: number): string {
  let start = at;
  while (start > 0 && /\S/.test(lines[start - 1] ?? "")) start--;
  let end = at;
  while (end + 1 < lines.length && /\S/.test(lines[end + 1] ?? "")) end++;
  return lines.slice(start, end + 1).join(" ");
}

function flat(text: string): string {
  return text.replace(/\s+/g, " ").trim();
}
