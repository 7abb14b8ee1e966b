/** Does an event cost the same, however many are stored? The same load on journals of three sizes, in turns. */
import { countOf, inTurns } from "./measure.mjs";
import { startProduct } from "./worker.mjs";

const SIZES = [10_000, 100_000, 1_000_000];
const EVENTS_PER_RECEIPT = 1_000;
const ROWS_PER_STATEMENT = 50_000;
const SEQ_PER_RECEIPT = 131_072;
const CASES = [
  { name: "deliveries", title: "batch of 1,000 deliveries", count: 4, concurrency: 1, units: 1_000 },
  { name: "inboxroad", title: "one delivery", count: 150, concurrency: 4, units: 1 },
];

/** As deliveries of SendGrid stand there: spread over the month, each to a recipient and with ids of its own. */
const FILL = `
  WITH RECURSIVE n(i) AS (SELECT CAST(?1 AS INTEGER) UNION ALL SELECT i + 1 FROM n WHERE i + 1 < ?2)
  INSERT INTO events (seq, id, address, provider, connection, kind, message_id, internet_message_id, tags, status_code,
    reply_code, diagnostic_code, occurred_at, received_at, state)
  SELECT (i / ${EVENTS_PER_RECEIPT} + 1) * ${SEQ_PER_RECEIPT} + i % ${EVENTS_PER_RECEIPT}, hex(randomblob(20)),
    'stored-' || (i * 7919 % 1000003) || '@domain-' || (i % 500) || '.example.net', 'sendgrid', 'default', 'delivered',
    hex(randomblob(11)), hex(randomblob(8)) || '@mail.example.org', '["newsletter"]', '2.0.0', '250',
    '250 2.0.0 OK 1763719200 a1-20020a', CAST(?3 AS INTEGER) + i, CAST(?3 AS INTEGER) + i, 2 FROM n`;
const FILL_RECEIPTS = `
  WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?1)
  INSERT INTO receipts (id, request_id, source, provider, connection, received_at, method, query, headers, body_sha256,
    body_bytes, status)
  SELECT i, 'stored-' || i, 'webhook', 'sendgrid', 'default', CAST(?2 AS INTEGER) + i, 'POST', '[]', '[]', '', 0, 'recorded' FROM n`;

/** @returns by case, by size: ms of CPU, rows read and rows written, for one event */
export async function measureGrowth(load, build, rounds, note) {
  const runtimes = [];
  try {
    for (const size of SIZES) {
      note(`filling a journal with ${size} events`);
      const runtime = await startProduct(build, { isMetered: true });
      runtimes.push(runtime);
      await fill(await runtime.database(), size);
    }
    const rows = [];
    for (const [i, { title, units, ...rest }] of CASES.entries()) {
      note(`${title} on each of them`);
      const sides = runtimes.map((runtime) => ({ runtime, side: "product" }));
      const measured = await inTurns(load, rest, sides, rounds, 20 + i);
      for (const [at, { cpuMs, p50 }] of measured.entries()) {
        const { rowsRead, rowsWritten } = await countOf(load, runtimes[at], rest, 25 + i);
        rows.push({
          ...{ title, size: SIZES[at], cpuMs: cpuMs / units, p50: p50 / units },
          ...{ rowsRead: rowsRead / units, rowsWritten: rowsWritten / units },
        });
      }
    }
    return rows;
  } finally {
    for (const runtime of runtimes) await runtime.stop();
  }
}

async function fill(db, size) {
  const start = Date.now() - 20 * 86_400_000;
  const statement = db.prepare(FILL);
  for (let from = 0; from < size; from += ROWS_PER_STATEMENT) {
    await statement.bind(from, Math.min(size, from + ROWS_PER_STATEMENT), start).run();
  }
  await db
    .prepare(FILL_RECEIPTS)
    .bind(size / EVENTS_PER_RECEIPT, start)
    .run();
}
