/** So many rows that a planner which knows of them has something to choose from. */

const EVENTS = 20_000;

const numbers = (count: number) => `WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ${count})`;

const STATEMENTS = [
  `${numbers(EVENTS)} INSERT INTO events (seq, id, address, provider, connection, kind, class, category, message_id, occurred_at,
     received_at, state)
   SELECT (i + 1000) * 131072, 'seeded' || i, 'r' || (i % 5000) || '@example.com', 'postmark', 'default',
     CASE WHEN i % 10 THEN 'delivered' ELSE 'bounced' END, CASE WHEN i % 10 THEN NULL ELSE 'soft' END, 'full', 'm' || i,
     i * 1000, i * 1000, CASE WHEN i % 10 THEN 2 ELSE i % 20 / 10 END FROM n`,
  `${numbers(EVENTS)} INSERT INTO receipts (id, request_id, source, provider, connection, received_at, method, query, headers,
     body_sha256, body_bytes, status, replay_of)
   SELECT i + 1000, 'seeded' || i, 'webhook', 'postmark', 'default', i * 1000, 'POST', '[]', '[]', '', 0, 'recorded',
     CASE WHEN i % 10 THEN NULL ELSE i END FROM n`,
  `${numbers(EVENTS)} INSERT INTO receipt_bodies (receipt_id, part, bytes) SELECT i + 1000, 0, x'00' FROM n`,
  `${numbers(5_000)} INSERT INTO recipients (key, version, address, domain, suppressed, allowed, suppressions, since, soft_count,
     released_at, answer, answer_version, answered_at, kv_version, updated_at)
   SELECT 'seeded' || i, 1, 'r' || i || '@example.com', 'example.com', 1, i % 5 = 0, '[]', i * 1000, 1,
     CASE WHEN i % 5 = 1 THEN i END, '{}', 1, 1, 1, 1 FROM n`,
  `${numbers(2_000)} INSERT INTO quarantine (id, receipt_id, reason, detail, created_at)
   SELECT 'seeded' || i, i + 1000, 'unreadable', '', 0 FROM n`,
  `${numbers(5_000)} INSERT INTO daily_stats (dimension, day, value, kind, class, count)
   SELECT 'domain', i % 100, 'd' || i, 'delivered', '', 1 FROM n`,
  `${numbers(2_000)} INSERT INTO audit (at, request_id, action, actor, actor_label, subject)
   SELECT i, 'r' || i, 'block', 'a' || (i % 3), 'l' || (i % 7), 's' || i FROM n`,
  `${numbers(2_000)} INSERT INTO notification_attempts (notification_id, id, at, message_id, type, subject, attempt, outcome,
     duration_ms) SELECT 'n' || (i % 3), i, i, 'm' || i, 'event.bounced', 's', 1, 'delivered', 1 FROM n`,
  `${numbers(2_000)} INSERT INTO notification_outbox (notification_id, stream, seq, message_id, type, subject, attempts,
     next_attempt_at, parked_at)
   SELECT 'n' || (i % 3), 'event', i + 1000, 'm' || i, 'event.bounced', 's' || i, 0, 0, CASE WHEN i % 2 THEN i END FROM n`,
  `${numbers(2_000)} INSERT INTO mailbox_messages (mailbox, uidl, status, attempts, noted_at)
   SELECT 'support', 'seeded' || i, 'recorded', 0, 0 FROM n`,
  `${numbers(2_000)} INSERT INTO alert_changes (seq, key, rule, subject, type, severity, opened_at, changed_at, detail)
   SELECT i + 1000, 'k' || i, 'pending', '', 'opened', 'warning', i, i, '{}' FROM n`,
];

export async function seed(db: D1Database): Promise<void> {
  for (const sql of STATEMENTS) await db.prepare(sql).run();
}
