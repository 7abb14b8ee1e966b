/** What a report says about one of its recipients: the words after its address, or those around it. */
import { type RecipientLine, withoutForwarding } from "./recipient-lines";
import { LEFT_OUT } from "./report-text";
import { replyIn } from "./smtp-text";
import { isOfTranscript } from "./transcript";

const MAX_WORDS_LENGTH = 1_200;
/** So many paragraphs below an address are still about it, and so many above it. */
const MAX_PARAGRAPHS_BELOW = 3;
const MAX_PARAGRAPHS_ABOVE = 2;
const MAX_PARAGRAPH_LINES = 30;
const MAX_OUTPUT_LINES = 8;
/** So many places that name an address are looked at. */
const MAX_PLACES = 5;
/** "----- Transcript of session follows -----" */
const SECTION = { start: /^[\s|]{0,10}[-=*_]{3}/, end: /[-=*_|]{3}$/, maxLength: 160 };
const TRANSCRIPT_SECTION = /transcript|\bsession\b|\blog\b/i;
/** A cause, in the words of receivers and MTAs; in other languages a paragraph is taken as it comes. */
const STATES_CAUSE =
  /\b[45]\d\d\b|\b[45]\.\d{1,3}\.\d|unknown|unable|not found|no such|n.t found|exist|listed|invalid|illegal|inactive|disabled|suspend|full|quota|exceed|too (?:large|big|many)|reject|refus|denied|block|spam|virus|policy|not accept|timed? ?out|connect|expired|unreachable|deferred|loop|because|reason|error/i;
/** Whom to turn to, and what the mail is that one reads. */
const BOILERPLATE =
  /^(?:please (?:reply|contact|send|do not|call|write|visit)|for (?:further|more|help|assistance|questions)|if you (?:have|feel|do|think|believe|need)|this (?:is an? (?:auto\w{0,10}|copy|delivery)|message (?:was (?:created|generated)|is an? auto\w{0,10}))|questions|do not reply|delivery to the following|the original message was received|your message (?:could|was|did) not[^.]{0,60}(?:recipients?|destinations?))\b/i;

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
  address: string | undefined,
): string {
  const attached = own.map((line) => attachedTo(lines, line, all)).filter((words) => words !== "");
  const said = attached.length > 0 ? [...new Set(attached)].join(" ") : wordsAround(lines, own, all, address);
  return balanced(flat(withoutForwarding(said))).slice(0, MAX_WORDS_LENGTH);
}

/** The first paragraph that holds an SMTP reply: of a report on a single recipient the receiver's words. */
export function paragraphWithReply(lines: readonly string[]): string {
  const at = lines.findIndex((line) => line.length < 2_000 && replyIn(line).replyCode !== undefined);
  if (at < 0) return "";
  const from = isHeading(lines[at - 1]) ? at : startOfParagraph(lines, at);
  return flat(paragraphFrom(lines, from, lines.length).join(" ")).slice(0, MAX_WORDS_LENGTH);
}

/** What the line says, and those right below it. */
function attachedTo(lines: readonly string[], line: RecipientLine, all: readonly RecipientLine[]): string {
  const last = line.rest === "" ? lastOfRow(line, all) : line;
  const end = all.find((other) => other.at > last.at)?.at ?? lines.length;
  return [...outputAbove(lines, line), last.rest, ...paragraphFrom(lines, last.at + 1, end)]
    .filter((part) => part !== "")
    .join(" ");
}

/** Of several addresses on lines one after the other, with nothing said between them, the last: it speaks for all. */
function lastOfRow(line: RecipientLine, all: readonly RecipientLine[]): RecipientLine {
  let last = line;
  for (const other of all) {
    if (other.at === last.at + 1 && other.rest === "") last = other;
    else if (other.at > last.at) break;
  }
  return last;
}

/** Sendmail: what a local mailer wrote stands right above the line that names the recipient. */
function outputAbove(lines: readonly string[], { at, shape }: RecipientLine): string[] {
  if (shape !== "dots") return [];
  const output: string[] = [];
  for (let i = at - 1; i >= 0 && output.length < MAX_OUTPUT_LINES && isText(lines[i]); i--) {
    const line = lines[i] ?? "";
    if (isOfTranscript(line) || isSection(line) || line.includes("@")) break;
    output.unshift(line.trim());
  }
  return output;
}

/** The paragraphs below and above the places that name the recipient; one that states a cause is the best. */
function wordsAround(
  lines: readonly string[],
  own: readonly RecipientLine[],
  all: readonly RecipientLine[],
  address: string | undefined,
): string {
  const places = own.length > 0 ? own.map((line) => lastOfRow(line, all).at) : placesOf(lines, address);
  const candidates = places.slice(0, MAX_PLACES).flatMap((at) => {
    const sentence = own.length > 0 ? [] : [paragraphAround(lines, at)];
    return [...sentence, ...paragraphsBelow(lines, at, all), ...paragraphsAbove(lines, at, all)];
  });
  return candidates.find((paragraph) => STATES_CAUSE.test(paragraph)) ?? candidates[0] ?? "";
}

/** The lines that mention an address; of one that was named without its domain those that begin with the name. */
function placesOf(lines: readonly string[], address: string | undefined): number[] {
  if (address === undefined) return [];
  const whole = address.toLowerCase();
  const local = whole.slice(0, whole.lastIndexOf("@"));
  const found = positionsOf(lines, (line) => line.includes("@") && line.toLowerCase().includes(whole));
  return found.length > 0 ? found : positionsOf(lines, (line) => line.trim().toLowerCase().split(" ")[0] === local);
}

function positionsOf(lines: readonly string[], holds: (line: string) => boolean): number[] {
  return lines.flatMap((line, at) => (holds(line) ? [at] : []));
}

/** The lines of a paragraph from its first line on, up to the next section or transcript, without subjects. */
function paragraphFrom(lines: readonly string[], start: number, end: number): string[] {
  const paragraph: string[] = [];
  for (let i = start; i < Math.min(end, start + MAX_PARAGRAPH_LINES) && isText(lines[i]); i++) {
    const line = lines[i] ?? "";
    if (isOfTranscript(line) || (i > start && isSection(line))) break;
    if (!isSection(line) && !line.endsWith(LEFT_OUT)) paragraph.push(line.trim());
  }
  return paragraph;
}

function paragraphsBelow(lines: readonly string[], at: number, all: readonly RecipientLine[]): string[] {
  const end = all.find((other) => other.at > at)?.at ?? lines.length;
  const paragraphs: string[] = [];
  let i = endOfParagraph(lines, at);
  while (i < end && paragraphs.length < MAX_PARAGRAPHS_BELOW) {
    if (!isText(lines[i])) {
      i++;
      continue;
    }
    if (isSection(lines[i]) && TRANSCRIPT_SECTION.test(lines[i] ?? "")) break;
    let words = paragraphFrom(lines, i, end);
    const after = endOfParagraph(lines, i);
    // A heading, and what it announces below an empty line.
    if (words.length === 1 && isHeading(words[0])) words = [...words, ...paragraphFrom(lines, after + 1, end)];
    addWords(paragraphs, words);
    i = after;
  }
  return paragraphs;
}

function paragraphsAbove(lines: readonly string[], at: number, all: readonly RecipientLine[]): string[] {
  const start = (all.findLast((other) => other.at < at)?.at ?? -1) + 1;
  const paragraphs: string[] = [];
  let end = at;
  while (end > start && paragraphs.length < MAX_PARAGRAPHS_ABOVE) {
    const from = Math.max(start, startOfParagraph(lines, end));
    addWords(paragraphs, paragraphFrom(lines, from, end));
    end = Math.min(from, end) - 1;
  }
  return paragraphs;
}

function addWords(paragraphs: string[], lines: readonly string[]): void {
  const words = lines.join(" ");
  if (words !== "" && !BOILERPLATE.test(words)) paragraphs.push(words);
}

function paragraphAround(lines: readonly string[], at: number): string {
  return paragraphFrom(lines, startOfParagraph(lines, at), lines.length).join(" ");
}

/** The first line of the paragraph that a line ends or belongs to. */
function startOfParagraph(lines: readonly string[], at: number): number {
  let start = at;
  while (start > Math.max(0, at - MAX_PARAGRAPH_LINES) && isText(lines[start - 1])) start--;
  return start;
}

/** The first empty line at or below a line. */
function endOfParagraph(lines: readonly string[], at: number): number {
  let end = at;
  while (end < lines.length && isText(lines[end])) end++;
  return end;
}

function isText(line: string | undefined): boolean {
  return line !== undefined && /\S/.test(line);
}

function isSection(line: string | undefined): boolean {
  const text = (line ?? "").trimEnd();
  return text.length <= SECTION.maxLength && SECTION.start.test(text) && SECTION.end.test(text);
}

function isHeading(line: string | undefined): boolean {
  return /[:：]\s*$/.test(line ?? "");
}

function flat(text: string): string {
  return text.replace(/\s+/g, " ").trim();
}

/** Without the parenthesis that closes what began before the words. */
function balanced(words: string): string {
  const closes = words.endsWith(")") && words.split(")").length > words.split("(").length;
  return closes ? words.slice(0, -1) : words;
}
