/** The right to do something alone, until it is given back or its time is over. */
export interface Lease {
  /** Of what it is about. */
  readonly id: string;
  /** Names the holder. */
  readonly holder: string;
  /** Epoch ms. */
  readonly until: number;
}

/** Somebody else holds it by now. */
export class LeaseLost extends Error {}
