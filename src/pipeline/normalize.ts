/** From what an adapter stated to a fact for the journal: canonical address, class, time, identity. */
import { type AddressError, canonicalMailbox, canonicalRecipient } from "../domain/address";
import { type Classification, classify } from "../domain/classify";
import { type EventDraft, isOperatorKind, type NormalizedEvent } from "../domain/event";
import { ok, type Result } from "../domain/result";
import { sha256HexSync } from "../domain/sha256";
import { cleanText, MAX_DIAGNOSTIC_LENGTH, MAX_VALUE_LENGTH } from "../domain/text";

export interface Origin {
  readonly provider: string;
  readonly connection: string;
  /** Epoch ms. */
  readonly receivedAt: number;
}

/** Before this a provider's clock is not to be believed. */
const EARLIEST_MS = Date.UTC(2000, 0, 1);
const ID_LENGTH = 40;
const MAX_TAGS = 50;
const MAX_METADATA_LENGTH = 16_000;

/** @returns for each draft the fact, or why its recipient is none */
export function normalize(drafts: readonly EventDraft[], origin: Origin): Result<NormalizedEvent, AddressError>[] {
  return drafts.map((draft) => normalizeOne(draft, origin));
}

function normalizeOne(draft: EventDraft, origin: Origin): Result<NormalizedEvent, AddressError> {
  // A whole domain neither bounces nor complains; an operator may block it.
  const address = (isOperatorKind(draft.kind) ? canonicalRecipient : canonicalMailbox)(draft.recipient);
  if (!address.ok) return address;
  const verdict = classifyDraft(draft);
  return ok({
    id: sha256HexSync(identityOf(draft, origin, address.value)).slice(0, ID_LENGTH),
    provider: origin.provider,
    connection: origin.connection,
    kind: draft.kind,
    class: verdict?.class,
    category: verdict?.category ?? cleanText(draft.category),
    rule: verdict?.rule ?? draft.stated?.rule,
    hint: cleanText(draft.hint),
    address: address.value,
    recipient: receivedForm(draft.recipient) ?? address.value,
    messageId: cleanText(draft.messageId),
    internetMessageId: cleanText(draft.internetMessageId?.replace(/^\s*<|>\s*$/g, "")),
    envelopeSender: cleanText(draft.envelopeSender),
    campaign: cleanText(draft.campaign),
    tags: tagsOf(draft.tags),
    metadata: metadataOf(draft.metadata),
    statusCode: cleanText(draft.statusCode),
    replyCode: cleanText(draft.replyCode),
    diagnosticCode: cleanText(draft.diagnosticCode, MAX_DIAGNOSTIC_LENGTH),
    remoteMta: cleanText(draft.remoteMta),
    mode: draft.mode,
    occurredAt: timeOf(draft.occurredAt, origin.receivedAt),
    receivedAt: origin.receivedAt,
    expiresAt: draft.expiresAt,
  });
}

/** Class, category and rule of a bounce, by all that its draft says; `null` for every other kind. */
export function classifyDraft(draft: EventDraft): Classification | null {
  if (draft.kind !== "bounced") return null;
  return classify({
    stated: draft.stated,
    category: cleanText(draft.category),
    diagnosticCode: cleanText(draft.diagnosticCode, MAX_DIAGNOSTIC_LENGTH),
    statusCode: cleanText(draft.statusCode),
    replyCode: cleanText(draft.replyCode),
    smtpCommand: draft.smtpCommand,
    remoteMta: cleanText(draft.remoteMta),
    explanation: draft.explanation,
  });
}

/** A form too long to keep would be cut off before the address in it. */
function receivedForm(recipient: string): string | undefined {
  return recipient.length > MAX_VALUE_LENGTH ? undefined : cleanText(recipient);
}

/** A delivery dated ahead would void every bounce to come; a time from before the century is a clock that never ran. */
function timeOf(occurredAt: number | undefined, receivedAt: number): number {
  if (occurredAt === undefined || !Number.isFinite(occurredAt) || occurredAt < EARLIEST_MS) return receivedAt;
  return Math.min(Math.round(occurredAt), receivedAt);
}

/** JSON keeps the parts apart, so that no two lists of parts read the same. */
function identityOf(draft: EventDraft, { provider, connection }: Origin, address: string): string {
  const parts = [provider, connection, address, draft.kind, ...draft.identity.map((part) => part ?? null)];
  return JSON.stringify(parts);
}

function tagsOf(tags: readonly string[] | undefined): readonly string[] | undefined {
  const clean = (tags ?? []).slice(0, MAX_TAGS).flatMap((tag) => cleanText(tag) ?? []);
  return clean.length ? clean : undefined;
}

/** Larger metadata is left out; the raw body has it. */
function metadataOf(metadata: EventDraft["metadata"]): EventDraft["metadata"] {
  if (!metadata || !Object.keys(metadata).length) return undefined;
  try {
    const text = cleanText(JSON.stringify(metadata), MAX_METADATA_LENGTH + 1);
    return text === undefined || text.length > MAX_METADATA_LENGTH || text.includes("\\u0000")
      ? undefined
      : JSON.parse(text);
  } catch {
    return undefined;
  }
}
