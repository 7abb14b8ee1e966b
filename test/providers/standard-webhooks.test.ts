import { describe, expect, it } from "vitest";
import { base64Of, bytesOfBase64, utf8Bytes } from "../../src/crypto/encoding";
import { markVerified } from "../../src/providers/adapter";
import { standardWebhooks } from "../../src/providers/standard-webhooks";
import { describeAdapter } from "./contract";
import { NOW, verifyWith } from "./contract/setup";
import { draftsOf } from "./fixtures";
import { header, post, type Sender } from "./senders";
import { signatureOf, standardContract, standardSender } from "./standard-sender";

const PATH = "/webhooks/standard-webhooks";
const credentialOf = (key: Uint8Array) => `whsec_${base64Of(key)}`;

describeAdapter({
  adapter: standardWebhooks,
  textType: "application/x-ndjson",
  ...standardContract({ path: PATH, prefix: "webhook", version: "v1,", credentialOf }),
});

/** Published with the specification's own libraries, in their tests. */
const VECTOR = {
  secret: "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
  at: 1_614_265_330_000,
  body: utf8Bytes('{"test": 2432232314}'),
  headers: {
    "webhook-id": "msg_p5jXN8AQM9LWM0D4loKWxJek",
    "webhook-timestamp": "1614265330",
    "webhook-signature": "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
  },
};

describe("the signature of Standard Webhooks", () => {
  const vector = post({ body: VECTOR.body, contentType: "application/json" }, VECTOR.headers, PATH);
  const verify = (request: typeof vector, credential = VECTOR.secret, at = VECTOR.at) => {
    const sender: Sender = { credential, sign: () => request };
    return verifyWith({ adapter: standardWebhooks }, [sender], request, at);
  };
  const withSignature = (value: string) => header("webhook-signature").replace(vector, value);

  it("is that of the published vector", async () => {
    expect((await verify(vector)).ok).toBe(true);
    expect((await verify(vector, VECTOR.secret.slice("whsec_".length))).ok).toBe(true);
    expect((await verify(vector, `whsec_${base64Of(utf8Bytes("another key"))}`)).ok).toBe(false);
  });

  it("may be one of several, in any place, while a secret is rotated", async () => {
    const other = "v1,Ceo5qEr07ixe2NLpvHk3FH9bwy/WavXrAFQ/9tdO6mc=";
    const right = VECTOR.headers["webhook-signature"];
    for (const value of [`${other} ${right}`, `${right} ${other}`, `v1a,${right.slice(3)} v2,x ${right}`]) {
      expect((await verify(withSignature(value))).ok).toBe(true);
    }
    for (const value of [other, `${other} ${right.slice(3)}`, `${`${other} `.repeat(50)}${right}`]) {
      expect((await verify(withSignature(value))).ok).toBe(false);
    }
  });

  it("counts under Svix's names too, and an id that was not signed counts for nothing", async () => {
    const key = bytesOfBase64(VECTOR.secret.slice("whsec_".length))!;
    const svix = standardSender(key, { path: PATH, prefix: "svix", version: "v1,", credentialOf });
    const request = await svix.sign({ body: VECTOR.body, contentType: "application/json" }, NOW);
    expect((await verify(request, VECTOR.secret, NOW)).ok).toBe(true);
    const headers = new Headers({ ...Object.fromEntries(request.headers), "webhook-id": "msg_other" });
    expect((await verify({ ...request, headers }, VECTOR.secret, NOW)).ok).toBe(false);
  });

  it("needs a time in whole seconds, written with digits only", async () => {
    const key = bytesOfBase64(VECTOR.secret.slice("whsec_".length))!;
    for (const timestamp of ["1614265330.0", " 1614265330", "1614265330000", "1e9", "-1614265330", "0x60378272"]) {
      const signature = `v1,${await signatureOf(key, "msg_1", timestamp, VECTOR.body)}`;
      const headers = { "webhook-id": "msg_1", "webhook-timestamp": timestamp, "webhook-signature": signature };
      const request = post({ body: VECTOR.body, contentType: "application/json" }, headers, PATH);
      expect((await verify(request)).ok).toBe(false);
    }
  });
});

it("names an event by its id, else by the call and the place in it", () => {
  const body = utf8Bytes(
    '[{"kind":"delivered","recipient":"a@example.com"},{"kind":"delivered","recipient":"b@example.com","id":"e-1"}]',
  );
  const request = post({ body, contentType: "application/json" }, { "webhook-id": "msg_1" }, PATH);
  const drafts = draftsOf(standardWebhooks.parse(markVerified(request), { receivedAt: NOW }));
  expect(drafts.map(({ identity }) => identity)).toEqual([
    ["key", "msg_1", 0],
    ["id", "e-1"],
  ]);
  expect(standardWebhooks.replayHeaders).toEqual(["webhook-id", "svix-id"]);
});
