/** Small facts about the system's own running: when the cron last ran, how far retention has looked. */

export type SystemStateName = "last_cron" | "prune_seq" | "prune_body" | "prune_receipt";

/** `null`: it was never noted. */
export async function getSystemState(db: D1Database, name: SystemStateName): Promise<number | null> {
  return db.prepare("SELECT value FROM system_state WHERE name = ?1").bind(name).first<number>("value");
}

/** @param value epoch ms, or a place in the journal, by its name */
export async function setSystemState(db: D1Database, name: SystemStateName, value: number): Promise<void> {
  await db
    .prepare(
      "INSERT INTO system_state (name, value) VALUES (?1, ?2) ON CONFLICT (name) DO UPDATE SET value = excluded.value",
    )
    .bind(name, value)
    .run();
}
