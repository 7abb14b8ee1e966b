/** Checks: from the edge cache, or from D1 where the caller wants to be sure or the cache does not answer. */
import { canonicalMailbox, domainRecipient, erasedAddress } from "../domain/address";
import { type Answer, combineAnswers, type Purpose, type StoredAnswer } from "../domain/answer";
import { sha256HexSync } from "../domain/sha256";
import { errorFields } from "../log";
import { readEdge } from "../store/edge-cache";
import { answersByAddress, answersByKey } from "../store/recipients";
import type { Deps } from "./deps";
import { recipientKey } from "./recipient-key";

/** `eventual`: the edge cache, up to a minute behind. `strong`: the database. */
export const CONSISTENCIES = ["eventual", "strong"] as const;
export type Consistency = (typeof CONSISTENCIES)[number];
/** As many as one question may be about. */
export const MAX_BULK_CHECK = 10_000;
export type CheckDeps = Pick<Deps, "db" | "kv" | "now" | "log">;

export interface Checked extends Answer {
  readonly source: "kv" | "d1";
}

/**
 * One address: two hashes and one KV operation, and nothing else. It only looks: `checkToSend` is for who will send.
 *
 * @param address canonical
 * @throws when neither store answers; never taken for "not suppressed"
 */
export async function check(
  deps: CheckDeps,
  address: string,
  purpose: Purpose,
  consistency: Consistency,
): Promise<Checked> {
  const keys = { own: recipientKey(address), domain: recipientKey(domainRecipient(address)) };
  const { source, answers } = await readAnswers(deps, keys, consistency);
  return { ...combineAnswers(answers.get(keys.own), answers.get(keys.domain), purpose, deps.now()), source };
}

async function readAnswers(
  deps: CheckDeps,
  keys: { readonly own: string; readonly domain: string },
  consistency: Consistency,
): Promise<{ source: "kv" | "d1"; answers: ReadonlyMap<string, StoredAnswer> }> {
  if (consistency === "eventual") {
    try {
      return { source: "kv", answers: await readEdge(deps.kv, keys, deps.now()) };
    } catch (error) {
      deps.log.warn("check.edge_failed", errorFields(error));
    }
  }
  return { source: "d1", answers: parseAll(await answersByKey(deps.db, [keys.own, keys.domain])) };
}

/**
 * Any number of addresses, from D1 in one round trip; in two where there are recipients of whom only the hash is left.
 *
 * @param addresses canonical
 * @returns an answer for each that is suppressed; the others may be mailed
 */
export async function checkMany(
  deps: CheckDeps,
  addresses: readonly string[],
  purpose: Purpose,
): Promise<Map<string, Answer>> {
  const asked = new Set(addresses);
  for (const address of addresses) asked.add(domainRecipient(address));
  const answers = parseAll(await storedAnswers(deps.db, asked));
  const now = deps.now();
  return new Map(
    addresses.flatMap((address) => {
      const answer = combineAnswers(answers.get(address), answers.get(domainRecipient(address)), purpose, now);
      return answer.suppressed ? [[address, answer] as const] : [];
    }),
  );
}

/** What of a list must not be mailed; names are as they were given, and each is looked at once. */
export interface CheckedList {
  /** How many of them were addresses. */
  readonly checked: number;
  readonly suppressed: readonly { readonly recipient: string; readonly answer: Answer }[];
  /** What was no address. */
  readonly invalid: readonly string[];
}

/** Any number of recipients, in whatever form they are written. */
export async function checkList(
  deps: CheckDeps,
  recipients: readonly string[],
  purpose: Purpose,
): Promise<CheckedList> {
  const asked = [...new Set(recipients)].map((recipient) => ({ recipient, address: canonicalMailbox(recipient) }));
  const valid = asked.flatMap(({ recipient, address }) => (address.ok ? [{ recipient, address: address.value }] : []));
  const addresses = valid.map(({ address }) => address);
  const answers = await checkMany(deps, addresses, purpose);
  return {
    checked: valid.length,
    suppressed: valid.flatMap(({ recipient, address }) => {
      const answer = answers.get(address);
      return answer ? [{ recipient, answer }] : [];
    }),
    invalid: asked.flatMap(({ recipient, address }) => (address.ok ? [] : [recipient])),
  };
}

/** By address, also of those whose address was erased. */
async function storedAnswers(db: D1Database, asked: ReadonlySet<string>): Promise<ReadonlyMap<string, string>> {
  const { answers, hasErased } = await answersByAddress(db, [...asked]);
  if (!hasErased) return answers;
  const byPseudo = new Map([...asked].map((address) => [erasedAddress(sha256HexSync(address)), address]));
  const erased = await answersByAddress(db, [...byPseudo.keys()]);
  return new Map([
    ...answers,
    ...[...erased.answers].map(([name, json]) => [byPseudo.get(name) ?? name, json] as const),
  ]);
}

function parseAll(answers: ReadonlyMap<string, string>): Map<string, StoredAnswer> {
  return new Map([...answers].map(([name, json]) => [name, JSON.parse(json) as StoredAnswer]));
}
