import type { Context } from "hono";
import { actorOfToken } from "../pipeline/audit";
import { bearerToken } from "../providers/auth";
import type { Actor, Asked } from "../store/audit";
import type { AppEnv } from "./services";

/** What scripts say of themselves, beside the token that they share. */
const ACTOR_HEADER = "x-actor";

/** Who makes this request, for the audit trail. */
export async function actorOf(c: Context<AppEnv>): Promise<Actor> {
  return actorOfToken(bearerToken(c.req.raw.headers) ?? "", c.req.header(ACTOR_HEADER));
}

/** The same, with which request, and when. */
export async function askedOf(c: Context<AppEnv>): Promise<Asked> {
  return { actor: await actorOf(c), requestId: c.env.requestId, at: c.env.now() };
}
