/** Queries of URLs, from what callers filter by. */

export type Query = Readonly<Record<string, string | number | boolean | Date | undefined>>;

/** The path with its query; what is `undefined` is left out, a date is written as ISO 8601. */
export function withQuery(path: string, query: Query): string {
  const parts = Object.entries(query).flatMap(([name, value]) =>
    value === undefined ? [] : [`${name}=${encodeURIComponent(value instanceof Date ? value.toISOString() : value)}`],
  );
  return parts.length ? `${path}?${parts.join("&")}` : path;
}
