/** What every page needs before it can be drawn. */
import type { Context } from "hono";
import { quarantineCount } from "../store/quarantine";
import { assetUrl } from "./assets";
import type { DashboardEnv } from "./env";
import type { Frame } from "./parts/layout";

interface Wanted {
  readonly title: string;
  readonly path: string;
  readonly hasCharts?: boolean;
  readonly search?: string | undefined;
}

export async function frameOf(c: Context<DashboardEnv>, { title, path, hasCharts, search }: Wanted): Promise<Frame> {
  const [style, script, chart, quarantined] = await Promise.all([
    assetUrl("dashboard.css"),
    assetUrl("dashboard.js"),
    hasCharts ? assetUrl("chart.js") : undefined,
    quarantineCount(c.env.db),
  ]);
  return {
    title,
    path,
    search,
    session: c.get("session"),
    formToken: c.get("formToken"),
    assets: { style, script, chart },
    waiting: { "/dashboard/quarantine": quarantined },
  };
}
