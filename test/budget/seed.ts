/** A journal of some length: nine deliveries to each bounce, two messages to each recipient. */
import { bindings } from "../support/worker";

/** Adds so many events behind those that there are, each with a receipt of its own. */
export async function lengthenJournal(count: number): Promise<void> {
  const numbers = `WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ${count})`;
  const last = "(SELECT coalesce(max(id), 0) FROM receipts)";
  const isBounce = "i % 10 = 0";
  await bindings.DB.batch([
    bindings.DB.prepare(
      `${numbers} INSERT INTO events (seq, id, address, provider, connection, kind, class, category, message_id, occurred_at,
         received_at, state)
       SELECT (${last} + i) * 131072, 'stored' || ${last} || '-' || i, 'stored' || (i / 2) || '@example.net', 'powermta',
         'default', CASE WHEN ${isBounce} THEN 'bounced' ELSE 'delivered' END, CASE WHEN ${isBounce} THEN 'soft' END,
         CASE WHEN ${isBounce} THEN 'full' END, 'm' || ${last} || '-' || i, ?1, ?1, CASE WHEN ${isBounce} THEN 1 ELSE 2 END
       FROM n`,
    ).bind(Date.now()),
    bindings.DB.prepare(
      `${numbers} INSERT INTO recipients (key, version, address, domain, suppressed, allowed, suppressions, soft_count,
         counting_since, answer_version, answered_at, kv_version, updated_at)
       SELECT 'stored' || i, 1, 'stored' || (i / 2) || '@example.net', 'example.net', 0, 0, '[]', 1, ?1, 0, 0, 0, ?1
       FROM n WHERE ${isBounce} ON CONFLICT (key) DO NOTHING`,
    ).bind(Date.now()),
    bindings.DB.prepare(
      `${numbers} INSERT INTO receipts (id, request_id, source, provider, connection, received_at, method, query, headers,
         body_sha256, body_bytes, status)
       SELECT ${last} + i, 'stored', 'webhook', 'powermta', 'default', ?1, 'POST', '[]', '[]', '', 0, 'recorded' FROM n`,
    ).bind(Date.now()),
  ]);
}
