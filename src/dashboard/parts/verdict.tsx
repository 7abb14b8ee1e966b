/** Why a recipient is suppressed, in a sentence. */
import { diagnosticText } from "../../domain/delivery-status";
import type { Suppression } from "../../domain/recipient-state";
import { adapterOf } from "../../providers/registry";
import type { EventRow } from "../../store/event-row";
import { Foreign, Time } from "./words";

const MAX_QUOTED_LENGTH = 500;

interface VerdictProps {
  readonly suppression: Suppression;
  /** What caused it; `undefined`: it is no longer in the journal. */
  readonly event: EventRow | undefined;
  /** So many bounces suppress. */
  readonly threshold: number | null;
}

/** One suppression as a sentence: since when, until when, and what was said that caused it. */
export function Verdict({ suppression, event, threshold }: VerdictProps) {
  const { since, until } = suppression;
  return (
    <p class="verdict">
      Suppressed since <Time at={since} />
      {until === null ? null : (
        <>
          {" "}
          until <Time at={until} />
        </>
      )}{" "}
      <Because suppression={suppression} event={event} threshold={threshold} />
    </p>
  );
}

function Because({ suppression, event, threshold }: VerdictProps) {
  if (suppression.reason === "manual") return <ByHand event={event} />;
  if (suppression.reason === "soft") {
    return (
      <>
        after {threshold ?? "several"} soft bounces. {event ? <Said event={event} prefix="At the last one " /> : null}
      </>
    );
  }
  if (event?.kind === "rejected") {
    return (
      <>
        because {titleOf(event.provider)} refused to send: <Reason event={event} />
      </>
    );
  }
  const reported = { complaint: "reported a message as spam", unsubscribe: "unsubscribed" } as const;
  if (suppression.reason === "complaint" || suppression.reason === "unsubscribe") {
    return (
      <>
        because the recipient {reported[suppression.reason]}
        {event ? `, as ${titleOf(event.provider)} told` : ""}.
      </>
    );
  }
  return <Said event={event} prefix="because " />;
}

function ByHand({ event }: { event: EventRow | undefined }) {
  const note = event ? noteOf(event) : null;
  return (
    <>
      because an operator blocked it
      {note === null ? (
        "."
      ) : (
        <>
          : “<Foreign text={note} />”
        </>
      )}
    </>
  );
}

/** Who said what, in the receiver's own words where there are any. */
function Said({ event, prefix }: { event: EventRow | undefined; prefix: string }) {
  if (!event) return <>{prefix}of an event that is no longer kept.</>;
  return event.diagnostic_code === null ? (
    <>
      {prefix}
      {titleOf(event.provider)} said so{event.hint === null ? "" : ": "}
      {event.hint === null ? null : <Foreign text={event.hint} />}
    </>
  ) : (
    <>
      {prefix}
      <strong>
        <Foreign text={event.remote_mta === null ? titleOf(event.provider) : hostOf(event.remote_mta)} />
      </strong>{" "}
      said <Quoted text={diagnosticText(event.diagnostic_code)} />
    </>
  );
}

function Reason({ event }: { event: EventRow }) {
  return <Quoted text={event.diagnostic_code ?? event.hint ?? event.category ?? "it is on its own list"} />;
}

function Quoted({ text }: { text: string }) {
  return (
    <q>
      <Foreign text={text.length > MAX_QUOTED_LENGTH ? `${text.slice(0, MAX_QUOTED_LENGTH)}…` : text} />
    </q>
  );
}

/** `dns; mx1.example.net (192.0.2.25)` → `mx1.example.net`. */
function hostOf(remoteMta: string): string {
  const text = diagnosticText(remoteMta);
  return /^[^\s(]+/.exec(text)?.[0] ?? text;
}

/** What an operator wrote down with a command. */
export function noteOf({ metadata }: Pick<EventRow, "metadata">): string | null {
  const note = metadata === null ? undefined : (JSON.parse(metadata) as { note?: unknown }).note;
  return typeof note === "string" ? note : null;
}

/** `sendgrid` → `SendGrid`. */
function titleOf(provider: string): string {
  return adapterOf(provider)?.title ?? SOURCES[provider] ?? provider;
}

/** Those without an adapter. */
const SOURCES: Readonly<Record<string, string>> = {
  api: "the API",
  operator: "an operator",
  import: "an imported list",
  email: "a mail",
  mailbox: "a mail in a mailbox",
  messages: "a mail posted to the API",
};
