/**
 * How providers prove themselves, one value for each way:
 *
 *   make     a development secret for `.dev.vars`, and the private key where the secret is a public one
 *   signer   what signs requests with it, or `undefined` where it cannot: a public key whose private one is elsewhere
 *
 * A signer takes `{ body, url, at }` (`at`: epoch ms of what the request tells) and gives what the proof adds to it:
 * `{ headers?, query?, body? }`. Where a token is good once, it is made from the body and from `at`, so that a request
 * that is posted again is the same request.
 */
import { createHash, createHmac, generateKeyPairSync, randomBytes, sign } from "node:crypto";
import { uuidOf } from "./random.mjs";

const token = () => randomBytes(24).toString("base64url");
const base64Key = () => randomBytes(24).toString("base64");
const hash = (algorithm, text) => createHash(algorithm).update(text).digest("hex");
const hmac = (key, text, encoding, algorithm = "sha256") => createHmac(algorithm, key).update(text).digest(encoding);
const secondsOf = (ms) => `${Math.floor(ms / 1000)}`;
const now = () => secondsOf(Date.now());
const basic = (pair) => ({ headers: { authorization: `Basic ${Buffer.from(pair).toString("base64")}` } });

/** A proof whose secret is a random word that both sides know. */
const ofWord = (signed) => ({ make: () => ({ secret: token() }), signer: (secret) => (post) => signed(secret, post) });

const CARRIERS = {
  basic: (secret) => basic(`demo:${secret}`),
  bearer: (secret) => ({ headers: { authorization: `Bearer ${secret}` } }),
  header: (secret) => ({ headers: { "x-webhook-token": secret } }),
  token: (secret) => ({ query: { token: secret } }),
  code: (secret) => ({ query: { code: secret } }),
};

/** The secret itself, carried as the provider can; the owner of the file may have written `user:password`. */
export const sharedSecret = (carrier) =>
  ofWord((secret) => (secret.includes(":") ? basic(secret) : CARRIERS[carrier](secret)));

export const userAndToken = { ...sharedSecret("basic"), make: () => ({ secret: `listmonk:${token()}` }) };

/** SMTPeter's own signature needs a key in Copernica's DNS: here only a shared secret will do. */
export const smtpeterSecret = {
  ...sharedSecret("header"),
  signer: (secret) => (secret.startsWith("environment-") ? undefined : sharedSecret("header").signer(secret)),
};

export const bodyHmac = (header) =>
  ofWord((secret, { body }) => ({ headers: { [header]: hmac(secret, body, "hex") } }));

export const lettermintSignature = ofWord((secret, { body }) => {
  const time = now();
  const signature = `t=${time},v1=${hmac(secret, `${time}.${body}`, "hex")}`;
  return { headers: { "x-lettermint-signature": signature, "x-lettermint-delivery": time } };
});

export const zeptomailSignature = ofWord((secret, { body }) => {
  const signature = encodeURIComponent(hmac(secret, body, "base64"));
  return { headers: { "producer-signature": `ts=${Date.now()};s=${signature};s-algorithm=HmacSHA256` } };
});

/** Standard Webhooks and its relatives: the key's form, the headers' names and what stands before the signature vary. */
const standard = (prefix, version, { make, keyOf }) => ({
  make: () => ({ secret: make() }),
  signer:
    (secret) =>
    ({ body }) => {
      // A call keeps its id when it is repeated; its time is that of the attempt.
      const [id, time] = [`msg_${hash("sha256", body).slice(0, 24)}`, now()];
      const signature = `${version}${hmac(keyOf(secret), `${id}.${time}.${body}`, "base64")}`;
      const headers = { id, timestamp: time, signature };
      return {
        headers: Object.fromEntries(Object.entries(headers).map(([name, value]) => [`${prefix}-${name}`, value])),
      };
    },
});
const decoded = (secret) => Buffer.from(secret.replace(/^whsec_/, ""), "base64");
const WHSEC = { make: () => `whsec_${base64Key()}`, keyOf: decoded };

export const svix = standard("svix", "v1,", WHSEC);
export const standardWebhooks = standard("webhook", "v1,", WHSEC);
export const sweegoSignature = standard("webhook", "", { make: base64Key, keyOf: decoded });
export const ahasendSignature = standard("webhook", "v1,", { make: token, keyOf: (secret) => secret });

export const mailgunSignature = ofWord((key, { body, at }) => {
  const [timestamp, once] = [secondsOf(at), hash("sha256", body).slice(0, 50)];
  const signature = { timestamp, token: once, signature: hmac(key, timestamp + once, "hex") };
  return { body: JSON.stringify({ signature, ...JSON.parse(body) }) };
});

export const mailomatSignature = ofWord((key, { body, at }) => {
  const [id, event, timestamp] = [uuidOf(body), JSON.parse(body).eventType, secondsOf(at)];
  const signature = `sha256=${hmac(key, `${id}.${event}.${timestamp}`, "hex")}`;
  const headers = { id, event, timestamp, signature };
  return {
    headers: Object.fromEntries(Object.entries(headers).map(([name, value]) => [`x-mom-webhook-${name}`, value])),
  };
});

export const mandrillSignature = ofWord((key, { body, url }) => {
  const fields = [...new URLSearchParams(body)].sort(([a], [b]) => (a < b ? -1 : 1));
  return { headers: { "x-mandrill-signature": hmac(key, url + fields.flat().join(""), "base64", "sha1") } };
});

/** The key stands in the body where its digest will. */
export const unisenderGoDigest = ofWord((key, { body }) => {
  const withKey = JSON.stringify({ auth: key, ...JSON.parse(body) });
  return { body: withKey.replace(key, hash("md5", withKey)) };
});

/** The provider's private key signs; the secret is the public one, in the provider's writing. */
function keyPair(generate, publicText, signed) {
  const make = () => {
    const { publicKey, privateKey } = generate();
    const spki = publicKey.export({ type: "spki", format: "der" });
    return { secret: publicText(spki), privateKey: privateKey.export({ type: "pkcs8", format: "pem" }) };
  };
  const signer = (publicKey, privateKeys) => {
    const key = privateKeys[publicKey];
    return key && (({ body }) => ({ headers: signed(key, Buffer.from(body)) }));
  };
  return { make, signer };
}

const base64Of = (bytes) => bytes.toString("base64");
const ED25519_KEY_BYTES = 32;

export const sendgridKey = keyPair(
  () => generateKeyPairSync("ec", { namedCurve: "P-256" }),
  base64Of,
  (key, body) => {
    const timestamp = now();
    const signature = sign("sha256", Buffer.concat([Buffer.from(timestamp), body]), key);
    return {
      "x-twilio-email-event-webhook-signature": base64Of(signature),
      "x-twilio-email-event-webhook-timestamp": timestamp,
    };
  },
);

export const postalKey = keyPair(
  () => generateKeyPairSync("rsa", { modulusLength: 2048 }),
  base64Of,
  (key, body) => ({ "x-postal-signature-256": base64Of(sign("sha256", body, key)) }),
);

export const mailpaceKey = keyPair(
  () => generateKeyPairSync("ed25519"),
  (spki) => base64Of(spki.subarray(-ED25519_KEY_BYTES)),
  (key, body) => ({ "x-mailpace-signature": base64Of(sign(null, body, key)) }),
);
