/** The pages for the person who owns the list, behind a sign-in. */
import { Hono } from "hono";
import { assetRoutes } from "./assets";
import type { DashboardEnv } from "./env";
import { requireOwnForm, requireSession, secureHeaders } from "./guard";
import { overviewRoutes } from "./pages/overview";
import { signInRoutes } from "./pages/sign-in";

const PAGES = [overviewRoutes];

export const dashboardRoutes = new Hono<DashboardEnv>();

dashboardRoutes.use("/dashboard/*", secureHeaders);
dashboardRoutes.route("/", assetRoutes);
dashboardRoutes.route("/", signInRoutes);
// Everything below is for those who are signed in; everything that changes something comes from our own forms.
dashboardRoutes.use("/dashboard/*", requireSession, requireOwnForm);
for (const page of PAGES) dashboardRoutes.route("/", page);
