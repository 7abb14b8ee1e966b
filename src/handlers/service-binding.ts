/**
 * Checks for other workers of the account, by service binding: without a token, without HTTP. What goes wrong is thrown
 * to the caller; it is never taken for "not suppressed".
 */
import { ADDRESS_ERRORS, canonicalMailbox } from "../domain/address";
import { type Answer, PURPOSES, type Purpose } from "../domain/answer";
import type { Reason } from "../domain/event";
import { errorFields } from "../log";
import { type CheckDeps, CONSISTENCIES, type Consistency, checkList, MAX_BULK_CHECK } from "../pipeline/check";
import { checkToSend, type ProbeDeps } from "../pipeline/probe";

export interface BindingOptions {
  /** For transactional mail complaints and unsubscriptions alone do not suppress. Absent: marketing. */
  readonly purpose?: Purpose;
  /** Absent: eventual, at most a minute behind. Lists are always read from the database. */
  readonly consistency?: Consistency;
}

/** Times are ISO 8601 in UTC, as in the HTTP API. */
export interface BindingSuppressed {
  readonly recipient: string;
  readonly reasons: readonly Reason[];
  readonly since: string | null;
  readonly until: string | null;
}

export interface BindingAnswer extends BindingSuppressed {
  readonly suppressed: boolean;
  readonly source: "kv" | "d1";
  /** It is on probation, and this one message may be sent: its outcome decides. Absent otherwise. */
  readonly probe?: true;
}

export interface BindingAnswers {
  readonly checked: number;
  readonly suppressed: readonly BindingSuppressed[];
  readonly invalid: readonly string[];
}

/**
 * @throws TypeError `invalid_recipient: …`, `invalid_request: …`; Error `unavailable: …` where nothing can answer. An
 *   error's message is all of it that is sure to reach another worker, so it begins with the code
 */
export async function checkByBinding(deps: ProbeDeps, recipient: unknown, options: unknown): Promise<BindingAnswer> {
  if (typeof recipient !== "string") throw new TypeError("invalid_request: the recipient must be text");
  const { purpose, consistency } = optionsOf(options);
  const address = canonicalMailbox(recipient);
  if (!address.ok) throw new TypeError(`invalid_recipient: ${ADDRESS_ERRORS[address.error]}`);
  const { source, suppressed, probe, ...answer } = await answered(deps, () =>
    checkToSend(deps, address.value, purpose, consistency),
  );
  return { ...onTheWire(recipient, answer), suppressed, source, ...(probe ? { probe } : {}) };
}

/**
 * At most 10,000 recipients, from the database in one query. Those that are not listed in the answer may be mailed.
 *
 * @throws as `checkByBinding` does, but what is no address is listed
 */
export async function checkManyByBinding(
  deps: CheckDeps,
  recipients: unknown,
  options: unknown,
): Promise<BindingAnswers> {
  if (!Array.isArray(recipients) || !recipients.every((recipient) => typeof recipient === "string")) {
    throw new TypeError("invalid_request: the recipients must be a list of texts");
  }
  if (recipients.length > MAX_BULK_CHECK) throw new TypeError(`invalid_request: at most ${MAX_BULK_CHECK} recipients`);
  const { purpose } = optionsOf(options);
  const { checked, suppressed, invalid } = await answered(deps, () => checkList(deps, recipients, purpose));
  return { checked, suppressed: suppressed.map(({ recipient, answer }) => onTheWire(recipient, answer)), invalid };
}

function optionsOf(options: unknown): Required<BindingOptions> {
  if (typeof (options ?? {}) !== "object") throw new TypeError("invalid_request: the options must be an object");
  const { purpose = "marketing", consistency = "eventual" } = (options ?? {}) as Record<string, unknown>;
  return {
    purpose: oneOf("purpose", PURPOSES, purpose),
    consistency: oneOf("consistency", CONSISTENCIES, consistency),
  };
}

function oneOf<T extends string>(name: string, values: readonly T[], value: unknown): T {
  const found = values.find((known) => known === value);
  if (found === undefined) throw new TypeError(`invalid_request: ${name} must be ${values.join(" or ")}`);
  return found;
}

/** Our own failures go into the log, and to the caller without their details. */
async function answered<T>(deps: CheckDeps, ask: () => Promise<T>): Promise<T> {
  try {
    return await ask();
  } catch (error) {
    deps.log.error("request.failed", errorFields(error));
    throw new Error("unavailable: temporarily not available; try again");
  }
}

function onTheWire(recipient: string, { reasons, since, until }: Omit<Answer, "suppressed">): BindingSuppressed {
  const iso = (time: number | null) => (time === null ? null : new Date(time).toISOString());
  return { recipient, reasons: [...reasons], since: iso(since), until: iso(until) };
}
