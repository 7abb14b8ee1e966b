/** "Which of these addresses may I mail?", for any number of them. */
import { type BulkAnswer, parseBulk } from "./answers";
import { isUnavailable } from "./error";
import { type CallOptions, choice, type OnError, type Settings } from "./options";
import type { Pace } from "./retry";
import { jsonAnswer } from "./transport";
import type { Purpose, Suppressed } from "./types";

export interface CheckManyOptions extends CallOptions {
  readonly purpose?: Purpose | undefined;
  readonly onError?: OnError | undefined;
}

/** Each list names a recipient once, as it was given, in the order in which they were given. */
export interface ManyChecked {
  readonly allowed: readonly string[];
  readonly suppressed: readonly Suppressed[];
  /** What is no address. */
  readonly invalid: readonly string[];
  /** About these nobody answered. With `onError: "allow"` they are among `allowed`, with `"block"` they are not. */
  readonly unanswered: readonly string[];
  /**
   * @throws RangeError for a recipient that was not among those asked about
   */
  readonly maySend: (recipient: string) => boolean;
}

export type CheckMany = (
  recipients: Iterable<string> | AsyncIterable<string>,
  options?: CheckManyOptions,
) => Promise<ManyChecked>;

interface BulkQuestion {
  readonly recipients: ReadonlySet<string>;
  readonly purpose: Purpose;
  readonly signal: AbortSignal | undefined;
}

/** What the service takes in one request. */
export const MAX_BULK = 10_000;
/** In JSON a character takes at most 6 bytes, and a request at most 10 MiB. */
const MAX_BULK_CHARACTERS = 1_500_000;
const REQUESTS_AT_ONCE = 2;

/**
 * Makes the function that checks many addresses, in as many requests as it takes. All of them read the database.
 *
 * @returns a function that rejects with a BouncekeeperError where nobody answered, unless `onError` decides then; for any
 *   other mistake, always
 */
export function createCheckMany(settings: Settings): CheckMany {
  return async (recipients, options = {}) => {
    const onError = choice("onError", options.onError ?? settings.onError);
    const purpose = choice("purpose", options.purpose ?? settings.purpose);
    const asked = await distinct(recipients);
    const answers = await eachOf(chunksOf(asked), REQUESTS_AT_ONCE, async (chunk): Promise<ChunkAnswer> => {
      try {
        const question = { recipients: chunk, purpose, signal: options.signal };
        return { chunk, answer: await askBulk(settings, question, settings.patient) };
      } catch (error) {
        if (onError === "throw" || !isUnavailable(error)) throw error;
        return { chunk, answer: null };
      }
    });
    return summaryOf(asked, answers, onError === "allow");
  };
}

/** One request; it can be repeated at will. */
export function askBulk(
  { transport }: Settings,
  { recipients, purpose, signal }: BulkQuestion,
  pace: Pace,
): Promise<BulkAnswer> {
  return transport(
    {
      method: "POST",
      path: "/v1/check",
      body: JSON.stringify({ recipients: [...recipients], purpose }),
      contentType: "application/json",
      pace,
      signal,
    },
    jsonAnswer((value) => parseBulk(value, recipients)),
  );
}

interface ChunkAnswer {
  readonly chunk: ReadonlySet<string>;
  /** `null`: nobody answered. */
  readonly answer: BulkAnswer | null;
}

function summaryOf(asked: ReadonlySet<string>, answers: readonly ChunkAnswer[], allowUnanswered: boolean): ManyChecked {
  const suppressed = new Map(answers.flatMap(({ answer }) => [...(answer?.suppressed ?? [])]));
  const invalid = new Set(answers.flatMap(({ answer }) => [...(answer?.invalid ?? [])]));
  const unanswered = new Set(answers.flatMap(({ chunk, answer }) => (answer ? [] : [...chunk])));
  const isAllowed = (recipient: string) =>
    !suppressed.has(recipient) && !invalid.has(recipient) && (allowUnanswered || !unanswered.has(recipient));
  const inOrder = [...asked];
  return {
    ...verdicts(asked, isAllowed),
    suppressed: inOrder.flatMap((recipient) => suppressed.get(recipient) ?? []),
    invalid: inOrder.filter((recipient) => invalid.has(recipient)),
    unanswered: inOrder.filter((recipient) => unanswered.has(recipient)),
  };
}

/** @param asked in order @param isAllowed of those asked about */
export function verdicts(
  asked: ReadonlySet<string>,
  isAllowed: (recipient: string) => boolean,
): Pick<ManyChecked, "allowed" | "maySend"> {
  return {
    allowed: [...asked].filter(isAllowed),
    maySend: (recipient) => {
      if (!asked.has(recipient)) throw new RangeError("This recipient was not among those asked about.");
      return isAllowed(recipient);
    },
  };
}

/**
 * Each recipient once, in order.
 *
 * @throws TypeError for what is no list of texts
 */
export async function distinct(recipients: Iterable<string> | AsyncIterable<string>): Promise<Set<string>> {
  // Its characters would be taken for addresses.
  if (typeof recipients === "string") throw new TypeError("recipients: a list, not a text");
  const all = new Set<string>();
  for await (const recipient of recipients) {
    if (typeof recipient !== "string") throw new TypeError("recipients: texts");
    all.add(recipient);
  }
  return all;
}

/** As many in each as fit into one request. */
function* chunksOf(recipients: Iterable<string>): Generator<ReadonlySet<string>> {
  let chunk = new Set<string>();
  let characters = 0;
  for (const recipient of recipients) {
    if (chunk.size === MAX_BULK || (chunk.size > 0 && characters + recipient.length > MAX_BULK_CHARACTERS)) {
      yield chunk;
      chunk = new Set();
      characters = 0;
    }
    chunk.add(recipient);
    characters += recipient.length;
  }
  if (chunk.size > 0) yield chunk;
}

/**
 * Runs a function over all items, so many at once; in their order in the result. After a failure no further one is begun.
 *
 * @throws what the first failure threw
 */
async function eachOf<T, R>(items: Iterable<T>, atOnce: number, run: (item: T) => Promise<R>): Promise<R[]> {
  const results: R[] = [];
  const iterator = items[Symbol.iterator]();
  let begun = 0;
  let hasFailed = false;
  const worker = async () => {
    for (let next = iterator.next(); !next.done && !hasFailed; next = iterator.next()) {
      const place = begun++;
      try {
        results[place] = await run(next.value);
      } catch (error) {
        hasFailed = true;
        throw error;
      }
    }
  };
  await Promise.all(Array.from({ length: atOnce }, worker));
  return results;
}
