/** JSON Web Tokens (RFC 7519), signed with RS256 and nothing else. The caller brings the keys and checks the claims. */
import { bytesOfBase64, utf8Bytes, utf8Text } from "./encoding";

export interface JsonWebKeySet {
  readonly keys: readonly (JsonWebKey & { readonly kid?: string })[];
}

export type Claims = Readonly<Record<string, unknown>>;

/**
 * The claims of a token whose signature is good; `null` for anything else, also for a token that names another
 * algorithm: which one is used is never the token's to say.
 */
export async function verifyJwt(token: string, keys: JsonWebKeySet): Promise<Claims | null> {
  const [header = "", payload = "", signature = "", ...rest] = token.split(".");
  const about = objectOf(header);
  const bytes = bytesOfBase64(signature);
  if (rest.length || about?.alg !== "RS256" || bytes === null) return null;
  for (const jwk of keys.keys.filter((key) => key.kid === about.kid)) {
    if (await isSignedBy(jwk, bytes, utf8Bytes(`${header}.${payload}`))) return objectOf(payload);
  }
  return null;
}

async function isSignedBy(jwk: JsonWebKey, signature: Uint8Array, signed: Uint8Array): Promise<boolean> {
  const { n, e } = jwk;
  if (n === undefined || e === undefined) return false;
  const algorithm = { name: "RSASSA-PKCS1-v1_5", hash: "SHA-256" };
  try {
    const key = await crypto.subtle.importKey("jwk", { kty: "RSA", n, e }, algorithm, false, ["verify"]);
    return await crypto.subtle.verify(algorithm.name, key, signature, signed);
  } catch {
    return false;
  }
}

function objectOf(part: string): Claims | null {
  const bytes = bytesOfBase64(part);
  try {
    const value: unknown = JSON.parse((bytes === null ? null : utf8Text(bytes)) ?? "");
    return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Claims) : null;
  } catch {
    return null;
  }
}
