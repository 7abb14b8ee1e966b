/** What a report says about one of its recipients: the words after its address, or those around it. */
import type { RecipientLine } from "./recipient-lines";

const MAX_WORDS_LENGTH = 1_200;
/** So many paragraphs below an address are still about it, and so many above it. */
const MAX_PARAGRAPHS_BELOW = 3;
const MAX_PARAGRAPHS_ABOVE = 2;
const MAX_PARAGRAPH_LINES = 30;
/** "----- Transcript of session follows -----" */
const SECTION = /^[\s|]{0,10}[-=*_]{3,}.{0,120}[-=*_|]{3,}\s*$/;
/** A cause, in the words of receivers and MTAs; in other languages a paragraph is taken as it comes. */
const STATES_CAUSE =
  /\b[45]\d\d\b|\b[45]\.\d{1,3}\.\d|unknown|unable|not found|no such|n.t found|exist|listed|invalid|illegal|inactive|disabled|suspend|full|quota|exceed|too (?:large|big|many)|reject|refus|denied|block|spam|virus|policy|not accept|timed? ?out|connect|expired|unreachable|deferred|loop|because|reason|error/i;
/** Whom to turn to, and what the mail is that one reads. */
const BOILERPLATE =
  /^(?:please (?:reply|contact|send|do not|call|write|visit)|for (?:further|more|help|assistance|questions)|if you (?:have|feel|do|think|believe|need)|this (?:is an? (?:auto|copy|delivery)|message (?:was (?:created|generated)|is an auto))|questions|do not reply|delivery to the following|your message (?:could|was|did) not[^.]{0,60}(?:recipients?|destinations?))\b/i;

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
  const said = own.map((line) => wordsOf(lines, line, all)).filter((words) => words !== "");
  if (said.length > 0) return flat(said.join(" ")).slice(0, MAX_WORDS_LENGTH);
  const at = own[0]?.at ?? lineOf(lines, address);
  return at < 0 ? "" : flat(paragraphAround(lines, at).join(" ")).slice(0, MAX_WORDS_LENGTH);
}

/** What the line says, or the words below it; of several addresses in a row, those below the last; else those above. */
function wordsOf(lines: readonly string[], line: RecipientLine, all: readonly RecipientLine[]): string {
  const next = all.find((other) => other.at > line.at);
  const end = Math.min(next?.at ?? lines.length, lines.length);
  const attached = [line.rest, ...paragraphFrom(lines, line.at + 1, end)].filter((words) => words !== "").join(" ");
  if (attached !== "") return attached;
  if (next?.at === line.at + 1) return next.rest === "" ? wordsOf(lines, next, all) : "";
  const below = paragraphsFrom(lines, line.at + 1, end);
  const above = paragraphsAbove(lines, line.at, all);
  return [...below, ...above].find((paragraph) => STATES_CAUSE.test(paragraph)) ?? below[0] ?? above[0] ?? "";
}

/** The lines of a paragraph from its first line on, without rulers. */
function paragraphFrom(lines: readonly string[], start: number, end: number): string[] {
  const paragraph: string[] = [];
  for (let i = start; i < Math.min(end, start + MAX_PARAGRAPH_LINES) && /\S/.test(lines[i] ?? ""); i++) {
    const line = lines[i] ?? "";
    if (!SECTION.test(line)) paragraph.push(line.trim());
  }
  return paragraph;
}

function paragraphsFrom(lines: readonly string[], start: number, end: number): string[] {
  const paragraphs: string[] = [];
  for (let i = start; i < end && paragraphs.length < MAX_PARAGRAPHS_BELOW; i++) {
    if (!/\S/.test(lines[i] ?? "")) continue;
    const heading = (lines[i] ?? "").trim();
    let paragraph = paragraphFrom(lines, i, end);
    i += paragraph.length;
    // A heading, and what it announces below an empty line.
    if (paragraph.length === 1 && /[:：]$/.test(heading)) {
      const start = lines.findIndex((line, at) => at >= i && /\S/.test(line));
      if (start >= 0 && start < end) paragraph = [...paragraph, ...paragraphFrom(lines, start, end)];
    }
    const words = paragraph.join(" ");
    if (words !== "" && !BOILERPLATE.test(words)) paragraphs.push(words);
  }
  return paragraphs;
}

function paragraphsAbove(lines: readonly string[], at: number, all: readonly RecipientLine[]): string[] {
  const start = all.findLast((other) => other.at < at)?.at ?? -1;
  const paragraphs: string[] = [];
  let end = at;
  while (end > start + 1 && paragraphs.length < MAX_PARAGRAPHS_ABOVE) {
    let from = end;
    while (from > start + 1 && /\S/.test(lines[from - 1] ?? "")) from--;
    const words = paragraphFrom(lines, from, end).join(" ");
    if (words !== "" && !BOILERPLATE.test(words)) paragraphs.push(words);
    end = from - 1;
  }
  return paragraphs;
}

function lineOf(lines: readonly string[], address: string | undefined): number {
  if (address === undefined) return -1;
  const whole = address.toLowerCase();
  const local = whole.slice(0, whole.lastIndexOf("@"));
  const at = lines.findIndex((line) => line.toLowerCase().includes(whole));
  return at >= 0 ? at : lines.findIndex((line) => /^\s/.test(line) && line.trim().toLowerCase().startsWith(local));
}

function paragraphAround(lines: readonly string[], at: number): string[] {
  let start = at;
  while (start > Math.max(0, at - MAX_PARAGRAPH_LINES) && /\S/.test(lines[start - 1] ?? "")) start--;
  return paragraphFrom(lines, start, lines.length);
}

function flat(text: string): string {
  return text.replace(/\s+/g, " ").trim();
}
