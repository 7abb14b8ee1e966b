/**
 * The guard: bursts of bounces with the same cause are noticed in the transaction that records them, and what they would do
 * is put on hold. An outage of a provider, a blocklisted server or a broken DMARC record makes good addresses look dead.
 *
 * A cause is counted twice: at one receiver, and at all receivers of a connection. It is a burst where, within a window, it
 * is that of many recipients, and of many more than usual. It is no burst
 * - where few of them were ever delivered to: a bad list is of really dead addresses;
 * - where most messages to the same domains arrive: a list that has aged bounces as much as it is large;
 * - where a connection reports no deliveries and has no history either: nothing says what is usual.
 *
 * Everything is told by the bounces' own time, so that what is sent again or replayed does not look like a burst.
 */
import { FINGERPRINT_LENGTH } from "../domain/cause";
import { DEFAULT_EFFECTS, DEFAULT_GUARD, type Policy } from "../domain/policy";
import { SEQ_PER_RECEIPT } from "./event-row";
import { THIS_RECEIPT } from "./journal";
import { domainSql } from "./statements";

const BUCKET_MS = 600_000;
const MINUTE_MS = 60_000;
const HOUR_MS = 3_600_000;
const DAY_MS = 86_400_000;
const BUCKETS_PER_DAY = DAY_MS / BUCKET_MS;
/** So far back goes what is usual: a weekly newsletter is in it. */
const USUAL_DAYS = 8;
/** A connection that reports no deliveries is known once it has reported on so many days of the last so many. */
const HISTORY_DAYS = 3;
const HISTORY_WITHIN_DAYS = 28;
/** Of an address so many events are looked at, in no order: enough to meet a delivery where there are some. */
const EVENTS_OF_ADDRESS = 20;
/** Newest events that are looked at before an incident is opened: a sample of what is going on. */
const SAMPLE_EVENTS = 5_000;

const FIRST_SEQ = `${THIS_RECEIPT} * ${SEQ_PER_RECEIPT}`;
const fingerprint = (cause: string) => `substr(${cause}, 1, ${FINGERPRINT_LENGTH})`;

/**
 * A value of the policy that holds: of the one that was applied last, read in the transaction itself, unless a deploy has
 * changed the variable since (`src/domain/effective-policy.ts`); else the variable's, which is a parameter. What the applied
 * one does not name is as usual.
 */
const inForce = (path: string, usual: string | number, variable: string) => `coalesce((
  SELECT coalesce(p.policy->>${path}, ${usual}) FROM policies p
  WHERE p.id = (SELECT max(id) FROM policies) AND p.base = ?2 AND p.policy IS NOT NULL), ${variable})`;
const EFFECT = inForce("('$.effects.' || e.class)", `'${JSON.stringify(DEFAULT_EFFECTS)}'->>e.class`, "?3->>e.class");
const IS_ON = inForce("'$.guard.enabled'", 1, "?4");
const WINDOW_MINUTES = inForce("'$.guard.window_minutes'", DEFAULT_GUARD.windowMs / MINUTE_MS, "?5");
/** In buckets. */
const WINDOW = `CAST((${WINDOW_MINUTES} * ${MINUTE_MS} + ${BUCKET_MS - 1}) / ${BUCKET_MS} AS INTEGER)`;
const MIN_RECIPIENTS = inForce("'$.guard.min_recipients'", DEFAULT_GUARD.minRecipients, "?6");
const FACTOR = inForce("'$.guard.factor'", DEFAULT_GUARD.factor, "?7");
const BOUNCED_SHARE = inForce("'$.guard.bounced_share'", DEFAULT_GUARD.bouncedShare, "?8");
const KNOWN_GOOD_SHARE = inForce("'$.guard.known_good_share'", DEFAULT_GUARD.knownGoodShare, "?9");
const NOW = "?10";

/** Those of this request that would suppress or count: others have no effect to be held. */
const BOUNCES = `
  bounces AS MATERIALIZED (
    SELECT e.seq, e.address, e.provider || '/' || e.connection AS connection, e.cause, e.occurred_at,
      e.occurred_at / ${BUCKET_MS} AS bucket
    FROM events e WHERE e.seq >= ${FIRST_SEQ} AND e.state = 0 AND e.kind = 'bounced' AND e.cause IS NOT NULL
      AND ${IS_ON} AND ${EFFECT} <> 'record')`;

/** Was anything delivered to the address before the window that ends with this bounce? */
const IS_KNOWN_GOOD = `EXISTS (
  SELECT 1 FROM (SELECT e.kind, e.occurred_at FROM events e WHERE e.address = found.address LIMIT ${EVENTS_OF_ADDRESS}) AS past
  WHERE past.kind = 'delivered' AND past.occurred_at < found.occurred_at - ${WINDOW} * ${BUCKET_MS})`;

const COUNT = `
  WITH ${BOUNCES}, known AS MATERIALIZED (SELECT found.*, ${IS_KNOWN_GOOD} AS is_good FROM bounces found)
  INSERT INTO cause_counts (day, connection, cause, bucket, recipients, known_good)
  SELECT bucket / ${BUCKETS_PER_DAY}, connection, CASE scope.value WHEN 0 THEN cause ELSE ${fingerprint("cause")} END, bucket,
    count(DISTINCT address), count(DISTINCT CASE WHEN is_good THEN address END)
  FROM known, json_each('[0,1]') scope WHERE true GROUP BY 1, 2, 3, 4
  ON CONFLICT (day, connection, cause, bucket) DO UPDATE SET
    recipients = recipients + excluded.recipients, known_good = known_good + excluded.known_good`;

/** The rows of a cause in the window that ends with a bucket, which spans two days at most. */
const inWindow = (of: string, bucket: string) => `
  c.day IN ((${bucket} - ${WINDOW} + 1) / ${BUCKETS_PER_DAY}, ${bucket} / ${BUCKETS_PER_DAY}) AND c.connection = ${of}.connection
  AND c.cause = ${of}.cause AND c.bucket > ${bucket} - ${WINDOW} AND c.bucket <= ${bucket}`;

/** The causes of this request, and what came of them in the window that ends with the newest bounce of each. */
const bursts = (key: string) => `
  touched AS MATERIALIZED (SELECT connection, ${key} AS cause, max(bucket) AS bucket FROM bounces GROUP BY 1, 2),
  bursts AS MATERIALIZED (
    SELECT t.connection, t.cause, t.bucket, min(c.bucket) AS first, sum(c.recipients) AS recipients,
      sum(c.known_good) AS known_good
    FROM touched t CROSS JOIN cause_counts c ON ${inWindow("t", "t.bucket")}
    GROUP BY t.connection, t.cause)`;

/** Does an incident go on, or did it at that time? */
const GOES_ON = `(i.ended_at IS NULL OR found.bucket <= i.ended_at / ${BUCKET_MS})`;

/** Half as many as opened it, or none for a window, and it is over. What comes late says nothing about now. */
const endSql = (key: string) => `
  WITH ${BOUNCES}, ${bursts(key)}
  UPDATE incidents SET ended_at = last_at FROM bursts found
  WHERE incidents.ended_at IS NULL AND incidents.connection = found.connection AND incidents.cause = found.cause
    AND found.bucket >= incidents.last_at / ${BUCKET_MS}
    AND (found.recipients * 2 < incidents.threshold OR found.bucket - ${WINDOW} > incidents.last_at / ${BUCKET_MS})`;

/** Of a cause at all receivers: what incidents at some of them hold already is not counted again. */
const apartFrom = (column: string) => `found.${column} - coalesce((
  SELECT sum(c.${column}) FROM incidents i CROSS JOIN cause_counts c ON ${inWindow("i", "found.bucket")}
  WHERE ${GOES_ON} AND i.connection = found.connection AND i.cause > found.cause AND i.cause < found.cause || '!'), 0)`;

/** The busiest window of the days before, those aside that were no usual ones. */
const USUAL = `coalesce((
  SELECT sum(c.recipients) FROM json_each('${JSON.stringify([...Array(USUAL_DAYS + 1).keys()])}') AS ago
  CROSS JOIN cause_counts c ON c.day = l.bucket / ${BUCKETS_PER_DAY} - ago.value AND c.connection = l.connection
    AND c.cause = l.cause AND c.bucket <= l.bucket - ${WINDOW}
  WHERE NOT EXISTS (SELECT 1 FROM incidents i WHERE i.connection = l.connection AND i.status <> 'confirmed'
    AND ${fingerprint("i.cause")} = ${fingerprint("l.cause")}
    AND c.bucket BETWEEN i.started_at / ${BUCKET_MS} AND i.last_at / ${BUCKET_MS})
  GROUP BY c.bucket / ${WINDOW} ORDER BY 1 DESC LIMIT 1), 0)`;

const REPORTS_DELIVERIES = `(
  EXISTS (SELECT 1 FROM connection_totals t WHERE t.connection = unusual.connection AND t.kind = 'delivered')
  OR EXISTS (SELECT 1 FROM hourly_stats h WHERE h.hour >= (unusual.bucket * ${BUCKET_MS} / ${HOUR_MS}) - ${USUAL_DAYS * 24}
    AND h.connection = unusual.connection AND h.kind = 'delivered'))`;

const HAS_HISTORY = `(
  SELECT count(DISTINCT s.day) FROM connection_stats s WHERE s.connection = unusual.connection
    AND s.day < unusual.bucket * ${BUCKET_MS} / ${DAY_MS} AND s.day >= unusual.bucket * ${BUCKET_MS} / ${DAY_MS} - ${HISTORY_WITHIN_DAYS}
  ) >= ${HISTORY_DAYS}`;

const sample = (key: string) => `
  sample AS MATERIALIZED (
    SELECT n.provider || '/' || n.connection AS connection, ${key.replaceAll("cause", "n.cause")} AS cause, n.kind, n.address,
      ${domainSql("n.address")} AS domain, n.occurred_at / ${BUCKET_MS} AS bucket
    FROM (SELECT * FROM events WHERE seq > 0 ORDER BY seq DESC LIMIT ${SAMPLE_EVENTS}) AS n)`;
const HITS =
  "FROM sample s WHERE s.connection = unusual.connection AND s.cause = unusual.cause AND s.bucket >= unusual.first";

/** One full mailbox that bounces again and again is no burst. */
const IS_OF_MANY = `(SELECT count(DISTINCT s.address) * 2 >= count(*) ${HITS})`;
const IS_MOST_OF_IT = `(
  SELECT count(*) >= ${BOUNCED_SHARE} * (count(*) + (SELECT count(*) FROM sample o WHERE o.connection = unusual.connection
    AND o.kind = 'delivered' AND o.bucket >= unusual.first AND o.domain IN (SELECT s.domain ${HITS}))) ${HITS})`;

/** `cause`: at one receiver; `fingerprint`: at all, unless that is one of a few that have an incident already. */
type Scope = "receiver" | "connection";
const KEYS: Readonly<Record<Scope, string>> = { receiver: "cause", connection: fingerprint("cause") };

const APART: Readonly<Record<Scope, (column: string) => string>> = {
  receiver: (column) => `found.${column}`,
  connection: apartFrom,
};

const openSql = (scope: Scope) => `
  WITH ${BOUNCES}, ${bursts(KEYS[scope])}, ${sample(KEYS[scope])},
  apart AS MATERIALIZED (
    SELECT found.connection, found.cause, found.bucket, found.first, ${APART[scope]("recipients")} AS recipients,
      ${APART[scope]("known_good")} AS known_good
    FROM bursts found WHERE found.recipients >= ${MIN_RECIPIENTS} AND NOT EXISTS (SELECT 1 FROM incidents i WHERE ${GOES_ON}
      AND i.connection = found.connection AND i.cause IN (found.cause, ${fingerprint("found.cause")}))),
  unusual AS MATERIALIZED (
    SELECT l.*, max(${MIN_RECIPIENTS}, ${USUAL} * ${FACTOR}) AS threshold FROM apart l WHERE l.recipients >= ${MIN_RECIPIENTS})
  INSERT INTO incidents (id, connection, cause, started_at, opened_at, opened_seq, last_at, heard_at, recipients, known_good,
    threshold, held, status, releases, done_seq, release_at, release_seq, released)
  SELECT 'incident-' || printf('%010d', ${THIS_RECEIPT}) || '-' || row_number() OVER (ORDER BY unusual.connection, unusual.cause)
      || '${scope === "receiver" ? "" : "-all"}',
    unusual.connection, unusual.cause, unusual.first * ${BUCKET_MS}, ${NOW}, ${FIRST_SEQ}, unusual.bucket * ${BUCKET_MS}, ${NOW}, unusual.recipients, unusual.known_good,
    CAST(unusual.threshold AS INTEGER), 0, 'open', 0, 0, unusual.first * ${BUCKET_MS}, 0, 0
  FROM unusual WHERE CASE
    WHEN unusual.recipients < unusual.threshold THEN 0
    WHEN ${REPORTS_DELIVERIES} THEN CASE WHEN unusual.known_good < ${KNOWN_GOOD_SHARE} * unusual.recipients THEN 0 ELSE ${IS_OF_MANY} AND ${IS_MOST_OF_IT} END
    WHEN ${HAS_HISTORY} THEN ${IS_OF_MANY}
    ELSE 0 END`;

/**
 * What belongs to a burst, also where it comes late: to the one at its receiver, where there are two. Until somebody has
 * decided it is held; then the decision is good for the rest of the burst: it is withdrawn at once, or it counts.
 */
const MATCHED = `
  matched AS MATERIALIZED (
    SELECT found.seq, found.occurred_at, (SELECT i.id FROM incidents i WHERE i.connection = found.connection
      AND i.cause IN (found.cause, ${fingerprint("found.cause")}) AND i.started_at <= found.occurred_at
      AND (i.ended_at IS NULL OR found.occurred_at <= i.ended_at) ORDER BY length(i.cause) DESC LIMIT 1) AS incident
    FROM bounces found)`;

const NOTE = `
  WITH ${BOUNCES}, ${MATCHED}
  UPDATE incidents SET held = held + CASE status WHEN 'confirmed' THEN 0 ELSE n.events END,
    last_at = max(incidents.last_at, n.last_at), heard_at = ${NOW}
  FROM (SELECT incident, count(*) AS events, max(occurred_at) AS last_at FROM matched WHERE incident IS NOT NULL
        GROUP BY 1) AS n WHERE incidents.id = n.incident`;

const HOLD = `
  WITH ${BOUNCES}, ${MATCHED}
  UPDATE events SET state = 2, incident_id = i.id, retracted_by = CASE i.status WHEN 'dropped' THEN i.id END
  FROM matched m JOIN incidents i ON i.id = m.incident WHERE events.seq = m.seq AND i.status <> 'confirmed'`;

const STATEMENTS: readonly string[] = [
  COUNT,
  endSql(KEYS.receiver),
  endSql(KEYS.connection),
  openSql("receiver"),
  openSql("connection"),
  NOTE,
  HOLD,
];

const PARAMETERS = /\?(\d+)/g;

/** The policy of the variable `POLICY`, and its words: what was applied holds until these change. */
export interface ConfiguredPolicy {
  readonly policy: Policy;
  readonly policyText: string;
}

/**
 * Statements that notice bursts and hold what belongs to them, for the batch that records a request: after its receipt and
 * its statistics, and before what is pending is read.
 *
 * @param now epoch ms
 */
export function holdBursts(
  db: D1Database,
  { policy, policyText }: ConfiguredPolicy,
  requestId: string,
  now: number,
): D1PreparedStatement[] {
  const { guard, effects } = policy;
  const { windowMs, minRecipients, factor, bouncedShare, knownGoodShare } = guard ?? DEFAULT_GUARD;
  const values = [requestId, policyText, JSON.stringify(effects), guard ? 1 : 0, windowMs / MINUTE_MS];
  values.push(minRecipients, factor, bouncedShare, knownGoodShare, now);
  return STATEMENTS.map((sql) => {
    const used = Math.max(...[...sql.matchAll(PARAMETERS)].map((match) => Number(match[1])));
    return db.prepare(sql).bind(...values.slice(0, used));
  });
}

/**
 * Ends what has been quiet for a window, and lets go counts that are no longer looked at, so many at most.
 *
 * @param now epoch ms
 * @returns counts that went
 */
export async function tendBursts(db: D1Database, windowMs: number, now: number, limit: number): Promise<number> {
  const results = await db.batch([
    db.prepare("UPDATE incidents SET ended_at = last_at WHERE ended_at IS NULL AND heard_at < ?1").bind(now - windowMs),
    db
      .prepare(
        `DELETE FROM cause_counts WHERE (day, connection, cause, bucket) IN (
           SELECT day, connection, cause, bucket FROM cause_counts WHERE day < ?1 LIMIT ?2)`,
      )
      .bind(Math.floor(now / DAY_MS) - USUAL_DAYS - 1, limit),
  ]);
  return results[1]?.meta.changes ?? 0;
}
