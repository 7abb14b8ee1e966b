/** Failed sign-ins, so that a token cannot be guessed at leisure. */

export interface SignInFailures {
  readonly failures: number;
  /** Epoch ms. */
  readonly lastAt: number;
}

/** @param client the hash of where the sign-in came from */
export async function signInFailures(db: D1Database, client: string): Promise<SignInFailures | null> {
  return db
    .prepare("SELECT failures, last_at AS lastAt FROM sign_in_failures WHERE client = ?1")
    .bind(client)
    .first<SignInFailures>();
}

/** Counts one more; those before `since` are forgotten. */
export async function noteSignInFailure(db: D1Database, client: string, now: number, since: number): Promise<void> {
  await db.batch([
    db
      .prepare(
        `INSERT INTO sign_in_failures (client, failures, last_at) VALUES (?1, 1, ?2)
         ON CONFLICT (client) DO UPDATE SET
           failures = CASE WHEN last_at < ?3 THEN 1 ELSE failures + 1 END, last_at = excluded.last_at`,
      )
      .bind(client, now, since),
    // Whoever gave up long ago leaves no row.
    db
      .prepare(
        "DELETE FROM sign_in_failures WHERE client IN (SELECT client FROM sign_in_failures WHERE last_at < ?1 LIMIT 100)",
      )
      .bind(since),
  ]);
}

export async function forgetSignInFailures(db: D1Database, client: string): Promise<void> {
  await db.prepare("DELETE FROM sign_in_failures WHERE client = ?1").bind(client).run();
}
