/** Those who post: our providers, as the contract suite plays them. */
import { base64Of, hexOf, utf8Bytes } from "../../src/crypto/encoding";
import { hmac } from "../../src/crypto/hmac";
import type { RawCredential, WebhookRequest } from "../../src/providers/adapter";
import type { Payload } from "./fixtures";

/** One who holds a credential that the operator may have configured. */
export interface Sender {
  readonly credential: RawCredential;
  /** A genuine request with this payload, sent at that time (epoch ms). */
  readonly sign: (payload: Payload, at: number) => WebhookRequest | Promise<WebhookRequest>;
}

/** A part of a request's proof: how to put another value in its place, or (`null`) to take it away. */
export interface Proof {
  readonly name: string;
  readonly replace: (request: WebhookRequest, value: string | null) => WebhookRequest;
}

export function header(name: string): Proof {
  return {
    name,
    replace: (request, value) => {
      const headers = new Headers(request.headers);
      if (value === null) headers.delete(name);
      else headers.set(name, value);
      return { ...request, headers };
    },
  };
}

/** A POST to this worker. */
export function post(payload: Payload, headers: Readonly<Record<string, string>>, path: string): WebhookRequest {
  return {
    method: "POST",
    url: new URL(path, "https://hooks.example.com"),
    headers: new Headers({ "content-type": payload.contentType, ...headers }),
    body: payload.body,
  };
}

/** The usual arrangement of adapters with a shared secret: nothing but the token proves anything. */
export function sharedSecret(path: string) {
  const sender = (secret: string): Sender => ({
    credential: secret,
    sign: (payload) => post(payload, { authorization: `Bearer ${secret}` }, path),
  });
  return {
    senders: [sender("first-secret"), sender("second-secret")] as const,
    proofs: [header("authorization")],
    tamper: null,
  };
}

/** With a user and a password or token. */
export function basicAuth(pair: string, path: string): Sender {
  const authorization = `Basic ${base64Of(utf8Bytes(pair))}`;
  return { credential: pair, sign: (payload) => post(payload, { authorization }, path) };
}

/** With a header that holds the HMAC-SHA256 of the body in hex, under the secret's characters. */
export function signedBody(secret: string, name: string, path: string): Sender {
  return {
    credential: secret,
    sign: async (payload) =>
      post(payload, { [name]: hexOf(await hmac("SHA-256", utf8Bytes(secret), payload.body)) }, path),
  };
}
