/**
 * Named characters of HTML that occur in mails, bundled in place of postal-mime's table of all two thousand (`[alias]` in
 * wrangler.toml). It is asked only where a mail has plain text in one part and nothing but HTML in another; a name that
 * is missing here stays as it was written. HTML as a whole is read by `src/mail/html-text.ts`.
 */
const COMMON = {
  ...{ amp: "&", lt: "<", gt: ">", quot: '"', apos: "'", nbsp: "\u00a0" },
  ...{ ndash: "–", mdash: "—", hellip: "…", bull: "•", euro: "€", trade: "™", shy: "\u00ad", zwnj: "\u200c" },
  ...{ lsquo: "‘", rsquo: "’", sbquo: "‚", ldquo: "“", rdquo: "”", bdquo: "„", lsaquo: "‹", rsaquo: "›" },
  ...{ ensp: "\u2002", emsp: "\u2003", thinsp: "\u2009", larr: "←", rarr: "→", uarr: "↑", darr: "↓" },
  ...{ oelig: "œ", OElig: "Œ", scaron: "š", Scaron: "Š", Yuml: "Ÿ", commat: "@", colon: ":", period: "." },
};
/** Those of U+00A1 to U+00FF, in order. */
const LATIN = `iexcl cent pound curren yen brvbar sect uml copy ordf laquo not shy reg macr deg plusmn sup2 sup3 acute micro para
   middot cedil sup1 ordm raquo frac14 frac12 frac34 iquest Agrave Aacute Acirc Atilde Auml Aring AElig Ccedil Egrave
   Eacute Ecirc Euml Igrave Iacute Icirc Iuml ETH Ntilde Ograve Oacute Ocirc Otilde Ouml times Oslash Ugrave Uacute Ucirc
   Uuml Yacute THORN szlig agrave aacute acirc atilde auml aring aelig ccedil egrave eacute ecirc euml igrave iacute icirc
   iuml eth ntilde ograve oacute ocirc otilde ouml divide oslash ugrave uacute ucirc uuml yacute thorn yuml`;
const FIRST_LATIN = 0xa1;
/** HTML knows these without a semicolon too, and all of `LATIN`. */
const OPEN = ["amp", "lt", "gt", "quot", "nbsp"];

/** With the ampersand, and with the semicolon where one is written. */
function tableOfAll() {
  const latin = LATIN.split(/\s+/);
  const characters = {
    ...COMMON,
    ...Object.fromEntries(latin.map((name, i) => [name, String.fromCodePoint(FIRST_LATIN + i)])),
  };
  return Object.fromEntries([
    ...Object.entries(characters).map(([name, character]) => [`&${name};`, character]),
    ...[...OPEN, ...latin].map((name) => [`&${name}`, characters[name]]),
  ]);
}

let table;

/** As postal-mime wants them, made when the first is looked up: a worker's start waits for what its modules do. */
export const htmlEntities = new Proxy(
  {},
  {
    get: (_, name) => {
      table ??= tableOfAll();
      return table[name];
    },
  },
);
