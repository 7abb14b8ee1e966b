/** How it is going: what the dashboard's first page shows, out of counts and never out of a scan of the journal. */
import { pendingSummary } from "../store/pending";
import { quarantineCount } from "../store/quarantine";
import { type StatsRow, statsBy } from "../store/stats";
import { suppressedCounts } from "../store/suppressions";
import type { Deps } from "./deps";

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

export interface TallyOf {
  readonly value: string;
  readonly now: Tally;
  /** In the period before. */
  readonly before: Tally;
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
  readonly providers: readonly TallyOf[];
  readonly domains: readonly TallyOf[];
  readonly reasons: readonly TallyOf[];
  readonly suppressed: { readonly total: number; readonly added: number };
  readonly pending: { readonly count: number; readonly oldestAt: number | null };
  readonly quarantined: number;
}

const HOUR_MS = 3_600_000;
const DAY_MS = 86_400_000;
const TOP = 12;

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

export function emptyTally(): Tally {
  return {
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
}

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

export async function overview(deps: Pick<Deps, "db" | "now">, days: PeriodDays): Promise<Overview> {
  const { db } = deps;
  const now = deps.now();
  const isByHour = days === 1;
  const step = isByHour ? HOUR_MS : DAY_MS;
  const until = (Math.floor(now / step) + 1) * step;
  const since = until - days * DAY_MS;
  // Hours of a day lie in two days; what is outside of the period is left out below.
  const present = { fromDay: Math.floor(since / DAY_MS), toDay: Math.ceil(until / DAY_MS), limit: 10_000 };
  const past = { ...present, fromDay: present.fromDay - days, toDay: Math.floor(since / DAY_MS) };
  const ofBoth = (by: "provider" | "domain" | "reason") =>
    Promise.all([statsBy(db, { ...present, by, limit: TOP }), statsBy(db, { ...past, by, limit: 200 })]);
  const by = isByHour ? ("hour" as const) : ("day" as const);
  const [rows, earlier, providers, domains, reasons, suppressed, pending, quarantined] = await Promise.all([
    statsBy(db, { ...present, by }),
    statsBy(db, { ...present, by, fromDay: present.fromDay - days - 1 }),
    ofBoth("provider"),
    ofBoth("domain"),
    ofBoth("reason"),
    suppressedCounts(db, since, now),
    pendingSummary(db),
    quarantineCount(db),
  ]);
  const series = Array.from({ length: Math.round((until - since) / step) }, (_, i) => {
    const at = since + i * step;
    return { at, tally: tallyOf(rows.filter((row) => row.value === at)) };
  });
  const within = (from: number, to: number, all: readonly StatsRow[]) =>
    tallyOf(all.filter((row) => Number(row.value) >= from && Number(row.value) < to));
  return {
    days,
    since,
    until,
    series,
    total: within(since, until, rows),
    before: within(since - days * DAY_MS, since, earlier),
    providers: comparisons(providers),
    domains: comparisons(domains),
    reasons: comparisons(reasons),
    suppressed,
    pending,
    quarantined,
  };
}

function tallyOf(rows: readonly StatsRow[]): Tally {
  const tally: Record<keyof Tally, number> = { ...emptyTally() };
  for (const { kind, class: bounceClass, count } of rows) {
    const name = TELLS[bounceClass === "" ? kind : `${kind}/${bounceClass}`];
    if (name) tally[name] += count;
  }
  return tally;
}

function comparisons([present, past]: readonly (readonly StatsRow[])[]): TallyOf[] {
  const before = Map.groupBy(past ?? [], (row) => row.value);
  return [...Map.groupBy(present ?? [], (row) => row.value)].map(([value, rows]) => ({
    value: String(value),
    now: tallyOf(rows),
    before: tallyOf(before.get(value) ?? []),
  }));
}
