/** The caller's side of a recipient's object. */
import type { Decision } from "../domain/decision";
import type { ApplyRequest, ProbeAnswer, ProbeRequest, RebuildRequest, RecipientRpc, Revision } from "./rpc";

export type RecipientNamespace = DurableObjectNamespace;

const ATTEMPTS = 3;
const BACKOFF_MS = 50;

/** Takes facts in and returns the decision. Repeating a call is safe, so a dropped connection is tried again. */
export function applyToRecipient(namespace: RecipientNamespace, request: ApplyRequest): Promise<Decision> {
  return withRetry(() => stub(namespace, request.key).apply(request));
}

/** @returns `null`: it took in something else since its revision was read */
export function rebuildRecipientObject(
  namespace: RecipientNamespace,
  request: RebuildRequest,
): Promise<Decision | null> {
  return withRetry(() => stub(namespace, request.key).rebuild(request));
}

/** Asks for a probe, once: whoever is given one and does not hear of it has to wait as all others do. */
export function takeProbe(namespace: RecipientNamespace, request: ProbeRequest): Promise<ProbeAnswer | null> {
  return stub(namespace, request.key).takeProbe(request);
}

/** How far the object has come; of one that knows nothing: 0. */
export function revisionOf(namespace: RecipientNamespace, key: string): Promise<Revision> {
  return withRetry(() => stub(namespace, key).revision());
}

/** Empties the storage of an object of whom nothing is known any more. @returns whether it is empty now */
export function forgetRecipientObject(namespace: RecipientNamespace, key: string): Promise<boolean> {
  return withRetry(() => stub(namespace, key).forget());
}

function stub(namespace: RecipientNamespace, key: string): RecipientRpc {
  return namespace.getByName(key) as unknown as RecipientRpc;
}

/** The platform says which failures are worth repeating; an overloaded object is not asked again at once. */
async function withRetry<T>(call: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await call();
    } catch (error) {
      const { retryable, overloaded } = error as { retryable?: boolean; overloaded?: boolean };
      if (!retryable || overloaded || attempt === ATTEMPTS) throw error;
      await scheduler.wait(BACKOFF_MS * 2 ** attempt * (0.5 + Math.random()));
    }
  }
}
