import type { MiddlewareHandler } from "hono";
import { anySecretEqual } from "../crypto/secret-equal";
import { bearerToken } from "../providers/auth";
import { Problem } from "./problem";
import type { AppEnv } from "./services";

const CHALLENGE = { headers: { "www-authenticate": "Bearer" } };

/** Operators only. A token that may check is known, but may not come in here. */
export const requireAdmin: MiddlewareHandler<AppEnv> = async (c, next) => {
  const token = presentedToken(c.req.raw.headers);
  const { adminTokens, checkTokens } = c.env.config;
  if (!anySecretEqual(token, adminTokens)) {
    if (anySecretEqual(token, checkTokens)) throw new Problem("forbidden");
    throw new Problem("unauthorized", CHALLENGE);
  }
  await next();
};

/** Operators, and senders that may only check. */
export const requireCheck: MiddlewareHandler<AppEnv> = async (c, next) => {
  const { adminTokens, checkTokens } = c.env.config;
  if (!anySecretEqual(presentedToken(c.req.raw.headers), [...checkTokens, ...adminTokens])) {
    throw new Problem("unauthorized", CHALLENGE);
  }
  await next();
};

function presentedToken(headers: Headers): string {
  const token = bearerToken(headers);
  if (token === null) throw new Problem("unauthorized", CHALLENGE);
  return token;
}
