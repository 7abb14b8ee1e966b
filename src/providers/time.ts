/** Providers' ways of writing a time, to epoch ms. What is none is absent: the pipeline then takes the time of receipt. */

/** `2026-11-21T10:00:00.123Z`, with any offset (RFC 3339 §5.6); a zone is required. */
const RFC_3339 = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(?:\.\d+)?(?:Z|[+-]\d{2}:\d{2})$/i;
/** `2026-11-21 10:00:00`: SQL's form, with no word about the zone. */
const ZONELESS = /^(\d{4}-\d{2}-\d{2})[ T](\d{2}:\d{2}:\d{2}(?:\.\d+)?)$/;
/** `2026-11-21 10:00:00+0200`: SQL's form with an offset. */
const WITH_OFFSET = /^(\d{4}-\d{2}-\d{2}) (\d{2}:\d{2}:\d{2})([+-]\d{2}):?(\d{2})$/;
/** `1/15/2026 10:30:00 AM`: as .NET writes it in the United States. */
const MONTH_FIRST = /^(\d{1,2})\/(\d{1,2})\/(\d{4}) (\d{1,2}):(\d{2}):(\d{2})(?: ([AP])M)?$/i;

/** Unix time in seconds, whole or not, as a number or its digits. */
export function msOfUnixSeconds(value: string | number | undefined): number | undefined {
  const seconds = value === "" ? 0 : Number(value);
  return Number.isFinite(seconds) && seconds > 0 ? Math.round(seconds * 1000) : undefined;
}

/** A date and time with its zone (RFC 3339 §5.6). */
export function msOfRfc3339(text: string | undefined): number | undefined {
  return text !== undefined && RFC_3339.test(text) ? msOf(text) : undefined;
}

/** A date and time that names no zone, read as UTC. */
export function msOfZoneless(text: string | undefined): number | undefined {
  const match = ZONELESS.exec(text ?? "");
  return match ? msOf(`${match[1]}T${match[2]}Z`) : undefined;
}

/** A date and time with an offset, as PowerMTA logs them. */
export function msOfOffset(text: string | undefined): number | undefined {
  const [, date, time, hours, minutes] = WITH_OFFSET.exec(text ?? "") ?? [];
  return date === undefined ? undefined : msOf(`${date}T${time}${hours}:${minutes}`);
}

/** A date that begins with the month and names no zone, read as UTC; on a clock of twelve hours or of 24. */
export function msOfMonthFirst(text: string | undefined): number | undefined {
  const [, month = "", day = "", year, hour, minute, second, half] = MONTH_FIRST.exec(text ?? "") ?? [];
  if (year === undefined || (half !== undefined && (Number(hour) < 1 || Number(hour) > 12))) return undefined;
  const noon = half?.toUpperCase() === "P" ? 12 : 0;
  const hours = half === undefined ? Number(hour) : (Number(hour) % 12) + noon;
  const date = [year, month.padStart(2, "0"), day.padStart(2, "0")].join("-");
  return msOf(`${date}T${String(hours).padStart(2, "0")}:${minute}:${second}Z`);
}

function msOf(iso: string): number | undefined {
  const ms = Date.parse(iso);
  return Number.isNaN(ms) ? undefined : ms;
}
