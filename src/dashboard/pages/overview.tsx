/** The first page: how it is going, what changed, and what needs a person. */
import { Hono } from "hono";
import {
  bounceRate,
  bouncesOf,
  complaintRate,
  type Overview,
  overview,
  PERIODS_DAYS,
  type PeriodDays,
  type Tally,
  type TallyOf,
} from "../../pipeline/overview";
import type { DashboardEnv } from "../env";
import { frameOf } from "../frame";
import { Chart } from "../parts/chart";
import { Page } from "../parts/layout";
import { count, Empty, percent, Time } from "../parts/words";
import { Attention } from "./attention";

const PERIOD_WORDS: Readonly<Record<PeriodDays, string>> = {
  1: "24 hours",
  7: "7 days",
  30: "30 days",
  90: "90 days",
};
const DEFAULT_DAYS: PeriodDays = 7;

/** What Gmail and Yahoo ask of senders: stay below the first, never reach the second (their sender guidelines, 2024). */
const COMPLAINT_LIMITS = { good: 0.001, bad: 0.003 } as const;
/** Above it, lists are usually stale or bought. */
const BOUNCE_LIMITS = { good: 0.02, bad: 0.05 } as const;
/** Below so many messages a rate says little. */
const MIN_SENT = 100;

export const overviewRoutes = new Hono<DashboardEnv>();

overviewRoutes.get("/dashboard", async (c) => {
  const asked = PERIODS_DAYS.find((days) => String(days) === c.req.query("days"));
  const view = await overview(c.env, asked ?? DEFAULT_DAYS);
  const frame = await frameOf(c, { title: "Overview", path: "/dashboard", hasCharts: true });
  return c.html(
    <Page frame={frame}>
      <div class="heading">
        <h1>Overview</h1>
        <nav class="tabs" aria-label="Period">
          {PERIODS_DAYS.map((days) => (
            <a href={`/dashboard?days=${days}`} aria-current={days === view.days ? "true" : undefined}>
              {PERIOD_WORDS[days]}
            </a>
          ))}
        </nav>
      </div>
      <Attention services={c.env} view={view} />
      {hasNothing(view) ? <Nothing /> : <Numbers view={view} />}
    </Page>,
  );
});

function hasNothing({ total, before, suppressed }: Overview): boolean {
  return [total, before].every((tally) => Object.values(tally).every((n) => n === 0)) && suppressed.total === 0;
}

function Nothing() {
  return (
    <div class="panel">
      <Empty title="Nothing has come in yet">
        <p>
          Connect a provider: each connection's page says which URL to paste where, and can send a test event through.
        </p>
        <p>
          <a class="button primary" href="/dashboard/connections">
            Connections
          </a>
        </p>
      </Empty>
    </div>
  );
}

function Numbers({ view }: { view: Overview }) {
  const { total, before, suppressed, series, days } = view;
  const times = series.map(({ at }) => at);
  const line = (label: string, value: (tally: Tally) => number) => ({
    label,
    values: series.map(({ tally }) => value(tally)),
  });
  const step = days === 1 ? "hour" : "day";
  return (
    <>
      <div class="tiles">
        <Tile label="Delivered" value={count(total.delivered)} note={change(total.delivered, before.delivered)} />
        <Tile label="Bounced" value={count(bouncesOf(total))} note={change(bouncesOf(total), bouncesOf(before))} />
        <Tile
          label="Bounce rate"
          value={percent(bounceRate(total))}
          note={judgement(bounceRate(total), total, BOUNCE_LIMITS)}
          tone={toneOfRate(bounceRate(total), total, BOUNCE_LIMITS)}
        />
        <Tile label="Complaints" value={count(total.complained)} note={change(total.complained, before.complained)} />
        <Tile
          label="Complaint rate"
          value={percent(complaintRate(total))}
          note={judgement(complaintRate(total), total, COMPLAINT_LIMITS)}
          tone={toneOfRate(complaintRate(total), total, COMPLAINT_LIMITS)}
        />
        <Tile label="Suppressed" value={count(suppressed.total)} note={`${count(suppressed.added)} new`} />
      </div>
      <Chart
        id="bounces"
        title="Bounces and complaints"
        step={step}
        times={times}
        series={[
          line("Auto-replies", (t) => t.autoReplies),
          line("Hard", (t) => t.hard),
          line("Soft", (t) => t.soft),
          line("Complaints", (t) => t.complained),
          line("Blocked", (t) => t.block),
          line("Undetermined", (t) => t.undetermined),
        ]}
      />
      <div class="grid">
        <Chart
          id="delivered"
          title="Delivered"
          step={step}
          times={times}
          series={[line("Delivered", (t) => t.delivered)]}
        />
        <Chart
          id="rates"
          title="Rates"
          step={step}
          times={times}
          isShare
          series={[line("Bounces, of all sent", bounceRate), line("Complaints, of delivered", complaintRate)]}
        >
          <p class="soft small">
            Gmail and Yahoo want complaints below {percent(COMPLAINT_LIMITS.good)} and never at{" "}
            {percent(COMPLAINT_LIMITS.bad)}.
          </p>
        </Chart>
      </div>
      <div class="grid">
        <Changes view={view} />
        <Comparison
          title="By provider"
          head="Provider"
          rows={view.providers}
          href={(v) => `/dashboard/events?provider=${v}`}
        />
        <Comparison
          title="By recipient's domain"
          head="Domain"
          rows={view.domains}
          href={(v) => `/dashboard/suppressions?domain=${encodeURIComponent(v)}`}
        />
        <Comparison title="By reason of the bounce" head="Reason" rows={view.reasons} bouncesOnly />
      </div>
      <p class="soft small">
        <Time at={view.since} precision="minute" /> to <Time at={view.until} precision="minute" />; changes are against
        the same time before.
      </p>
    </>
  );
}

type Limits = { readonly good: number; readonly bad: number };

function toneOfRate(rate: number, tally: Tally, limits: Limits): "good" | "warn" | "bad" | "" {
  if (tally.delivered + bouncesOf(tally) < MIN_SENT) return "";
  return rate >= limits.bad ? "bad" : rate >= limits.good ? "warn" : "good";
}

function judgement(rate: number, tally: Tally, limits: Limits): string {
  const words = {
    good: `below ${percent(limits.good)}: good`,
    warn: `above ${percent(limits.good)}: watch it`,
    bad: `at or above ${percent(limits.bad)}: act now`,
    "": "too few messages to judge",
  };
  return words[toneOfRate(rate, tally, limits)];
}

function change(now: number, before: number): string {
  if (before === 0) return now === 0 ? "as before" : "none before";
  const share = Math.round(((now - before) / before) * 100);
  return share === 0 ? "as before" : `${share > 0 ? "+" : "−"}${count(Math.abs(share))} % against before`;
}

function Tile({ label, value, note, tone = "" }: { label: string; value: string; note: string; tone?: string }) {
  return (
    <div class={`tile ${tone}`.trim()}>
      <div class="label">{label}</div>
      <div class="value">{value}</div>
      <div class="note">{note}</div>
    </div>
  );
}

interface ComparisonProps {
  readonly title: string;
  readonly head: string;
  readonly rows: readonly TallyOf[];
  readonly href?: (value: string) => string;
  readonly bouncesOnly?: boolean;
}

function Comparison({ title, head, rows, href, bouncesOnly = false }: ComparisonProps) {
  return (
    <section class="panel">
      <header>
        <h2>{title}</h2>
      </header>
      {rows.length === 0 ? (
        <p class="soft">Nothing in this time.</p>
      ) : (
        <div class="scroll">
          <table>
            <thead>
              <tr>
                <th scope="col">{head}</th>
                {bouncesOnly ? null : (
                  <th scope="col" class="num">
                    Delivered
                  </th>
                )}
                <th scope="col" class="num">
                  Bounced
                </th>
                <th scope="col" class="num">
                  {bouncesOnly ? "Before" : "Rate"}
                </th>
                {bouncesOnly ? null : (
                  <th scope="col" class="num">
                    Complaints
                  </th>
                )}
              </tr>
            </thead>
            <tbody>
              {rows.map(({ value, now, before }) => (
                <tr>
                  <th scope="row" class="wrap">
                    {href ? <a href={href(value)}>{value}</a> : value}
                  </th>
                  {bouncesOnly ? null : <td class="num">{count(now.delivered)}</td>}
                  <td class="num">{count(bouncesOf(now))}</td>
                  <td class="num">{bouncesOnly ? count(bouncesOf(before)) : percent(bounceRate(now))}</td>
                  {bouncesOnly ? null : <td class="num">{count(now.complained)}</td>}
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
    </section>
  );
}

/** The reasons, domains and providers whose bounces moved most. */
function Changes({ view }: { view: Overview }) {
  const groups = [
    ["reason", view.reasons],
    ["domain", view.domains],
    ["provider", view.providers],
  ] as const;
  const moved = groups
    .flatMap(([what, rows]) =>
      rows.map(({ value, now, before }) => ({ what, value, now: bouncesOf(now), before: bouncesOf(before) })),
    )
    .filter(({ now, before }) => Math.abs(now - before) >= 3)
    .sort((a, b) => Math.abs(b.now - b.before) - Math.abs(a.now - a.before))
    .slice(0, 8);
  return (
    <section class="panel">
      <header>
        <h2>What changed most</h2>
      </header>
      {moved.length === 0 ? (
        <p class="soft">Bounces are as they were in the time before.</p>
      ) : (
        <div class="scroll">
          <table>
            <thead>
              <tr>
                <th scope="col">Bounces by</th>
                <th scope="col" class="num">
                  Before
                </th>
                <th scope="col" class="num">
                  Now
                </th>
              </tr>
            </thead>
            <tbody>
              {moved.map(({ what, value, now, before }) => (
                <tr>
                  <th scope="row" class="wrap">
                    <span class="soft">{what}</span> {value}
                  </th>
                  <td class="num">{count(before)}</td>
                  <td class={`num ${now > before ? "up" : "down"}`}>{count(now)}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
    </section>
  );
}
