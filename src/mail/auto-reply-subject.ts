/** What the subject of a mail says about its being an auto-reply. */
import { once } from "../domain/once";
import { EUROPEAN_PHRASES, type SubjectPhrases } from "./auto-reply-phrases";
import { WORLD_PHRASES } from "./auto-reply-phrases-world";
import { phrasesIn } from "./phrase-list";
import { plainWords } from "./plain-words";

/**
 * `automatic`: it begins with a program's prefix ("Automatic reply: …"). `absence`: with "Out of office", and nothing
 * but the answered subject follows. `away`: with a single word or a date, or it ends so; people write that too.
 * `mention`: it goes on after such words ("Out of office policy"). `none`.
 */
export type SubjectSign = "automatic" | "absence" | "away" | "mention" | "none";

export interface SubjectReading {
  readonly sign: SubjectSign;
  /** As `plainWords`, without the prefixes of replies. */
  readonly subject: string;
  /** It had such a prefix: then somebody may have written it. */
  readonly isReply: boolean;
}

/** What programs put before the subject they answer. Forwarding is something else. */
const REPLY_PREFIX =
  /^(?:re|aw|antw|antwort|sv|vs|odp|res|r|rif|ynt|va|atb|ats|odg|tl|bls|отв|ответ|отг|відп|回复|回覆|答复|答覆|返信|답장|회신|השב|رد|σχετ|απ)(?: ?\[\d{1,3}\]| ?\(\d{1,3}\)|\^\d{1,3})? ?: ?/;
const MAX_PREFIXES = 8;
const MAX_SUBJECT_LENGTH = 500;

/** `[EXTERNAL]`, `[Ticket#1]`, `【…】`. */
const TAG = /^(?:\[[^\]]{1,80}\]|【[^】]{1,80}】|\([^)]{1,80}\)|\*{2,5}[^*]{1,60}\*{2,5}) ?[:-]? ?/;
const MAX_TAGS = 3;
const OPENING = /^[\s[({【《「『<"'“„«*#~=_!-]{1,20}/;
/** What may follow a prefix: nothing, or what parts it from the rest. A comma goes on with the sentence. */
const DELIMITER = /^ ?(?:$|[:;.!…)\]}】》」』>"”»*|/([<#~=_-])/;
const COMMA = /^ ?[,、]/;
/** "Automatic reply to …", "… from …". */
const CONNECTOR =
  /^ (?:to|from|for|re|auf|von|an|a|de|du|di|da|do|por|para|per|van|op|aan|til|fra|fran|pa|od|na|k|от|на|від)\b/;
/** "Out of office until …". */
const TIME =
  /^ (?:until|till|til|thru|through|from|starting|bis|ab|vom|jusqu|du|le|hasta|del|desde|fino|dal|ate|tot|t\/m|vanaf|van|fram|till|fra|do|od|с|по|до|з|\d)/;
/** "Jo Doe is out of the office (returning …)", as Domino writes. */
const ABOUT_SOMEBODY =
  /\bis (?:currently )?(?:out of (?:the )?office|away from (?:the )?office|on (?:annual )?(?:leave|vacation|holiday))\b|\(returning /;
/** "来自某某的自动回复": from somebody. */
const FROM_SOMEBODY = /^[来來]自.{1,60}(?:自动|自動)[回答应應]/;
const LETTER_OF_WORDS = /^[\p{L}\p{N}]/u;
const UNSPACED = /[\p{sc=Han}\p{sc=Hiragana}\p{sc=Katakana}\p{sc=Hangul}\p{sc=Thai}]$/u;

const LANGUAGES: readonly SubjectPhrases[] = [...Object.values(EUROPEAN_PHRASES), ...Object.values(WORLD_PHRASES)];
const automatic = once(() => phrasesOf("automatic"));
const absence = once(() => phrasesOf("absence"));
const away = once(() => phrasesOf("away"));

/**
 * What a subject says of who wrote the mail. Tags and reply prefixes before it, a few of each, are taken off.
 *
 * @param written as it came, decoded
 */
export function readSubject(written: string): SubjectReading {
  const words = plainWords(written.slice(0, MAX_SUBJECT_LENGTH));
  const tagged = stripped(words, TAG, MAX_TAGS);
  const isReply = REPLY_PREFIX.test(words) || REPLY_PREFIX.test(tagged);
  const subject = stripped(REPLY_PREFIX.test(tagged) ? tagged : words, REPLY_PREFIX, MAX_PREFIXES);
  return { sign: signOf(subject), subject, isReply };
}

function phrasesOf(kind: keyof SubjectPhrases): readonly string[] {
  const phrases = phrasesIn(LANGUAGES.map((language) => language[kind]).join());
  // The longest first: what follows it decides.
  return [...new Set(phrases)].sort((a, b) => b.length - a.length);
}

function signOf(subject: string): SubjectSign {
  const beginnings = [subject, stripped(subject, TAG, MAX_TAGS)].map((text) => text.replace(OPENING, ""));
  const signs = beginnings.map(signOfBeginning);
  const found = (["automatic", "absence", "away", "mention"] as const).find((sign) => signs.includes(sign));
  return found ?? (isMentionedIn(subject) ? "away" : "none");
}

function signOfBeginning(text: string): SubjectSign {
  const afterAutomatic = FROM_SOMEBODY.test(text) ? "" : remainderAfter(text, automatic());
  if (afterAutomatic !== null) {
    return isParted(afterAutomatic) || CONNECTOR.test(afterAutomatic) ? "automatic" : "mention";
  }
  const afterAbsence = remainderAfter(text, absence());
  if (afterAbsence !== null && isParted(afterAbsence)) return "absence";
  // "Out of Office AutoReply: …"
  if (afterAbsence !== null && remainderAfter(afterAbsence.trimStart(), automatic()) !== null) return "automatic";
  const after = afterAbsence ?? remainderAfter(text, away());
  if (after !== null && (isParted(after) || COMMA.test(after) || TIME.test(after))) return "away";
  return afterAbsence === null ? "none" : "mention";
}

function isParted(remainder: string): boolean {
  return DELIMITER.test(remainder) || REPLY_PREFIX.test(remainder.trimStart());
}

/** What follows the first of the phrases with which a text begins, as whole words; null where it begins with none. */
function remainderAfter(text: string, phrases: readonly string[]): string | null {
  for (const phrase of phrases) {
    if (!text.startsWith(phrase)) continue;
    const rest = text.slice(phrase.length);
    if (!LETTER_OF_WORDS.test(rest) || UNSPACED.test(phrase)) return rest;
  }
  return null;
}

/** At its end, in brackets or after a dash: "Newsletter 42 (out of office)". */
function isMentionedIn(subject: string): boolean {
  if (ABOUT_SOMEBODY.test(subject)) return true;
  const text = subject.replace(/[\s.!)\]】』」]{1,10}$/, "");
  return [...automatic(), ...absence()].some(
    (phrase) =>
      text.endsWith(phrase) && (UNSPACED.test(phrase) || /[([{【:|/-] ?$/.test(text.slice(0, -phrase.length))),
  );
}

function stripped(text: string, pattern: RegExp, max: number): string {
  let rest = text;
  for (let i = 0; i < max && pattern.test(rest); i++) rest = rest.replace(pattern, "");
  return rest;
}
