/** Tokens that are good for one set of events. */

export interface UsedToken {
  readonly provider: string;
  readonly connection: string;
  readonly token: string;
  /** Names the events that it came with. */
  readonly digest: string;
}

/** What a token was used for, or `null` when it is new. */
export async function digestOfToken(db: D1Database, used: Omit<UsedToken, "digest">): Promise<string | null> {
  return db
    .prepare("SELECT digest FROM used_tokens WHERE provider = ?1 AND connection = ?2 AND token = ?3")
    .bind(used.provider, used.connection, used.token)
    .first<string>("digest");
}

/** For the batch that records the events. Two requests with one token at the same time: the second one's batch fails as a whole. */
export function insertToken(db: D1Database, used: UsedToken, now: number): D1PreparedStatement {
  return db
    .prepare("INSERT INTO used_tokens (provider, connection, token, digest, used_at) VALUES (?1, ?2, ?3, ?4, ?5)")
    .bind(used.provider, used.connection, used.token, used.digest, now);
}

/** Did a batch fail because another request took the token at the same time? */
export function isTokenTaken(error: unknown): boolean {
  return error instanceof Error && /UNIQUE constraint failed: used_tokens/.test(error.message);
}

/** Of those that were used before a moment the oldest, so many at most. @param usedBefore epoch ms @returns how many went */
export async function pruneTokens(db: D1Database, usedBefore: number, limit: number): Promise<number> {
  const { meta } = await db
    .prepare(
      `DELETE FROM used_tokens WHERE (provider, connection, token) IN (
         SELECT provider, connection, token FROM used_tokens WHERE used_at < ?1 ORDER BY used_at LIMIT ?2)`,
    )
    .bind(usedBefore, limit)
    .run();
  return meta.changes;
}
