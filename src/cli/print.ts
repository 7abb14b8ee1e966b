/** Results as people read them, or as JSON: `--json` decides. */
import type { Terminal } from "./terminal";

interface Printing {
  readonly values: { readonly json?: boolean | undefined };
  readonly terminal: Terminal;
}

/** @param textOf with its line end */
export function print<T>({ values, terminal }: Printing, value: T, textOf: (value: T) => string): Promise<void> {
  return terminal.write(values.json ? `${JSON.stringify(value)}\n` : textOf(value));
}

/** One after the other, as they come. */
export async function printEach<T>(
  run: Printing,
  all: AsyncIterable<T> | Iterable<T>,
  textOf: (value: T) => string,
): Promise<void> {
  for await (const one of all) await print(run, one, textOf);
}
