/** How it is going: what the dashboard's first page shows, out of counts and never out of a scan of the journal. */
import { pendingSummary } from "../store/pending";
import { quarantineCount } from "../store/quarantine";
import { type ComparedQuery, type ComparedRow, type StatsRow, statsBy, statsCompared } from "../store/stats";
import { type SuppressedCounts, suppressedCounts } from "../store/suppressions";
import type { Deps } from "./deps";

/** How far back the first page can look. */
export const PERIODS_DAYS = [1, 7, 30, 90] as const;
export type PeriodDays = (typeof PERIODS_DAYS)[number];

/** What is told apart in the charts. */
export interface Tally {
  readonly delivered: number;
  readonly hard: number;
  readonly soft: number;
  readonly block: number;
  readonly undetermined: number;
  readonly complained: number;
  readonly unsubscribed: number;
  readonly autoReplies: number;
  readonly deferred: number;
  readonly rejected: number;
}

export interface Overview {
  readonly days: PeriodDays;
  /** Epoch ms: of the period, its beginning and its end. */
  readonly since: number;
  readonly until: number;
  /** Each hour or day of the period; `at` is its beginning, epoch ms. */
  readonly series: readonly { readonly at: number; readonly tally: Tally }[];
  readonly total: Tally;
  readonly before: Tally;
  readonly providers: readonly ComparedRow[];
  readonly domains: readonly ComparedRow[];
  readonly reasons: readonly ComparedRow[];
  readonly suppressed: SuppressedCounts;
  readonly pending: { readonly count: number; readonly oldestAt: number | null };
  readonly quarantined: number;
}

const HOUR_MS = 3_600_000;
const DAY_MS = 86_400_000;
const HOURS_A_DAY = 24;
/** Of each comparison: those with the most, and as many of those that changed most. */
const TOP = 10;
/** More than any period has hours or days, twice. */
const MAX_STEPS = 1_000;
/** Beyond it nobody wants to know exactly how much waits. */
export const MAX_COUNTED = 1_000;

/** A count's kind and class → where it is told; `expired` is a soft bounce to whoever looks at a chart. */
const TELLS: Readonly<Record<string, keyof Tally>> = {
  delivered: "delivered",
  deferred: "deferred",
  complained: "complained",
  unsubscribed: "unsubscribed",
  rejected: "rejected",
  auto_reply: "autoReplies",
  "bounced/hard": "hard",
  "bounced/soft": "soft",
  "bounced/expired": "soft",
  "bounced/block": "block",
  "bounced/undetermined": "undetermined",
};

const NOTHING: Tally = {
  delivered: 0,
  hard: 0,
  soft: 0,
  block: 0,
  undetermined: 0,
  complained: 0,
  unsubscribed: 0,
  autoReplies: 0,
  deferred: 0,
  rejected: 0,
};

/** Of all classes; `expired` is among the soft ones. */
export function bouncesOf({ hard, soft, block, undetermined }: Tally): number {
  return hard + soft + block + undetermined;
}

/** Of what was sent, the share that bounced; 0 where nothing was. */
export function bounceRate(tally: Tally): number {
  const sent = tally.delivered + bouncesOf(tally);
  return sent ? bouncesOf(tally) / sent : 0;
}

/** Of what was delivered, the share that was reported as spam; 0 where nothing was delivered. */
export function complaintRate(tally: Tally): number {
  return tally.delivered ? tally.complained / tally.delivered : 0;
}

/**
 * Everything of a period that ends with the present day or, of 24 hours, with the present hour; and of the time before.
 *
 * Domains and reasons are counted by day only: for 24 hours theirs are those of the two days in which these hours lie,
 * against the two days before.
 */
export async function overview(deps: Pick<Deps, "db" | "now">, days: PeriodDays): Promise<Overview> {
  const { db } = deps;
  const now = deps.now();
  const step = days === 1 ? HOUR_MS : DAY_MS;
  const until = (Math.floor(now / step) + 1) * step;
  const length = days * DAY_MS;
  const since = until - length;
  const inTime = spanOf(since, until);
  const byDay = spanOf(Math.floor(since / DAY_MS) * DAY_MS, Math.ceil(until / DAY_MS) * DAY_MS);
  const [rows, providers, domains, reasons, suppressed, pending, quarantined] = await Promise.all([
    statsBy(db, { ...daysOf(inTime), by: days === 1 ? "hour" : "day", limit: MAX_STEPS }),
    statsCompared(db, { ...inTime, by: "provider", limit: TOP }),
    statsCompared(db, { ...byDay, by: "domain", limit: TOP }),
    statsCompared(db, { ...byDay, by: "reason", limit: TOP }),
    suppressedCounts(db, since, now),
    pendingSummary(db),
    quarantineCount(db, MAX_COUNTED),
  ]);
  const byStep = Map.groupBy(rows, (row) => Number(row.value));
  const within = (from: number, to: number) =>
    tallyOf(rows.filter((row) => Number(row.value) >= from && Number(row.value) < to));
  return {
    days,
    since,
    until,
    series: Array.from({ length: length / step }, (_, i) => {
      const at = since + i * step;
      return { at, tally: tallyOf(byStep.get(at) ?? []) };
    }),
    total: within(since, until),
    before: within(since - length, since),
    providers,
    domains,
    reasons,
    suppressed,
    pending,
    quarantined,
  };
}

/** A period and the one before it, in hours since 1970. */
function spanOf(since: number, until: number): Pick<ComparedQuery, "fromHour" | "splitHour" | "toHour"> {
  const [splitHour, toHour] = [since / HOUR_MS, until / HOUR_MS];
  return { fromHour: splitHour - (toHour - splitHour), splitHour, toHour };
}

/** The days in which both lie. */
function daysOf({ fromHour, toHour }: ReturnType<typeof spanOf>): { fromDay: number; toDay: number } {
  return { fromDay: Math.floor(fromHour / HOURS_A_DAY), toDay: Math.ceil(toHour / HOURS_A_DAY) };
}

function tallyOf(rows: readonly Pick<StatsRow, "kind" | "class" | "count">[]): Tally {
  const tally: Record<keyof Tally, number> = { ...NOTHING };
  for (const { kind, class: bounceClass, count } of rows) {
    const name = TELLS[bounceClass === "" ? kind : `${kind}/${bounceClass}`];
    if (name) tally[name] += count;
  }
  return tally;
}
