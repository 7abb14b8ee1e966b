/**
 * Standard Webhooks: our own event format, signed as the specification says. For systems that have a library for it,
 * and for relays between a provider and this worker.
 *
 * Manual: https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md (read 2026-11); the
 * format is that of `POST /v1/events`, less what only an operator may say.
 *
 * Identity: the event's own `id`, else the id of the call and the position in it. The specification has a call keep
 * its id when it is repeated, which its timestamp does not.
 */
import { defineAdapter } from "./adapter";
import { parseOwnFormat } from "./own-format";
import { jsonSample, SAMPLE_RECIPIENT, sampleId, sampleMessageId, sampleTime } from "./sample";
import { idHeadersOf, readStandardSecret, type StandardScheme, signedIdOf, verifyStandard } from "./standard-signature";

/** Svix, where the specification comes from, still sends its own names unless told otherwise. */
const SCHEME: StandardScheme = { headerPrefixes: ["webhook", "svix"], version: "v1" };

export const standardWebhooks = defineAdapter<Uint8Array>({
  id: "standard-webhooks",
  title: "Standard Webhooks",
  manual: "https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md",
  setUp: [
    'Make a secret with echo "whsec_$(openssl rand -base64 24)" and set it: {secret}',
    "Post events in our own format to {url}, signed as Standard Webhooks says.",
  ],
  verifiedBy: "Standard Webhooks signature (HMAC-SHA256 of id, time and body)",
  readCredential: readStandardSecret,
  verify: (request, keys, { now }) => verifyStandard(request, keys, now, SCHEME),
  parse: (request, context) =>
    parseOwnFormat(request.body, {
      ...context,
      idempotencyKey: signedIdOf(request.headers, SCHEME),
      allowOperatorKinds: false,
    }),
  replayHeaders: idHeadersOf(SCHEME),
  sample: (at) =>
    jsonSample({
      id: sampleId(at),
      kind: "delivered",
      recipient: SAMPLE_RECIPIENT,
      occurredAt: sampleTime(at),
      messageId: sampleMessageId(at),
    }),
});
