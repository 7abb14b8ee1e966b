/**
 * Adds counts, name by name.
 *
 * @returns a record of the names of the first
 */
export function addCounts<T extends Readonly<Record<keyof T, number>>>(counts: T, more: T): T {
  const names = Object.keys(counts) as (keyof T)[];
  return Object.fromEntries(names.map((name) => [name, counts[name] + more[name]])) as T;
}
