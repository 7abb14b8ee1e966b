/**
 * What is sent to wear the service down: a receipt as large as they come, a thousand senders that hardly get on, a flood
 * of requests that nobody signed.
 */
import { once } from "node:events";
import http from "node:http";
import { connect, type Socket } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { bounce } from "../support/pmta";
import { ChaosRuntime, SECRETS } from "./runtime";

const MAX_BODY_BYTES = 10 * 1024 * 1024;
const RECIPIENTS = 200;
const SLOW_SENDERS = 1_000;
const SLOW_FOR_MS = 10_000;
const FLOOD = 2_000;
const FLOOD_ROUNDS = 5;
/** "Cheap to refuse": of what an empty request costs. */
const MAX_FLOOD_COST = 3;

const runtime = new ChaosRuntime();
beforeAll(() => runtime.start());
afterAll(() => runtime.dispose());

const AUTHORIZED = { authorization: `Bearer ${SECRETS.WEBHOOK_INBOXROAD}`, "content-type": "application/json" };
const at = Math.floor(Date.now() / 1_000) * 1_000 - 3_600_000;

function recordOf(i: number, label: string): string {
  return JSON.stringify(
    bounce("soft", { recipient: `${label}-${i % RECIPIENTS}@example.com`, message: `${label}-${i}`, at }),
  );
}

/** As many records as fit. */
function fullBody(): { body: string; count: number } {
  const records: string[] = [];
  let length = 2;
  for (let i = 0; ; i++) {
    const record = recordOf(i, "large");
    if (length + record.length + 1 > MAX_BODY_BYTES) return { body: `[${records.join(",")}]`, count: i };
    records.push(record);
    length += record.length + 1;
  }
}

async function countOf(fromWhere: string): Promise<number> {
  return (await runtime.rows<{ n: number }>(`SELECT count(*) AS n FROM ${fromWhere}`))[0]?.n ?? 0;
}

test("a receipt of 10 MB is recorded once, however often it comes, and one byte more is 413", async () => {
  const { body, count } = fullBody();
  const send = (text: string) =>
    fetch(`${runtime.url}/webhooks/inboxroad`, { method: "POST", headers: AUTHORIZED, body: text });
  const start = performance.now();
  const first = await send(body);
  const seconds = (performance.now() - start) / 1_000;
  expect(await first.json()).toMatchObject({ received: count, new: count, quarantined: 0 });
  expect(await (await send(body)).json()).toMatchObject({ received: count, new: 0, duplicate: count });
  // Whoever still sends when he is refused may find the connection closed before he reads why.
  const tooLarge = await announced(portOf(runtime.url), MAX_BODY_BYTES + 1);
  expect(await statusLineOf(tooLarge)).toMatch(/ 413 /);
  expect(await countOf("events")).toBe(count);
  for (let run = 0; (await countOf("events WHERE state = 0")) && run < 10; run++) await runtime.cron();
  expect(await countOf("events WHERE state = 0")).toBe(0);
  expect(await countOf("recipients WHERE suppressed = 1")).toBe(RECIPIENTS);
  console.log(`10 MB: ${count} events, acknowledged after ${seconds.toFixed(1)} s; ${runtime.megabytes()} MB`);
});

const portOf = (url: string) => Number(new URL(url).port);

/** A request of which the body is still to come. */
async function announced(port: number, bodyBytes: number): Promise<Socket> {
  const socket = connect(port, "127.0.0.1");
  await once(socket, "connect");
  const headers = Object.entries(AUTHORIZED).map(([name, value]) => `${name}: ${value}\r\n`);
  socket.write(
    `POST /webhooks/inboxroad HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\ncontent-length: ${bodyBytes}\r\n${headers.join("")}\r\n`,
  );
  return socket;
}

async function statusLineOf(socket: Socket): Promise<string> {
  const [answer] = (await once(socket, "data")) as [Buffer];
  socket.destroy();
  return answer.toString("latin1").split("\r\n")[0] ?? "";
}

/** Sends a request in so many pieces, one after the other. @returns the status line */
async function trickle(port: number, body: string, pieces: number, everyMs: number): Promise<string> {
  const socket = await announced(port, body.length);
  const length = Math.ceil(body.length / pieces);
  for (let from = 0; from < body.length; from += length) {
    await sleep(everyMs);
    socket.write(body.slice(from, from + length));
  }
  return statusLineOf(socket);
}

test(`${SLOW_SENDERS} slow senders are all heard, and nobody else waits for them`, async () => {
  const before = runtime.megabytes();
  const port = portOf(runtime.url);
  const PIECES = 20;
  const senders = Array.from({ length: SLOW_SENDERS }, (_, i) =>
    trickle(port, `[${recordOf(i, "slow")}]`, PIECES, SLOW_FOR_MS / PIECES),
  );
  const waits: number[] = [];
  for (const end = Date.now() + SLOW_FOR_MS * 0.8; Date.now() < end; await sleep(50)) {
    const start = performance.now();
    const answer = await fetch(`${runtime.url}/v1/check?recipient=fast%40example.com`, {
      headers: { authorization: `Bearer ${SECRETS.CHECK_TOKENS}` },
    });
    expect(answer.status).toBe(200);
    await answer.arrayBuffer();
    waits.push(performance.now() - start);
  }
  const during = runtime.megabytes();
  const answers = await Promise.all(senders);
  expect(answers.filter((line) => !line.includes(" 200 "))).toEqual([]);
  expect(await countOf("events WHERE address LIKE 'slow-%'")).toBe(SLOW_SENDERS);
  waits.sort((a, b) => a - b);
  const p95 = waits[Math.floor(waits.length * 0.95)] ?? 0;
  expect(p95).toBeLessThan(2_000);
  console.log(
    `${SLOW_SENDERS} slow senders: ${waits.length} checks meanwhile, p95 ${p95.toFixed(0)} ms; ${before} MB before, ${during} MB with them`,
  );
});

interface Ask {
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  readonly status: number;
}

/** @returns what so many of them cost the runtime's process, in ms for each */
async function costOf(ask: Ask): Promise<number> {
  const agent = new http.Agent({ keepAlive: true, maxSockets: 16 });
  const { hostname, port } = new URL(runtime.url);
  const to = { hostname, port, agent, path: ask.path, method: "POST" };
  let left = FLOOD;
  const send = () =>
    new Promise<void>((resolve, reject) => {
      const headers = { ...ask.headers, "content-length": Buffer.byteLength(ask.body) };
      const request = http.request({ ...to, headers }, (response) => {
        response.resume();
        response.once("end", () =>
          response.statusCode === ask.status ? resolve() : reject(new Error(`${ask.path}: ${response.statusCode}`)),
        );
      });
      request.once("error", reject);
      request.end(ask.body);
    });
  const work = async () => {
    while (left-- > 0) await send();
  };
  const before = runtime.cpuMs();
  await Promise.all(Array.from({ length: 16 }, work));
  agent.destroy();
  return (runtime.cpuMs() - before) / FLOOD;
}

const record = recordOf(0, "forged");
const signature = { timestamp: `${at / 1_000}`, token: "f".repeat(50), signature: "0".repeat(64) };
const FORGED: Readonly<Record<string, Ask>> = {
  "a wrong token": {
    path: "/webhooks/inboxroad",
    headers: { ...AUTHORIZED, authorization: "Bearer guessed" },
    body: `[${record}]`,
    status: 401,
  },
  "a wrong HMAC": {
    path: "/webhooks/mailgun",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ signature, "event-data": { event: "complained", recipient: "forged@example.com" } }),
    status: 401,
  },
  "a wrong ECDSA signature": {
    path: "/webhooks/sendgrid",
    headers: {
      "content-type": "application/json",
      "x-twilio-email-event-webhook-signature": Buffer.concat([
        Buffer.from("3044", "hex"),
        Buffer.from(`0220${"11".repeat(32)}0220${"11".repeat(32)}`, "hex"),
      ]).toString("base64"),
      "x-twilio-email-event-webhook-timestamp": `${Math.floor(Date.now() / 1_000)}`,
    },
    body: JSON.stringify([{ email: "forged@example.com", event: "bounce", timestamp: at / 1_000 }]),
    status: 401,
  },
};
/** The least that a webhook can be: it says who it is, and nothing else. */
const EMPTY: Ask = { path: "/webhooks/inboxroad", headers: AUTHORIZED, body: "[]", status: 200 };

describe("a flood of requests that nobody signed", () => {
  test.each(Object.keys(FORGED))(`with %s costs less than ${MAX_FLOOD_COST} times an empty request`, async (what) => {
    const forged = FORGED[what] as Ask;
    const stored = () =>
      Promise.all(["events", "receipts", "receipt_bodies", "quarantine", "used_tokens"].map(countOf));
    const before = await stored();
    for (const ask of [EMPTY, forged]) await costOf(ask);
    const costs: { empty: number; forged: number }[] = [];
    for (let round = 0; round < FLOOD_ROUNDS; round++) {
      costs.push({ empty: await costOf(EMPTY), forged: await costOf(forged) });
    }
    const middle = (name: "empty" | "forged") =>
      costs.map((cost) => cost[name]).sort((a, b) => a - b)[Math.floor(FLOOD_ROUNDS / 2)] ?? 0;
    console.log(`${what}: ${middle("forged").toFixed(3)} ms; an empty request: ${middle("empty").toFixed(3)} ms`);
    expect(middle("forged") / middle("empty")).toBeLessThan(MAX_FLOOD_COST);
    expect(await stored()).toEqual(before);
    expect(await countOf("connection_activity")).toBeLessThan(10);
  });
});
