/** What is done to the recipients that were ticked in the list: they are shown once more, and asked about. */
import { type Context, Hono } from "hono";
import { canonicalRecipient } from "../../domain/address";
import { runBulk } from "../../pipeline/bulk";
import { erase } from "../../pipeline/erase";
import { standingsOf } from "../../pipeline/standing";
import type { DashboardEnv } from "../env";
import { actorOf, frameOf } from "../frame";
import { ErasureQuestions } from "../parts/erasure";
import { FormToken, MAX_NOTE_LENGTH, Note } from "../parts/forms";
import { Page } from "../parts/layout";
import { countOf, Foreign } from "../parts/words";
import { pathIn, textIn, textsIn, withDone } from "../query";

const PATH = "/dashboard/suppressions";
/** As many as the list shows at once. */
const MAX_CHOSEN = 500;
/** Each takes several calls of stores, of which a request may make only so many. */
const MAX_ERASED = 50;

export const chosenRoutes = new Hono<DashboardEnv>();

interface Choice {
  readonly action: "release" | "erase";
  /** Canonical. */
  readonly recipients: readonly string[];
  /** The list as it was shown. */
  readonly to: string;
}

async function choiceOf(c: Context<DashboardEnv>): Promise<Choice> {
  const form = await c.req.parseBody({ all: true });
  const recipients = textsIn(form, "recipient", MAX_CHOSEN).flatMap((text) => {
    const address = canonicalRecipient(text);
    return address.ok ? [address.value] : [];
  });
  return {
    action: textIn(form, "action", 10) === "erase" ? "erase" : "release",
    recipients,
    to: pathIn(textIn(form, "to", 4_000)) ?? PATH,
  };
}

chosenRoutes.post(`${PATH}/chosen`, async (c) => {
  const choice = await choiceOf(c);
  if (!choice.recipients.length) return c.redirect(withDone(choice.to, { done: "nothing-chosen" }), 303);
  if (choice.action === "erase" && choice.recipients.length > MAX_ERASED) {
    return c.redirect(withDone(choice.to, { done: "too-many-to-erase" }), 303);
  }
  const standings = await standingsOf(c.env, choice.recipients);
  const hasComplaint = standings.some((s) => s.suppressions.some(({ reason }) => reason === "complaint"));
  const isErasure = choice.action === "erase";
  const words = `${isErasure ? "Erase" : "Release"} ${countOf(choice.recipients.length, "recipient")}`;
  const frame = await frameOf(c, { title: words, path: PATH });
  return c.html(
    <Page frame={frame}>
      <div class="heading">
        <h1>{words}?</h1>
      </div>
      <section class="panel" aria-label="To be confirmed">
        <form class="stack" method="post" action={`${PATH}/chosen/${choice.action}`}>
          <FormToken token={frame.formToken} />
          <input type="hidden" name="to" value={choice.to} />
          <ul class="plain chosen">
            {choice.recipients.map((recipient) => (
              <li>
                <input type="hidden" name="recipient" value={recipient} />
                <Foreign text={recipient} />
              </li>
            ))}
          </ul>
          {isErasure ? (
            <ErasureQuestions words="Their events, the raw bodies that tell of them, counters and cached answers go for good." />
          ) : (
            <ReleaseQuestions hasComplaint={hasComplaint} />
          )}
          <div class="actions">
            <button class={isErasure ? "danger" : "primary"} type="submit">
              {words}
            </button>
            <a href={choice.to}>Leave it</a>
          </div>
        </form>
      </section>
    </Page>,
  );
});

function ReleaseQuestions({ hasComplaint }: { hasComplaint: boolean }) {
  return (
    <>
      <p>They may be mailed again. Nothing that occurred before can suppress them; what bounces from now on can.</p>
      {hasComplaint ? (
        <label class="check">
          <input type="checkbox" name="force" value="yes" />
          Also those who complained: they asked for mail again. Left unticked, these stay suppressed
        </label>
      ) : null}
      <Note />
    </>
  );
}

chosenRoutes.post(`${PATH}/chosen/release`, async (c) => {
  const { recipients, to } = await choiceOf(c);
  const form = await c.req.parseBody({ all: true });
  const note = textIn(form, "note", MAX_NOTE_LENGTH) ?? null;
  const force = textIn(form, "force", 10) === "yes";
  if (!recipients.length || !c.env.policy.ok) return c.redirect(withDone(to, { done: "failed" }), 303);
  if (force && note === null) return c.redirect(withDone(to, { done: "needs-force" }), 303);
  const request = { action: "release" as const, recipients, note, force };
  const { batchId, results } = await runBulk(c.env, { ...request, actor: actorOf(c), requestId: c.env.requestId });
  const hasStayed = results.some(({ code }) => code === "complaint_needs_force");
  const done = batchId === null ? "needs-force" : hasStayed ? "released-some" : "released";
  return c.redirect(withDone(to, batchId === null ? { done } : { done, batch: batchId }), 303);
});

chosenRoutes.post(`${PATH}/chosen/erase`, async (c) => {
  const { recipients, to } = await choiceOf(c);
  const form = await c.req.parseBody({ all: true });
  if (textIn(form, "sure", 10) !== "yes") return c.redirect(withDone(to, { done: "not-confirmed" }), 303);
  if (recipients.length > MAX_ERASED) return c.redirect(withDone(to, { done: "too-many-to-erase" }), 303);
  const keepSuppressed = textIn(form, "keep", 10) !== "no";
  let isPending = false;
  for (const address of recipients) {
    // Each is an act of its own in the audit trail.
    const requestId = c.env.newId();
    const outcome = await erase(c.env, { address, keepSuppressed, actor: actorOf(c), requestId });
    isPending ||= outcome?.isPending ?? false;
  }
  const done = isPending ? "erasure-pending" : keepSuppressed ? "erased-suppressed" : "erased";
  return c.redirect(withDone(to, { done }), 303);
});
