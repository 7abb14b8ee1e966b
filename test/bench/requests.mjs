/** What is sent, made anew for every measurement: no two requests of one kind say the same. */
import { createHash, createSign } from "node:crypto";
import { strangerName, suppressedName } from "../../scripts/scale/seed.mjs";

export const CHECK_TOKEN = "check-of-the-bench";
export const ADMIN_TOKEN = "admin-of-the-bench";
export const INBOXROAD_TOKEN = "inboxroad-of-the-bench";

/** So many of the suppressed recipients are in the edge cache. */
export const CACHED = 200;
const BATCH = 1_000;
/** A thousandth each: of a batch of which 98 % were delivered. */
const BATCH_ENDS = { delivered: 980, deferred: 985, soft: 995, hard: 1_000 };
/** One below the threshold of suppression, with the warm-up among them: then others bounce. */
const BOUNCES_EACH = 4;

const check = { authorization: `Bearer ${CHECK_TOKEN}` };
const admin = { authorization: `Bearer ${ADMIN_TOKEN}` };
const sha256 = (text) => createHash("sha256").update(text).digest("hex");
const cachedName = (n) => suppressedName(n % CACHED);
const edgeKeyOf = (address) => `suppression:v1:${sha256(address)}`;
const checkPath = (address, more = "") => `/v1/check?recipient=${encodeURIComponent(address)}${more}`;

/**
 * By name: the product's request and its floor's, of a number that is never used twice.
 *
 * @type {Readonly<Record<string, { product: (n: number, key: import("node:crypto").KeyObject) => Sent, floor: (n: number, key: import("node:crypto").KeyObject) => Sent }>>}
 * @typedef {{ method?: string, path: string, headers?: Record<string, string>, body?: string }} Sent
 */
export const REQUESTS = {
  checkAndNothing: {
    product: (n) => ({ path: checkPath(cachedName(n)), headers: check }),
    floor: () => ({ path: "/empty", headers: check }),
  },
  checkHit: {
    product: (n) => ({ path: checkPath(cachedName(n)), headers: check }),
    floor: (n) => ({ path: `/kv?key=${edgeKeyOf(cachedName(n))}`, headers: check }),
  },
  checkBoth: {
    product: (n) => ({ path: checkPath(cachedName(n)), headers: check }),
    floor: (n) => ({ path: `/kv/two?key=${edgeKeyOf(cachedName(n))}&key=${edgeKeyOf("@")}`, headers: check }),
  },
  checkMiss: {
    product: (n) => ({ path: checkPath(strangerName(n % CACHED)), headers: check }),
    floor: (n) => ({ path: `/kv?key=${edgeKeyOf(strangerName(n % CACHED))}`, headers: check }),
  },
  checkStrong: {
    product: (n) => ({ path: checkPath(suppressedName(n), "&consistency=strong"), headers: check }),
    floor: (n) => ({ path: `/d1?key=${sha256(suppressedName(n))}`, headers: check }),
  },
  checkBulk: {
    product: (n) => ({ ...bulk(n), path: "/v1/check" }),
    floor: (n) => ({ ...bulk(n), path: "/d1/many" }),
  },
  inboxroad: {
    product: (n) => ({ ...record(n), path: `/webhooks/inboxroad?token=${INBOXROAD_TOKEN}` }),
    floor: (n) => ({ ...record(n), path: `/inboxroad?token=${INBOXROAD_TOKEN}` }),
  },
  sendgrid: {
    product: (n, key) => signed(batchOf(n, mixedEvent), "/webhooks/sendgrid", key),
    floor: (n, key) => signed(batchOf(n, mixedEvent), "/sendgrid", key),
  },
  deliveries: {
    product: (n, key) => signed(batchOf(n, delivered), "/webhooks/sendgrid", key),
    floor: (n, key) => signed(batchOf(n, delivered), "/sendgrid", key),
  },
  softBounces: {
    product: (n, key) => signed(softBatch(n), "/webhooks/sendgrid", key),
    floor: (n, key) => signed(softBatch(n), "/sendgrid", key),
  },
  dsn: {
    product: (n) => ({ ...mail(n), path: "/v1/messages" }),
    floor: (n) => ({ ...mail(n), path: "/mail" }),
  },
  export: {
    product: () => ({ path: "/v1/suppressions/export?format=csv", headers: admin }),
    floor: () => ({ path: "/export", headers: admin }),
  },
  // Below: counted only.
  deliveries100: { product: (n, key) => signed(batchOf(n, delivered, 100), "/webhooks/sendgrid", key) },
  oneSoft: { product: (n, key) => signed([soft(`one-soft-${n}`, `one-soft-${n}`)], "/webhooks/sendgrid", key) },
  fifthSoft: { product: (n, key) => signed([soft(`fifth-${n}`, "fifth")], "/webhooks/sendgrid", key) },
  oneHard: { product: (n, key) => signed([hard(`one-hard-${n}`)], "/webhooks/sendgrid", key) },
  hard100: {
    product: (n, key) =>
      signed(
        batchOf(n, (name) => hard(`hard-${name}`), 100),
        "/webhooks/sendgrid",
        key,
      ),
  },
};

function bulk(n) {
  const nameOf = (i) => (i % 10 ? strangerName(n * BATCH + i) : suppressedName(n * BATCH + i));
  const recipients = Array.from({ length: BATCH }, (_, i) => nameOf(i));
  return {
    method: "POST",
    headers: { ...check, "content-type": "application/json" },
    body: JSON.stringify({ recipients }),
  };
}

const nowSeconds = () => Math.floor(Date.now() / 1_000);

/** A delivery of PowerMTA, as Inboxroad posts it. */
function record(n) {
  const body = JSON.stringify({
    type: "d",
    timeLogged: `${nowSeconds()}`,
    orig: "returns@rp.example.org",
    rcpt: `reader-${n}@domain-${n % 500}.example.net`,
    dsnAction: "relayed",
    dsnStatus: "2.0.0 (success)",
    dsnDiag: "smtp;250 2.0.0 OK",
    bounceCat: "other",
    rcvSmtpUser: "acme",
    vmta: "a000",
    "header_Message-Id": `<${n}.bench@rp.example.org>`,
  });
  return { method: "POST", headers: { "content-type": "application/json" }, body };
}

function batchOf(n, eventOf, size = BATCH) {
  return Array.from({ length: size }, (_, i) => eventOf(`${n}-${i}`, i));
}

/** What all events have, under an address of their own unless said otherwise. */
function common(name, address = `reader-${name}@domain-${sha256(name).charCodeAt(0) % 50}.example.net`) {
  const id = sha256(name);
  return {
    email: address,
    timestamp: nowSeconds(),
    // SendGrid makes it of its own id where the sender sets none.
    "smtp-id": `<${id.slice(0, 22)}@mail.example.org>`,
    category: ["newsletter"],
    sg_event_id: id.slice(0, 40),
    sg_message_id: `${id.slice(0, 22)}.filterdrecv-5b6f4d8c9-xk2vq-1-6655f6d0-1a.0`,
  };
}

const delivered = (name) => ({
  ...common(name),
  event: "delivered",
  response: "250 2.0.0 OK 1763719200 a1-20020a",
  tls: 1,
});
const deferred = (name) => ({
  ...common(name),
  event: "deferred",
  response: "451 4.3.0 try again later",
  attempt: "3",
});
const hard = (name) => ({
  ...common(name),
  event: "bounce",
  type: "bounce",
  bounce_classification: "Invalid Address",
  reason: "550 5.1.1 The email account that you tried to reach does not exist",
  status: "5.1.1",
});
const soft = (name, recipient) => ({
  ...common(name, `${recipient}@domain-1.example.net`),
  event: "bounce",
  type: "blocked",
  reason: "552 5.2.2 The email account that you tried to reach is over quota",
  status: "5.2.2",
});

function mixedEvent(name, i) {
  if (i < BATCH_ENDS.delivered) return delivered(name);
  if (i < BATCH_ENDS.deferred) return deferred(name);
  return i < BATCH_ENDS.soft ? soft(name, `full-${name}`) : hard(name);
}

function softBatch(n) {
  const readers = Math.floor(n / BOUNCES_EACH);
  return batchOf(n, (name, i) => soft(`soft-${name}`, `full-${readers}-${i}`));
}

function signed(events, path, key) {
  const timestamp = `${nowSeconds()}`;
  const body = JSON.stringify(events);
  const signature = createSign("sha256").update(timestamp).update(body).sign(key, "base64");
  const headers = {
    "content-type": "application/json",
    "x-twilio-email-event-webhook-timestamp": timestamp,
    "x-twilio-email-event-webhook-signature": signature,
  };
  return { method: "POST", path, headers, body };
}

/** A report of RFC 3464 with the headers of the mail that it is about. */
function mail(n) {
  const date = new Date().toUTCString();
  const body = [
    "From: Mail Delivery System <mailer-daemon@mx.example.net>",
    "To: returns@rp.example.org",
    "Subject: Undelivered Mail Returned to Sender",
    `Date: ${date}`,
    `Message-ID: <report-${n}.bench@mx.example.net>`,
    "Auto-Submitted: auto-replied",
    "MIME-Version: 1.0",
    'Content-Type: multipart/report; report-type=delivery-status; boundary="part"',
    "",
    "--part",
    "Content-Type: text/plain; charset=utf-8",
    "",
    "This is the mail system at host mx.example.net. Your message could not be delivered.",
    "",
    "--part",
    "Content-Type: message/delivery-status",
    "",
    "Reporting-MTA: dns; mx.example.net",
    `Arrival-Date: ${date}`,
    "",
    `Final-Recipient: rfc822; gone-${n % 200}@domain-2.example.net`,
    "Action: failed",
    "Status: 5.1.1",
    "Diagnostic-Code: smtp; 550 5.1.1 user unknown",
    "",
    "--part",
    "Content-Type: text/rfc822-headers",
    "",
    `Message-ID: <sent-${n}.bench@rp.example.org>`,
    "Subject: Autumn news",
    "",
    "--part--",
    "",
  ].join("\r\n");
  return { method: "POST", headers: { ...admin, "content-type": "message/rfc822" }, body };
}
