import { expect, it } from "vitest";
import { utf8Bytes } from "../../src/crypto/encoding";
import { mailtrap } from "../../src/providers/mailtrap";
import { describeAdapter } from "./contract";
import { NOW, verifyWith } from "./contract/setup";
import { header, post, signedBody } from "./senders";

const PATH = "/webhooks/mailtrap";
const sender = (secret: string) => signedBody(secret, "mailtrap-signature", PATH);

describeAdapter({
  adapter: mailtrap,
  textType: "application/jsonl",
  senders: [sender("5c1e9f8b3a7d5c2e8d9a3c0e7f5b2d4a"), sender("0123456789abcdef0123456789abcdef")],
  proofs: [header("mailtrap-signature")],
  tamper: "any_byte",
  forgeries: {
    "a signature in another header": (payload) =>
      signedBody("5c1e9f8b3a7d5c2e8d9a3c0e7f5b2d4a", "x-mt-signature", PATH).sign(payload, NOW),
  },
});

/** The vector that every official SDK of Mailtrap tests with. */
const SDK = {
  secret: "8d9a3c0e7f5b2d4a6c1e9f8b3a7d5c2e",
  body: '{"event":"delivery","sending_stream":"transactional","category":"welcome","message_id":"a8b1d8f6-1f8d-4a3c-9b2e-1a2b3c4d5e6f","email":"recipient@example.com","event_id":"f1e2d3c4-b5a6-7890-1234-567890abcdef","timestamp":1716070000}',
  signature: "6d262e2611cd09be1f948382b5c611d63b0e585c4c9c5e40139d6ac3876d5433",
};

it("agrees with Mailtrap's SDKs about a signature", async () => {
  const request = post(
    { body: utf8Bytes(SDK.body), contentType: "application/json" },
    { "mailtrap-signature": SDK.signature },
    PATH,
  );
  expect((await verifyWith({ adapter: mailtrap }, [sender(SDK.secret)], request, NOW)).ok).toBe(true);
  expect((await verifyWith({ adapter: mailtrap }, [sender("f".repeat(32))], request, NOW)).ok).toBe(false);
});
