/** What can be done to one recipient, and doing it. Each asks first; each is in the audit trail. */
import { type Context, Hono } from "hono";
import { canonicalRecipient } from "../../domain/address";
import type { Reason } from "../../domain/event";
import { type BulkRequest, runBulk } from "../../pipeline/bulk";
import { changeAllowlist } from "../../pipeline/operate";
import type { DashboardEnv } from "../env";
import { actorOf } from "../frame";
import { Confirm, Field, MAX_NOTE_LENGTH, Note } from "../parts/forms";
import { recipientPath } from "../parts/words";
import { textIn, timeOf } from "../query";

interface ActionsProps {
  readonly recipient: string;
  readonly token: string;
  readonly isKnown: boolean;
  readonly isAllowed: boolean;
  /** Why it is suppressed now. */
  readonly reasons: readonly Reason[];
}

/** What may be done to a recipient as it stands: release or block, allow or no longer, and erase, on a page of its own. */
export function RecipientActions({ recipient, token, isKnown, isAllowed, reasons }: ActionsProps) {
  const path = recipientPath(recipient);
  const isDomain = recipient.startsWith("@");
  return (
    <div class="actions">
      {reasons.length ? (
        <Confirm label="Release…" action={`${path}/release`} token={token} submit="Release">
          <p>It may be mailed again. Nothing that occurred before can suppress it; what bounces from now on can.</p>
          {reasons.includes("complaint") ? (
            <label class="check">
              <input type="checkbox" name="force" value="yes" required />
              It complained about our mail, and asked for it again
            </label>
          ) : null}
          <Note isRequired={reasons.includes("complaint")} />
        </Confirm>
      ) : null}
      {reasons.includes("manual") ? null : (
        <Confirm label="Block…" action={`${path}/block`} token={token} submit="Block">
          <p>
            {isDomain ? "Nobody of this domain is" : "It is not"} mailed any more, not even if it is on the allow-list,
            until it is released.
          </p>
          <Note />
          <Field label="Until (UTC; empty: for good)" name="until" type="date" />
        </Confirm>
      )}
      {isDomain ? null : isAllowed ? (
        <Confirm label="Take off the allow-list…" action={`${path}/disallow`} token={token} submit="Take it off">
          <p>What providers report about it counts again, also what they reported while it was on the list.</p>
          <Note />
        </Confirm>
      ) : (
        <Confirm label="Put on the allow-list…" action={`${path}/allow`} token={token} submit="Put it on">
          <p>Bounces and complaints are recorded and do not suppress it. Only a block by hand does.</p>
          <Note />
        </Confirm>
      )}
      {isKnown && !isDomain ? (
        <a class="button danger" href={`${path}/erase`}>
          Erase…
        </a>
      ) : null}
    </div>
  );
}

export const recipientActionRoutes = new Hono<DashboardEnv>();

const PATH = "/dashboard/recipients/:recipient";
/** What became of it → what the page says. */
const SKIPPED: Readonly<Record<string, string>> = {
  blocked: "blocked-already",
  unknown: "not-found",
  complaint_needs_force: "needs-force",
};

/** Does something to the recipient in the URL, and shows it again with what came of it. */
async function act(
  c: Context<DashboardEnv, typeof PATH>,
  what: (recipient: string, note: string | null) => Promise<Done>,
): Promise<Response> {
  const address = canonicalRecipient(c.req.param("recipient"));
  if (!address.ok) return c.redirect("/dashboard/recipients", 303);
  const note = textIn(await c.req.parseBody(), "note", MAX_NOTE_LENGTH) ?? null;
  const done = c.env.policy.ok ? await what(address.value, note) : { done: "failed" };
  return c.redirect(`${recipientPath(address.value)}?${new URLSearchParams({ ...done })}`, 303);
}

interface Done {
  readonly done: string;
  /** What can be undone. */
  readonly batch?: string;
}

/** Of one recipient too as a batch: so it can be undone to the letter. */
async function runOne(
  c: Context<DashboardEnv>,
  request: Pick<BulkRequest, "action" | "note" | "force" | "expiresAt">,
  recipient: string,
): Promise<Done> {
  const { batchId, results } = await runBulk(c.env, {
    ...request,
    recipients: [recipient],
    actor: actorOf(c),
    requestId: c.env.requestId,
  });
  const code = results[0]?.code ?? null;
  if (batchId === null) return { done: (code === null ? undefined : SKIPPED[code]) ?? "failed" };
  return { done: request.action === "block" ? "blocked" : "released", batch: batchId };
}

recipientActionRoutes.post(`${PATH}/release`, (c) =>
  act(c, async (recipient, note) => {
    const force = textIn(await c.req.parseBody(), "force", 10) === "yes";
    return runOne(c, { action: "release", note, force }, recipient);
  }),
);

recipientActionRoutes.post(`${PATH}/block`, (c) =>
  act(c, async (recipient, note) => {
    const until = textIn(await c.req.parseBody(), "until", 30);
    const expiresAt = timeOf(until);
    if (until !== undefined && (expiresAt === undefined || expiresAt <= c.env.now())) return { done: "bad-time" };
    return runOne(c, { action: "block", note, force: false, expiresAt }, recipient);
  }),
);

recipientActionRoutes.post(`${PATH}/allow`, (c) =>
  act(c, (recipient, note) => allow(c, "manual_allow", recipient, note)),
);

recipientActionRoutes.post(`${PATH}/disallow`, (c) =>
  act(c, (recipient, note) => allow(c, "manual_disallow", recipient, note)),
);

async function allow(
  c: Context<DashboardEnv>,
  kind: "manual_allow" | "manual_disallow",
  recipient: string,
  note: string | null,
): Promise<Done> {
  if (recipient.startsWith("@")) return { done: "not-found" };
  const order = { kind, note: note ?? undefined, actor: actorOf(c), requestId: c.env.requestId };
  await changeAllowlist(c.env, recipient, order);
  return { done: kind === "manual_allow" ? "allowed" : "disallowed" };
}
