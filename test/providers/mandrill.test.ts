import { describe, expect, it } from "vitest";
import { base64Of, utf8Bytes, utf8Text } from "../../src/crypto/encoding";
import { hmac } from "../../src/crypto/hmac";
import { markVerified } from "../../src/providers/adapter";
import { mandrill } from "../../src/providers/mandrill";
import { describeAdapter } from "./contract";
import { NOW, verifyWith } from "./contract/setup";
import { draftsOf, type Payload } from "./fixtures";
import { header, post, type Sender } from "./senders";

const FORM = "application/x-www-form-urlencoded";
const PATH = "/webhooks/mandrill";
/** Not what a request's URL would give: a user, the port, the order and the writing of the query. */
const REGISTERED = "https://user:pass@hooks.example.com:443/webhooks/mandrill?b=%7e&a=";

type Fields = Readonly<Record<string, string>>;

async function signatureOf(key: string, url: string, fields: Fields): Promise<string> {
  const sorted = Object.entries(fields).sort(([a], [b]) => (a < b ? -1 : 1));
  return base64Of(await hmac("SHA-1", utf8Bytes(key), utf8Bytes(url + sorted.flat().join(""))));
}

async function call(key: string, fields: Fields, url = REGISTERED, path = PATH) {
  const payload = { body: utf8Bytes(String(new URLSearchParams(fields))), contentType: FORM };
  return post(payload, { "x-mandrill-signature": await signatureOf(key, url, fields) }, path);
}

const eventsOf = ({ body }: Payload): Fields => ({ mandrill_events: utf8Text(body) ?? "" });

const sender = (key: string): Sender => ({
  credential: { key, url: REGISTERED },
  sign: (payload) => call(key, eventsOf(payload)),
});

describeAdapter({
  adapter: mandrill,
  senders: [sender("current-key"), sender("previous-key")],
  proofs: [header("x-mandrill-signature")],
  tamper: "any_byte",
  forgeries: {
    "a signature of another URL": (payload) =>
      call("current-key", eventsOf(payload), `https://hooks.example.com${PATH}`),
    "a signature of the body alone": (payload) => call("current-key", eventsOf(payload), ""),
    "events under the key of the test": (payload) => call("test-webhook", eventsOf(payload)),
    "a second field that was added": async (payload) => {
      const request = await call("current-key", eventsOf(payload));
      return { ...request, body: utf8Bytes(`${utf8Text(request.body)}&more=1`) };
    },
  },
});

const verify = (request: Parameters<typeof mandrill.verify>[0], credential: Sender["credential"]) =>
  verifyWith({ adapter: mandrill }, [{ credential, sign: () => request }], request, NOW);

describe("Mandrill's webhook", () => {
  it("is probed with HEAD, without a proof", () => {
    const request = post({ body: new Uint8Array(), contentType: FORM }, {}, PATH);
    expect(mandrill.probe?.({ ...request, method: "HEAD" }, [])).toEqual({ status: 200 });
    expect(mandrill.probe?.({ ...request, method: "GET" }, [])).toBeNull();
    expect(mandrill.probe?.(request, [])).toBeNull();
  });

  it("is tested with a call that brings nothing, under a public key", async () => {
    const request = await call("test-webhook", { mandrill_events: "[]" });
    expect((await verify(request, { key: "ours", url: REGISTERED })).ok).toBe(true);
    expect(mandrill.parse(markVerified(request), { receivedAt: NOW })).toEqual({ type: "items", items: [] });
    const elsewhere = await call("test-webhook", { mandrill_events: "[]" }, "https://elsewhere.example.com/");
    expect((await verify(elsewhere, { key: "ours", url: REGISTERED })).ok).toBe(false);
    const padded = await call("test-webhook", { mandrill_events: "[ ]" });
    expect((await verify(padded, { key: "ours", url: REGISTERED })).ok).toBe(false);
  });

  it("is verified over the URL that was called where none is registered with us", async () => {
    const url = `https://hooks.example.com${PATH}?from=mandrill`;
    const request = await call("key", { mandrill_events: "[]", extra: "1" }, url, `${PATH}?from=mandrill`);
    expect((await verify(request, "key")).ok).toBe(true);
    expect((await verify(request, { key: "key" })).ok).toBe(true);
    expect((await verify({ ...request, url: new URL(`https://hooks.example.com${PATH}`) }, "key")).ok).toBe(false);
  });

  it.each([
    ["no key", { url: REGISTERED }],
    ["a URL that is none", { key: "key", url: "hooks.example.com/webhooks/mandrill" }],
    ["a URL of another kind", { key: "key", url: "mailto:john@example.com" }],
    ["a field that is misspelt", { key: "key", uri: REGISTERED }],
  ])("does not take credentials with %s", (_what, raw) => expect(mandrill.readCredential(raw).ok).toBe(false));
});

it.each<[string | object | undefined, string]>([
  [{ reason: "hard-bounce" }, "bounced"],
  [{ reason: "spam" }, "complained"],
  [{ reason: "unsub" }, "unsubscribed"],
  ["invalid", "invalid"],
  [{ reason: "soft-bounce" }, "policy"],
  [{ reason: "custom" }, "policy"],
  [{ reason: "rule" }, "policy"],
  [{ reason: "invalid-sender" }, "policy"],
  [{ reason: "constructor" }, "policy"],
  [undefined, "policy"],
])("takes the rejection %j for %s", async (reject, category) => {
  const event = { event: "reject", ts: 1763719200, msg: { email: "john@example.com", reject } };
  const request = await call("key", { mandrill_events: JSON.stringify([event]) });
  const [draft] = draftsOf(mandrill.parse(markVerified(request), { receivedAt: NOW }));
  expect(draft).toMatchObject({ kind: "rejected", category });
});
