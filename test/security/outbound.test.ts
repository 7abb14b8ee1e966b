/**
 * What strangers can make the worker fetch: nothing but keys, from names that are written in the source. Where operators may
 * name a target, it is held to the public internet: `test/domain/target.test.ts`, `test/http/notifications.test.ts`.
 */
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { secretNameOf } from "../../src/config";
import { ADAPTERS } from "../../src/providers/registry";
import { credentialOf } from "../support/credentials";
import { setStage } from "../support/stage";
import { api, testEnv } from "../support/worker";

setStage();

const TOPIC = "arn:aws:sns:us-east-1:123456789012:bounces";
const SECRETS = Object.fromEntries(
  ADAPTERS.flatMap((adapter) => {
    const credential = credentialOf(adapter);
    return credential === undefined ? [] : [[`WEBHOOK_${secretNameOf(adapter.id)}`, credential] as const];
  }),
);
const env = testEnv({ ...SECRETS, WEBHOOK_SES: TOPIC, WEBHOOK_SCALEWAY: TOPIC });
const IDS = ADAPTERS.map(({ id }) => id).filter((id) => id !== "cloudflare-email");

/** Places that a worker must not be led to, and ways to write them so that they look like others. */
const PLACES = [
  "http://127.0.0.1/",
  "https://169.254.169.254/latest/meta-data",
  "https://[::1]/",
  "https://evil.example.net/SimpleNotificationService-1.pem",
  "https://sns.us-east-1.amazonaws.com.evil.example.net/SimpleNotificationService-1.pem",
  "https://sns.us-east-1.amazonaws.com@evil.example.net/SimpleNotificationService-1.pem",
  "https://evil.example.net#sns.us-east-1.amazonaws.com/SimpleNotificationService-1.pem",
  "https://sns.us-east-1.amazonaws.com:8443/SimpleNotificationService-1.pem",
  "http://sns.us-east-1.amazonaws.com/SimpleNotificationService-1.pem",
  "https://sns.us-east-1.amazonaws.com/../evil.pem",
  "https://sns.us-east-1.amazonaws.com\\@evil.example.net/SimpleNotificationService-1.pem",
  "https://bucket.s3.amazonaws.com/SimpleNotificationService-1.pem",
  "file:///etc/passwd",
];

const fetched: string[] = [];
beforeEach(() => {
  fetched.length = 0;
  vi.spyOn(globalThis, "fetch").mockImplementation(async (input) => {
    fetched.push(String(input instanceof Request ? input.url : input));
    return new Response("not here", { status: 404 });
  });
});
afterEach(() => vi.restoreAllMocks());

const signatures = (place: string) =>
  Object.fromEntries(
    [
      "signature",
      "x-signature",
      "webhook-signature",
      "svix-signature",
      "x-amz-sns-signing-cert-url",
      "origin",
      "referer",
    ]
      .concat("x-forwarded-host", "forwarded", "via", "jku", "x5u")
      .map((name) => [name, name === "signature" ? `keyId="${place}",headers="host",signature="AAAA"` : place]),
  );

it("would see a key that is fetched", async () => {
  const url = "https://sns.us-east-1.amazonaws.com/SimpleNotificationService-0123456789abcdef0123456789abcdef.pem";
  const envelope = {
    Type: "Notification",
    TopicArn: TOPIC,
    SignatureVersion: "1",
    Signature: "AAAA",
    SigningCertURL: url,
  };
  const json = { ...envelope, MessageId: "m", Message: "{}", Timestamp: "2026-11-20T10:00:00.000Z" };
  expect((await api("/webhooks/ses", { json, headers: {}, env })).status).toBe(401);
  expect(new Set(fetched)).toEqual(new Set([url]));
});

describe("a call that is signed by nobody", () => {
  it.each(IDS)("has nothing fetched that it names: %s", async (id) => {
    for (const place of PLACES) {
      const envelope = {
        Type: "Notification",
        TopicArn: TOPIC,
        SignatureVersion: "1",
        Signature: "AAAA",
        MessageId: "m",
        Message: "{}",
        Timestamp: "2026-11-20T10:00:00.000Z",
        SigningCertURL: place,
        SubscribeURL: place,
        UnsubscribeURL: place,
        url: place,
        jku: place,
      };
      for (const json of [envelope, { ...envelope, Type: "SubscriptionConfirmation", Token: "t" }, [envelope]]) {
        await api(`/webhooks/${id}?url=${encodeURIComponent(place)}`, { json, headers: signatures(place), env });
      }
    }
    expect(fetched).toEqual([]);
  });

  it("has a key looked up only below its provider's own name", async () => {
    const names = [
      "evil.example.net",
      "copernica.com.evil.example.net",
      "evilcopernica.com",
      "x.copernica.com/../y",
      "a b.copernica.com",
    ];
    const covered = "(request-target) host date x-copernica-id digest";
    for (const name of names) {
      const headers = {
        signature: `keyId="${name}",algorithm="rsa-sha256",headers="${covered}",signature="AAAA"`,
        "x-copernica-id": "environment-1",
        digest: "SHA-256=AAAA",
        date: new Date().toUTCString(),
      };
      const smtpeter = testEnv({ WEBHOOK_SMTPETER: "environment-1" });
      expect((await api("/webhooks/smtpeter", { json: {}, headers, env: smtpeter })).status).toBe(401);
    }
    expect(fetched).toEqual([]);
  });
});
