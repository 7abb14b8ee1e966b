import { describe, expect, it } from "vitest";
import { utf8Bytes } from "../../src/crypto/encoding";
import { fail, ok } from "../../src/domain/result";
import type { Adapter } from "../../src/providers/adapter";
import { scaleway } from "../../src/providers/scaleway";
import { ses } from "../../src/providers/ses";
import { stringToSign } from "../../src/providers/sns";
import { NOW, verifyWith } from "./contract/setup";
import { Topics } from "./topics";

const HEX = "0123456789abcdef0123456789abcdef";
const NAME = `SimpleNotificationService-${HEX}.pem`;

describe("the text that is signed", () => {
  const common = { MessageId: "id-1", TopicArn: "arn:t", Timestamp: "2026-11-21T10:00:00.000Z", Message: "two\nlines" };

  it("of a notification has its fields in the order of their names", () => {
    const text =
      "Message\ntwo\nlines\nMessageId\nid-1\nTimestamp\n2026-11-21T10:00:00.000Z\nTopicArn\narn:t\nType\nNotification\n";
    expect(stringToSign({ ...common, Type: "Notification", Token: "t", SubscribeURL: "u" })).toBe(text);
    expect(stringToSign({ ...common, Type: "Notification", Subject: null })).toBe(text);
  });

  it("has the subject where there is one, be it empty", () => {
    const text = (subject: string) =>
      `Message\ntwo\nlines\nMessageId\nid-1\nSubject\n${subject}\nTimestamp\n2026-11-21T10:00:00.000Z\nTopicArn\narn:t\nType\nNotification\n`;
    for (const Subject of ["hello", ""]) {
      expect(stringToSign({ ...common, Type: "Notification", Subject })).toBe(text(Subject));
    }
  });

  it.each(["SubscriptionConfirmation", "UnsubscribeConfirmation"])("of a %s has the token and its URL", (Type) => {
    expect(stringToSign({ ...common, Type, Token: "t", SubscribeURL: "u", Subject: "never signed" })).toBe(
      `Message\ntwo\nlines\nMessageId\nid-1\nSubscribeURL\nu\nTimestamp\n2026-11-21T10:00:00.000Z\nToken\nt\nTopicArn\narn:t\nType\n${Type}\n`,
    );
  });

  it.each<Record<string, unknown>>([
    { Type: undefined },
    { Message: undefined },
    { Message: { text: "x" } },
    { MessageId: 7 },
    { Subject: ["x"] },
    { Type: "SubscriptionConfirmation", Token: "t" },
    { Type: "UnsubscribeConfirmation", SubscribeURL: "u" },
  ])("is none with %j", (fields) => {
    expect(stringToSign({ ...common, Type: "Notification", ...fields })).toBeNull();
  });
});

interface Service {
  readonly adapter: Adapter;
  readonly topic: string;
  readonly certificates: readonly [string, ...string[]];
  readonly notCertificates: readonly string[];
  readonly confirmations: readonly string[];
  readonly notConfirmations: readonly string[];
}

const SERVICES: readonly Service[] = [
  {
    adapter: ses,
    topic: "arn:aws:sns:us-east-1:111122223333:mail",
    certificates: [
      `https://sns.us-east-1.amazonaws.com/${NAME}`,
      `https://sns.ap-southeast-3.amazonaws.com/${NAME}`,
      `https://sns.us-gov-west-1.amazonaws.com/${NAME}`,
      `https://sns.cn-north-1.amazonaws.com.cn/${NAME}`,
    ],
    notCertificates: [
      `http://sns.us-east-1.amazonaws.com/${NAME}`,
      `https://s3.amazonaws.com/${NAME}`,
      `https://sns.s3.amazonaws.com/${NAME}`,
      `https://sns.s3-us-west-2.amazonaws.com/${NAME}`,
      `https://sns.us-east-1.s3.amazonaws.com/${NAME}`,
      `https://sns-us-east-1.amazonaws.com/${NAME}`,
      `https://evil.sns.us-east-1.amazonaws.com/${NAME}`,
      `https://evilsns.us-east-1.amazonaws.com/${NAME}`,
      `https://sns.us-east-1.amazonaws.com.evil.example/${NAME}`,
      `https://sns.us-east-1.amazonaws.com.ru/${NAME}`,
      `https://sns.us-east-1.amazonawsxcom/${NAME}`,
      `https://sns.us-east-1xamazonaws.com/${NAME}`,
      `https://sns.cn-north-1.amazonaws.comxcn/${NAME}`,
      `https://sns.us-east-1.amazonaws.com@evil.example/${NAME}`,
      `https://sns.us-east-1.amazonaws.com:pw@evil.example/${NAME}`,
      `https://user@sns.us-east-1.amazonaws.com/${NAME}`,
      `https://sns.us-east-1.amazonaws.com:443/${NAME}`,
      `https://sns.us-east-1.amazonaws.com:8443/${NAME}`,
      `https://sns.us-east-1.amazonaws.com\\@evil.example/${NAME}`,
      `https://evil.example/https://sns.us-east-1.amazonaws.com/${NAME}`,
      `https://evil.example/?u=https://sns.us-east-1.amazonaws.com/${NAME}`,
      `https://evil.example#https://sns.us-east-1.amazonaws.com/${NAME}`,
      `https://sns.us-east-1.amazonaws.com/bucket/${NAME}`,
      `https://sns.us-east-1.amazonaws.com/../${NAME}`,
      `https://sns.us-east-1.amazonaws.com/${NAME}?x=1`,
      `https://sns.us-east-1.amazonaws.com/${NAME}#x`,
      `https://sns.us-east-1.amazonaws.com/${NAME}\n`,
      ` https://sns.us-east-1.amazonaws.com/${NAME}`,
      `https://sns.us-east-1.amazonaws.com/SimpleNotificationService-${HEX.slice(1)}.pem`,
      `https://sns.us-east-1.amazonaws.com/SimpleNotificationService-${HEX}.txt`,
      "https://sns.us-east-1.amazonaws.com/?Action=ConfirmSubscription",
      "https://sns.us-east-1.amazonaws.com/",
      `https://sns.us-east-1.amaz\u043enaws.com/${NAME}`,
      "https://169.254.169.254/latest/meta-data/",
      `file:///${NAME}`,
      "",
    ],
    confirmations: [
      "https://sns.us-east-1.amazonaws.com/?Action=ConfirmSubscription&TopicArn=arn:aws:sns:us-east-1:111122223333:mail&Token=2336412f37",
    ],
    notConfirmations: [
      "http://sns.us-east-1.amazonaws.com/?Action=ConfirmSubscription&Token=t",
      "https://sns.us-east-1.amazonaws.com.evil.example/?Action=ConfirmSubscription&Token=t",
      "https://sns.us-east-1.amazonaws.com@evil.example/?Action=ConfirmSubscription&Token=t",
      "https://sns.us-east-1.amazonaws.com:8443/?Action=ConfirmSubscription&Token=t",
      "https://sns.us-east-1.amazonaws.com\\@evil.example/?Action=ConfirmSubscription&Token=t",
      "https://evil.example/",
      "https://169.254.169.254/latest/meta-data/",
      "",
    ],
  },
  {
    adapter: scaleway,
    topic: "arn:scw:sns:fr-par:project-8c8bfa06:mail",
    certificates: [
      "https://messaging.s3.fr-par.scw.cloud/certs/cert-1.pem",
      "https://messaging.s3.nl-ams.scw.cloud/nl-ams/sns/sns_certificate_1.crt",
    ],
    notCertificates: [
      "http://messaging.s3.fr-par.scw.cloud/certs/cert-1.pem",
      "https://evil.s3.fr-par.scw.cloud/certs/cert-1.pem",
      "https://evil-messaging.s3.fr-par.scw.cloud/certs/cert-1.pem",
      "https://messaging.evil.s3.fr-par.scw.cloud/certs/cert-1.pem",
      "https://s3.fr-par.scw.cloud/messaging/certs/cert-1.pem",
      "https://messaging.s3.fr-par.scw.cloud.evil.example/certs/cert-1.pem",
      "https://messaging.s3.fr-par.scw.cloud@evil.example/certs/cert-1.pem",
      "https://user@messaging.s3.fr-par.scw.cloud/certs/cert-1.pem",
      "https://messaging.s3.fr-par.scw.cloud:8443/certs/cert-1.pem",
      "https://messaging.s3.fr-par.scw.cloud\\@evil.example/cert-1.pem",
      "https://messaging.s3.evil.example/fr-par.scw.cloud/cert-1.pem",
      "https://messaging.s3.fr-par.scw.cloud",
      "https://messaging.s3.fr-par.scw.cloud/",
      "https://messaging.s3.fr-par.scw.cloud/cert-1.pem?x=1",
      " https://messaging.s3.fr-par.scw.cloud/cert-1.pem",
      `https://sns.us-east-1.amazonaws.com/${NAME}`,
      "https://169.254.169.254/latest/meta-data/",
      "",
    ],
    confirmations: [
      "https://sns.mnq.fr-par.scaleway.com/?Action=ConfirmSubscription&TopicArn=arn:scw:sns:fr-par:project-8c8bfa06:mail&Token=t",
      "https://messaging.s3.fr-par.scw.cloud/subscribe?token=t",
    ],
    notConfirmations: [
      "http://sns.mnq.fr-par.scaleway.com/?Action=ConfirmSubscription&Token=t",
      "https://sns.mnq.fr-par.scaleway.com.evil.example/?Token=t",
      "https://sns.mnq.fr-par.scaleway.com@evil.example/?Token=t",
      "https://sns.us-east-1.amazonaws.com/?Action=ConfirmSubscription&Token=t",
      "https://evil.example/",
      "",
    ],
  },
];

const NOTIFICATION = { body: utf8Bytes("{}"), contentType: "text/plain" };
const subscription = (Type: string, SubscribeURL: string) => ({
  body: utf8Bytes(
    JSON.stringify({ Type, Token: "2336412f37", Message: "You have chosen to subscribe.", SubscribeURL }),
  ),
  contentType: "text/plain",
});

for (const service of SERVICES) {
  const { adapter, topic } = service;
  const services = (url: string) => Topics.create(url, `/webhooks/${adapter.id}`);

  describe(`with ${adapter.title}`, () => {
    it.each(service.certificates)("a certificate at %s is fetched and believed", async (url) => {
      const topics = await services(url);
      const request = await topics.publish(topic, NOTIFICATION);
      expect((await verifyWith({ adapter, lookups: topics.lookups }, [topics.sender(topic)], request, NOW)).ok).toBe(
        true,
      );
    });

    it("a certificate elsewhere is not even fetched, though it fits the signature", async () => {
      const topics = await services("https://evil.example/");
      const fetched: string[] = [];
      const getText = async (url: string) => {
        fetched.push(url);
        return ok(topics.certificate);
      };
      for (const SigningCertURL of service.notCertificates) {
        const request = await topics.publish(topic, NOTIFICATION, { fields: { SigningCertURL } });
        const outcome = await verifyWith({ adapter, lookups: { getText } }, [topics.sender(topic)], request, NOW);
        expect(outcome, SigningCertURL).toMatchObject({ ok: false, error: { code: "unauthenticated" } });
      }
      expect(fetched).toEqual([]);
    });

    it("a certificate that was replaced under its URL is fetched anew", async () => {
      const [old, topics] = [await services(service.certificates[0]), await services(service.certificates[0])];
      const asked: boolean[] = [];
      const getText = async (_url: string, options: { fresh?: boolean } = {}) => {
        asked.push(options.fresh === true);
        return ok(options.fresh ? topics.certificate : old.certificate);
      };
      const request = await topics.publish(topic, NOTIFICATION);
      const outcome = await verifyWith({ adapter, lookups: { getText } }, [topics.sender(topic)], request, NOW);
      expect([outcome.ok, ...asked]).toEqual([true, false, true]);
    });

    it.each(["", "no PEM", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----"])(
      "what is no certificate proves nothing: %j",
      async (pem) => {
        const topics = await services(service.certificates[0]);
        const request = await topics.publish(topic, NOTIFICATION);
        const lookups = { getText: async () => ok(pem) };
        const outcome = await verifyWith({ adapter, lookups }, [topics.sender(topic)], request, NOW);
        expect(outcome).toMatchObject({ ok: false, error: { code: "unauthenticated" } });
      },
    );

    it.each(service.confirmations)("a subscription to a topic on the list is confirmed at %s", async (url) => {
      const topics = await services(service.certificates[0]);
      const read = async (Type: string) => {
        const request = await topics.publish(topic, subscription(Type, url));
        const outcome = await verifyWith({ adapter, lookups: topics.lookups }, [topics.sender(topic)], request, NOW);
        return outcome.ok ? adapter.parse(outcome.value.request, { receivedAt: NOW }) : outcome.error;
      };
      const nothing = { type: "items", items: [{ type: "ignored" }] };
      expect(await read("SubscriptionConfirmation")).toEqual({ ...nothing, visit: url });
      // Its URL would subscribe again.
      expect(await read("UnsubscribeConfirmation")).toEqual(nothing);
    });

    it("a subscription to another topic, or with a URL elsewhere, is refused before anything is fetched", async () => {
      const topics = await services(service.certificates[0]);
      const lookups = { getText: async () => fail("unavailable" as const) };
      const [ours, theirs] = [topics.sender(topic), topics.sender(`${topic}-of-somebody-else`)];
      const [confirmation = ""] = service.confirmations;
      const requests = [
        await theirs.sign(subscription("SubscriptionConfirmation", confirmation), NOW),
        ...(await Promise.all(
          service.notConfirmations.map((url) => ours.sign(subscription("SubscriptionConfirmation", url), NOW)),
        )),
      ];
      for (const request of requests) {
        const outcome = await verifyWith({ adapter, lookups }, [ours], request, NOW);
        expect(outcome).toMatchObject({ ok: false, error: { code: "unauthenticated" } });
      }
    });
  });
}
