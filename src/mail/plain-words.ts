/** Text made comparable: what people and programs write in many ways, in one. */

/** Letters that have no decomposition but are often written without their stroke, and spellings of one letter. */
const SPELLINGS: Readonly<Record<string, string>> = {
  ß: "ss",
  æ: "ae",
  œ: "oe",
  ø: "o",
  ł: "l",
  đ: "d",
  ð: "d",
  þ: "th",
  ı: "i",
  ς: "σ",
  "’": "'",
  "‘": "'",
  "´": "'",
  "`": "'",
  "–": "-",
  "—": "-",
  "‐": "-",
  "‑": "-",
};
const SPELLED_OTHERWISE = new RegExp(`[${Object.keys(SPELLINGS).join("")}]`, "g");
/** Nothing to decompose, as in most mails. */
const ASCII = /^[\x00-\x7f]*$/;
/** Invisible: joiners, marks of direction, a byte order mark, a soft hyphen. */
const INVISIBLE = /[\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]/g;

/**
 * A text in lower case, without accents and other marks, with single blanks and plain quotes and dashes; a hyphen
 * inside a word is a blank (`Out-of-Office` is `out of office`). Only texts that both went through here compare.
 */
export function plainWords(text: string): string {
  const letters = ASCII.test(text) ? text.toLowerCase().replaceAll("`", "'") : plainLetters(text);
  return letters
    .replace(/(?<=\p{L})-(?=\p{L})/gu, " ")
    .replace(/\s+/g, " ")
    .trim();
}

function plainLetters(text: string): string {
  return text
    .replace(INVISIBLE, "")
    .normalize("NFKD")
    .replace(/\p{Mn}+/gu, "")
    .normalize("NFC")
    .toLowerCase()
    .replace(/\p{Mn}+/gu, "")
    .replace(SPELLED_OTHERWISE, (letter) => SPELLINGS[letter] ?? letter);
}
