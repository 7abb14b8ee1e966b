/** Ways of proving oneself that several providers share. All compare in constant time. */
import { bytesOfBase64, bytesOfHex, utf8Bytes, utf8Text } from "../crypto/encoding";
import { verifyHmac } from "../crypto/hmac";
import { anySecretEqual } from "../crypto/secret-equal";
import { fail, ok, type Result } from "../domain/result";
import {
  type LookupError,
  type LookupOptions,
  markVerified,
  type RawCredential,
  type VerifyError,
  type VerifyOutcome,
  type WebhookRequest,
} from "./adapter";

/** How `verifySharedSecret` lets a request prove itself, in words. */
export const SHARED_SECRET_VERIFICATION =
  "shared secret (?token=, Authorization: Bearer, X-Webhook-Token or basic auth)";

/** A credential that is one non-empty text. */
export function readSecret(raw: RawCredential): Result<string, string> {
  return typeof raw === "string" && raw !== "" ? ok(raw) : fail("must be a non-empty string");
}

/** The request does not prove itself. @param detail for the log: no value of it */
export function unauthenticated(detail: string): VerifyOutcome {
  return fail({ code: "unauthenticated", detail });
}

/** The request proves itself: from here on it may be parsed. */
export function accepted(request: WebhookRequest): VerifyOutcome {
  return ok({ request: markVerified(request) });
}

/**
 * A shared secret `s`, or `user:password`: `?token=s`, `Authorization: Bearer s`, `X-Webhook-Token: s`, or basic
 * auth with the password `s` (exactly `user:password` where a colon is given).
 *
 * @param queryNames the query parameters that may carry it, beside `token`
 */
export function verifySharedSecret(
  request: WebhookRequest,
  secrets: readonly string[],
  queryNames: readonly string[] = [],
): VerifyOutcome {
  const plain = [
    ...["token", ...queryNames].map((name) => request.url.searchParams.get(name)),
    request.headers.get("x-webhook-token"),
    bearerToken(request.headers),
  ].filter((text) => text !== null && text !== "");
  const basic = basicCredentials(request.headers);
  if (!plain.length && !basic) return unauthenticated("no token, bearer or basic credentials");
  const found = plain.some((text) => text !== null && anySecretEqual(text, secrets));
  return found || (basic !== null && matchesBasic(basic, secrets))
    ? accepted(request)
    : unauthenticated("wrong token or password");
}

/** What adapters have in common whose provider signs nothing. */
export const BY_SHARED_SECRET = {
  verifiedBy: SHARED_SECRET_VERIFICATION,
  usesBasicAuth: true,
  readCredential: readSecret,
  verify: async (request: WebhookRequest, secrets: readonly string[]) => verifySharedSecret(request, secrets),
} as const;

/** A secret with a colon is the pair, one without is the password alone, whatever the user. */
function matchesBasic(basic: { user: string; password: string }, secrets: readonly string[]): boolean {
  const pairs = secrets.filter((secret) => secret.includes(":"));
  const passwords = secrets.filter((secret) => !secret.includes(":"));
  return anySecretEqual(`${basic.user}:${basic.password}`, pairs) || anySecretEqual(basic.password, passwords);
}

/** How a provider puts an HMAC-SHA256 of the raw body into a header. */
export interface BodyHmac {
  readonly header: string;
  readonly encoding: "hex" | "base64";
  /** What stands before the signature in the header, e.g. `sha256=`. */
  readonly prefix?: string;
}

/** HMAC-SHA256 over the raw body, under any of the secrets' UTF-8 bytes. */
export async function verifyBodyHmac(
  request: WebhookRequest,
  secrets: readonly string[],
  { header, encoding, prefix = "" }: BodyHmac,
): Promise<VerifyOutcome> {
  const value = request.headers.get(header)?.trim();
  if (!value?.startsWith(prefix) || value === prefix) return unauthenticated(`${header} is missing or malformed`);
  const text = value.slice(prefix.length);
  const signature = encoding === "hex" ? bytesOfHex(text) : bytesOfBase64(text);
  const matches = await anyHmac(secrets.map(utf8Bytes), request.body, [signature]);
  return matches ? accepted(request) : unauthenticated(`${header} is not the signature of this body`);
}

/** Is any of these signatures the HMAC-SHA256 of the message under any of these keys? */
export async function anyHmac(
  keys: readonly Uint8Array[],
  message: Uint8Array,
  signatures: readonly (Uint8Array | null)[],
): Promise<boolean> {
  let found = false;
  for (const key of keys) {
    for (const signature of signatures) found = (await verifyHmac("SHA-256", key, message, signature)) || found;
  }
  return found;
}

/** Is a time (epoch ms) this close to now, on either side? Not a number: no. */
export function isWithin(time: number, now: number, toleranceMs: number): boolean {
  return Math.abs(now - time) <= toleranceMs;
}

/**
 * Does what is published elsewhere (a certificate, a key) vouch for a request? It is taken as cached; if that does not
 * fit, once more as published now: it may have been rotated.
 *
 * @param lookUp asks for it
 * @param fits is the request signed with it?
 * @param unavailable for the log, where nobody can say what is published
 */
export async function fitsPublished<T>(
  lookUp: (options?: LookupOptions) => Promise<Result<T, LookupError>>,
  fits: (published: T) => Promise<boolean>,
  unavailable: string,
): Promise<Result<boolean, VerifyError>> {
  for (const options of [undefined, { fresh: true }]) {
    const published = await lookUp(options);
    if (!published.ok && published.error === "unavailable") return fail({ code: "unavailable", detail: unavailable });
    if (published.ok && (await fits(published.value))) return ok(true);
  }
  return ok(false);
}

/** The token of `Authorization: Bearer …` (RFC 6750), or `null`. */
export function bearerToken(headers: Headers): string | null {
  return /^Bearer +(\S+) *$/i.exec(headers.get("authorization") ?? "")?.[1] ?? null;
}

/** User and password of `Authorization: Basic …` (RFC 7617), or `null`. */
export function basicCredentials(headers: Headers): { user: string; password: string } | null {
  const encoded = /^Basic +(\S+) *$/i.exec(headers.get("authorization") ?? "")?.[1];
  const bytes = encoded === undefined ? null : bytesOfBase64(encoded);
  const pair = bytes === null ? null : utf8Text(bytes);
  const colon = pair?.indexOf(":") ?? -1;
  return pair === null || colon < 0 ? null : { user: pair.slice(0, colon), password: pair.slice(colon + 1) };
}
