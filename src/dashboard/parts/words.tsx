/** Small things that pages say: times, kinds, classes, reasons, and that there is nothing yet. */
import type { Child } from "hono/jsx";
import type { BounceClass, EventKind, Reason } from "../../domain/event";
import { once } from "../../domain/once";

type Tone = "good" | "bad" | "warn" | "info" | "plain";

/**
 * A moment. Shown in UTC, and by script in the reader's own zone with UTC on hover.
 *
 * @param at epoch ms
 */
export function Time({ at, precision = "second" }: { at: number; precision?: "second" | "minute" | "day" }) {
  const iso = new Date(at).toISOString();
  const shown = precision === "day" ? iso.slice(0, 10) : `${iso.slice(0, 16).replace("T", " ")} UTC`;
  return (
    <time datetime={iso} data-precision={precision} class="when">
      {shown}
    </time>
  );
}

const KINDS: Readonly<Record<EventKind, readonly [string, Tone]>> = {
  delivered: ["delivered", "good"],
  deferred: ["deferred", "plain"],
  bounced: ["bounced", "bad"],
  complained: ["complaint", "bad"],
  unsubscribed: ["unsubscribed", "warn"],
  rejected: ["rejected", "warn"],
  auto_reply: ["auto-reply", "plain"],
  manual_block: ["blocked by hand", "bad"],
  manual_release: ["released by hand", "good"],
  manual_allow: ["allowed by hand", "info"],
  manual_disallow: ["off the allow-list", "plain"],
};

const CLASSES: Readonly<Record<BounceClass, readonly [string, Tone]>> = {
  hard: ["hard bounce", "bad"],
  soft: ["soft bounce", "warn"],
  expired: ["expired", "warn"],
  block: ["blocked", "info"],
  undetermined: ["undetermined", "plain"],
};

/** Why somebody is suppressed. */
export const REASON_WORDS: Readonly<Record<Reason, string>> = {
  hard: "hard bounce",
  soft: "soft bounces",
  complaint: "complaint",
  unsubscribe: "unsubscribed",
  manual: "blocked by hand",
  domain: "domain blocked",
};

/** A word on a coloured ground; the colour never says anything that the word does not. */
export function Badge({ tone = "plain", children }: { tone?: Tone; children?: Child }) {
  return <span class={tone === "plain" ? "badge" : `badge ${tone}`}>{children}</span>;
}

/** What an event is: its class where it bounced, else its kind. */
export function EventBadge({ kind, bounceClass }: { kind: EventKind; bounceClass: BounceClass | null }) {
  const [words, tone] = bounceClass === null ? KINDS[kind] : CLASSES[bounceClass];
  return <Badge tone={tone}>{words}</Badge>;
}

/** How good or bad an event is: by its class where it bounced, else by its kind. */
export function toneOf(kind: EventKind, bounceClass: BounceClass | null): Tone {
  return (bounceClass === null ? KINDS[kind] : CLASSES[bounceClass])[1];
}

/** A reason of a suppression; an opt-out is no failure, and milder. */
export function ReasonBadge({ reason }: { reason: Reason }) {
  return <Badge tone={reason === "unsubscribe" ? "warn" : "bad"}>{REASON_WORDS[reason]}</Badge>;
}

/** The page of a recipient. @param address canonical */
export function recipientPath(address: string): string {
  return `/dashboard/recipients/${encodeURIComponent(address)}`;
}

/** Somebody else's text, kept apart from the direction of the text around it. */
export function Foreign({ text }: { text: string }) {
  return <bdi class="wrap">{text}</bdi>;
}

/** In place of a list that has nothing: why, and what to do. */
export function Empty({ title, children }: { title: string; children?: Child }) {
  return (
    <div class="empty">
      <p>
        <strong>{title}</strong>
      </p>
      {children}
    </div>
  );
}

/** Made late: the first formatter costs a worker several ms. */
const number = once(() => new Intl.NumberFormat("en"));

/** `1,200`, as English writes it. */
export function count(value: number): string {
  return number().format(value);
}

/** `1 event`, `1,200 events`. */
export function countOf(n: number, noun: string): string {
  return `${count(n)} ${noun}${n === 1 ? "" : "s"}`;
}

/** `12 KB` @param bytes how many */
export function bytesWords(bytes: number): string {
  if (bytes < 1_000) return `${bytes} bytes`;
  return bytes < 1_000_000 ? `${(bytes / 1_000).toFixed(1)} KB` : `${(bytes / 1_000_000).toFixed(1)} MB`;
}

/** A share in per cent, with as many digits as tell it from nothing. */
export function percent(share: number): string {
  if (share === 0) return "0\u00a0%";
  const value = share * 100;
  return `${value.toFixed(value < 0.1 ? 3 : value < 10 ? 2 : 1)}\u00a0%`;
}

/** `bad-mailbox` → `bad mailbox`: why mail bounced, in the words of the journal. */
export function reasonWords(category: string): string {
  return category === "" ? "not stated" : category.replaceAll("-", " ").replaceAll("_", " ");
}

/** Who did something: a person whom Access let in, or a token's fingerprint; and what was said of it. */
export function ActorName({ id, label }: { id: string; label: string | null }) {
  return (
    <>
      <bdi>{id}</bdi>
      {label === null ? null : (
        <div class="soft small">
          <bdi>{label}</bdi>
        </div>
      )}
    </>
  );
}

/** A wide table in a box of its own. It scrolls, so where it holds no link it has to be within reach of the keyboard. */
export function Scroll({ label, children }: { label: string; children?: Child }) {
  return (
    <section class="scroll" tabindex={0} aria-label={label}>
      {children}
    </section>
  );
}
