/**
 * Rate limits, where the platform's binding for them is configured; without it nothing is limited.
 *
 * Manual: https://developers.cloudflare.com/workers/runtime-apis/bindings/rate-limit/ (read 2026-11). Counts are by data
 * centre and approximate. What a limiter itself cannot decide is let through: it must not stop what is right.
 */
import type { Context, MiddlewareHandler } from "hono";
import { errorFields } from "../log";
import { actorOfToken } from "../pipeline/audit";
import { networkOf } from "../pipeline/sign-in";
import { bearerToken } from "../providers/auth";
import { Problem, type ProblemOptions, problemResponse } from "./problem";
import type { AppEnv, Limiters, Services } from "./services";

/** A binding's longest period: after it everybody may try again. */
const LATER: ProblemOptions = { headers: { "retry-after": "60" } };

/** listmonk answers a wrong token with a 403; elsewhere that is somebody who is known. */
const LISTMONK_PATHS = /^\/(?:api|webhooks)\//;
/** The dashboard counts attempts to sign in by itself. */
const OWN_LIMIT_PATHS = /^\/dashboard(?:\/|$)/;

/** @param bindings what stands in the environment under these names; anything but a limiter is none */
export function limitersOf(bindings: { readonly failures: unknown; readonly checks: unknown }): Limiters {
  return { failures: limiterIn(bindings.failures), checks: limiterIn(bindings.checks) };
}

function limiterIn(value: unknown): RateLimit | null {
  return typeof (value as RateLimit | null | undefined)?.limit === "function" ? (value as RateLimit) : null;
}

/**
 * Whoever fails to prove himself too often is told to wait. Only failures are counted and only they are refused, so that a
 * request which proves itself gets through, whoever else comes from the same place.
 */
export const limitFailures: MiddlewareHandler<AppEnv> = async (c, next) => {
  await next();
  const address = c.req.header("cf-connecting-ip");
  if (address === undefined || !hasFailed(c.req.path, c.res.status)) return;
  if (await isWithin(c.env, c.env.limiters.failures, networkOf(address))) return;
  const refused = problemResponse("too_many_requests", LATER);
  // What was answered leaves no header behind.
  c.res = undefined;
  c.res = refused;
};

function hasFailed(path: string, status: number): boolean {
  if (OWN_LIMIT_PATHS.test(path)) return false;
  return status === 401 || (status === 403 && LISTMONK_PATHS.test(path));
}

/** Of the requests of one token that asks whether addresses may be mailed. @throws Problem `too_many_requests` */
export async function expectFewChecks(c: Context<AppEnv>): Promise<void> {
  const { checks } = c.env.limiters;
  const token = checks && bearerToken(c.req.raw.headers);
  if (token && !(await isWithin(c.env, checks, (await actorOfToken(token)).id))) {
    throw new Problem("too_many_requests", LATER);
  }
}

async function isWithin(services: Services, limiter: RateLimit | null, key: string): Promise<boolean> {
  if (!limiter) return true;
  try {
    return (await limiter.limit({ key })).success;
  } catch (error) {
    services.log.warn("rate_limit.failed", errorFields(error));
    return true;
  }
}
