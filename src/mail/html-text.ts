/** The text of an HTML mail, roughly as a reader sees it: enough to find a bounce's words in. Nothing is ever rendered. */

/** Text that somebody calls HTML has none. */
const ANY_MARKUP = /<\/?(?:[a-z][a-z0-9]{0,10}[\s/>]|!)|&[a-z#][a-z0-9]{1,7};/i;
const ENTITIES: Readonly<Record<string, string>> = {
  amp: "&",
  lt: "<",
  gt: ">",
  quot: '"',
  apos: "'",
  nbsp: " ",
};
/** Those of U+00C0 to U+00FF, in order. */
const LATIN_ENTITIES =
  "Agrave Aacute Acirc Atilde Auml Aring AElig Ccedil Egrave Eacute Ecirc Euml Igrave Iacute Icirc Iuml ETH Ntilde Ograve Oacute Ocirc Otilde Ouml times Oslash Ugrave Uacute Ucirc Uuml Yacute THORN szlig agrave aacute acirc atilde auml aring aelig ccedil egrave eacute ecirc euml igrave iacute icirc iuml eth ntilde ograve oacute ocirc otilde ouml divide oslash ugrave uacute ucirc uuml yacute thorn yuml".split(
    " ",
  );
const FIRST_LATIN = 0xc0;
/** Elements after which a reader sees a new line. */
const LINE_BREAK = /<(?:br|\/?(?:p|div|tr|table|li|ul|ol|h[1-6]|pre|blockquote|hr|td|th|body))\b[^<>]{0,2000}>/gi;
const INVISIBLE_START = /<(style|script|head|title)\b/gi;
const TAG = /<[!/?]?[a-z][^<>]{0,20000}>/gi;
/** `<john@example.com>` by somebody who does not know HTML. */
const BARE_ADDRESS = /^<[^\s<>"'=]{1,300}@[^\s<>"'=]{1,300}>$/;
const ENTITY = /&(#x?[0-9a-f]{1,6}|[a-z]{2,8});/gi;
const MAX_HTML_LENGTH = 1_000_000;

/**
 * What a reader would see of HTML, as lines. A text without markup is that already; of a very long one the beginning
 * is read.
 */
export function textOfHtml(html: string): string {
  if (!ANY_MARKUP.test(html)) return html;
  return withoutInvisible(withoutComments(html.slice(0, MAX_HTML_LENGTH)))
    .replace(/[\r\n\t]+/g, " ")
    .replace(LINE_BREAK, "\n")
    .replace(TAG, (tag) => (BARE_ADDRESS.test(tag) ? tag : ""))
    .replace(ENTITY, (whole, name: string) => characterOf(name) ?? whole)
    .replace(/[ \u00a0]{2,}/g, " ")
    .replace(/ ?\n ?/g, "\n");
}

function withoutComments(html: string): string {
  return without(html, /<!--/g, () => "-->");
}

function withoutInvisible(html: string): string {
  return without(html, INVISIBLE_START, (match) => `</${(match[1] ?? "").toLowerCase()}>`);
}

/** Leaves out each stretch from a start to its end; one that never ends is left in. Each character is looked at once. */
function without(html: string, start: RegExp, endOf: (match: RegExpMatchArray) => string): string {
  // ASCII only: the positions stay those of the original.
  const lower = html.replace(/[A-Z]+/g, (letters) => letters.toLowerCase());
  let kept = "";
  let position = 0;
  for (const match of html.matchAll(start)) {
    if (match.index < position) continue;
    const mark = endOf(match);
    const end = lower.indexOf(mark, match.index);
    if (end < 0) break;
    kept += html.slice(position, match.index);
    position = end + mark.length;
  }
  return kept + html.slice(position);
}

function characterOf(name: string): string | undefined {
  if (!name.startsWith("#")) return ENTITIES[name.toLowerCase()] ?? latinCharacter(name);
  const hex = /^#x/i.test(name);
  const code = Number.parseInt(name.slice(hex ? 2 : 1), hex ? 16 : 10);
  return code > 0 && code <= 0x10ffff ? String.fromCodePoint(code) : undefined;
}

function latinCharacter(name: string): string | undefined {
  const index = LATIN_ENTITIES.indexOf(name);
  return index < 0 ? undefined : String.fromCodePoint(FIRST_LATIN + index);
}
