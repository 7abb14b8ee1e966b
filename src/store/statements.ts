/** Small things that every statement of the product shares. */

/** A value of D1 ends at 2 MB; JSON parameters are cut well before. In UTF-16 units, each at most 3 bytes. */
const MAX_PARAMETER_LENGTH = 600_000;

/** JSON arrays of at most about 600,000 characters, in order, for statements that take rows by one parameter. */
export function jsonChunks(
  rows: readonly unknown[],
  maxLength = MAX_PARAMETER_LENGTH,
): { first: number; json: string }[] {
  const chunks: { first: number; json: string }[] = [];
  let parts: string[] = [];
  let length = 0;
  let first = 0;
  rows.forEach((row, index) => {
    const part = JSON.stringify(row);
    if (parts.length && length + part.length > maxLength) {
      chunks.push({ first, json: `[${parts.join(",")}]` });
      parts = [];
      length = 0;
      first = index;
    }
    parts.push(part);
    length += part.length + 1;
  });
  if (parts.length) chunks.push({ first, json: `[${parts.join(",")}]` });
  return chunks;
}

/** SQL for what stands behind the last @ of an address: the part before may hold one, in quotes. */
export function domainSql(address: string): string {
  return `substr(${address}, length(rtrim(${address}, replace(${address}, '@', ''))) + 1)`;
}

/** The rows of one statement of a batch; an absent result is a fault of the platform, not an empty answer. */
export function rowsOf<T>(results: readonly D1Result<unknown>[], index: number): T[] {
  const result = results[index];
  if (!result) throw new Error("D1 answered fewer results than statements");
  return result.results as T[];
}

/**
 * Did the database refuse these very values, so that asking again cannot help? (A constraint, a size, a type.)
 * Everything else is a failure of ours or the platform's, to be tried again.
 */
export function isRefusedValue(error: unknown): boolean {
  return (
    error instanceof Error &&
    /SQLITE_(?:CONSTRAINT|TOOBIG|MISMATCH|RANGE)|constraint failed|too big|datatype mismatch|malformed JSON/i.test(
      error.message,
    )
  );
}
