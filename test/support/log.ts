/** What the worker logs. */
import { vi } from "vitest";

interface LogLine {
  readonly event: string;
  readonly detail?: string;
  readonly [field: string]: unknown;
}

/** Listens to the lines of a level from now on, and keeps them off the screen. */
export function listenToLog(level: "log" | "warn" | "error"): () => LogLine[] {
  const lines: LogLine[] = [];
  vi.spyOn(console, level).mockImplementation((line: unknown) => {
    lines.push(JSON.parse(String(line)));
  });
  return () => lines;
}
