import type { Context } from "hono";
import { actorOfToken } from "../pipeline/audit";
import { bearerToken } from "../providers/auth";
import type { Actor } from "../store/audit";
import type { AppEnv } from "./services";

/** What scripts say of themselves, beside the token that they share. */
const ACTOR_HEADER = "x-actor";

/** Who makes this request, for the audit trail. */
export async function actorOf(c: Context<AppEnv>): Promise<Actor> {
  return actorOfToken(bearerToken(c.req.raw.headers) ?? "", c.req.header(ACTOR_HEADER));
}
