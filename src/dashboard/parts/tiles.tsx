/** Numbers of the overview at a glance, judged where there is something to judge by. */
import { bouncesOf, type Tally } from "../../pipeline/overview";
import { count, percent } from "./words";

/** A share below the first is good, from the second on it is bad. */
export interface Limits {
  readonly good: number;
  readonly bad: number;
}

/** What Gmail and Yahoo ask of senders: stay below the first, never reach the second (their sender guidelines, 2024). */
export const COMPLAINT_LIMITS: Limits = { good: 0.001, bad: 0.003 };
/** Above it, lists are usually stale or bought. */
export const BOUNCE_LIMITS: Limits = { good: 0.02, bad: 0.05 };
/** Below so many messages a rate says little. */
const MIN_SENT = 100;

type Verdict = "good" | "warn" | "bad" | "unknown";

interface TileProps {
  readonly label: string;
  readonly value: string;
  readonly note: string;
  readonly tone?: Verdict;
  readonly href?: string;
}

/** A number with its name and a word about it; `tone` judges it, `href` leads to what is behind it. */
export function Tile({ label, value, note, tone = "unknown", href }: TileProps) {
  return (
    <div class={`tile ${tone}`}>
      <div class="label">{href === undefined ? label : <a href={href}>{label}</a>}</div>
      <div class="value">{value}</div>
      <div class="note">{note}</div>
    </div>
  );
}

/** A share, with what it means. @param of what the share is of */
export function RateTile({ label, rate, of, limits }: { label: string; rate: number; of: Tally; limits: Limits }) {
  const verdict = verdictOn(rate, of, limits);
  return <Tile label={label} value={percent(rate)} note={VERDICT_WORDS[verdict](limits)} tone={verdict} />;
}

const VERDICT_WORDS: Readonly<Record<Verdict, (limits: Limits) => string>> = {
  good: ({ good }) => `Good: below ${limitWords(good)}`,
  warn: ({ good }) => `Watch: above ${limitWords(good)}`,
  bad: ({ bad }) => `Act now: ${limitWords(bad)} or more`,
  unknown: () => "Too few messages to judge",
};

/** `0.1 %`: as it is published, without digits that nobody wrote. */
export function limitWords(share: number): string {
  return `${Number((share * 100).toFixed(4))}\u00a0%`;
}

function verdictOn(rate: number, of: Tally, { good, bad }: Limits): Verdict {
  if (of.delivered + bouncesOf(of) < MIN_SENT) return "unknown";
  return rate >= bad ? "bad" : rate >= good ? "warn" : "good";
}

/** How a count stands to the one before, in words. */
export function changeWords(now: number, before: number): string {
  if (before === 0) return now === 0 ? "As before" : "None before";
  const share = Math.round(((now - before) / before) * 100);
  if (share === 0) return "As before";
  // A multiple says more than so many hundred per cent.
  if (share >= 500) return `${count(before)} before`;
  return `${share > 0 ? "+" : "−"}${Math.abs(share)} % on ${count(before)}`;
}
