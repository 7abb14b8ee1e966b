import type { Context, MiddlewareHandler } from "hono";
import { anySecretEqual } from "../crypto/secret-equal";
import { bearerToken } from "../providers/auth";
import { Problem } from "./problem";
import type { AppEnv } from "./services";

const CHALLENGE = { headers: { "www-authenticate": "Bearer" } };

/**
 * Operators only. A token that may check is known, but may not come in here.
 *
 * @throws Problem `forbidden` to those, `unauthorized` to all others
 */
export function expectAdmin(c: Context<AppEnv>): void {
  const token = presentedToken(c.req.raw.headers);
  const { adminTokens, checkTokens } = c.env.config;
  if (!anySecretEqual(token, adminTokens)) {
    if (anySecretEqual(token, checkTokens)) throw new Problem("forbidden");
    throw new Problem("unauthorized", CHALLENGE);
  }
}

/** The same for a route of its own. */
export const requireAdmin: MiddlewareHandler<AppEnv> = async (c, next) => {
  expectAdmin(c);
  await next();
};

/** Operators, and senders that may only check. @throws Problem `unauthorized` to all others */
export function expectChecker(c: Context<AppEnv>): void {
  const { adminTokens, checkTokens } = c.env.config;
  if (!anySecretEqual(presentedToken(c.req.raw.headers), [...checkTokens, ...adminTokens])) {
    throw new Problem("unauthorized", CHALLENGE);
  }
}

function presentedToken(headers: Headers): string {
  const token = bearerToken(headers);
  if (token === null) throw new Problem("unauthorized", CHALLENGE);
  return token;
}
