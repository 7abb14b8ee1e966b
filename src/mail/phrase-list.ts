/** Lists of phrases, written so that people can read and mend them. */
import { once } from "../domain/once";
import { plainWords } from "./plain-words";

/**
 * The phrases of a text that has a comma between every two, over as many lines as it takes; each as `plainWords`. All at
 * once: that is half the work.
 */
export function phrasesIn(list: string): string[] {
  return plainWords(list)
    .split(",")
    .map((phrase) => phrase.trim())
    .filter((phrase) => phrase !== "");
}

/** The same, read when the first mail asks for them. */
export function phraseList(list: string): () => readonly string[] {
  return once(() => phrasesIn(list));
}
