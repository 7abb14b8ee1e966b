/** Signing in and out. */
import { Hono } from "hono";
import { actorOfToken } from "../../pipeline/audit";
import { signIn } from "../../pipeline/sign-in";
import { assetUrl } from "../assets";
import type { DashboardEnv } from "../env";
import { beginSession, comesFromHere, endSession, SIGN_IN_PATH, sessionOf } from "../guard";
import { Bare } from "../parts/layout";
import { pathIn } from "../query";
import { newNonce } from "../session";

const MAX_TOKEN_LENGTH = 1_000;
const FIELD = "token";
const HOME = "/dashboard";

export const signInRoutes = new Hono<DashboardEnv>();

signInRoutes.get(SIGN_IN_PATH, async (c) => {
  const to = pathIn(c.req.query("to")) ?? HOME;
  return (await sessionOf(c)) ? c.redirect(to, 303) : signInPage(to, null);
});

signInRoutes.post(SIGN_IN_PATH, async (c) => {
  if (!comesFromHere(c.req.raw)) return c.text("This request does not come from the dashboard.", 403);
  const form = await c.req.parseBody();
  const given = form[FIELD];
  const to = pathIn(typeof form.to === "string" ? form.to : undefined) ?? HOME;
  if (typeof given !== "string" || given.trim() === "" || given.length > MAX_TOKEN_LENGTH) {
    return signInPage(to, "Enter a token.");
  }
  const address = c.req.header("cf-connecting-ip") ?? "local";
  const outcome = await signIn(c.env, c.env.config.adminTokens, given.trim(), address);
  if (outcome.type === "locked") {
    const minutes = Math.max(1, Math.ceil((outcome.untilMs - c.env.now()) / 60_000));
    return signInPage(to, `Too many wrong tokens. Try again in ${minutes} minutes.`, 429);
  }
  if (outcome.type === "refused") return signInPage(to, "This is not one of ADMIN_TOKENS.", 401);
  const { id: actor } = await actorOfToken(outcome.token);
  await beginSession(c, { actor, signedInAt: c.env.now(), nonce: newNonce() }, outcome.token);
  return c.redirect(to, 303);
});

/** Behind the sign-in, like everything that changes something. */
export const signOutRoutes = new Hono<DashboardEnv>();

signOutRoutes.post("/dashboard/sign-out", async (c) => {
  endSession(c);
  return c.redirect(SIGN_IN_PATH, 303);
});

async function signInPage(to: string, problem: string | null, status: 200 | 401 | 429 = 200): Promise<Response> {
  const assets = { style: await assetUrl("dashboard.css"), script: await assetUrl("dashboard.js") };
  const page = (
    <Bare title="Sign in" assets={assets}>
      <main class="sign-in">
        <form class="panel stack" method="post" action={SIGN_IN_PATH}>
          <h1>Bouncekeeper</h1>
          {problem === null ? null : (
            <div class="notice bad" role="alert">
              {problem}
            </div>
          )}
          <label>
            Admin token
            <input
              name={FIELD}
              type="password"
              required
              maxlength={MAX_TOKEN_LENGTH}
              autocomplete="current-password"
              autofocus
            />
          </label>
          <input type="hidden" name="to" value={to} />
          <div class="actions">
            <button class="primary" type="submit">
              Sign in
            </button>
          </div>
          <p class="soft small">
            One of the tokens in the secret <code>ADMIN_TOKENS</code>. Locally it is in <code>.dev.vars</code>.
          </p>
        </form>
      </main>
    </Bare>
  );
  return new Response(String(await page), { status, headers: { "content-type": "text/html; charset=utf-8" } });
}
