import { describe, expect, it } from "vitest";
import { base64Of, utf8Bytes } from "../../src/crypto/encoding";
import { basicCredentials, bearerToken, readSecret, verifySharedSecret } from "../../src/providers/auth";
import { post } from "./senders";

const PAYLOAD = { body: new Uint8Array(), contentType: "application/json" };
const basic = (pair: string) => ({ authorization: `Basic ${base64Of(utf8Bytes(pair))}` });

function isAccepted(secrets: string[], headers: Record<string, string>, search = "", names: string[] = []) {
  return verifySharedSecret(post(PAYLOAD, headers, `/hook${search}`), secrets, names).ok;
}

describe("a shared secret", () => {
  it.each<[string, Record<string, string>, string]>([
    ["in the URL", {}, "?token=s3cret"],
    ["as a bearer token", { authorization: "Bearer s3cret" }, ""],
    ["as a bearer token, the scheme in lower case", { authorization: "bearer  s3cret " }, ""],
    ["in X-Webhook-Token", { "x-webhook-token": "s3cret" }, ""],
    ["as the password of any user", basic("anybody:s3cret"), ""],
    ["as the password of no user", basic(":s3cret"), ""],
    ["beside a wrong one", { "x-webhook-token": "wrong" }, "?token=s3cret"],
  ])("is accepted %s", (_how, headers, search) => {
    expect(isAccepted(["old", "s3cret"], headers, search)).toBe(true);
    expect(isAccepted(["old", "other"], headers, search)).toBe(false);
    expect(isAccepted([], headers, search)).toBe(false);
  });

  it("is accepted in another query parameter only where the provider has one", () => {
    expect(isAccepted(["s"], {}, "?code=s", ["code"])).toBe(true);
    expect(isAccepted(["s"], {}, "?code=s")).toBe(false);
  });

  it("that has a colon is a user and a password, and both must be right", () => {
    expect(isAccepted(["user:pass:word"], basic("user:pass:word"))).toBe(true);
    for (const pair of ["other:pass:word", "user:pass", ":pass:word", "x:user:pass:word"]) {
      expect(isAccepted(["user:pass:word"], basic(pair))).toBe(false);
    }
    expect(isAccepted(["user:pass"], {}, "?token=user%3Apass")).toBe(true);
  });

  it.each(["s3cre", "s3", "3cret", "s3cret ", "s3crett", "S3CRET", "s3cret,old", "user", "user:"])(
    "is not accepted where it is nearly right: %j",
    (near) => {
      const secrets = ["s3cret", "user:s3cret"];
      expect(isAccepted(secrets, {}, `?token=${encodeURIComponent(near)}`)).toBe(false);
      expect(isAccepted(secrets, { "x-webhook-token": `${near}.` })).toBe(false);
      for (const pair of [`user:${near}`, `s3cret:${near}`, `${near}:x`, "s3cret:"]) {
        expect(isAccepted(secrets, basic(pair)), pair).toBe(false);
      }
      expect(isAccepted(["user:s3cret"], basic("other:s3cret"))).toBe(false);
    },
  );

  it("is never empty", () => {
    expect(readSecret("").ok).toBe(false);
    expect(readSecret({ secret: "s" }).ok).toBe(false);
    for (const [headers, search] of [
      [{ "x-webhook-token": "" }, "?token="],
      [basic(":"), ""],
    ] as const) {
      expect(isAccepted(["s"], headers, search)).toBe(false);
    }
  });
});

it("reads bearer and basic credentials, and nothing in their place", () => {
  const headers = (authorization: string) => new Headers({ authorization });
  expect(bearerToken(headers("Bearer a.b-c"))).toBe("a.b-c");
  expect(basicCredentials(headers(basic("us\u00ebr:p:w").authorization))).toEqual({
    user: "us\u00ebr",
    password: "p:w",
  });
  for (const text of ["", "Bearer", "Bearer a b", "Basic", "Basic ***", "Basic dXNlcg==", "Basic /w==", "Digest x"]) {
    expect(bearerToken(headers(text))).toBeNull();
    expect(basicCredentials(headers(text))).toBeNull();
  }
});
