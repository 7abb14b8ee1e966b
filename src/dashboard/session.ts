/**
 * Who is signed in: a cookie that says so, signed with the very token that was presented. A token that is taken out of
 * the configuration ends its sessions; nothing is stored.
 */
import { sha256Hex } from "../crypto/digest";
import { base64Of, bytesOfBase64, hexOf, utf8Bytes, utf8Text } from "../crypto/encoding";
import { hmac, verifyHmac } from "../crypto/hmac";
import { secretEqual } from "../crypto/secret-equal";

export interface Session {
  /** Who, as the audit trail names it: a token's fingerprint, or the person that Access let in. */
  readonly actor: string;
  /** Epoch ms. */
  readonly signedInAt: number;
  /** Random; the form tokens are made of it. */
  readonly nonce: string;
}

/** How long a sign-in holds. */
export const SESSION_MS = 12 * 3_600_000;
const HASH = "SHA-256";
/** The purpose is part of what is signed, so that a signature of one kind is none of another. */
const COOKIE_PURPOSE = "dashboard-session.";
const FORM_PURPOSE = "dashboard-form.";

/** @returns the cookie's value */
export async function sealSession(session: Session, token: string): Promise<string> {
  const payload = urlBase64(utf8Bytes(JSON.stringify(session)));
  const signature = await hmac(HASH, utf8Bytes(token), utf8Bytes(COOKIE_PURPOSE + payload));
  return `${payload}.${urlBase64(signature)}`;
}

/**
 * Reads a cookie: signed by one of the tokens, and not too old.
 *
 * @param now epoch ms
 */
export async function openSession(cookie: string, tokens: readonly string[], now: number): Promise<Session | null> {
  const [payload = "", signature = ""] = cookie.split(".");
  const bytes = bytesOfBase64(signature);
  for (const token of tokens) {
    if (!(await verifyHmac(HASH, utf8Bytes(token), utf8Bytes(COOKIE_PURPOSE + payload), bytes))) continue;
    const session = readSession(payload);
    const age = session ? now - session.signedInAt : Number.NaN;
    return session && age >= 0 && age < SESSION_MS ? session : null;
  }
  return null;
}

/** What a form carries to show that one of our own pages made it. */
export async function formTokenOf(session: Session): Promise<string> {
  return (await sha256Hex(`${FORM_PURPOSE}${session.nonce}`)).slice(0, 40);
}

/** Compared in constant time. */
export async function isFormToken(given: string, session: Session): Promise<boolean> {
  return secretEqual(given, await formTokenOf(session));
}

/** 128 bits by chance, in hex. */
export function newNonce(): string {
  return hexOf(crypto.getRandomValues(new Uint8Array(16)));
}

function readSession(payload: string): Session | null {
  const bytes = bytesOfBase64(payload);
  const text = bytes === null ? null : utf8Text(bytes);
  try {
    const value = JSON.parse(text ?? "") as Partial<Session>;
    const { actor, signedInAt, nonce } = value;
    return typeof actor === "string" && typeof signedInAt === "number" && typeof nonce === "string"
      ? { actor, signedInAt, nonce }
      : null;
  } catch {
    return null;
  }
}

function urlBase64(bytes: Uint8Array): string {
  return base64Of(bytes).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}
