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
} from "../../pipeline/overview";
import { MAX_ADDED } from "../../store/suppressions";
import type { DashboardEnv } from "../env";
import { frameOf, upTo } from "../frame";
import { Chart, type Colour } from "../parts/chart";
import { Changes, Comparison, OF_BOUNCES, OF_SENDING } from "../parts/comparison";
import { Page } from "../parts/layout";
import { BOUNCE_LIMITS, COMPLAINT_LIMITS, changeWords, limitWords, RateTile, Tile } from "../parts/tiles";
import { count, Empty, reasonWords, Time } from "../parts/words";
import { Attention } from "./attention";

const PERIOD_WORDS: Readonly<Record<PeriodDays, string>> = {
  1: "24 hours",
  7: "7 days",
  30: "30 days",
  90: "90 days",
};
const DEFAULT_DAYS: PeriodDays = 7;

export const overviewRoutes = new Hono<DashboardEnv>();

overviewRoutes.get("/dashboard", async (c) => {
  const asked = PERIODS_DAYS.find((days) => String(days) === c.req.query("days"));
  const view = await overview(c.env, asked ?? DEFAULT_DAYS);
  const frame = await frameOf(c, { title: "Overview", path: "/dashboard" });
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
            Connect a provider
          </a>{" "}
          <a class="button" href="/dashboard/import">
            Import a suppression list
          </a>
        </p>
      </Empty>
    </div>
  );
}

function Numbers({ view }: { view: Overview }) {
  const { total, before, suppressed, days } = view;
  return (
    <>
      <div class="tiles">
        <Tile label="Delivered" value={count(total.delivered)} note={changeWords(total.delivered, before.delivered)} />
        <Tile
          label="Bounced"
          value={count(bouncesOf(total))}
          note={changeWords(bouncesOf(total), bouncesOf(before))}
          href="/dashboard/events?kind=bounced"
        />
        <RateTile label="Bounce rate" rate={bounceRate(total)} of={total} limits={BOUNCE_LIMITS} />
        <Tile
          label="Complaints"
          value={count(total.complained)}
          note={changeWords(total.complained, before.complained)}
          href="/dashboard/events?kind=complained"
        />
        <RateTile label="Complaint rate" rate={complaintRate(total)} of={total} limits={COMPLAINT_LIMITS} />
        <Tile
          label="Suppressed"
          value={count(suppressed.total)}
          note={`${upTo(suppressed.added, MAX_ADDED)} new`}
          href="/dashboard/suppressions"
        />
      </div>
      <Charts view={view} />
      <Tables view={view} />
      <p class="soft small">
        From <Time at={view.since} precision="minute" /> to <Time at={view.until} precision="minute" />, which includes
        the {days === 1 ? "hour" : "day"} that has begun; against as much time before.
      </p>
    </>
  );
}

function Charts({ view }: { view: Overview }) {
  const { series, days } = view;
  const line = (label: string, colour: Colour, value: (tally: Tally) => number | null) => ({
    label,
    colour,
    values: series.map(({ tally }) => value(tally)),
  });
  const common = { step: days === 1 ? ("hour" as const) : ("day" as const), times: series.map(({ at }) => at) };
  return (
    <div class="charts">
      <Chart
        {...common}
        id="bounces"
        title="Bounces by class"
        series={[
          line("Hard", "hard", (t) => t.hard),
          line("Soft", "soft", (t) => t.soft),
          line("Blocked", "block", (t) => t.block),
          line("Undetermined", "undetermined", (t) => t.undetermined),
        ]}
      />
      <Chart
        {...common}
        id="delivered"
        title="Delivered"
        series={[line("Delivered", "delivered", (t) => t.delivered)]}
      />
      <Chart
        {...common}
        id="bounce-rate"
        title="Bounce rate"
        series={[line("Of all sent", "hard", (t) => (t.delivered + bouncesOf(t) ? bounceRate(t) : null))]}
        isShare
        limits={[BOUNCE_LIMITS.bad]}
      />
      <Chart
        {...common}
        id="complaint-rate"
        title="Complaint rate"
        series={[line("Of delivered", "complaint", (t) => (t.delivered ? complaintRate(t) : null))]}
        isShare
        limits={[COMPLAINT_LIMITS.good, COMPLAINT_LIMITS.bad]}
      >
        <p class="soft small">
          Gmail and Yahoo want it below {limitWords(COMPLAINT_LIMITS.good)}, and never at{" "}
          {limitWords(COMPLAINT_LIMITS.bad)}.
        </p>
      </Chart>
      <Chart
        {...common}
        id="reactions"
        title="What recipients answered"
        series={[
          line("Complaints", "complaint", (t) => t.complained),
          line("Unsubscribed", "opt-out", (t) => t.unsubscribed),
          line("Auto-replies", "reply", (t) => t.autoReplies),
        ]}
      />
    </div>
  );
}

function Tables({ view }: { view: Overview }) {
  const note = view.days === 1 ? "yesterday and today, UTC" : undefined;
  return (
    <div class="grid">
      <Changes view={view} />
      <Comparison
        title="By reason of the bounce"
        head="Reason"
        rows={view.reasons}
        columns={OF_BOUNCES}
        words={reasonWords}
        note={note}
      />
      <Comparison
        title="By provider"
        head="Provider"
        rows={view.providers}
        columns={OF_SENDING}
        href={(provider) => `/dashboard/events?provider=${encodeURIComponent(provider)}`}
      />
      <Comparison
        title="By recipient's domain"
        head="Domain"
        rows={view.domains}
        columns={OF_SENDING}
        href={(domain) => `/dashboard/suppressions?domain=${encodeURIComponent(domain)}`}
        note={note}
      />
    </div>
  );
}
