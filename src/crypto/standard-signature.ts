/** Signing as Standard Webhooks says (https://github.com/standard-webhooks/standard-webhooks, read 2026-11). */
import { base64Of, bytesOfBase64, utf8Bytes } from "./encoding";
import { hmac } from "./hmac";

const SECRET_PREFIX = "whsec_";
/** The specification wants 24 to 64 bytes. */
export const SECRET_BYTES = 32;

/** How a secret is written. @param bytes by chance */
export function standardSecretOf(bytes: Uint8Array): string {
  return SECRET_PREFIX + base64Of(bytes);
}

export interface SignedMessage {
  /** Without a full stop. */
  readonly id: string;
  /** Of the attempt. */
  readonly timestampSeconds: number;
  readonly body: string;
}

/**
 * The headers of a message, with a signature for each secret, so that a receiver may change from one to the next.
 *
 * @param secrets as `standardSecretOf` writes them
 */
export async function standardHeaders(
  secrets: readonly string[],
  { id, timestampSeconds, body }: SignedMessage,
): Promise<Record<string, string>> {
  const signed = utf8Bytes(`${id}.${timestampSeconds}.${body}`);
  const signatures = await Promise.all(
    secrets.map(async (secret) => {
      const key = bytesOfBase64(secret.slice(SECRET_PREFIX.length)) ?? new Uint8Array();
      return `v1,${base64Of(await hmac("SHA-256", key, signed))}`;
    }),
  );
  return {
    "webhook-id": id,
    "webhook-timestamp": String(timestampSeconds),
    "webhook-signature": signatures.join(" "),
  };
}
