/** Signing in to the dashboard: by an operator's token, with a pause after repeated failures; or through Access. */
import { sha256Hex } from "../crypto/digest";
import { type JsonWebKeySet, verifyJwt } from "../crypto/jwt";
import { secretEqual } from "../crypto/secret-equal";
import type { AccessSettings } from "../domain/access";
import { countAttempt, forgetAttempts } from "../store/sign-ins";
import type { Deps } from "./deps";
import { lookups } from "./lookup";

/** So many tokens in a row from one place that are wrong, and nothing is looked at for a while. */
const MAX_FAILURES = 5;
const LOCKED_MS = 15 * 60_000;
/** A home or a server has a whole network of IPv6 addresses: its first half names it. */
const IPV6_NETWORK_GROUPS = 4;

export type SignInOutcome =
  | { readonly type: "signed_in"; readonly token: string }
  | { readonly type: "refused" }
  | { readonly type: "locked"; readonly untilMs: number };

/**
 * @param given the token that somebody typed
 * @param address where the request came from
 */
export async function signIn(
  deps: Pick<Deps, "db" | "now" | "log">,
  tokens: readonly string[],
  given: string,
  address: string,
): Promise<SignInOutcome> {
  const now = deps.now();
  const client = await sha256Hex(`sign-in ${networkOf(address)}`);
  const limits = { now, since: now - LOCKED_MS, limit: MAX_FAILURES };
  const { isAllowed, lastAt } = await countAttempt(deps.db, client, limits);
  if (!isAllowed) return { type: "locked", untilMs: lastAt + LOCKED_MS };
  // With all of them, whichever it is: nothing is told by the time.
  const [token] = tokens.filter((candidate) => secretEqual(given, candidate));
  if (token === undefined) {
    deps.log.warn("dashboard.sign_in_refused", { client });
    return { type: "refused" };
  }
  await forgetAttempts(deps.db, client);
  return { type: "signed_in", token };
}

/** @param address IPv4 or IPv6 @returns what stands for everybody behind it */
export function networkOf(address: string): string {
  if (!address.includes(":")) return address;
  // `::` stands for the groups that are missing; where it is within the first half, what is before it names the network.
  const [start = "", rest] = address.split("::");
  const groups = start.split(":");
  return rest === undefined || groups.length >= IPV6_NETWORK_GROUPS
    ? groups.slice(0, IPV6_NETWORK_GROUPS).join(":")
    : `${start}::`;
}

/** Access's clock and ours. */
const LEEWAY_SECONDS = 60;

/**
 * Who came in through Cloudflare Access, by the token that it puts before each request.
 *
 * Manual: https://developers.cloudflare.com/cloudflare-one/access-controls/applications/http-apps/authorization-cookie/validating-json/
 * (read 2026-11).
 *
 * @returns the person's mail address or the service token's name; `null` where the token proves nothing
 */
export async function accessIdentity(assertion: string, access: AccessSettings, now: number): Promise<string | null> {
  const { getText } = lookups(now);
  for (const fresh of [false, true]) {
    const text = await getText(`${access.issuer}/cdn-cgi/access/certs`, { fresh });
    const keys = text.ok ? keysIn(text.value) : null;
    const claims = keys ? await verifyJwt(assertion, keys) : null;
    if (claims) return isForUs(claims, access, now / 1000) ? identityIn(claims) : null;
  }
  return null;
}

function keysIn(text: string): JsonWebKeySet | null {
  try {
    const value = JSON.parse(text) as Partial<JsonWebKeySet>;
    return Array.isArray(value.keys) ? { keys: value.keys } : null;
  } catch {
    return null;
  }
}

function isForUs(claims: Readonly<Record<string, unknown>>, access: AccessSettings, nowSeconds: number): boolean {
  const { aud, iss, exp, nbf } = claims;
  return (
    iss === access.issuer &&
    [aud].flat().some((audience) => access.audiences.includes(String(audience))) &&
    typeof exp === "number" &&
    exp > nowSeconds - LEEWAY_SECONDS &&
    (typeof nbf !== "number" || nbf < nowSeconds + LEEWAY_SECONDS)
  );
}

function identityIn({ email, common_name: name }: Readonly<Record<string, unknown>>): string | null {
  const identity = typeof email === "string" ? email : name;
  return typeof identity === "string" && identity !== "" ? identity.slice(0, 250) : null;
}
