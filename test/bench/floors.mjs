/**
 * Floor workers: no more than nobody can do without, each at a path of its own. They keep no promise of the product:
 * nothing is classified, counted, decided or kept for a replay, and whatever fails is an error.
 */
import { COLUMNS } from "./floor-table.mjs";

const INSERT = `
  INSERT INTO floor_events (${COLUMNS.join(", ")})
  SELECT ${COLUMNS.map((_, i) => `value->>${i}`).join(", ")} FROM json_each(?1) WHERE true ON CONFLICT (id) DO NOTHING`;
const PAGE = `
  SELECT address, suppressions, since, until, key FROM recipients WHERE suppressed = 1 AND (since, key) < (?1, ?2)
  ORDER BY since DESC, key DESC LIMIT 10000`;

/** By path. */
const ROUTES = {
  "/empty": () => new Response("ok"),
  "/kv": async (url, _request, env) => Response.json(await env.SUPPRESSIONS.get(url.searchParams.get("key"), "json")),
  "/kv/two": async (url, _request, env) => {
    const [own, domain] = url.searchParams.getAll("key");
    const values = await env.SUPPRESSIONS.get([own, domain], "json");
    return Response.json([values.get(own), values.get(domain)]);
  },
  "/d1": async (url, _request, env) => {
    const statement = env.DB.prepare("SELECT answer FROM recipients WHERE key = ?1");
    return Response.json(await statement.bind(url.searchParams.get("key")).first());
  },
  "/d1/many": async (_url, request, env) => {
    const { recipients } = await request.json();
    const statement = env.DB.prepare(
      "SELECT r.address, r.answer FROM json_each(?1) j JOIN recipients r ON r.address = j.value WHERE r.answer IS NOT NULL",
    );
    return Response.json((await statement.bind(JSON.stringify(recipients)).all()).results);
  },
  "/inboxroad": async (url, request, env) => {
    if (url.searchParams.get("token") !== env.INBOXROAD) return new Response(null, { status: 401 });
    return insert(env, [rowOfRecord(await request.json())]);
  },
  "/sendgrid": async (_url, request, env) => {
    const body = new Uint8Array(await request.arrayBuffer());
    if (!(await isSigned(request, body, env.SENDGRID))) return new Response(null, { status: 401 });
    return insert(env, JSON.parse(new TextDecoder().decode(body)).map(rowOfEvent));
  },
  "/mail": async (_url, request, env) => {
    if (request.headers.get("authorization") !== `Bearer ${env.ADMIN_TOKENS}`) {
      return new Response(null, { status: 401 });
    }
    const mail = await request.text();
    const [, id = ""] = /^Message-ID: <(.*)>/im.exec(mail) ?? [];
    const [, address = ""] = /^Final-Recipient: rfc822; *(.*)$/im.exec(mail) ?? [];
    const [, status = ""] = /^Status: (.*)$/im.exec(mail) ?? [];
    return insert(env, [
      [id, address, "email", "default", "bounced", "hard", null, id, status, null, null, 0, Date.now()],
    ]);
  },
  "/export": (_url, _request, env) => new Response(rows(env.DB).pipeThrough(new TextEncoderStream())),
};

export default {
  fetch: (request, env) => {
    const url = new URL(request.url);
    return ROUTES[url.pathname](url, request, env);
  },
};

async function insert(env, rows) {
  const { meta } = await env.DB.prepare(INSERT).bind(JSON.stringify(rows)).run();
  return Response.json({ received: rows.length, new: meta.changes });
}

function rowOfRecord(record) {
  const id = `${record["header_Message-Id"]} ${record.rcpt} ${record.type}`;
  const at = Number(record.timeLogged) * 1_000;
  const message = record["header_Message-Id"];
  return [
    ...[id, record.rcpt, "inboxroad", "default", record.type, null, null, message],
    ...[record.dsnStatus, record.dsnDiag, null, at, Date.now()],
  ];
}

function rowOfEvent(event) {
  const [message, reply] = [event.sg_message_id, event.reason ?? event.response];
  return [
    ...[event.sg_event_id, event.email, "sendgrid", "default", event.event, event.type, message, event["smtp-id"]],
    ...[event.status, reply, event.singlesend_name, event.timestamp * 1_000, Date.now()],
  ];
}

let key;

async function isSigned(request, body, spki) {
  const algorithm = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" };
  key ??= await crypto.subtle.importKey("spki", bytesOf(spki), algorithm, false, ["verify"]);
  const timestamp = new TextEncoder().encode(request.headers.get("x-twilio-email-event-webhook-timestamp"));
  const signed = new Uint8Array(timestamp.length + body.length);
  signed.set(timestamp);
  signed.set(body, timestamp.length);
  const der = bytesOf(request.headers.get("x-twilio-email-event-webhook-signature"));
  return crypto.subtle.verify(algorithm, key, rawOf(der), signed);
}

/** DER's two integers, as 32 bytes each. */
function rawOf(der) {
  const raw = new Uint8Array(64);
  const length = der[3];
  for (const [start, size, end] of [
    [4, length, 32],
    [6 + length, der[5 + length], 64],
  ]) {
    const kept = Math.min(size, 32);
    raw.set(der.subarray(start + size - kept, start + size), end - kept);
  }
  return raw;
}

function bytesOf(base64) {
  return Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
}

function rows(db) {
  let after = [Number.MAX_SAFE_INTEGER, ""];
  return new ReadableStream({
    pull: async (controller) => {
      const { results } = await db
        .prepare(PAGE)
        .bind(...after)
        .all();
      const last = results.at(-1);
      if (!last) return controller.close();
      after = [last.since, last.key];
      controller.enqueue(results.map((r) => `${r.address},${r.suppressions},${r.since},${r.until}\r\n`).join(""));
    },
  });
}
