/**
 * Makes a value when it is first asked for, and keeps it. What takes time to make is made so, since a worker's start has
 * to wait for everything that its modules do while they are loaded.
 *
 * @param make pure; it is called again only where it threw
 */
export function once<T>(make: () => T): () => T {
  let made: { readonly value: T } | undefined;
  return () => {
    made ??= { value: make() };
    return made.value;
  };
}
