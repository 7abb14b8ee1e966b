/**
 * The signature that Copernica puts on SMTPeter's webhook calls.
 *
 * Source: SMTPeter's manual, "Webhook security" (read 2026-11), and draft-cavage-http-signatures-11, to which it
 * refers. A digest binds the body, the signature binds the digest, and the key is found in DNS, in the form of a DKIM
 * record (RFC 6376 §3.6.1), under copernica.com. It changes monthly and therefore cannot be pinned.
 */
import { sha256 } from "../crypto/digest";
import { bytesOfBase64, utf8Bytes } from "../crypto/encoding";
import { importRsaKey, verifyRsa } from "../crypto/rsa";
import { bytesEqual } from "../crypto/secret-equal";
import { fail, ok, type Result } from "../domain/result";
import type { VerifyContext, VerifyError, WebhookRequest } from "./adapter";
import { fitsPublished, isWithin } from "./auth";

/** The account that a call must come from, and the URL that it must have been meant for. */
export interface CopernicaAccount {
  /** `environment-<id>`, as in `X-Copernica-ID`. */
  readonly environment: string;
  /** As registered with Copernica; absent: the URL of the request is the public one. */
  readonly url?: URL | undefined;
}

/** As in Copernica's own sample code, which looks at the past only. */
const MAX_CLOCK_DIFFERENCE_MS = 60_000;
/** What Copernica always signs; a signature over less is not its own. */
const ALWAYS_SIGNED = ["(request-target)", "host", "date", "x-copernica-id", "digest"] as const;
const ALGORITHM = "rsa-sha256";

/** A host name of at least one label below copernica.com: this is what gets asked of DNS. */
const KEY_NAME = /^(?:[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?\.)+copernica\.com$/;
const MAX_NAME_LENGTH = 253;
const HEADER_NAME = /^[a-z0-9-]+$/;
/** One `name="value"`; sticky, and with nothing in it that could match in two ways. */
const PARAMETER = /[\s,]*([A-Za-z]+)="([^"]*)"/y;

interface Signature {
  readonly keyName: string;
  readonly covered: readonly string[];
  readonly bytes: Uint8Array;
}

/**
 * Is this request from one of these accounts, for us, of now and untouched?
 *
 * All that costs nothing is checked before DNS is asked.
 */
export async function verifyCopernica(
  request: WebhookRequest,
  accounts: readonly CopernicaAccount[],
  context: VerifyContext,
): Promise<Result<null, VerifyError>> {
  const signature = parseSignature(request.headers.get("signature"));
  if (!signature.ok) return refuse(signature.error);
  const ours = accounts.filter((account) => account.environment === request.headers.get("x-copernica-id"));
  if (!ours.length) return refuse("X-Copernica-ID is missing or not ours");
  if (!isWithin(Date.parse(request.headers.get("date") ?? ""), context.now, MAX_CLOCK_DIFFERENCE_MS)) {
    return refuse("Date is missing or not of the last minute");
  }
  if (!(await matchesDigest(request.headers.get("digest"), request.body))) {
    return refuse("Digest is missing or not that of the body");
  }
  const texts: Uint8Array[] = [];
  for (const account of ours) {
    const text = signedText(request, signature.value.covered, account.url);
    if (text === null) return refuse("a signed header is missing");
    texts.push(utf8Bytes(text));
  }
  const { keyName, bytes } = signature.value;
  const isSigned = await fitsPublished(
    (options) => context.getTxt(keyName, options),
    (records) => isSignedByAny(records, bytes, texts),
    "the signing key could not be looked up",
  );
  if (!isSigned.ok) return isSigned;
  return isSigned.value ? ok(null) : refuse("the signature matches no published key");
}

async function isSignedByAny(
  records: readonly string[],
  signature: Uint8Array,
  texts: readonly Uint8Array[],
): Promise<boolean> {
  for (const record of records) {
    const spki = dkimKey(record);
    const key = spki === null ? null : await importRsaKey(spki, "SHA-256");
    if (!key) continue;
    for (const text of texts) if (await verifyRsa(key, signature, text)) return true;
  }
  return false;
}

/** Reads the `Signature` header. Copernica's own sample folds it, leaves out a comma and writes names in upper case. */
function parseSignature(header: string | null): Result<Signature, string> {
  const parameters = parseParameters(header ?? "");
  if (!parameters) return fail("Signature is missing or malformed");
  // The algorithm is ours to choose. The draft wants an error where the header names another one.
  if ((parameters.get("algorithm") ?? ALGORITHM).toLowerCase() !== ALGORITHM) {
    return fail("Signature is not by rsa-sha256");
  }
  const keyName = (parameters.get("keyid") ?? "").toLowerCase();
  if (keyName.length > MAX_NAME_LENGTH || !KEY_NAME.test(keyName)) return fail("keyId is no name below copernica.com");
  const covered = (parameters.get("headers") ?? "")
    .toLowerCase()
    .split(/\s+/)
    .filter((name) => name !== "");
  if (!ALWAYS_SIGNED.every((name) => covered.includes(name))) return fail("Signature does not cover what it must");
  // A long header named a thousand times over would make a text of any size.
  if (new Set(covered).size !== covered.length) return fail("Signature covers a header twice");
  const bytes = bytesOfBase64((parameters.get("signature") ?? "").replace(/\s/g, ""));
  return bytes?.length ? ok({ keyName, covered, bytes }) : fail("Signature holds no signature");
}

/** By lower-case name; `null` if there is anything that is no parameter, or one is given twice. */
function parseParameters(header: string): ReadonlyMap<string, string> | null {
  const parameters = new Map<string, string>();
  const pattern = new RegExp(PARAMETER);
  let end = 0;
  for (let match = pattern.exec(header); match; match = pattern.exec(header)) {
    const name = (match[1] ?? "").toLowerCase();
    if (parameters.has(name)) return null;
    parameters.set(name, match[2] ?? "");
    end = pattern.lastIndex;
  }
  return parameters.size && /^[\s,]*$/.test(header.slice(end)) ? parameters : null;
}

/** The text that was signed (draft-cavage-11 §2.3), or `null` where a header that it names is missing. */
function signedText(request: WebhookRequest, covered: readonly string[], registered: URL | undefined): string | null {
  const lines = covered.map((name) => {
    const value = signedValue(request, name, registered);
    return value === null ? null : `${name}: ${value}`;
  });
  return lines.includes(null) ? null : lines.join("\n");
}

function signedValue(
  { method, url, headers, body }: WebhookRequest,
  name: string,
  registered: URL | undefined,
): string | null {
  // Copernica signs the URL that it called; a proxy may have changed it since.
  const target = registered ?? url;
  switch (name) {
    case "(request-target)":
      return `${method.toLowerCase()} ${target.pathname}${target.search}`;
    case "host":
      return registered?.host ?? headers.get("host") ?? url.host;
    case "content-type":
      return onceOnly(headers.get(name));
    case "content-length":
      return headers.get(name) ?? String(body.byteLength);
    default:
      return HEADER_NAME.test(name) ? headers.get(name) : null;
  }
}

/** A hop that adds the header once more makes `a, a` of it: what was signed is the one. */
function onceOnly(value: string | null): string | null {
  const parts = value?.split(", ") ?? [];
  return parts.length > 1 && new Set(parts).size === 1 ? (parts[0] ?? null) : value;
}

/** `Digest: SHA-256=<base64>`, among others or alone (RFC 3230, RFC 5843); the name in either case. */
async function matchesDigest(header: string | null, body: Uint8Array): Promise<boolean> {
  const given = (header ?? "").split(",").flatMap((part) => /^\s*sha-256=(\S+)\s*$/i.exec(part)?.[1] ?? []);
  const expected = given.length === 1 ? bytesOfBase64(given[0] ?? "") : null;
  return expected !== null && bytesEqual(await sha256(body), expected);
}

/** The public key of a DKIM record, empty where it was revoked; `null` for any other record and any other kind of key. */
function dkimKey(record: string): Uint8Array | null {
  const tags = new Map<string, string>();
  for (const tag of record.split(";")) {
    const equals = tag.indexOf("=");
    if (equals > 0) tags.set(tag.slice(0, equals).trim(), tag.slice(equals + 1).replace(/\s/g, ""));
  }
  if ((tags.get("v") ?? "DKIM1") !== "DKIM1" || (tags.get("k") ?? "rsa") !== "rsa") return null;
  return bytesOfBase64(tags.get("p") ?? "");
}

function refuse(detail: string): Result<never, VerifyError> {
  return fail({ code: "unauthenticated", detail });
}
