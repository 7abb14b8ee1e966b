/** What an isolate heard a moment ago and need not ask for again. */

/** So much later than KV, which may lag by a minute, can an answer be. */
export const RECENT_MS = 10_000;
/** Some hundred kilobytes at most. */
const MAX_ANSWERS = 1_000;

interface Recent<T> {
  readonly answer: T | null;
  readonly at: number;
}

/** Answers by key, each for ten seconds; that there is none is an answer, too. */
export class RecentAnswers<T> {
  readonly #answers = new Map<string, Recent<T>>();
  #clearings = 0;

  /** @param now epoch ms; a clock that was set back finds nothing */
  of(key: string, now: number): Recent<T> | undefined {
    const recent = this.#answers.get(key);
    return recent && now >= recent.at && now - recent.at < RECENT_MS ? recent : undefined;
  }

  /** To be called before asking. @returns tells whether what was heard may be remembered: nothing was written meanwhile */
  asking(key: string): () => boolean {
    const [before, clearings] = [this.#answers.get(key), this.#clearings];
    return () => this.#answers.get(key) === before && this.#clearings === clearings;
  }

  /** @param now epoch ms, of the question */
  remember(key: string, answer: T | null, now: number): void {
    // Those of a moment ago come back with the next question about them: not worth more than this.
    if (this.#answers.size >= MAX_ANSWERS) this.clear();
    this.#answers.set(key, { answer, at: now });
  }

  /** What this isolate itself changes is seen at once by its next question, and by one that is under way. */
  forget(key: string): void {
    this.remember(key, null, Number.NEGATIVE_INFINITY);
  }

  clear(): void {
    this.#clearings++;
    this.#answers.clear();
  }
}
