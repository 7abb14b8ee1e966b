/**
 * The envelope of Amazon SNS, in which SES's events come, and Scaleway's, whose Topics and Events copies it.
 *
 * Manual: https://docs.aws.amazon.com/sns/latest/dg/sns-verify-signature-of-message.html (read 2026-11). RSA signs a
 * text that is made of the envelope's fields; the key is in a certificate behind a URL that the envelope names. So all
 * trust rests on where that URL points: it is checked as a whole before it is fetched. Neither the certificate's chain
 * nor its dates are: genuine messages outlive it.
 *
 * A genuine signature says that the provider sent this, not that the topic is ours: topics are on a list.
 *
 * There is no window of time, since messages are delivered again for hours. `MessageId` stays the same then.
 */
import { bytesOfBase64, utf8Bytes } from "../crypto/encoding";
import { importRsaKey, type RsaHash, verifyRsa } from "../crypto/rsa";
import { derOfPem, publicKeyOfCertificate } from "../crypto/x509";
import { fail, ok, type Result } from "../domain/result";
import type { ParseOutcome, RawCredential, Sample, VerifyContext, VerifyOutcome, WebhookRequest } from "./adapter";
import { accepted, fitsPublished, unauthenticated } from "./auth";
import { entryOf, isObject, type JsonObject, parseJson, textOf } from "./json";
import { ignored, unreadable, unreadableBody } from "./parsed";
import { jsonSample, sampleTime, sampleUuid } from "./sample";

/** Whose envelope it is. The patterns cover whole URLs, as they are written: nothing parses them first. */
export interface SnsScheme {
  /** Where signing certificates are. */
  readonly certificateUrl: RegExp;
  /** Where subscriptions are confirmed. */
  readonly subscribeUrl: RegExp;
  /** Headers that repeat a field of the body, and must agree with it where they are there. */
  readonly headers: Readonly<Record<string, string>>;
}

/** A notification, as far as the events in it need it. */
export interface SnsNotification {
  /** What was published. */
  readonly message: string;
  /** The same for every delivery of the notification. */
  readonly messageId: string | undefined;
  /** When it was published. */
  readonly timestamp: string | undefined;
}

const SUBSCRIPTION = "SubscriptionConfirmation";
/** Its `SubscribeURL` undoes it. */
const UNSUBSCRIPTION = "UnsubscribeConfirmation";
const NOTIFICATION = "Notification";

/** In the order in which they are signed. */
const NOTIFICATION_FIELDS = ["Message", "MessageId", "Subject", "Timestamp", "TopicArn", "Type"];
const SUBSCRIPTION_FIELDS = ["Message", "MessageId", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type"];
const SIGNED_FIELDS: Readonly<Record<string, readonly string[]>> = {
  [SUBSCRIPTION]: SUBSCRIPTION_FIELDS,
  [UNSUBSCRIPTION]: SUBSCRIPTION_FIELDS,
};
const OPTIONAL_FIELD = "Subject";

/** `SignatureVersion` → hash. The topic's owner chooses between the two, nobody between others. */
const HASHES: Readonly<Record<string, RsaHash>> = { "1": "SHA-1", "2": "SHA-256" };

/** Not the ARN of a subscription, which has one part more. */
const TOPIC_ARN = /^arn:[\w-]+:sns:[\w-]*:[\w-]*:[\w.-]+$/;

/** A topic whose messages are ours. */
export function readTopicArn(raw: RawCredential): Result<string, string> {
  return typeof raw === "string" && TOPIC_ARN.test(raw) ? ok(raw) : fail("must be the ARN of a topic, arn:…:sns:…");
}

/** The text under the signature, or `null` where a field of it is missing or is no text. */
export function stringToSign(envelope: JsonObject): string | null {
  const lines: string[] = [];
  for (const field of entryOf(SIGNED_FIELDS, textOf(envelope.Type)) ?? NOTIFICATION_FIELDS) {
    const value = envelope[field] ?? undefined;
    if (value === undefined && field === OPTIONAL_FIELD) continue;
    if (typeof value !== "string") return null;
    lines.push(field, value);
  }
  return `${lines.join("\n")}\n`;
}

/** Is this a message of one of these topics, signed by the provider? All that costs nothing comes before the fetch. */
export async function verifySns(
  request: WebhookRequest,
  topics: readonly string[],
  context: VerifyContext,
  scheme: SnsScheme,
): Promise<VerifyOutcome> {
  const body = parseJson(request.body);
  const envelope = body.ok && isObject(body.value) ? body.value : {};
  const { TopicArn, Type, SubscribeURL, SignatureVersion, SigningCertURL, Signature } = envelope;
  // Delivered raw, without an envelope, nothing is signed.
  if (typeof Signature !== "string") return unauthenticated("no signed envelope; raw message delivery must be off");
  if (typeof TopicArn !== "string" || !topics.includes(TopicArn))
    return unauthenticated("the topic is not on the list");
  for (const [name, field] of Object.entries(scheme.headers)) {
    const value = request.headers.get(name);
    if (value !== null && value !== envelope[field]) return unauthenticated(`${name} is not what the body says`);
  }
  if (Type === SUBSCRIPTION && !isUrl(SubscribeURL, scheme.subscribeUrl)) {
    return unauthenticated("SubscribeURL leads elsewhere");
  }
  const hash = typeof SignatureVersion === "string" ? entryOf(HASHES, SignatureVersion) : undefined;
  if (!hash) return unauthenticated("SignatureVersion is neither 1 nor 2");
  if (!isUrl(SigningCertURL, scheme.certificateUrl)) return unauthenticated("SigningCertURL leads elsewhere");
  const [signature, text] = [bytesOfBase64(Signature), stringToSign(envelope)];
  if (!signature?.byteLength || text === null) return unauthenticated("a signed field or the signature is missing");
  const isSigned = await fitsPublished(
    (options) => context.getText(SigningCertURL, options),
    async (pem) => {
      const key = await keyIn(pem, hash);
      return key !== null && verifyRsa(key, signature, utf8Bytes(text));
    },
    "the signing certificate could not be fetched",
  );
  if (!isSigned.ok) return isSigned;
  return isSigned.value ? accepted(request) : unauthenticated("the signature is not that of the certificate");
}

function isUrl(value: unknown, pattern: RegExp): value is string {
  return typeof value === "string" && pattern.test(value);
}

async function keyIn(pem: string, hash: RsaHash): Promise<CryptoKey | null> {
  const certificate = derOfPem(pem, "CERTIFICATE");
  const spki = certificate && publicKeyOfCertificate(certificate);
  return spki && importRsaKey(spki, hash);
}

/** Confirms subscriptions, passes over the end of one, and hands the rest to the provider's adapter. */
export function parseSns(
  request: WebhookRequest,
  readNotification: (notification: SnsNotification) => ParseOutcome,
): ParseOutcome {
  const body = parseJson(request.body);
  if (!body.ok) return unreadableBody(body.error);
  if (!isObject(body.value)) return unreadableBody("not_an_object");
  const { Type, Message, SubscribeURL, MessageId, Timestamp } = body.value;
  switch (Type) {
    case SUBSCRIPTION: {
      const visit = textOf(SubscribeURL);
      return visit === undefined ? unreadableBody("invalid_event", "SubscribeURL") : { ...nothing(), visit };
    }
    case UNSUBSCRIPTION:
      return nothing();
    case NOTIFICATION:
      if (typeof Message !== "string") return unreadableBody("invalid_event", "Message");
      return readNotification({ message: Message, messageId: textOf(MessageId), timestamp: textOf(Timestamp) });
    default:
      return { type: "items", items: [unreadable("unknown_kind", "Type")] };
  }
}

/** A provider's message as it comes by a topic. @param at epoch ms */
export function snsSample(at: number, message: unknown): Sample {
  return jsonSample({
    Type: NOTIFICATION,
    MessageId: sampleUuid(at),
    TopicArn: "arn:aws:sns:us-east-1:123456789012:test",
    Message: JSON.stringify(message),
    Timestamp: sampleTime(at),
  });
}

function nothing(): ParseOutcome & { readonly type: "items" } {
  return { type: "items", items: [ignored()] };
}
