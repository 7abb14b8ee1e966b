/** One recipient: the verdict in words, the counter, everything that happened; and finding one. */
import { Hono } from "hono";
import { canonicalRecipient } from "../../domain/address";
import { check } from "../../pipeline/check";
import { standingOf } from "../../pipeline/standing";
import type { EventRow } from "../../store/event-row";
import { eventPage, eventsByIdentity, receiptIdOf } from "../../store/events";
import { suppressionPage } from "../../store/suppressions";
import type { DashboardEnv } from "../env";
import { frameOf } from "../frame";
import { Page } from "../parts/layout";
import { Notice } from "../parts/notice";
import { Badge, Empty, EventBadge, Foreign, REASON_WORDS, ReasonBadge, Time, toneOf } from "../parts/words";
import { Said } from "./events";
import { RecipientActions } from "./recipient-actions";

const TIMELINE_LENGTH = 100;
const FOUND_LENGTH = 50;

export const recipientsRoutes = new Hono<DashboardEnv>();

recipientsRoutes.get("/dashboard/recipients", async (c) => {
  const text = (c.req.query("q") ?? "").trim().slice(0, 500);
  const exact = canonicalRecipient(text);
  if (exact.ok) return c.redirect(`/dashboard/recipients/${encodeURIComponent(exact.value)}`, 303);
  const found =
    text.length < 2 ? [] : await suppressionPage(c.env.db, { q: text.toLowerCase() }, FOUND_LENGTH, null, c.env.now());
  const frame = await frameOf(c, { title: "Find a recipient", path: "/dashboard/recipients", search: text });
  return c.html(
    <Page frame={frame}>
      <div class="heading">
        <h1>Find a recipient</h1>
      </div>
      <section class="panel">
        {found.length === 0 ? (
          <Empty title={text.length < 2 ? "Enter an address" : "Nobody on the suppression list matches"}>
            <p>
              A whole address finds everybody that was ever heard of; a part of one searches the suppression list. A
              whole domain is <code>@example.com</code>.
            </p>
          </Empty>
        ) : (
          <ul>
            {found.map(({ address, key }) => (
              <li>
                <a href={`/dashboard/recipients/${encodeURIComponent(address ?? key)}`}>
                  <Foreign text={address ?? key} />
                </a>
              </li>
            ))}
          </ul>
        )}
      </section>
    </Page>,
  );
});

recipientsRoutes.get("/dashboard/recipients/:recipient", async (c) => {
  const address = canonicalRecipient(c.req.param("recipient"));
  if (!address.ok) return c.redirect(`/dashboard/recipients?q=${encodeURIComponent(c.req.param("recipient"))}`, 303);
  const recipient = address.value;
  const { db, policy } = c.env;
  const [{ row, suppressions }, timeline, answer] = await Promise.all([
    standingOf(c.env, recipient),
    eventPage(db, { address: recipient }, TIMELINE_LENGTH, null),
    recipient.startsWith("@") ? null : check(c.env, recipient, "marketing", "strong"),
  ]);
  const evidence = await eventsByIdentity(
    db,
    recipient,
    suppressions.map(({ eventId }) => eventId),
  );
  const isByDomain = answer?.reasons.includes("domain") ?? false;
  const threshold = policy.ok ? policy.value.softThreshold : null;
  const frame = await frameOf(c, { title: recipient, path: "/dashboard/recipients", search: recipient });
  return c.html(
    <Page frame={frame}>
      <div class="heading">
        <h1>
          <Foreign text={recipient} />
        </h1>
        {suppressions.length || isByDomain ? (
          <Badge tone="bad">suppressed</Badge>
        ) : row?.allowed ? (
          <Badge tone="info">on the allow-list</Badge>
        ) : (
          <Badge tone="good">may be mailed</Badge>
        )}
      </div>
      <Notice word={c.req.query("done")} />
      <section class="panel">
        {suppressions.map((suppression) => (
          <p class="verdict">
            Suppressed since <Time at={suppression.since} />
            {suppression.until === null ? null : (
              <>
                {" "}
                until <Time at={suppression.until} />
              </>
            )}
            : <ReasonBadge reason={suppression.reason} />{" "}
            <Because event={evidence.find(({ id }) => id === suppression.eventId)} />
          </p>
        ))}
        {isByDomain ? (
          <p class="verdict">
            Suppressed, because the domain{" "}
            <a href={`/dashboard/recipients/${encodeURIComponent(recipient.slice(recipient.lastIndexOf("@")))}`}>
              <Foreign text={recipient.slice(recipient.lastIndexOf("@"))} />
            </a>{" "}
            is blocked.
          </p>
        ) : null}
        {suppressions.length || isByDomain ? null : (
          <p class="verdict">
            {row || timeline.length
              ? "Nothing stands against mailing it."
              : "Nothing was ever heard of it: it may be mailed."}
          </p>
        )}
        <dl class="facts">
          <dt>Soft bounces</dt>
          <dd>
            {row?.soft_count ?? 0}
            {threshold === null ? null : ` of ${threshold}`}
          </dd>
          {row?.released_at ? (
            <>
              <dt>Released</dt>
              <dd>
                <Time at={row.released_at} />: nothing before that can suppress it
              </dd>
            </>
          ) : null}
        </dl>
        <RecipientActions
          recipient={recipient}
          token={frame.formToken}
          isSuppressed={suppressions.length > 0}
          isAllowed={row?.allowed === 1}
          hasComplained={suppressions.some(({ reason }) => reason === "complaint")}
        />
      </section>
      <section class="panel" aria-labelledby="timeline">
        <header>
          <h2 id="timeline">What happened</h2>
          {timeline.length === TIMELINE_LENGTH ? (
            <a href={`/dashboard/events?recipient=${encodeURIComponent(recipient)}`}>All events</a>
          ) : null}
        </header>
        {timeline.length === 0 ? <Empty title="No event yet" /> : <Timeline rows={timeline} />}
      </section>
    </Page>,
  );
});

/** The event behind a suppression, in a sentence. */
function Because({ event }: { event: EventRow | undefined }) {
  if (!event) return null;
  const note = noteOf(event);
  if (event.kind === "manual_block") {
    return note === null ? null : (
      <>
        because: <Foreign text={note} />
      </>
    );
  }
  const who = event.remote_mta ?? event.provider;
  const said = event.diagnostic_code;
  return said === null ? (
    <>because {event.provider} said so</>
  ) : (
    <>
      because <Foreign text={who} /> said <Foreign text={said.slice(0, 500)} />
    </>
  );
}

function noteOf({ metadata }: EventRow): string | null {
  const note = metadata === null ? undefined : (JSON.parse(metadata) as { note?: unknown }).note;
  return typeof note === "string" ? note : null;
}

function Timeline({ rows }: { rows: readonly EventRow[] }) {
  return (
    <ol class="timeline">
      {rows.map((row) => {
        const note = noteOf(row);
        return (
          <li class={toneOf(row.kind, row.class)}>
            <div>
              <EventBadge kind={row.kind} bounceClass={row.class} /> <Time at={row.occurred_at} />{" "}
              <span class="soft small">
                {row.provider}
                {row.connection === "default" ? "" : `/${row.connection}`} ·{" "}
                <a href={`/dashboard/receipts/${receiptIdOf(row.seq)}`}>receipt</a>
              </span>
            </div>
            {note === null ? null : <Foreign text={note} />}
            <Said row={row} />
            {row.retracted_by === null || row.retracted_by === undefined ? null : (
              <div class="soft small">undone: it no longer counts</div>
            )}
          </li>
        );
      })}
    </ol>
  );
}

export const REASON_OPTIONS = Object.entries(REASON_WORDS);
