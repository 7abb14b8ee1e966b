/** What listmonk's API does with the list of bounces beyond reading it. */
import { sha256Hex } from "../crypto/digest";
import type { EventDraft } from "../domain/event";
import { bouncedAddresses } from "../store/bounces";
import type { Deps } from "./deps";
import { ingest } from "./ingest";
import { OPERATOR_CONNECTION, OPERATOR_PROVIDER } from "./operate";

/** Recipients of one round: their objects are called while the caller waits, for as long as `ingest` allows. */
const ROUND = 1_000;
/** 2^48: a number that JSON keeps exact. */
const NUMBER_HEX_DIGITS = 12;

/** listmonk numbers its subscribers; ours get the same number for the same address, always. */
export async function subscriberNumber(address: string): Promise<number> {
  return Number.parseInt((await sha256Hex(address)).slice(0, NUMBER_HEX_DIGITS), 16);
}

/**
 * Blocks every recipient that has a bounce on the list and is not blocked by hand yet. What was recorded before a
 * failure stays; asking again goes on.
 *
 * @returns how many were blocked
 * @throws when the journal could not be written
 */
export async function blockBounced(deps: Deps, requestId: string): Promise<number> {
  let blocked = 0;
  let after = "";
  for (let round = 0; ; round++) {
    const addresses = await bouncedAddresses(deps.db, after, ROUND);
    const last = addresses.at(-1);
    if (last === undefined) return blocked;
    await block(deps, addresses, `${requestId}:${round}`);
    blocked += addresses.length;
    after = last;
  }
}

async function block(deps: Deps, addresses: readonly string[], requestId: string): Promise<void> {
  const receivedAt = deps.now();
  const draftOf = (recipient: string): EventDraft => ({
    kind: "manual_block",
    recipient,
    occurredAt: receivedAt,
    metadata: { note: "listmonk: blocklist of bounced subscribers" },
    identity: [requestId],
  });
  await ingest(deps, {
    request: {
      method: "PUT",
      url: new URL("https://operator.invalid/"),
      headers: new Headers(),
      body: new Uint8Array(),
    },
    origin: {
      requestId,
      source: "operator",
      provider: OPERATOR_PROVIDER,
      connection: OPERATOR_CONNECTION,
      receivedAt,
    },
    parsed: { type: "items", items: [{ type: "events", drafts: addresses.map(draftOf) }] },
  });
}
