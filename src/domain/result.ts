/** The outcome of a step that can fail in an expected way: a value, or a reason. Nothing here throws. */
export type Result<T, E> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly error: E };

/** It worked. */
export const ok = <T>(value: T): Result<T, never> => ({ ok: true, value });

/** It did not, as is to be expected: the error is a value. */
export const fail = <E>(error: E): Result<never, E> => ({ ok: false, error });
