/** Attempts to sign in, so that a token cannot be guessed at leisure. */

/**
 * Counts an attempt before its token is looked at, so that many at once are counted as well. Where there were as many as
 * are allowed, and the last of them is not long ago, this one is not counted: it does not get a look.
 *
 * @param client the hash of where it comes from
 * @param since epoch ms; attempts before it are forgotten
 * @returns did it count, and when was the last that did
 */
export async function countAttempt(
  db: D1Database,
  client: string,
  { now, since, limit }: { readonly now: number; readonly since: number; readonly limit: number },
): Promise<{ readonly isAllowed: boolean; readonly lastAt: number }> {
  const [counted, known] = await db.batch<{ last_at: number }>([
    db
      .prepare(
        `INSERT INTO sign_in_failures (client, failures, last_at) VALUES (?1, 1, ?2)
         ON CONFLICT (client) DO UPDATE SET
           failures = CASE WHEN last_at < ?3 THEN 1 ELSE failures + 1 END, last_at = excluded.last_at
         WHERE failures < ?4 OR last_at < ?3
         RETURNING last_at`,
      )
      .bind(client, now, since, limit),
    db.prepare("SELECT last_at FROM sign_in_failures WHERE client = ?1").bind(client),
    // Whoever gave up long ago leaves no row. Hashes are anywhere, so each attempt looks at some others.
    db
      .prepare(
        `DELETE FROM sign_in_failures WHERE client IN (SELECT client FROM
           (SELECT client, last_at FROM sign_in_failures WHERE client > ?2 ORDER BY client LIMIT 100) WHERE last_at < ?1)`,
      )
      .bind(since, client),
  ]);
  return { isAllowed: (counted?.results.length ?? 0) > 0, lastAt: known?.results[0]?.last_at ?? now };
}

/** After a token that was right. */
export async function forgetAttempts(db: D1Database, client: string): Promise<void> {
  await db.prepare("DELETE FROM sign_in_failures WHERE client = ?1").bind(client).run();
}
