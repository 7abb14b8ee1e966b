/** The pages for the person who owns the list, behind a sign-in. */
import { Hono } from "hono";
import { bodyLimit } from "hono/body-limit";
import { trimTrailingSlash } from "hono/trailing-slash";
import { once } from "../domain/once";
import { assetRoutes } from "./assets";
import type { DashboardEnv } from "./env";
import { requireOwnForm, requireSession, SIGN_IN_PATH, secureHeaders } from "./guard";
import { alertsRoutes } from "./pages/alerts";
import { allowListRoutes } from "./pages/allow-list";
import { auditRoutes } from "./pages/audit";
import { batchesRoutes } from "./pages/batches";
import { chosenRoutes } from "./pages/chosen";
import { connectionsRoutes } from "./pages/connections";
import { eraseRoutes } from "./pages/erase";
import { eventsRoutes } from "./pages/events";
import { exportsRoutes } from "./pages/exports";
import { importRoutes } from "./pages/import";
import { incidentsRoutes } from "./pages/incidents";
import { notificationRoutes } from "./pages/notification";
import { notificationsRoutes } from "./pages/notifications";
import { overviewRoutes } from "./pages/overview";
import { policyRoutes } from "./pages/policy";
import { failurePage, notFoundPage } from "./pages/problems";
import { quarantineRoutes } from "./pages/quarantine";
import { receiptsRoutes } from "./pages/receipts";
import { recipientActionRoutes } from "./pages/recipient-actions";
import { recipientsRoutes } from "./pages/recipients";
import { signInRoutes, signOutRoutes } from "./pages/sign-in";
import { simulationRoutes } from "./pages/simulation";
import { suppressionsRoutes } from "./pages/suppressions";
import { syncPageRoutes } from "./pages/sync";
import { tryRoutes } from "./pages/try";

const PAGES = [
  overviewRoutes,
  exportsRoutes,
  suppressionsRoutes,
  chosenRoutes,
  allowListRoutes,
  recipientsRoutes,
  recipientActionRoutes,
  eraseRoutes,
  eventsRoutes,
  receiptsRoutes,
  quarantineRoutes,
  connectionsRoutes,
  importRoutes,
  batchesRoutes,
  alertsRoutes,
  incidentsRoutes,
  notificationsRoutes,
  notificationRoutes,
  syncPageRoutes,
  policyRoutes,
  simulationRoutes,
  tryRoutes,
  auditRoutes,
  signOutRoutes,
];

/** Anybody may post at the sign-in. */
const MAX_SIGN_IN_BYTES = 10_000;
/** A mail, a list to import. */
const MAX_FORM_BYTES = 12_000_000;

/** All pages, put together when the first of them is asked for: most isolates answer webhooks and checks only. */
export const dashboard = once(() => {
  const routes = new Hono<DashboardEnv>();
  routes.use("/dashboard/*", secureHeaders, trimTrailingSlash());
  routes.route("/", assetRoutes);
  routes.use(SIGN_IN_PATH, limitedTo(MAX_SIGN_IN_BYTES));
  routes.route("/", signInRoutes);
  // Everything below is for those who are signed in; everything that changes something comes from our own forms.
  routes.use("/dashboard/*", requireSession, limitedTo(MAX_FORM_BYTES), requireOwnForm);
  for (const page of PAGES) routes.route("/", page);
  routes.all("/dashboard/*", notFoundPage);
  routes.onError(failurePage);
  return routes;
});

function limitedTo(maxSize: number) {
  return bodyLimit({ maxSize, onError: (c) => c.text(`The limit is ${maxSize / 1_000_000} MB.`, 413) });
}
