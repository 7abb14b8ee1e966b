/** What the worker logs. */
import { vi } from "vitest";

interface LogLine {
  readonly event: string;
  readonly detail?: string;
  readonly [field: string]: unknown;
}

/** Keeps the log off the screen. Undone by `vi.restoreAllMocks`. */
export function muteLog(): void {
  for (const level of ["log", "warn", "error"] as const) vi.spyOn(console, level).mockImplementation(() => {});
}

/** Listens to the lines of a level from now on, and keeps them off the screen. */
export function listenToLog(level: "log" | "warn" | "error"): () => LogLine[] {
  const lines: LogLine[] = [];
  vi.spyOn(console, level).mockImplementation((line: unknown) => {
    lines.push(JSON.parse(String(line)));
  });
  return () => lines;
}
