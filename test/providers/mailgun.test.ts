import { describe, expect, it } from "vitest";
import { hexOf, utf8Bytes, utf8Text } from "../../src/crypto/encoding";
import { hmac } from "../../src/crypto/hmac";
import { classify } from "../../src/domain/classify";
import { markVerified, type WebhookRequest } from "../../src/providers/adapter";
import { mailgun } from "../../src/providers/mailgun";
import { describeAdapter } from "./contract";
import { NOW, verifyWith } from "./contract/setup";
import { draftsOf, type Payload } from "./fixtures";
import { type Proof, post, type Sender } from "./senders";

const PATH = "/webhooks/mailgun";
const FORM = "application/x-www-form-urlencoded";
const TOKEN = "0123456789abcdef0123456789abcdef0123456789abcdef01";
const HOUR_MS = 3_600_000;

const textOf = (body: Uint8Array) => utf8Text(body) ?? "";
const seconds = (at: number) => String(Math.floor(at / 1000));
const signatureOf = async (key: string, timestamp: string, token: string) =>
  hexOf(await hmac("SHA-256", utf8Bytes(key), utf8Bytes(timestamp + token)));

/** Puts the proof into the body, where it belongs. A form brings its own time: it is also the event's. */
async function signed(key: string, { body, contentType }: Payload, at: number): Promise<Payload> {
  if (contentType === FORM) {
    const fields = new URLSearchParams(textOf(body));
    const timestamp = fields.getAll("timestamp").at(-1) ?? seconds(at);
    const signature = await signatureOf(key, timestamp, TOKEN);
    const proof = `token=${TOKEN}&signature=${signature}${fields.has("timestamp") ? "" : `&timestamp=${timestamp}`}`;
    return { body: utf8Bytes(`${textOf(body)}&${proof}`), contentType };
  }
  const timestamp = seconds(at);
  const signature = { timestamp, token: TOKEN, signature: await signatureOf(key, timestamp, TOKEN) };
  return { body: utf8Bytes(JSON.stringify({ ...JSON.parse(textOf(body)), signature })), contentType };
}

const sender = (key: string): Sender => ({
  credential: key,
  sign: async (payload, at) => post(await signed(key, payload, at), {}, PATH),
});

/** A field of the proof, in a body of JSON. */
const field = (name: string): Proof => ({
  name,
  replace: (request, value) => changed(request, (signature) => ({ ...signature, [name]: value ?? undefined })),
});

function changed(
  request: WebhookRequest,
  change: (signature: Record<string, unknown>) => Record<string, unknown>,
): WebhookRequest {
  const body = JSON.parse(textOf(request.body));
  return { ...request, body: utf8Bytes(JSON.stringify({ ...body, signature: change(body.signature) })) };
}

describeAdapter({
  adapter: mailgun,
  textType: FORM,
  senders: [sender("key-current"), sender("key-previous")],
  proofs: ["timestamp", "token", "signature"].map(field),
  // Nothing but the proof itself is covered.
  tamper: null,
  forgeries: {
    "a token that was changed": async (payload, at) =>
      changed(await sender("key-current").sign(payload, at), (s) => ({ ...s, token: `${s.token}0` })),
    "a digit that was moved from the token to the time": async (payload, at) => {
      const [timestamp, token] = [seconds(at), `0${TOKEN}`];
      const signature = await signatureOf("key-current", timestamp, token);
      return changed(await sender("key-current").sign(payload, at), () => ({
        timestamp: `${timestamp}0`,
        token: TOKEN,
        signature,
      }));
    },
    "a signature over the token alone": async (payload, at) => {
      const signature = await signatureOf("key-current", "", TOKEN);
      return changed(await sender("key-current").sign(payload, at), (s) => ({ ...s, signature }));
    },
  },
  // The last retry comes eight hours after the first attempt.
  window: { pastMs: 12 * HOUR_MS, futureMs: 5 * 60_000 },
});

const FAILED = {
  event: "failed",
  severity: "permanent",
  id: "e-1",
  timestamp: 1763719200.25,
  recipient: "john@example.com",
  message: { headers: { "message-id": "one@example.org" } },
};

const parse = (payload: Payload) => mailgun.parse(markVerified(post(payload, {}, PATH)), { receivedAt: NOW });
const jsonOf = (event: unknown): Payload => ({
  body: utf8Bytes(JSON.stringify({ "event-data": event })),
  contentType: "application/json",
});
const formOf = (text: string): Payload => ({ body: utf8Bytes(text), contentType: FORM });

function draftOf(payload: Payload) {
  const [draft] = draftsOf(parse(payload));
  if (!draft) throw new Error("no event");
  return draft;
}

describe("a failure", () => {
  it.each<[string, Record<string, unknown>, string]>([
    ["bounce", { reason: "bounce" }, "hard"],
    ["generic", { reason: "generic" }, "hard"],
    ["espblock", { reason: "espblock" }, "block"],
    ["espblock, whatever is quoted", { reason: "espblock", "delivery-status": { message: "5.1.1 no" } }, "block"],
    ["old", { reason: "old" }, "expired"],
    ["generic, with code 499", { reason: "generic", "delivery-status": { code: 499 } }, "expired"],
    ["bounce, of the type soft", { reason: "bounce", "delivery-status": { "bounce-type": "soft" } }, "soft"],
    ["bounce, by words", { reason: "bounce", "delivery-status": { message: "552 mailbox is full" } }, "soft"],
    ["bounce, by code", { reason: "bounce", "delivery-status": { "enhanced-code": "5.7.26" } }, "block"],
    ["of no stated severity", { severity: undefined, reason: "bounce" }, "undetermined"],
    ["by the name of what every object has", { reason: "constructor" }, "hard"],
  ])("for the reason %s has its class", (_reason, fields, expected) => {
    const draft = draftOf(jsonOf({ ...FAILED, ...fields }));
    expect([draft.kind, classify(draft).class]).toEqual(["bounced", expected]);
  });

  it.each<[string, Record<string, unknown>, string]>([
    ["suppress-bounce", { reason: "suppress-bounce" }, "bounced"],
    ["suppress-complaint", { reason: "suppress-complaint" }, "complained"],
    ["suppress-unsubscribe", { reason: "suppress-unsubscribe" }, "unsubscribed"],
    ["code 605", { "delivery-status": { code: 605 } }, "bounced"],
    ["code 606", { "delivery-status": { code: 606 } }, "unsubscribed"],
    ["code 607", { "delivery-status": { code: 607 } }, "complained"],
    ["code 625", { "delivery-status": { code: 625 } }, "policy"],
  ])("by Mailgun's own list (%s) is a refusal", (_reason, fields, category) => {
    const draft = draftOf(jsonOf({ ...FAILED, ...fields }));
    expect([draft.kind, draft.category, draft.stated]).toEqual(["rejected", category, undefined]);
  });
});

describe("a form", () => {
  it.each<[string, string, string]>([
    ["event=dropped&reason=hardfail&code=550", "bounced", "hard"],
    ["event=dropped&reason=old&code=602", "bounced", "expired"],
    ["event=dropped&reason=hardfail&code=499", "bounced", "expired"],
    ["event=bounced&code=5.2.2", "bounced", "soft"],
    ["event=bounced&code=550&error=5.1.1+User+unknown", "bounced", "hard"],
  ])("of %s is %s, %s", (text, kind, bounceClass) => {
    const draft = draftOf(formOf(`${text}&recipient=john%40example.com&timestamp=1763719200`));
    expect([draft.kind, classify(draft).class]).toEqual([kind, bounceClass]);
  });

  it("is verified by the last of its name, and read by the first of any other", async () => {
    const text = `token=mine&recipient=john%40example.com&event=unsubscribed&timestamp=1&recipient=me&event=opened`;
    const payload = await signed("key", formOf(`${text}&timestamp=${seconds(NOW)}`), NOW);
    const outcome = await verifyWith({ adapter: mailgun }, [sender("key")], post(payload, {}, PATH), NOW);
    expect(outcome).toMatchObject({ ok: true, value: { useOnce: TOKEN } });
    expect(draftOf(payload)).toMatchObject({ kind: "unsubscribed", recipient: "john@example.com", occurredAt: NOW });
  });

  it("may be in parts, with files between the fields", async () => {
    const timestamp = seconds(NOW);
    const fields = { event: "bounced", code: "550", recipient: "jürgen@example.com", timestamp, token: TOKEN };
    const data = new FormData();
    for (const [name, value] of Object.entries(fields)) data.append(name, value);
    data.append("attachment-1", new Blob([Uint8Array.of(13, 10, 45, 45, 255, 0)]), "returned.eml");
    data.append("signature", await signatureOf("key", timestamp, TOKEN));
    const encoded = new Response(data);
    const contentType = encoded.headers.get("content-type") ?? "";
    const payload = { body: new Uint8Array(await encoded.arrayBuffer()), contentType };
    const outcome = await verifyWith({ adapter: mailgun }, [sender("key")], post(payload, {}, PATH), NOW);
    expect(outcome.ok).toBe(true);
    expect(draftOf(payload)).toMatchObject({ kind: "bounced", recipient: "jürgen@example.com", occurredAt: NOW });
    for (let end = 0; end < payload.body.length - "--\r\n".length; end++) {
      expect(draftsOf(parse({ body: payload.body.slice(0, end), contentType }))).toEqual([]);
    }
  });
});

it("takes the signature of the account above a subaccount", async () => {
  const signature = { timestamp: seconds(NOW), token: TOKEN, signature: await signatureOf("key", seconds(NOW), TOKEN) };
  const foreign = { ...signature, token: "another" };
  const body = { signature: foreign, "parent-signature": signature, "event-data": FAILED };
  const request = post(jsonOf(null), {}, PATH);
  const both = { ...request, body: utf8Bytes(JSON.stringify(body)) };
  const outcome = await verifyWith({ adapter: mailgun }, [sender("key")], both, NOW);
  expect(outcome).toMatchObject({ ok: true, value: { useOnce: TOKEN } });
});

it("tells two events with one id by their time", () => {
  const later = { ...FAILED, timestamp: FAILED.timestamp + 86_400 };
  expect(draftOf(jsonOf(later)).identity).not.toEqual(draftOf(jsonOf(FAILED)).identity);
});
