/** "May I mail this address?", for one address. */
import { type BulkAnswer, type OneAnswer, parseOne, type StoreRead } from "./answers";
import { type AnswerOf, createBatcher, type Several } from "./batch";
import { askBulk, MAX_BULK } from "./check-many";
import { invalidRecipient, isUnavailable } from "./error";
import { type CallOptions, choice, type OnError, type Settings } from "./options";
import { unlessAborted, whenAllAborted } from "./signals";
import { jsonAnswer } from "./transport";
import type { Consistency, Purpose, Suppressed } from "./types";

export interface CheckOptions extends CallOptions {
  readonly purpose?: Purpose | undefined;
  readonly consistency?: Consistency | undefined;
  readonly onError?: OnError | undefined;
  /** `false`: asked on its own, whatever else is asked in the same tick. */
  readonly batch?: boolean | undefined;
}

export interface Check extends Suppressed {
  readonly suppressed: boolean;
  /**
   * `kv`: the edge cache, at most a minute behind. `d1`: the database. `filter`: the downloaded one. `fallback`: nobody
   * answered, and `onError` decided.
   */
  readonly source: StoreRead | "filter" | "fallback";
  /** It is on probation, and this one message may be sent: its outcome decides. Absent otherwise. */
  readonly probe?: true | undefined;
}

export type CheckOne = (recipient: string, options?: CheckOptions) => Promise<Check>;

interface Question {
  readonly recipient: string;
  readonly purpose: Purpose;
  readonly consistency: Consistency;
  readonly signal: AbortSignal | undefined;
}

/** An address is not longer; what is (it has a name beside it) goes alone, so that no batch outgrows a request. */
const MAX_BATCHED_LENGTH = 320;
const NOTHING_KNOWN = { reasons: [], since: null, until: null };

/**
 * Makes the function that checks one address.
 *
 * Checks of the same tick with the same purpose are asked in one request, which reads the database; an address that is
 * asked about alone is looked up in the edge cache.
 *
 * @returns a function that rejects with a BouncekeeperError: `invalid_recipient` where there is nobody to send to; where
 *   nobody answered, unless `onError` decides then; for any other mistake, always
 */
export function createCheck(settings: Settings): CheckOne {
  const ask = (questions: Several<Question>) => askGroup(settings, questions);
  const batched = createBatcher({ ask, groupOf: ({ purpose }) => purpose, maxQuestions: MAX_BULK });

  return async (recipient, options = {}) => {
    const onError = choice("onError", options.onError ?? settings.onError);
    const question: Question = {
      recipient: askable(recipient),
      purpose: choice("purpose", options.purpose ?? settings.purpose),
      consistency: choice("consistency", options.consistency ?? settings.consistency),
      signal: options.signal,
    };
    question.signal?.throwIfAborted();
    const isBatched = (options.batch ?? settings.batch) && recipient.length <= MAX_BATCHED_LENGTH;
    try {
      if (!isBatched) return (await ask([question]))(question);
      return await unlessAborted(batched(question), question.signal);
    } catch (error) {
      if (onError === "throw" || !isUnavailable(error)) throw error;
      return { recipient, suppressed: onError === "block", ...NOTHING_KNOWN, source: "fallback" };
    }
  };
}

/** @throws BouncekeeperError where there is no way to ask about it; TypeError where it is no text at all */
function askable(recipient: string): string {
  if (typeof recipient !== "string") throw new TypeError("recipient: a text");
  // With an unpaired surrogate a URL would name another address.
  if (recipient === "" || !recipient.isWellFormed()) throw invalidRecipient();
  return recipient;
}

/** One address is looked up in the edge cache, several in the database. */
async function askGroup(settings: Settings, questions: Several<Question>): Promise<AnswerOf<Question, OneAnswer>> {
  const [first] = questions;
  const { recipient, purpose } = first;
  const recipients = new Set(questions.map((question) => question.recipient));
  const { signal, stop } = whenAllAborted(questions.map((question) => question.signal));
  try {
    if (recipients.size > 1) return answersOf(await askBulk(settings, { recipients, purpose, signal }, settings.quick));
    const consistency = questions.some((question) => question.consistency === "strong") ? "strong" : "eventual";
    const answer = await askOne(settings, { recipient, purpose, consistency, signal });
    return (question) => (answer.probe && question !== first ? waiting(answer) : answer);
  } finally {
    stop();
  }
}

/** One message may be sent, and one of those who asked in the same tick sends it. */
function waiting({ recipient, source }: OneAnswer): OneAnswer {
  return { ...NOTHING_KNOWN, recipient, suppressed: true, reasons: ["soft"], source };
}

function askOne({ transport, quick }: Settings, { recipient, purpose, consistency, signal }: Question) {
  const path = `/v1/check?recipient=${encodeURIComponent(recipient)}&purpose=${purpose}&consistency=${consistency}`;
  const read = jsonAnswer((value) => parseOne(value, recipient, consistency));
  return transport({ method: "GET", path, pace: quick, signal }, read);
}

function answersOf({ suppressed, invalid }: BulkAnswer): AnswerOf<Question, OneAnswer> {
  return ({ recipient }) => {
    if (invalid.has(recipient)) throw invalidRecipient();
    const entry = suppressed.get(recipient) ?? { recipient, ...NOTHING_KNOWN };
    return { ...entry, suppressed: suppressed.has(recipient), source: "d1" };
  };
}
