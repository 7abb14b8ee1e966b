/** What callers and the recipient's object say to each other. */
import type { Purpose } from "../domain/answer";
import type { Decision } from "../domain/decision";
import type { RecordedFact } from "../domain/fact";
import type { Policy } from "../domain/policy";

/** What is to be decided by. */
export interface PolicyInForce {
  readonly policy: Policy;
  /** Of two, the one with the higher number is the later. Absent: 0, nothing was ever applied. */
  readonly policyVersion?: number | undefined;
}

export interface ApplyRequest extends PolicyInForce {
  readonly key: string;
  readonly address: string;
  readonly facts: readonly RecordedFact[];
}

export interface RebuildRequest extends ApplyRequest {
  /** The projection's version: the object's next one is above it. */
  readonly floor: number;
  /** The revision at which the facts were read; the object refuses when it has moved on since. */
  readonly ifRevision: number;
  /** Records that were withdrawn: whoever still brings them is late. */
  readonly retracted: readonly number[];
  /** Records up to this place in the journal were erased; 0: none. */
  readonly erasedUpTo: number;
}

/** Somebody is about to send, and nothing but a soft suppression on probation seems to stand against it. */
export interface ProbeRequest extends PolicyInForce {
  readonly key: string;
  readonly purpose: Purpose;
}

export interface ProbeAnswer {
  /** It may be mailed, once, by whoever asked. */
  readonly isGranted: boolean;
  readonly decision: Decision;
}

/** How far an object has come. */
export interface Revision {
  /** Rises with every change of its state; 0: it knows nothing. */
  readonly number: number;
  /** The name under which it was last told something. */
  readonly address: string | null;
}

/** The object's side, as seen by a caller. */
export interface RecipientRpc {
  apply(request: ApplyRequest): Promise<Decision>;
  /** `null`: the object took in something else meanwhile; read the facts again. */
  rebuild(request: RebuildRequest): Promise<Decision | null>;
  /** Gives out the probe of a recipient on probation, to one caller at a time. `null`: the object knows nothing. */
  takeProbe(request: ProbeRequest): Promise<ProbeAnswer | null>;
  revision(): Promise<Revision>;
  /** Empties the object's storage, if nothing is known to it any more. Returns whether it is empty now. */
  forget(): Promise<boolean>;
}
