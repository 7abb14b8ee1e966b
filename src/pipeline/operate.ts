/** What an operator does by hand. A command is an event like any other: recorded, applied, projected. */
import { utf8Bytes } from "../crypto/encoding";
import { canonicalRecipient } from "../domain/address";
import { type EventDraft, isOperatorKind, type OperatorKind } from "../domain/event";
import { type Actor, type Asked, type AuditAction, insertAudit } from "../store/audit";
import { auditCommands } from "../store/journal";
import { complainedAfter, pendingOfRecipient } from "../store/pending";
import type { Deps } from "./deps";
import { type IngestCounts, ingest } from "./ingest";
import { recipientKey } from "./recipient-key";
import { namesOf, type Standing, standingOf } from "./standing";

/** Operators' events carry this as their provider. */
export const OPERATOR_PROVIDER = "operator";
/** And this as their connection. */
export const OPERATOR_CONNECTION = "api";

const AUDITED_AS: Readonly<Record<OperatorKind, AuditAction>> = {
  manual_block: "block",
  manual_release: "release",
  manual_allow: "allow",
  manual_disallow: "disallow",
};

export interface Command {
  readonly kind: OperatorKind;
  readonly note?: string | undefined;
  /** Epoch ms. */
  readonly expiresAt?: number | undefined;
  readonly actor: Actor;
  readonly requestId: string;
}

/** Records a command and applies it. Each is an event of its own: block, release, block are three. */
export async function command(
  deps: Deps,
  { key, name }: Pick<Standing, "key" | "name">,
  { kind, note, expiresAt, actor, requestId }: Command,
): Promise<IngestCounts> {
  const now = deps.now();
  const draft: EventDraft = {
    kind,
    recipient: name,
    occurredAt: now,
    expiresAt,
    metadata: note === undefined ? undefined : { note },
    identity: [requestId],
  };
  const detail = expiresAt === undefined ? undefined : { expiresAt: new Date(expiresAt).toISOString() };
  const { counts } = await ingest(deps, {
    request: {
      method: "POST",
      url: new URL("https://operator.invalid/"),
      headers: new Headers({ "content-type": "application/json" }),
      body: utf8Bytes(JSON.stringify({ kind, note, expiresAt })),
    },
    origin: {
      requestId,
      source: "operator",
      provider: OPERATOR_PROVIDER,
      connection: OPERATOR_CONNECTION,
      receivedAt: now,
    },
    parsed: { type: "items", items: [{ type: "events", drafts: [draft] }] },
    extra: [insertAudit(deps.db, { at: now, requestId, action: AUDITED_AS[kind], actor, subject: key, detail })],
  });
  return counts;
}

/**
 * Commands that somebody posts among other events are noted, too: an entry for each kind, about the recipient where there
 * is one, and else with how many there are.
 *
 * @returns statements for the batch that records these drafts
 */
export function auditOf(db: D1Database, drafts: readonly EventDraft[], asked: Asked): D1PreparedStatement[] {
  const recipients = new Map<OperatorKind, Set<string>>();
  for (const { kind, recipient } of drafts) {
    if (!isOperatorKind(kind)) continue;
    const address = canonicalRecipient(recipient);
    if (address.ok) recipients.set(kind, (recipients.get(kind) ?? new Set()).add(address.value));
  }
  return [...recipients].map(([kind, addresses]) => {
    const [only = "", ...others] = addresses;
    const about = others.length
      ? { subject: null, detail: { recipients: addresses.size } }
      : { subject: recipientKey(only) };
    return auditCommands(db, { ...asked, action: AUDITED_AS[kind], ...about });
  });
}

/**
 * Puts an address on the allow-list, or takes it off. Who is to be mailed is named again, also after an erasure.
 *
 * @param address canonical; not a whole domain
 */
export async function changeAllowlist(
  deps: Deps,
  address: string,
  order: Omit<Command, "kind" | "expiresAt"> & { readonly kind: "manual_allow" | "manual_disallow" },
): Promise<IngestCounts> {
  return command(deps, { key: recipientKey(address), name: address }, order);
}

export type ReleaseOutcome =
  | { readonly type: "released"; readonly counts: IngestCounts }
  | { readonly type: "unknown" }
  /** A complaint is released only with `force` and a note. */
  | { readonly type: "needs_force" };

export interface Release extends Omit<Command, "kind" | "expiresAt"> {
  /** Canonical. */
  readonly address: string;
  readonly force: boolean;
}

/** Takes an address off the list. Final for the past: nothing that occurred before can suppress it again. */
export async function release(deps: Deps, { address, force, ...rest }: Release): Promise<ReleaseOutcome> {
  // What is pending is read first: it cannot take effect in between unseen.
  const pending = await pendingOfRecipient(deps.db, namesOf(address));
  const standing = await standingOf(deps, address);
  const { row, suppressions } = standing;
  if (!row && !pending.length) return { type: "unknown" };
  const complained =
    suppressions.some((s) => s.reason === "complaint") ||
    (await complainedAfter(deps.db, [[address, row?.released_at ?? 0]])).size > 0;
  if (complained && !(force && rest.note !== undefined)) return { type: "needs_force" };
  // Also where nothing stands against it now: what occurred before may still be on its way.
  return { type: "released", counts: await command(deps, standing, { kind: "manual_release", ...rest }) };
}
