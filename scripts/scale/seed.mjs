/** Suppressed recipients by the million, put straight into the projection: nobody waits for a million objects. */
import { createHash } from "node:crypto";

const ROWS_PER_STATEMENT = 5_000;
const STATEMENTS_PER_BATCH = 10;
/** Recipients come from this many domains. */
const DOMAINS = 5_000;
const FIRST_LISTED_MS = Date.UTC(2026, 0, 1);

export const suppressedName = (i) => `user.${i}@domain-${i % DOMAINS}.example.com`;
/** Somebody whom nobody ever heard of. */
export const strangerName = (i) => `stranger.${i}@domain-${i % DOMAINS}.example.com`;

const INSERT = `
  INSERT INTO recipients (key, version, address, domain, suppressed, allowed, suppressions, since, until, soft_count,
    counting_since, released_at, answer, answer_version, answered_at, kv_version, updated_at)
  SELECT v->>0, v->>1, v->>2, v->>3, 1, 0, v->>4, v->>1, NULL, 0, NULL, NULL, v->>5, v->>1, v->>1, v->>1, v->>1
  FROM (SELECT jsonb(value) AS v FROM json_each(?1))`;

/** @param {number} count @param {(done: number) => void} onProgress */
export async function seedRecipients(db, count, onProgress) {
  const statement = db.prepare(INSERT);
  for (let first = 0; first < count; ) {
    const batch = [];
    for (; batch.length < STATEMENTS_PER_BATCH && first < count; first += ROWS_PER_STATEMENT) {
      const length = Math.min(ROWS_PER_STATEMENT, count - first);
      batch.push(statement.bind(JSON.stringify(Array.from({ length }, (_, i) => rowOf(first + i)))));
    }
    await db.batch(batch);
    onProgress(Math.min(first, count));
  }
}

function rowOf(i) {
  const address = suppressedName(i);
  const since = FIRST_LISTED_MS + i;
  const reasons = { hard: { since, until: null } };
  const suppressions = [{ reason: "hard", since, until: null, eventId: `seed-${i}` }];
  const key = createHash("sha256").update(address).digest("hex");
  return [
    key,
    since,
    address,
    address.slice(address.indexOf("@") + 1),
    JSON.stringify(suppressions),
    JSON.stringify({ reasons }),
  ];
}
