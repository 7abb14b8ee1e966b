/** The receipt behind an event: one request or mail, as it came. */
import { Hono } from "hono";
import { gunzip } from "../../pipeline/receipt";
import { receiptWithBody } from "../../store/receipts";
import type { DashboardEnv } from "../env";
import { frameOf } from "../frame";
import { Fact, Facts } from "../parts/facts";
import { Page } from "../parts/layout";
import { Panel } from "../parts/panel";
import { RawBody } from "../parts/raw-body";
import { bytesWords, Time } from "../parts/words";
import { notFoundPage } from "./problems";

export const receiptsRoutes = new Hono<DashboardEnv>();

receiptsRoutes.get("/dashboard/receipts/:id{[0-9]{1,16}}", async (c) => {
  const kept = await receiptWithBody(c.env.db, Number(c.req.param("id")));
  if (!kept) return notFoundPage(c);
  const { receipt, body } = kept;
  const bytes = body ? await gunzip(body) : null;
  const frame = await frameOf(c, { title: `Receipt ${receipt.id}`, path: "/dashboard/events" });
  return c.html(
    <Page frame={frame}>
      <div class="heading">
        <h1>Receipt {receipt.id}</h1>
      </div>
      <section class="panel" aria-label="About it">
        <Facts>
          <Fact name="Received">
            <Time at={receipt.received_at} />
          </Fact>
          <Fact name="From">
            <a href={`/dashboard/connections/${receipt.provider}/${receipt.connection}`}>
              {receipt.provider}/{receipt.connection}
            </a>
            , by {receipt.source}
          </Fact>
          <Fact name="Request" isMono>
            {receipt.request_id}
          </Fact>
          <Fact name="Size">{bytesWords(receipt.body_bytes)}</Fact>
          {receipt.replay_of === null ? null : (
            <Fact name="Replay of">
              <a href={`/dashboard/receipts/${receipt.replay_of}`}>receipt {receipt.replay_of}</a>
            </Fact>
          )}
        </Facts>
      </section>
      <Panel title="As it came">
        {bytes === null ? (
          <p class="none">
            {receipt.body_bytes === 0 ? "It had no body." : "The bytes are no longer kept; the events are."}
          </p>
        ) : (
          <RawBody bytes={bytes} />
        )}
      </Panel>
    </Page>,
  );
});
