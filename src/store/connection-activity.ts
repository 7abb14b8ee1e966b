/** When each connection was last heard from. */

export interface ConnectionActivity {
  readonly provider: string;
  readonly connection: string;
  readonly lastReceivedAt: number | null;
  readonly lastRejectedAt: number | null;
  readonly lastRejectedReason: string | null;
}

/** @param at epoch ms; an earlier time than the one on record changes nothing */
export async function noteReceived(db: D1Database, provider: string, connection: string, at: number): Promise<void> {
  await db
    .prepare(
      `INSERT INTO connection_activity (provider, connection, last_received_at) VALUES (?1, ?2, ?3)
       ON CONFLICT (provider, connection) DO UPDATE SET last_received_at = max(coalesce(last_received_at, 0), excluded.last_received_at)`,
    )
    .bind(provider, connection, at)
    .run();
}

/** @param at epoch ms @param reason for people, without any value of the request */
export async function noteRejected(
  db: D1Database,
  provider: string,
  connection: string,
  at: number,
  reason: string,
): Promise<void> {
  await db
    .prepare(
      `INSERT INTO connection_activity (provider, connection, last_rejected_at, last_rejected_reason) VALUES (?1, ?2, ?3, ?4)
       ON CONFLICT (provider, connection) DO UPDATE SET last_rejected_at = excluded.last_rejected_at,
         last_rejected_reason = excluded.last_rejected_reason`,
    )
    .bind(provider, connection, at, reason)
    .run();
}

/** Of every connection that was ever heard from. Times are epoch ms. */
export async function allActivity(db: D1Database): Promise<ConnectionActivity[]> {
  const { results } = await db
    .prepare(
      `SELECT provider, connection, last_received_at AS lastReceivedAt, last_rejected_at AS lastRejectedAt,
         last_rejected_reason AS lastRejectedReason FROM connection_activity ORDER BY provider, connection`,
    )
    .all<ConnectionActivity>();
  return results;
}

/** Events by connection and kind, for all time, out of the totals and what is still counted by hour. */
export async function countsByConnection(
  db: D1Database,
): Promise<{ connection: string; kind: string; count: number }[]> {
  const { results } = await db
    .prepare(
      `SELECT connection, kind, sum(count) AS count FROM (
         SELECT connection, kind, count FROM connection_totals UNION ALL SELECT connection, kind, count FROM hourly_stats)
       GROUP BY connection, kind`,
    )
    .all<{ connection: string; kind: string; count: number }>();
  return results;
}
