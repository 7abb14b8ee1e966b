/** What may be logged: words, numbers, hashes. Never an address, a body, a subject, a diagnostic text, a secret. */
export type LogFields = Readonly<Record<string, string | number | boolean | null | undefined>>;

export interface Logger {
  readonly info: (event: string, fields?: LogFields) => void;
  readonly warn: (event: string, fields?: LogFields) => void;
  readonly error: (event: string, fields?: LogFields) => void;
}

/** One JSON line per call, with the fields of this unit of work in each. */
export function createLogger(base: LogFields = {}): Logger {
  const line = (level: string, event: string, fields: LogFields = {}) =>
    JSON.stringify({ level, event, ...base, ...fields });
  return {
    info: (event, fields) => console.log(line("info", event, fields)),
    warn: (event, fields) => console.warn(line("warn", event, fields)),
    error: (event, fields) => console.error(line("error", event, fields)),
  };
}

/**
 * What of an error may be logged: its kind, the platform's own words, and where it happened. Never its message,
 * which may quote what was being read.
 */
export function errorFields(error: unknown): LogFields {
  if (!(error instanceof Error)) return { error: typeof error };
  const frames = (error.stack ?? "").split("\n").filter((line) => /^\s+at /.test(line));
  return {
    error: error.name,
    reason: /SQLITE_[A-Z_]+|D1_[A-Z_]+|overloaded|reset|timed? ?out|network/i.exec(error.message)?.[0],
    at: frames
      .slice(0, 4)
      .map((line) => withoutFolder(line.trim().replace(/^at /, "")))
      .join(" < "),
  };
}

/** `read (file:///home/x/src/a.ts:1:2)` → `read (a.ts:1:2)`. */
function withoutFolder(frame: string): string {
  const opens = frame.indexOf(" (");
  const slash = Math.max(frame.lastIndexOf("/"), frame.lastIndexOf("\\"));
  return opens >= 0 && slash > opens && frame.endsWith(")")
    ? `${frame.slice(0, opens)} (${frame.slice(slash + 1)}`
    : frame;
}
