/** Erasing a recipient: a page of its own that says what goes, and a box to tick. There is no undo. */
import { Hono } from "hono";
import { canonicalRecipient, keyOfErased } from "../../domain/address";
import { erase } from "../../pipeline/erase";
import { namesOf } from "../../pipeline/standing";
import { newestEventsOf } from "../../store/events";
import type { DashboardEnv } from "../env";
import { actorOf, frameOf, upTo } from "../frame";
import { ErasureQuestions } from "../parts/erasure";
import { FormToken } from "../parts/forms";
import { Page } from "../parts/layout";
import { Notice } from "../parts/notice";
import { countOf, Foreign, recipientPath } from "../parts/words";
import { textIn } from "../query";

const PATH = "/dashboard/recipients/:recipient/erase";
const MAX_COUNTED = 1_000;

function eventsWords(n: number): string {
  return n < MAX_COUNTED ? countOf(n, "event") : `${upTo(n, MAX_COUNTED)} events`;
}

export const eraseRoutes = new Hono<DashboardEnv>();

eraseRoutes.get(PATH, async (c) => {
  const address = canonicalRecipient(c.req.param("recipient"));
  if (!address.ok || address.value.startsWith("@")) return c.redirect("/dashboard/recipients", 303);
  const recipient = address.value;
  const names = namesOf(recipient);
  const events = await Promise.all(names.map((name) => newestEventsOf(c.env.db, name, MAX_COUNTED)));
  const title = keyOfErased(recipient) === null ? recipient : "an erased recipient";
  const frame = await frameOf(c, { title: `Erase ${title}`, path: "/dashboard/recipients", search: recipient });
  return c.html(
    <Page frame={frame}>
      <div class="heading">
        <h1>
          Erase <Foreign text={title} />?
        </h1>
      </div>
      <Notice url={new URL(c.req.url)} token={frame.formToken} />
      <section class="panel" aria-label="What goes">
        <form class="stack" method="post" action={`${recipientPath(recipient)}/erase`}>
          <FormToken token={frame.formToken} />
          <ErasureQuestions
            words={`${eventsWords(events.flat().length)}, the raw bodies that tell of them, the counter and the cached answer go for good. Others who are told of in the same bodies keep their events. The audit trail notes that somebody was erased, by the hash of the address.`}
          />
          <div class="actions">
            <button class="danger" type="submit">
              Erase
            </button>
            <a href={recipientPath(recipient)}>Leave it</a>
          </div>
        </form>
      </section>
    </Page>,
  );
});

eraseRoutes.post(PATH, async (c) => {
  const address = canonicalRecipient(c.req.param("recipient"));
  if (!address.ok || address.value.startsWith("@")) return c.redirect("/dashboard/recipients", 303);
  const path = recipientPath(address.value);
  const form = await c.req.parseBody();
  if (textIn(form, "sure", 10) !== "yes") return c.redirect(`${path}/erase?done=not-confirmed`, 303);
  const keepSuppressed = textIn(form, "keep", 10) !== "no";
  const outcome = await erase(c.env, {
    address: address.value,
    keepSuppressed,
    actor: actorOf(c),
    requestId: c.env.requestId,
  });
  const done = outcome === null ? "not-found" : keepSuppressed ? "erased-suppressed" : "erased";
  // The address is not to be in the browser's history of what came after.
  return c.redirect(`/dashboard/recipients?done=${outcome?.isPending ? "erasure-pending" : done}`, 303);
});
