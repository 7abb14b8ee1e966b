/** What callers and the recipient's object say to each other. */
import type { Decision } from "../domain/decision";
import type { Fact } from "../domain/fact";
import type { Policy } from "../domain/policy";

export interface ApplyRequest {
  readonly key: string;
  readonly address: string;
  readonly facts: readonly Fact[];
  readonly policy: Policy;
}

export interface RebuildRequest extends ApplyRequest {
  /** The projection's version: the object's next one is above it. */
  readonly floor: number;
  /** The revision at which the facts were read; the object refuses when it has moved on since. */
  readonly ifRevision: number;
}

/** The object's side, as seen by a caller. */
export interface RecipientRpc {
  apply(request: ApplyRequest): Promise<Decision>;
  /** `null`: the object took in something else meanwhile; read the facts again. */
  rebuild(request: RebuildRequest): Promise<Decision | null>;
  revision(): Promise<number>;
}
