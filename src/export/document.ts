/** Lists as files: CSV for spreadsheets, NDJSON for programs. One definition of columns for both. */
import { csvLine } from "../csv/writer";

/** As the API takes them. */
export const EXPORT_FORMATS = ["csv", "ndjson"] as const;
export type ExportFormat = (typeof EXPORT_FORMATS)[number];

/** By format. */
export const CONTENT_TYPES: Readonly<Record<ExportFormat, string>> = {
  csv: "text/csv; charset=utf-8",
  ndjson: "application/x-ndjson",
};

type Json = Readonly<Record<string, unknown>>;

/** The line that comes before all others; empty where the format has none. */
export function headOf(format: ExportFormat, columns: readonly string[]): string {
  return format === "csv" ? csvLine(columns) : "";
}

/** Items as lines. In CSV a list is joined by blanks and an object is its JSON. */
export function linesOfItems(format: ExportFormat, columns: readonly string[], items: readonly Json[]): string {
  return format === "csv"
    ? items.map((item) => csvLine(columns.map((column) => cellOf(item[column])))).join("")
    : items.map((item) => `${JSON.stringify(item)}\n`).join("");
}

function cellOf(value: unknown): string | number | null {
  if (value === null || value === undefined) return null;
  if (typeof value === "string" || typeof value === "number") return value;
  if (Array.isArray(value)) return value.join(" ");
  return typeof value === "object" ? JSON.stringify(value) : String(value);
}
