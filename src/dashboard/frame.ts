/** What every page needs before it can be drawn. */
import type { Context } from "hono";
import type { Actor } from "../store/audit";
import { quarantineCount } from "../store/quarantine";
import { assetUrl } from "./assets";
import type { DashboardEnv } from "./env";
import type { Frame } from "./parts/layout";

interface Wanted {
  readonly title: string;
  readonly path: string;
  readonly search?: string | undefined;
}

/** The navigation shows how much waits, up to here. */
const MAX_WAITING = 1_000;

/**
 * The frame of a page: its title, the navigation with how much waits in quarantine, the assets' URLs, and the
 * session's form token.
 *
 * @throws when D1 fails
 */
export async function frameOf(c: Context<DashboardEnv>, { title, path, search }: Wanted): Promise<Frame> {
  const [style, script, quarantined] = await Promise.all([
    assetUrl("dashboard.css"),
    assetUrl("dashboard.js"),
    quarantineCount(c.env.db, MAX_WAITING),
  ]);
  return {
    title,
    path,
    search,
    session: c.get("session"),
    formToken: c.get("formToken"),
    assets: { style, script },
    waiting: quarantined ? { "/dashboard/quarantine": upTo(quarantined, MAX_WAITING) } : ({} as Record<string, string>),
  };
}

/** Who acts, for the audit trail. */
export function actorOf(c: Context<DashboardEnv>): Actor {
  return { id: c.get("session").actor, label: "dashboard" };
}

/** A count that stops at a limit. */
export function upTo(count: number, limit: number): string {
  const shown = new Intl.NumberFormat("en").format(count);
  return count < limit ? shown : `${shown}+`;
}
