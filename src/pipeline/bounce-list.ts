/** What listmonk's API does with the list of bounces beyond reading it. */
import { sha256Hex } from "../crypto/digest";
import type { Actor } from "../store/audit";
import { bouncedAddresses } from "../store/bounces";
import { runBulk } from "./bulk";
import type { Deps } from "./deps";

/** Recipients of one batch: their objects are called while the caller waits, for as long as a batch allows. */
const ROUND = 1_000;
/** 2^48: a number that JSON keeps exact. */
const NUMBER_HEX_DIGITS = 12;
const NOTE = "listmonk: blocklist of bounced subscribers";

/** listmonk numbers its subscribers; ours get the same number for the same address, always. */
export async function subscriberNumber(address: string): Promise<number> {
  return Number.parseInt((await sha256Hex(address)).slice(0, NUMBER_HEX_DIGITS), 16);
}

/**
 * Blocks every recipient that has a bounce on the list and is not blocked by hand yet, in batches that can be undone.
 * What was recorded before a failure stays; asking again goes on.
 *
 * @returns how many were blocked
 * @throws when the journal could not be written
 */
export async function blockBounced(deps: Deps, actor: Actor, requestId: string): Promise<number> {
  let blocked = 0;
  let after = "";
  for (let round = 0; ; round++) {
    const recipients = await bouncedAddresses(deps.db, after, ROUND);
    const last = recipients.at(-1);
    if (last === undefined) return blocked;
    const request = { action: "block" as const, recipients, note: NOTE, force: false, actor };
    const { results } = await runBulk(deps, { ...request, requestId: `${requestId}:${round}` });
    blocked += results.filter(({ status }) => status === "done").length;
    after = last;
  }
}
