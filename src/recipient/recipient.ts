/**
 * One recipient's Durable Object: storage around the pure fold, and the only place where events become a decision.
 *
 * Invariants that others rely on:
 * - Taking in the same facts again, in any order, changes nothing (the fold), so callers may repeat a call.
 * - `version` only rises, and rises with every change of the verdict, also over a rebuild. It starts at the clock,
 *   so an object that lost its storage does not start below what it published before.
 * - `revision` rises with every change of the state, whether or not the verdict moved.
 * - A call that comes late with an older policy is decided by the newer one.
 * - At most one probe is out at a time. That one was given out is remembered here only: an object that lost its storage
 *   may give out one more.
 * - A record that was withdrawn or erased is never taken in again, however late somebody brings it: a rebuild tells
 *   which these are, and the object remembers.
 *
 * Every method runs to its end without waiting for anything but its storage, so calls cannot interleave. The state is
 * one row, written only when something changed.
 */
import { DurableObject } from "cloudflare:workers";
import { keyOfErased } from "../domain/address";
import { isProbeDue } from "../domain/answer";
import { type Decision, withProbe } from "../domain/decision";
import type { RecordedFact } from "../domain/fact";
import type { Policy } from "../domain/policy";
import type { ProbeLease } from "../domain/probation";
import { applyFacts, decide, EMPTY_STATE, type RecipientState, type Verdict } from "../domain/recipient-state";
import type {
  ApplyRequest,
  PolicyInForce,
  ProbeAnswer,
  ProbeRequest,
  RebuildRequest,
  RecipientRpc,
  Revision,
} from "./rpc";

interface Stored {
  readonly key: string;
  readonly address: string;
  readonly state: RecipientState;
  readonly revision: number;
  readonly version: number;
  /** The verdict that `version` stands for, as JSON. */
  readonly verdict: string;
  /** The latest that came with a call. */
  readonly policy: Policy;
  /** Absent: 0. */
  readonly policyVersion?: number;
  /** Records that were withdrawn. Absent: none. */
  readonly retracted?: readonly number[];
  /** Records up to here were erased. Absent: none. */
  readonly erasedUpTo?: number;
  /** The last probe that was given out. Absent: none that still matters. */
  readonly lease?: ProbeLease;
}

/** What the object remembers beside the state: which records it must not take in, and whether a probe is out. */
type Remembered = Pick<Stored, "retracted" | "erasedUpTo" | "lease">;

const STORED = "recipient";
/** After a failed publication the alarm tries again; the platform's own retries end after six. */
const ALARM_RETRY_MS = 60_000;
/** The platform takes no alarm after 2189, and "9999-12-31" means for ever to many: on the way there it looks again. */
const MAX_ALARM_MS = 365 * 86_400_000;

/** The object, but for what it needs of the composition root: where decisions are published, and which policy holds. */
export abstract class RecipientObject<Env> extends DurableObject<Env> implements RecipientRpc {
  /** Hands a decision that time alone brought about to the projection. */
  protected abstract publish(decision: Decision): Promise<void>;

  /** The policy that holds now; `null`: it cannot be told. Never rejects. */
  protected abstract currentPolicy(): Promise<PolicyInForce | null>;

  async apply(request: ApplyRequest): Promise<Decision> {
    const stored = this.load();
    const facts = admitted(request.facts, stored ?? {});
    const state = applyFacts(stored?.state ?? EMPTY_STATE, facts);
    const address = facts.length ? addressOf(request, stored) : (stored?.address ?? request.address);
    return this.settle({ ...request, address }, stored, state, stored ?? {}, 0);
  }

  async rebuild(request: RebuildRequest): Promise<Decision | null> {
    const stored = this.load();
    if ((stored?.revision ?? 0) !== request.ifRevision) return null;
    const remembered: Remembered = {
      ...(stored?.lease ? { lease: stored.lease } : {}),
      ...(request.retracted.length ? { retracted: request.retracted } : {}),
      ...barredUpTo(Math.max(stored?.erasedUpTo ?? 0, request.erasedUpTo)),
    };
    const state = applyFacts(EMPTY_STATE, admitted(request.facts, remembered));
    return this.settle(request, stored, state, remembered, request.floor);
  }

  async takeProbe(request: ProbeRequest): Promise<ProbeAnswer | null> {
    const stored = this.load();
    if (!stored) return null;
    const { purpose } = request;
    const { policy, policyVersion } = laterOf(request, stored);
    const about = { ...stored, policy, policyVersion };
    const now = Date.now();
    const verdict = withProbe(decide(stored.state, policy, now), stored.lease);
    const isGranted = policy.probation !== undefined && isProbeDue(verdict, purpose, now);
    const lease = isGranted ? { lease: { at: now, until: now + policy.probation.waitMs } } : {};
    return { isGranted, decision: this.settle(about, stored, stored.state, { ...stored, ...lease }, 0) };
  }

  async revision(): Promise<Revision> {
    const stored = this.load();
    return { number: stored?.revision ?? 0, address: stored?.address ?? null };
  }

  async forget(): Promise<boolean> {
    const { state } = this.load() ?? {};
    if (state && Object.values(state).some((part) => Object.keys(part).length > 0)) return false;
    this.cached = undefined;
    // The alarm goes with it.
    await this.ctx.storage.deleteAll();
    return true;
  }

  override async alarm(): Promise<void> {
    // Before anything is loaded: other calls are let in meanwhile.
    const current = await this.currentPolicy();
    const stored = this.load();
    if (!stored) return;
    // One of the same version is no newer than what the last call brought: who configured that call is not here.
    const isNewer = (current?.policyVersion ?? 0) > (stored.policyVersion ?? 0);
    const decision = this.settle({ ...stored, ...(isNewer ? current : {}) }, stored, stored.state, stored, 0);
    // Also where nothing moved: what was set may have made way for this alarm's own repetition.
    this.scheduleAlarm(decision.verdict, Date.now());
    try {
      await this.publish(decision);
    } catch {
      await this.ctx.storage.setAlarm(Date.now() + ALARM_RETRY_MS);
    }
  }

  /** Decides, stores what changed, and sets the alarm for the moment at which the verdict changes by itself. */
  private settle(
    about: PolicyInForce & { readonly key: string; readonly address: string },
    stored: Stored | undefined,
    state: RecipientState,
    remembered: Remembered,
    floor: number,
  ): Decision {
    const now = Date.now();
    const { policy, policyVersion } = laterOf(about, stored);
    const verdict = withProbe(decide(state, policy, now), remembered.lease);
    const text = JSON.stringify(verdict);
    const moved = stored?.verdict !== text || (stored?.version ?? 0) <= floor;
    const version = moved ? Math.max(now, (stored?.version ?? 0) + 1, floor + 1) : stored.version;
    const next: Stored = {
      key: about.key,
      address: about.address,
      state,
      revision: (stored?.revision ?? 0) + (stored?.state === state ? 0 : 1),
      version,
      verdict: text,
      policy,
      ...(policyVersion ? { policyVersion } : {}),
      ...(remembered.retracted ? { retracted: remembered.retracted } : {}),
      ...barredUpTo(remembered.erasedUpTo ?? 0),
      ...keptLease(remembered, verdict, now),
    };
    if (moved || next.revision !== stored.revision || !isSamePolicy(stored, next)) {
      this.ctx.storage.kv.put(STORED, next);
      this.cached = next;
    }
    if (moved) this.scheduleAlarm(verdict, now);
    return { key: about.key, address: about.address, version, erasedUpTo: next.erasedUpTo ?? 0, verdict };
  }

  private scheduleAlarm(verdict: Verdict, now: number): void {
    if (verdict.nextChangeAt === null) return;
    // The output gate holds the answer until this is durable; nothing here depends on its result.
    void this.ctx.storage.setAlarm(Math.min(Math.max(verdict.nextChangeAt, now + 1), now + MAX_ALARM_MS));
  }

  private cached: Stored | undefined;

  private load(): Stored | undefined {
    this.cached ??= this.ctx.storage.kv.get<Stored>(STORED);
    return this.cached;
  }
}

function laterOf(told: PolicyInForce, stored: PolicyInForce | undefined): PolicyInForce {
  return stored && (stored.policyVersion ?? 0) > (told.policyVersion ?? 0) ? stored : told;
}

function isSamePolicy(a: PolicyInForce, b: PolicyInForce): boolean {
  return a.policyVersion === b.policyVersion && JSON.stringify(a.policy) === JSON.stringify(b.policy);
}

/** Long after a probation is over nothing is left of it. */
function keptLease({ lease }: Remembered, { suppressions }: Verdict, now: number): Remembered {
  return lease && (lease.until > now || suppressions.some((s) => s.probation)) ? { lease } : {};
}

function barredUpTo(seq: number): Remembered {
  return seq > 0 ? { erasedUpTo: seq } : {};
}

/** What may be taken in. Somebody may have read a record before it was withdrawn or erased, and bring it after. */
function admitted(facts: readonly RecordedFact[], { retracted, erasedUpTo = 0 }: Remembered): readonly RecordedFact[] {
  if (!retracted && !erasedUpTo) return facts;
  return facts.filter(({ seq }) => seq > erasedUpTo && !retracted?.includes(seq));
}

/** A recipient who was erased is known by the hash until somebody names the address again. */
function addressOf(request: ApplyRequest, stored: Stored | undefined): string {
  return stored && keyOfErased(request.address) !== null ? stored.address : request.address;
}
