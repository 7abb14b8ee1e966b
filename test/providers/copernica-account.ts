/** An account of Copernica's and its calls, and what our adapter says of them. */
import { utf8Bytes } from "../../src/crypto/encoding";
import { fail, ok } from "../../src/domain/result";
import type { RawCredential, VerifyContext, WebhookRequest } from "../../src/providers/adapter";
import { smtpeter } from "../../src/providers/smtpeter";
import { NOW } from "./contract/setup";
import { Copernica, type Deviation } from "./copernica";

export const copernica = await Copernica.create();
export const OURS = "environment-1234";
export const PAYLOAD = { body: utf8Bytes("type=open&id=1"), contentType: "application/x-www-form-urlencoded" };

export const call = (deviation?: Deviation) => copernica.call(OURS, PAYLOAD, NOW, deviation);

/** What DNS answers. */
export const publish =
  (...records: string[]): VerifyContext["getTxt"] =>
  async () =>
    ok(records);

/** Credentials as the adapter reads them, which it must. */
export function readAll(raw: readonly RawCredential[]) {
  return raw.map((member) => {
    const credential = smtpeter.readCredential(member);
    if (!credential.ok) throw new Error(credential.error);
    return credential.value;
  });
}

interface Setting {
  readonly credentials?: readonly RawCredential[];
  readonly getTxt?: VerifyContext["getTxt"];
}

/** @returns `accepted`, `unavailable`, or why a call is refused */
export async function outcomeOf(
  request: WebhookRequest,
  { credentials = [OURS], getTxt = publish(copernica.record) }: Setting = {},
): Promise<string> {
  const context: VerifyContext = { now: NOW, getTxt, getText: async () => fail("absent") };
  const outcome = await smtpeter.verify(request, readAll(credentials), context);
  return outcome.ok ? "accepted" : outcome.error.code === "unavailable" ? "unavailable" : outcome.error.detail;
}
