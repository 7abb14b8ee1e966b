/**
 * Bounces that today's code classifies otherwise than their records say: where the bytes that told of them are kept, by reading
 * these again, as a replay does; else by the record alone, where it says enough.
 *
 * What was applied a moment ago is passed over: somebody may still be on the way to its recipient with the class as it was.
 */
import type { BounceClass } from "../domain/event";
import { type RecordedBounce, reclassified } from "../domain/reclassify";
import { errorFields } from "../log";
import { markVerified } from "../providers/adapter";
import { adapterOf } from "../providers/registry";
import { type BounceRow, bouncesAfter, type ClassChange, type ClassOf } from "../store/class-changes";
import { receiptIdOf } from "../store/event-row";
import { bodiesOf, type KeptReceipt, keptReceipts } from "../store/receipts";
import type { Deps } from "./deps";
import { isMailDoor, mailOfRequest, readMail } from "./mail";
import { normalize } from "./normalize";
import { draftsIn, type Parsed, parseSafely } from "./parse";
import { gunzip } from "./receipt";
import { requestOf } from "./replay";

/** No invocation lives as long. */
const ON_THE_WAY_MS = 15 * 60_000;
/** Rows of the journal, and bounces among them, that one call looks at. */
const STRETCH = { stretch: 5_000, limit: 300 };
/** Gzipped bytes that are held at once. */
const MAX_HELD_BYTES = 4_000_000;
/** Providers that tell what no record keeps: whole mails, or the command that was refused. */
const TELL_MORE: ReadonlySet<string> = new Set(["smtpeter", "kumomta", "ahasend"]);

export interface ReclassifiedStretch {
  readonly changes: readonly ClassChange[];
  /** Bounces about which too little is kept. */
  readonly undecidable: number;
  /** Where to go on; `null`: the journal ends. */
  readonly next: number | null;
}

/** @param after a place in the journal */
export async function reclassifyAfter(deps: Deps, after: number): Promise<ReclassifiedStretch> {
  const { bounces, next } = await bouncesAfter(deps.db, after, deps.now() - ON_THE_WAY_MS, STRETCH);
  const readings = await readAgain(deps, [...new Set(bounces.map(({ seq }) => receiptIdOf(seq)))]);
  const verdicts = bounces.map((row) => ({ row, verdict: readings.get(identityOf(row)) ?? byRecord(row) }));
  return {
    changes: verdicts.flatMap(({ row, verdict }) => changeOf(row, verdict)),
    undecidable: verdicts.filter(({ verdict }) => verdict === null).length,
    next,
  };
}

function changeOf(row: BounceRow, verdict: ClassOf | null): ClassChange[] {
  const old = { class: row.class as BounceClass, category: row.category, rule: row.rule };
  if (!verdict || JSON.stringify(old) === JSON.stringify(verdict)) return [];
  return [{ seq: row.seq, old, new: verdict }];
}

function byRecord(row: BounceRow): ClassOf | null {
  const bounce: RecordedBounce = {
    class: row.class,
    category: row.category,
    rule: row.rule,
    diagnosticCode: row.diagnostic_code,
    statusCode: row.status_code,
    replyCode: row.reply_code,
    remoteMta: row.remote_mta,
    hasMoreTold: isMailDoor(row.provider) || TELL_MORE.has(row.provider),
  };
  return reclassified(bounce);
}

/** What today's code makes of the bytes that are kept, by the events' identities. */
async function readAgain(deps: Deps, receiptIds: readonly number[]): Promise<ReadonlyMap<string, ClassOf>> {
  const verdicts = new Map<string, ClassOf>();
  if (!receiptIds.length) return verdicts;
  for (const receipts of held(await keptReceipts(deps.db, receiptIds))) {
    const ids = receipts.map(({ id }) => id);
    const bodies = await bodiesOf(deps.db, ids);
    for (const receipt of receipts) {
      const body = bodies.get(receipt.id);
      for (const event of body ? await eventsIn(deps, receipt, body) : []) {
        if (event.class === undefined) continue;
        const { class: bounceClass, category = null, rule = null } = event;
        verdicts.set(identityOf(event), { class: bounceClass, category, rule });
      }
    }
  }
  return verdicts;
}

/** Few enough at a time for the memory. */
function held(receipts: readonly KeptReceipt[]): KeptReceipt[][] {
  const groups: KeptReceipt[][] = [];
  let bytes = MAX_HELD_BYTES;
  for (const receipt of receipts) {
    if (bytes + receipt.kept_bytes > MAX_HELD_BYTES) {
      groups.push([]);
      bytes = 0;
    }
    groups.at(-1)?.push(receipt);
    bytes += receipt.kept_bytes;
  }
  return groups;
}

/** What cannot be read any more is left to the record. */
async function eventsIn(deps: Deps, receipt: KeptReceipt, body: Uint8Array) {
  try {
    const parsed = await parse(deps, receipt, await gunzip(body));
    if (parsed?.type !== "items") return [];
    const { provider, connection, received_at: receivedAt } = receipt;
    const outcomes = normalize(draftsIn(parsed.items), { provider, connection, receivedAt });
    return outcomes.flatMap((outcome) => (outcome.ok ? [outcome.value] : []));
  } catch (error) {
    deps.log.warn("reclassify.unread", { receipt: receipt.id, ...errorFields(error) });
    return [];
  }
}

async function parse(deps: Deps, receipt: KeptReceipt, body: Uint8Array): Promise<Parsed | null> {
  const request = requestOf(receipt, body);
  // It was recorded, so somebody had vouched for it.
  if (isMailDoor(receipt.provider)) {
    return (await readMail(deps, { ...mailOfRequest(request), trusted: true })).parsed;
  }
  const adapter = adapterOf(receipt.provider);
  return adapter ? parseSafely(deps, adapter, markVerified(request), { receivedAt: receipt.received_at }) : null;
}

function identityOf({ id, address }: { readonly id: string; readonly address: string }): string {
  return `${id} ${address}`;
}
