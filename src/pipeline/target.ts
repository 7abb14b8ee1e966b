/**
 * Does a notification's target lead to the public internet? Its URL is looked at, and what its name stands for in DNS.
 *
 * That is a second line: on Cloudflare a worker's `fetch` does not reach private networks at all. Between this look-up and
 * the one that `fetch` makes, a name can come to stand for something else; no check of ours can exclude that. A resolver
 * that does not answer therefore does not stop a delivery.
 */
import { fail, ok, type Result } from "../domain/result";
import { isAddress, isPublicAddress, readTarget, TARGET_ERRORS, type TargetError } from "../domain/target";
import { DNS_RESOLVER_URL } from "./lookup";
import { textOf } from "./outgoing";

export type UnfitTarget = TargetError | "private_name" | "unknown_name";

/** Why nothing is sent to a URL, in a sentence. */
export const TARGET_PROBLEMS: Readonly<Record<UnfitTarget, string>> = {
  ...TARGET_ERRORS,
  private_name: "Its name leads to a private network.",
  unknown_name: "There is no such name in DNS.",
};

const TIMEOUT_MS = 5_000;
/** Of DNS answers (RFC 1035 §3.2.2, RFC 3596 §2.1): names and their record types. */
const RECORD_TYPES = { A: 1, AAAA: 28 } as const;
const NO_SUCH_NAME = 3;
/** The addresses of a name are a few hundred bytes. */
const MAX_BYTES = 100_000;

/**
 * @param text the URL
 * @param allowPrivate for local development: http, and any host
 */
export async function checkTarget(text: string, allowPrivate: boolean): Promise<Result<URL, UnfitTarget>> {
  const url = readTarget(text, allowPrivate);
  if (!url.ok || allowPrivate || isAddress(url.value.hostname)) return url;
  const answers = await Promise.all(
    (Object.keys(RECORD_TYPES) as (keyof typeof RECORD_TYPES)[]).map((type) => addressesOf(url.value.hostname, type)),
  );
  if (answers.every((answer) => answer === "unknown")) return fail("unknown_name");
  const addresses = answers.flatMap((answer) => (Array.isArray(answer) ? answer : []));
  return addresses.every(isPublicAddress) ? ok(url.value) : fail("private_name");
}

/** @returns the addresses of a name; `unknown`: there is no such name; `null`: the resolver does not say */
async function addressesOf(
  name: string,
  type: keyof typeof RECORD_TYPES,
): Promise<readonly string[] | "unknown" | null> {
  try {
    const response = await fetch(`${DNS_RESOLVER_URL}?name=${encodeURIComponent(name)}&type=${type}`, {
      headers: { accept: "application/dns-json" },
      redirect: "manual",
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
    if (!response.ok) {
      await response.body?.cancel();
      return null;
    }
    const answer = JSON.parse((await textOf(response, MAX_BYTES)) ?? "") as {
      Status?: number;
      Answer?: { type: number; data: string }[];
    };
    if (answer.Status === NO_SUCH_NAME) return "unknown";
    if (answer.Status !== 0) return null;
    return (answer.Answer ?? []).filter((record) => record.type === RECORD_TYPES[type]).map((record) => record.data);
  } catch {
    return null;
  }
}
