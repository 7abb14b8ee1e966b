/**
 * The signature of Standard Webhooks (https://github.com/standard-webhooks/standard-webhooks, read 2026-11), which
 * Svix began and several providers send with variations: an id, a Unix time and an HMAC-SHA256 over `id.timestamp.body`.
 */
import { bytesOfBase64, utf8Bytes } from "../crypto/encoding";
import { fail, ok, type Result } from "../domain/result";
import type { RawCredential, VerifyOutcome, WebhookRequest } from "./adapter";
import { accepted, anyHmac, isWithin, unauthenticated } from "./auth";

/** How a provider varies the scheme. */
export interface StandardScheme {
  /** The headers are `<prefix>-id`, `<prefix>-timestamp` and `<prefix>-signature`, of the first prefix with an id. */
  readonly headerPrefixes: readonly ("webhook" | "svix")[];
  /** Before each signature: `v1,`; `null`: one bare signature. */
  readonly version: "v1" | null;
}

/** As the specification and Svix's libraries have it. */
const TOLERANCE_MS = 5 * 60_000;
const SECRET_PREFIX = "whsec_";
/** More signatures than any rotation has; each costs two hashes. */
const MAX_SIGNATURES = 10;

/** `whsec_<base64>`: the key is what the base64 stands for. */
export function readStandardSecret(raw: RawCredential): Result<Uint8Array, string> {
  const text = typeof raw === "string" ? raw : "";
  const key = bytesOfBase64(text.startsWith(SECRET_PREFIX) ? text.slice(SECRET_PREFIX.length) : text);
  return key?.byteLength ? ok(key) : fail("must be whsec_ and base64");
}

/** A secret whose characters are the key. */
export function readPlainSecret(raw: RawCredential): Result<Uint8Array, string> {
  return typeof raw === "string" && raw !== "" ? ok(utf8Bytes(raw)) : fail("must be a non-empty string");
}

/**
 * Is this request signed with one of the keys, and of the last minutes? The id and the time are signed with the
 * body.
 *
 * @param now epoch ms
 */
export async function verifyStandard(
  request: WebhookRequest,
  keys: readonly Uint8Array[],
  now: number,
  { headerPrefixes, version }: StandardScheme,
): Promise<VerifyOutcome> {
  const prefix = headerPrefixes.find((p) => request.headers.has(`${p}-id`));
  const [id, timestamp, signature] = ["id", "timestamp", "signature"].map((n) => request.headers.get(`${prefix}-${n}`));
  if (!id || !timestamp || !signature) return unauthenticated("the id, timestamp or signature header is missing");
  if (!/^\d{1,12}$/.test(timestamp) || !isWithin(Number(timestamp) * 1000, now, TOLERANCE_MS)) {
    return unauthenticated("the timestamp is not of the last five minutes");
  }
  const head = utf8Bytes(`${id}.${timestamp}.`);
  const signed = new Uint8Array(head.byteLength + request.body.byteLength);
  signed.set(head);
  signed.set(request.body, head.byteLength);
  const matches = await anyHmac(keys, signed, signaturesIn(signature, version));
  return matches ? accepted(request) : unauthenticated("no signature is that of this body");
}

/** The headers that may hold a call's id: what a replay needs where it is part of an event's identity. */
export function idHeadersOf({ headerPrefixes }: StandardScheme): readonly string[] {
  return headerPrefixes.map((prefix) => `${prefix}-id`);
}

/** The id of a verified call: the one that was signed. It stays the same when the call is repeated. */
export function signedIdOf(headers: Headers, scheme: StandardScheme): string | null {
  const name = idHeadersOf(scheme).find((header) => headers.has(header));
  return name === undefined ? null : headers.get(name);
}

/** Several, separated by spaces, while a secret is rotated. */
function signaturesIn(header: string, version: "v1" | null): (Uint8Array | null)[] {
  if (version === null) return [bytesOfBase64(header.trim())];
  return header
    .split(" ")
    .filter((part) => part.startsWith(`${version},`))
    .slice(0, MAX_SIGNATURES)
    .map((part) => bytesOfBase64(part.slice(version.length + 1)));
}
