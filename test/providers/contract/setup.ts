/** What a provider's test states for the contract suite, and what the parts of the suite share. */
import { fail, ok } from "../../../src/domain/result";
import {
  type Adapter,
  markVerified,
  type VerifyContext,
  type VerifyOutcome,
  type WebhookRequest,
} from "../../../src/providers/adapter";
import type { Fixture, Payload } from "../fixtures";
import type { Proof, Sender } from "../senders";

export interface AdapterContract {
  readonly adapter: Adapter;
  /** Two with different credentials of the same kind, as during a rotation. */
  readonly senders: readonly [Sender, Sender];
  /** Everything that a request must bring along to be believed. */
  readonly proofs: readonly Proof[];
  /** Changes a body where the scheme notices: any byte, or a part of one's own choice; `null`: no body is covered. */
  readonly tamper: "any_byte" | ((body: Uint8Array) => Uint8Array) | null;
  /** Requests that look right and are not, by what is wrong with them. */
  readonly forgeries?: Readonly<Record<string, Sender["sign"]>>;
  /** How far from now a signed time may be; absent: the scheme has no window. */
  readonly window?: { readonly pastMs: number; readonly futureMs: number };
  /** What look-ups give where the scheme needs any. */
  readonly lookups?: Partial<Pick<VerifyContext, "getText" | "getTxt">>;
  /** Where the events are, if not in the body: puts these bytes in their place. */
  readonly withBody?: (request: WebhookRequest, body: Uint8Array) => WebhookRequest;
  /** No request that anybody could forge: the platform delivers it, and there is no proof to test. */
  readonly isTrusted?: boolean;
  /** The content type of fixtures that are no JSON. */
  readonly textType?: string;
}

export const NOW = Date.parse("2026-11-21T10:00:00Z");

export function replaceBody(request: WebhookRequest, body: Uint8Array): WebhookRequest {
  return { ...request, body };
}

/** Reads the senders' credentials as an operator's and verifies a request with them. */
export async function verifyWith(
  { adapter, lookups, isTrusted }: Pick<AdapterContract, "adapter" | "lookups" | "isTrusted">,
  senders: readonly Sender[],
  request: WebhookRequest,
  now: number,
): Promise<VerifyOutcome> {
  if (isTrusted) return ok({ request: markVerified(request) });
  const credentials = senders.map(({ credential }) => {
    const read = adapter.readCredential(credential);
    if (!read.ok) throw new Error(`the credential ${read.error}`);
    return read.value;
  });
  const absent = async () => fail("absent" as const);
  return adapter.verify(request, credentials, { now, getText: absent, getTxt: absent, ...lookups });
}

/** Any fixture will do; asked for late, so that an empty folder fails in a test and not while collecting. */
export function payloadIn(fixtures: readonly Fixture[]): () => Payload {
  return () => {
    const [fixture] = fixtures;
    if (!fixture) throw new Error("there are no fixtures");
    return fixture;
  };
}
