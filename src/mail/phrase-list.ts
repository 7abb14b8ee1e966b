/** Lists of phrases, written so that people can read and mend them. */

/** A text with a phrase between every two commas, over as many lines as it takes. */
export function phrasesIn(list: string): string[] {
  return list
    .split(",")
    .map((phrase) => phrase.replace(/\s+/g, " ").trim())
    .filter((phrase) => phrase !== "");
}
