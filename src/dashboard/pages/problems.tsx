/** What is shown where there is nothing to show. */
import type { Context } from "hono";
import { assetUrl } from "../assets";
import type { DashboardEnv } from "../env";
import { frameOf } from "../frame";
import { Bare, Page } from "../parts/layout";
import { Empty } from "../parts/words";

/** A page, with the navigation. */
export async function notFoundPage(c: Context<DashboardEnv>): Promise<Response> {
  const frame = await frameOf(c, { title: "Not found", path: c.req.path });
  return c.html(
    <Page frame={frame}>
      <div class="panel">
        <Empty title="There is no such page">
          <p>
            What it was about may have been erased, or is no longer kept. <a href="/dashboard">Overview</a>
          </p>
        </Empty>
      </div>
    </Page>,
    404,
  );
}

/** A failure of ours. It takes no store, since that may be what failed. */
export async function failurePage(error: unknown, c: Context<DashboardEnv>): Promise<Response> {
  c.env.onFailure(error);
  const isLook = c.req.method === "GET";
  const assets = { style: await assetUrl("dashboard.css"), script: await assetUrl("dashboard.js") };
  return c.html(
    <Bare title="Not available" assets={assets}>
      <main class="sign-in">
        <div class="panel">
          <h1>Not available</h1>
          <p>
            Something that Bouncekeeper needs does not answer.{" "}
            {isLook
              ? "Nothing was changed. Try again in a moment."
              : "What you asked for may have been done in part: look before you ask for it again."}
          </p>
          <p class="soft small">
            In the log this request is <code>{c.env.requestId}</code>; what is wrong may be said by{" "}
            <a href="/health">/health</a>.
          </p>
          <p>
            <a class="button" href={isLook ? c.req.path : "/dashboard"}>
              {isLook ? "Try again" : "To the overview"}
            </a>
          </p>
        </div>
      </main>
    </Bare>,
    503,
    { "retry-after": "30" },
  );
}
