import { expect, it } from "vitest";
import { utf8Bytes } from "../../src/crypto/encoding";
import { classify } from "../../src/domain/classify";
import type { BounceClass } from "../../src/domain/event";
import { markVerified } from "../../src/providers/adapter";
import { sendgrid } from "../../src/providers/sendgrid";
import { describeAdapter } from "./contract";
import { NOW, verifyWith } from "./contract/setup";
import { draftsOf, type Payload } from "./fixtures";
import { header, post } from "./senders";
import { PATH, SIGNATURE, sendgridSender, TIMESTAMP } from "./sendgrid-sender";

const [current, previous] = [await sendgridSender(), await sendgridSender()];

describeAdapter({
  adapter: sendgrid,
  senders: [current, previous],
  proofs: [header(SIGNATURE), header(TIMESTAMP)],
  tamper: "any_byte",
  forgeries: {
    "a signature with another timestamp": async (payload, at) =>
      header(TIMESTAMP).replace(await current.sign(payload, at), "1600112502"),
    "a beginning of the body that was moved into the timestamp": async (payload, at) => {
      const request = await current.sign(payload, at);
      const timestamp = `${request.headers.get(TIMESTAMP)}${String.fromCharCode(...payload.body.slice(0, 1))}`;
      return { ...header(TIMESTAMP).replace(request, timestamp), body: payload.body.slice(1) };
    },
  },
});

/** The vector of SendGrid's own libraries. Its body ends with CR LF. */
const LIBRARY = {
  key: "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE83T4O/n84iotIvIW4mdBgQ/7dAfSmpqIM8kF9mN1flpVKS3GRqe62gw+2fNNRaINXvVpiglSI8eNEc6wEA3F+g==",
  signature: "MEUCIGHQVtGj+Y3LkG9fLcxf3qfI10QysgDWmMOVmxG0u6ZUAiEAyBiXDWzM+uOe5W0JuG+luQAbPIqHh89M15TluLtEZtM=",
  timestamp: "1600112502",
  body: '[{"email":"hello@world.com","event":"dropped","reason":"Bounced Address","sg_event_id":"ZHJvcC0xMDk5NDkxOS1MUnpYbF9OSFN0T0doUTRrb2ZTbV9BLTA","sg_message_id":"LRzXl_NHStOGhQ4kofSm_A.filterdrecv-p3mdw1-756b745b58-kmzbl-18-5F5FC76C-9.0","smtp-id":"<LRzXl_NHStOGhQ4kofSm_A@ismtpd0039p1iad1.sendgrid.net>","timestamp":1600112492}]\r\n',
};

it.each([
  ["as the dashboard shows it", LIBRARY.key],
  ["as a PEM file", `-----BEGIN PUBLIC KEY-----\n${LIBRARY.key.replace(/.{64}/g, "$&\n")}\n-----END PUBLIC KEY-----\n`],
])("agrees with SendGrid's libraries about a signature, with the key %s", async (_how, credential) => {
  const verify = (body: string, timestamp = LIBRARY.timestamp) => {
    const headers = { [SIGNATURE]: LIBRARY.signature, [TIMESTAMP]: timestamp };
    const request = post({ body: utf8Bytes(body), contentType: "application/json" }, headers, PATH);
    return verifyWith({ adapter: sendgrid }, [{ ...current, credential }], request, NOW);
  };
  expect((await verify(LIBRARY.body)).ok).toBe(true);
  expect((await verify(LIBRARY.body.trimEnd())).ok).toBe(false);
  expect((await verify(LIBRARY.body, "1600112503")).ok).toBe(false);
});

it.each(["AAAA", LIBRARY.key.slice(0, -4), LIBRARY.key.replace("MFkwEwYH", "MFkwEwYG"), "not base64!"])(
  "takes %s for no key",
  (raw) => expect(sendgrid.readCredential(raw).ok).toBe(false),
);

const payloadOf = (events: readonly unknown[]): Payload => ({
  body: utf8Bytes(JSON.stringify(events)),
  contentType: "application/json",
});

function draftOf(fields: Record<string, unknown>) {
  const event = { email: "john@example.com", event: "bounce", sg_event_id: "e-1", timestamp: 1763634600, ...fields };
  const [draft] = draftsOf(sendgrid.parse(markVerified(post(payloadOf([event]), {}, PATH)), { receivedAt: NOW }));
  if (!draft) throw new Error("no event");
  return draft;
}

/** Without a word of the receiver: of type `bounce`, of type `blocked`, and without a type. */
it.each<[string, BounceClass, BounceClass, BounceClass]>([
  ["Invalid Address", "hard", "block", "hard"],
  ["invalid address", "hard", "block", "hard"],
  ["Mailbox Unavailable", "hard", "block", "soft"],
  ["Technical", "hard", "block", "soft"],
  ["Content", "hard", "block", "block"],
  ["Reputation", "hard", "block", "block"],
  ["Frequency or Volume Too High", "hard", "block", "block"],
  ["Unclassified", "hard", "block", "hard"],
  ["Something New", "hard", "block", "hard"],
])("makes of the classification `%s` with the type bounce %s, with blocked %s, and without a type %s", (...row) => {
  const [bounce_classification, ...classes] = row;
  for (const [i, type] of ["bounce", "blocked", undefined].entries()) {
    const draft = draftOf({ type, bounce_classification });
    expect(classify(draft).class).toBe(classes[i]);
    expect(draft.hint).toBe(bounce_classification);
  }
});
