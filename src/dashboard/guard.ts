/** Who may see the dashboard, and which requests may change something. */
import type { Context, MiddlewareHandler } from "hono";
import { getCookie, setCookie } from "hono/cookie";
import { hexOf, utf8Bytes } from "../crypto/encoding";
import { hmac } from "../crypto/hmac";
import { accessIdentity } from "../pipeline/sign-in";
import type { DashboardEnv } from "./env";
import { formTokenOf, isFormToken, openSession, SESSION_MS, type Session, sealSession } from "./session";

/** Where those are sent who are not signed in. */
export const SIGN_IN_PATH = "/dashboard/sign-in";
/** The field that carries the form token in every form. */
export const FORM_TOKEN_FIELD = "form-token";
/** Over https the prefix binds the cookie to this very host; on localhost browsers take no such cookie everywhere. */
const COOKIE = { secure: "__Host-bouncekeeper", plain: "bouncekeeper" } as const;

const HEADERS: Readonly<Record<string, string>> = {
  "content-security-policy": [
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    "img-src 'self' data:",
    "connect-src 'self'",
    "form-action 'self'",
    "base-uri 'none'",
    "frame-ancestors 'none'",
  ].join("; "),
  "x-frame-options": "DENY",
  "referrer-policy": "same-origin",
  "cross-origin-opener-policy": "same-origin",
  "cache-control": "no-store",
};

/** What every page of the dashboard is sent with. */
export const secureHeaders: MiddlewareHandler<DashboardEnv> = async (c, next) => {
  await next();
  for (const [name, value] of Object.entries(HEADERS)) {
    // Assets are named by their content and may be kept.
    if (!c.res.headers.has(name)) c.res.headers.set(name, value);
  }
};

/** Lets those in who are signed in; sends the others to the sign-in. */
export const requireSession: MiddlewareHandler<DashboardEnv> = async (c, next) => {
  const session = await sessionOf(c);
  if (!session) {
    const { pathname, search } = new URL(c.req.url);
    if (c.req.method !== "GET") return c.redirect(SIGN_IN_PATH, 303);
    return c.redirect(`${SIGN_IN_PATH}?to=${encodeURIComponent(pathname + search)}`, 303);
  }
  c.set("session", session);
  c.set("formToken", await formTokenOf(session));
  return next();
};

/**
 * A request that changes something has to come from one of our own pages: the cookie is same-site, the browser says
 * where the request comes from, and the form carries a token that only such a page knows.
 */
export const requireOwnForm: MiddlewareHandler<DashboardEnv> = async (c, next) => {
  if (c.req.method === "GET" || c.req.method === "HEAD") return next();
  if (!comesFromHere(c.req.raw)) return c.text("This request does not come from the dashboard.", 403);
  const form = await c.req.parseBody().catch(() => null);
  if (form === null) return c.text("The form could not be read.", 400);
  const given = form[FORM_TOKEN_FIELD];
  if (typeof given !== "string" || !(await isFormToken(given, c.get("session")))) {
    return c.text("This form is out of date. Go back, reload the page and try again.", 403);
  }
  return next();
};

/** What the browser says of where a request comes from: our own pages, as far as it says anything. */
export function comesFromHere(request: Request): boolean {
  const site = request.headers.get("sec-fetch-site");
  const origin = request.headers.get("origin");
  return (site === null || site === "same-origin") && (origin === null || origin === new URL(request.url).origin);
}

/** Who is signed in: whom Access vouches for, or whom we gave a cookie; `null`: nobody. */
export async function sessionOf(c: Context<DashboardEnv>): Promise<Session | null> {
  const { config, now } = c.env;
  const assertion = c.req.header("cf-access-jwt-assertion");
  if (config.access.ok && config.access.value && assertion !== undefined) {
    const actor = await accessIdentity(assertion, config.access.value, now());
    const [token] = config.adminTokens;
    if (actor !== null && token !== undefined) return accessSession(actor, token);
  }
  const cookie = getCookie(c, cookieName(c));
  return cookie === undefined ? null : openSession(cookie, config.adminTokens, now());
}

/** Access vouches for each request anew; the form tokens of a person are the same as long as the first token is. */
async function accessSession(actor: string, token: string): Promise<Session> {
  const nonce = hexOf(await hmac("SHA-256", utf8Bytes(token), utf8Bytes(`dashboard-access.${actor}`)));
  return { actor, signedInAt: 0, nonce };
}

/**
 * Lax, so that a link to a page from elsewhere finds its reader signed in: such a link changes nothing. What does is
 * posted, and then no cookie comes along from other sites.
 */
export async function beginSession(c: Context<DashboardEnv>, session: Session, token: string): Promise<void> {
  setCookie(c, cookieName(c), await sealSession(session, token), {
    path: "/",
    httpOnly: true,
    secure: isHttps(c),
    sameSite: "Lax",
    maxAge: SESSION_MS / 1000,
  });
}

/** Takes the cookie back. */
export function endSession(c: Context<DashboardEnv>): void {
  setCookie(c, cookieName(c), "", { path: "/", httpOnly: true, secure: isHttps(c), sameSite: "Lax", maxAge: 0 });
}

function cookieName(c: Context<DashboardEnv>): string {
  return isHttps(c) ? COOKIE.secure : COOKIE.plain;
}

function isHttps(c: Context<DashboardEnv>): boolean {
  return new URL(c.req.url).protocol === "https:";
}
