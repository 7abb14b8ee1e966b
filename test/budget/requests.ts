/** Requests whose cost is known. */
import type { Env } from "../../src/config";
import { utf8Bytes } from "../../src/crypto/encoding";
import { sendgridSender } from "../providers/sendgrid-sender";
import { dsn } from "../support/mails";
import { bounce, delivery, type PmtaRecord } from "../support/pmta";
import { ADMIN, CHECK, call, ORIGIN, testEnv } from "../support/worker";
import { newMeter, type Usage } from "./meter";

const SENDGRID = await sendgridSender();
const BAD_SHARE = 50;

let count = 0;
/** A message to somebody nobody has heard of. */
function newMessage() {
  count++;
  return {
    recipient: `r${count}@d${count % 10}.example.com`,
    message: `m${count}`,
    at: Math.floor(Date.now() / 1000) * 1000,
  };
}

const messages = (n: number) => Array.from({ length: n }, newMessage);

/** Sends it, waits for all that it sets off, and says what it took. */
async function costOf(request: (env: Env) => Request): Promise<Usage> {
  const meter = newMeter();
  const env = testEnv({ ...meter.bindings, WEBHOOK_SENDGRID: SENDGRID.credential });
  const response = await call(request(env), env);
  if (response.status !== 200) throw new Error(`${response.status} ${await response.text()}`);
  return meter.usage();
}

const webhook = (records: readonly PmtaRecord[]) => () =>
  new Request(`${ORIGIN}/webhooks/powermta`, {
    method: "POST",
    headers: { authorization: "Bearer powermta-secret", "content-type": "application/json" },
    body: JSON.stringify(records),
  });

const admin = (path: string, body: BodyInit, type: string) => () =>
  new Request(`${ORIGIN}${path}`, { method: "POST", headers: { ...ADMIN, "content-type": type }, body });

/** As SendGrid posts them: one in fifty bounces. */
async function signedBatch(n: number): Promise<Request> {
  const timestamp = Math.floor(Date.now() / 1000);
  const events = messages(n).map(({ recipient, message }, i) => ({
    email: recipient,
    timestamp,
    "smtp-id": `<${message}@news.example.com>`,
    sg_event_id: `e-${message}`,
    sg_message_id: `${message}.recvd-1`,
    ...(i % BAD_SHARE
      ? { event: "delivered", response: "250 OK" }
      : { event: "bounce", type: "bounce", status: "5.1.1", reason: "550 5.1.1 no such user" }),
  }));
  const payload = { body: utf8Bytes(JSON.stringify(events)), contentType: "application/json" };
  const { url, headers, body } = await SENDGRID.sign(payload, Date.now());
  return new Request(new URL(url.pathname, ORIGIN), { method: "POST", headers, body });
}

export const REQUESTS: Readonly<Record<string, () => Promise<Usage>>> = {
  "a check": () => costOf(() => new Request(`${ORIGIN}/v1/check?recipient=john%40example.com`, { headers: CHECK })),
  "a check of 1,000": () => {
    const recipients = messages(1_000).map(({ recipient }) => recipient);
    return costOf(admin("/v1/check", JSON.stringify({ recipients }), "application/json"));
  },
  "a delivery": () => costOf(webhook(messages(1).map(delivery))),
  "a soft bounce": () => costOf(webhook(messages(1).map((about) => bounce("soft", about)))),
  "a hard bounce": () => costOf(webhook(messages(1).map((about) => bounce("hard", about)))),
  "100 deliveries": () => costOf(webhook(messages(100).map(delivery))),
  "100 hard bounces": () => costOf(webhook(messages(100).map((about) => bounce("hard", about)))),
  "100 deliveries again": async () => {
    const records = messages(100).map(delivery);
    await costOf(webhook(records));
    return costOf(webhook(records));
  },
  "1,000 signed events": async () => {
    const request = await signedBatch(1_000);
    return costOf(() => request);
  },
  "a returned mail": () => {
    const { recipient, message } = newMessage();
    const mail = dsn({ recipient, status: "5.1.1" }, { message: `${message}@news.example.com` });
    return costOf(admin("/v1/messages", mail, "message/rfc822"));
  },
};
