import { expect, it } from "vitest";
import { hexOf, utf8Bytes } from "../../src/crypto/encoding";
import { hmac } from "../../src/crypto/hmac";
import { mailomat } from "../../src/providers/mailomat";
import { describeAdapter } from "./contract";
import { NOW, verifyWith } from "./contract/setup";
import type { Payload } from "./fixtures";
import { header, post, type Sender } from "./senders";

const PATH = "/webhooks/mailomat";
const DAY_MS = 86_400_000;
const CALL_ID = "0b1c7a52-0000-4000-8000-00000000000a";

const eventIn = ({ body }: Payload): string => JSON.parse(new TextDecoder().decode(body)).eventType;

function call(payload: Payload, headers: { id?: string; event: string; timestamp: string; signature: string }) {
  const named = Object.entries({ id: CALL_ID, ...headers }).map(([name, value]) => [`x-mom-webhook-${name}`, value]);
  return post(payload, Object.fromEntries(named), PATH);
}

async function signed(
  key: string,
  payload: Payload,
  at: number,
  hash: "SHA-1" | "SHA-256" = "SHA-256",
  word = "sha256",
) {
  const [event, timestamp] = [eventIn(payload), String(at / 1000)];
  const mac = await hmac(hash, utf8Bytes(key), utf8Bytes(`${CALL_ID}.${event}.${timestamp}`));
  return call(payload, { event, timestamp, signature: `${word}=${hexOf(mac)}` });
}

const sender = (key: string): Sender => ({ credential: key, sign: (payload, at) => signed(key, payload, at) });

describeAdapter({
  adapter: mailomat,
  senders: [sender("first-key"), sender("second-key")],
  proofs: ["id", "event", "timestamp", "signature"].map((name) => header(`x-mom-webhook-${name}`)),
  // The body is not signed: all that can be told is that it is of another event.
  tamper: (body) => utf8Bytes(new TextDecoder().decode(body).replace(/("eventType": )"\w+"/, '$1"altered"')),
  forgeries: {
    "a weaker hash": (payload, at) => signed("first-key", payload, at, "SHA-1", "sha1"),
    "a weaker hash by the right name": (payload, at) => signed("first-key", payload, at, "SHA-1"),
    "the right hash by another name": (payload, at) => signed("first-key", payload, at, "SHA-256", "sha512"),
    "a body that cannot be read": async (payload, at) => ({
      ...(await signed("first-key", payload, at)),
      body: utf8Bytes("{"),
    }),
  },
  window: { pastMs: 2 * DAY_MS, futureMs: 5 * 60_000 },
});

it("takes a genuine signature, that of Symfony's tests", async () => {
  const payload = { body: utf8Bytes('{"id":"1","eventType":"delivered"}'), contentType: "application/json" };
  const request = call(payload, {
    id: "1d958822-0934-4c6a-abc8-5defec4baa64",
    event: "delivered",
    timestamp: "1718004211",
    signature: "sha256=1a1e3be272212aefe668db51231f54ba66759d6d4b9c5e03d4aa6825f8eb157c",
  });
  const theirs = sender("NgD3IyUA0oLfkM5IyL8tdMNJeIYeBXOpAcnulN1du1aqh3jFbo766lKdJvMePUy5");
  expect((await verifyWith({ adapter: mailomat }, [theirs], request, 1718004211_000)).ok).toBe(true);
  expect((await verifyWith({ adapter: mailomat }, [sender("x")], request, 1718004211_000)).ok).toBe(false);
});

it("makes what was signed good once", async () => {
  const payload = { body: utf8Bytes('{"eventType":"delivered"}'), contentType: "application/json" };
  const outcome = await verifyWith({ adapter: mailomat }, [sender("k")], await signed("k", payload, NOW), NOW);
  expect(outcome.ok && outcome.value.useOnce).toBe(`${CALL_ID}.delivered.${NOW / 1000}`);
});
