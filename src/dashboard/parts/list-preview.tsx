/** What importing a list would do. */
import { CsvParser } from "../../csv/reader";
import { columnName, type Format, isWords } from "../../import/format";
import { FORMATS } from "../../import/formats";
import type { ImportSummary, RowResult } from "../../pipeline/import";
import { Fact, Facts } from "./facts";
import { Panel } from "./panel";
import { Table } from "./table";
import { Tile } from "./tiles";
import { Badge, count, Foreign } from "./words";

interface PreviewProps {
  readonly summary: ImportSummary;
  /** The first rows that say something that needs a look. */
  readonly remarkable: readonly RowResult[];
  readonly bytes: Uint8Array;
}

/** A dry run in numbers, which columns were taken for what, and the rows that need a look. */
export function Preview({ summary, remarkable, bytes }: PreviewProps) {
  const format = FORMATS.find(({ id }) => id === summary.format);
  return (
    <>
      <div class="tiles">
        <Tile label="Rows" value={count(summary.rows)} note={`Read as: ${format?.title ?? summary.format}`} />
        <Tile label="New" value={count(summary.new)} note="Would be recorded" tone={summary.new ? "good" : "unknown"} />
        <Tile label="Known" value={count(summary.known)} note="On record already" />
        <Tile label="Left out" value={count(summary.skipped)} note="Nothing to record" />
        <Tile
          label="Unreadable"
          value={count(summary.invalid)}
          note="Would be skipped"
          tone={summary.invalid ? "warn" : "unknown"}
        />
      </div>
      {format ? <Columns format={format} names={headerOf(bytes)} /> : null}
      {remarkable.length === 0 ? null : <Remarks rows={remarkable} />}
    </>
  );
}

/** The first line is enough; a header is not longer. */
const MAX_HEADER_BYTES = 20_000;

/** The names of the columns, where the list is a table that begins with them. */
function headerOf(bytes: Uint8Array): readonly string[] {
  const text = new TextDecoder().decode(bytes.subarray(0, MAX_HEADER_BYTES));
  if (/^\s*[[{]/.test(text)) return [];
  const parser = new CsvParser();
  const [first] = [...parser.push(text.replace(/^\ufeff/, "")), ...parser.end()];
  return first && !first.fields.some((field) => field.includes("@")) ? first.fields : [];
}

const ROLES: readonly (readonly [words: string, columns: (format: Format) => readonly string[]])[] = [
  ["the address", (format) => format.recipient],
  ["when it happened", (format) => format.occurredAt ?? []],
  ["until when", (format) => [...(format.expiresAt ?? []), ...(format.retriedAt ?? [])]],
  ["why", ({ meaning }) => (isWords(meaning) ? meaning.columns : [])],
  ["the status code", (format) => format.statusCode ?? []],
  ["what was said", (format) => format.diagnosticCode ?? []],
  ["a note", (format) => format.note ?? []],
];

const MAX_COLUMNS = 40;

/** What each column of the list is taken for. */
function Columns({ format, names }: { format: Format; names: readonly string[] }) {
  if (!names.length) return null;
  const meant = names.slice(0, MAX_COLUMNS).map((name) => {
    const role = ROLES.find(([, columns]) => columns(format).includes(columnName(name)));
    return { name, words: role?.[0] ?? null };
  });
  return (
    <Panel title="What each column is read as">
      <Facts>
        {meant.map(({ name, words }) => (
          <Fact name={<Foreign text={name} />}>{words ?? <span class="soft">not used</span>}</Fact>
        ))}
      </Facts>
    </Panel>
  );
}

function Remarks({ rows }: { rows: readonly RowResult[] }) {
  return (
    <Panel title="Rows to look at" aside={<span class="soft small">the first {rows.length}</span>}>
      <Table
        label="Rows to look at"
        columns={[{ words: "Line", isNumber: true }, "Recipient", "What becomes of it", "Why"]}
      >
        {rows.map((row) => (
          <tr>
            <td class="num">{row.line}</td>
            <td class="address">
              <Foreign text={row.recipient ?? ""} />
            </td>
            <td>
              <Badge tone={row.status === "invalid" ? "bad" : "plain"}>{row.status}</Badge>
            </td>
            <td class="text">{row.detail}</td>
          </tr>
        ))}
      </Table>
    </Panel>
  );
}
