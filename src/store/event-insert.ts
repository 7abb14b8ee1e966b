/**
 * The statement that inserts a request's events. Most of what they say they all say alike: the connection, the time of
 * reception, and that there is no class, no campaign and so on. Such values are bound once and not taken out of each row,
 * and columns that nothing is said for are left out.
 */
import { IMPORT_PROVIDER, OPERATOR_KINDS } from "../domain/event";
import { ENTRY, INSERTED_COLUMNS, NEXT_RECEIPT, SEQ_PER_RECEIPT } from "./event-row";
import { jsonChunks } from "./statements";

/** What a row's array holds, in this order: the columns, how the event enters the journal, and its rank. */
const FIELDS: readonly string[] = [...INSERTED_COLUMNS, "entry", "rank"];
const OPERATOR_KINDS_SQL = `(${OPERATOR_KINDS.map((kind) => `'${kind}'`).join(", ")})`;

/** Where the values of some rows are found. */
interface Layout {
  /** Positions in the arrays: of what differs from row to row, and of what is the same in all of them. */
  readonly own: readonly number[];
  readonly shared: readonly number[];
  /** SQL for a field's value: out of the row's `v`, or of the parameter `?3`. */
  readonly sqlOf: (field: string) => string;
}

/**
 * Statements for events of one receipt, to come before the receipt's own.
 *
 * @param rows as `insertArray` makes them
 */
export function insertStatements(db: D1Database, rows: readonly (readonly unknown[])[]): D1PreparedStatement[] {
  const [first] = rows;
  if (!first) return [];
  const layout = layoutOf(first, rows);
  const statement = db.prepare(insertSql(layout, rows.some(isCommand)));
  const shared = JSON.stringify(layout.shared.map((at) => first[at]));
  const own = rows.map((row) => layout.own.map((at) => row[at]));
  return jsonChunks(own).map((chunk) => statement.bind(chunk.json, chunk.first, shared));
}

function layoutOf(first: readonly unknown[], rows: readonly (readonly unknown[])[]): Layout {
  const own: number[] = [];
  const shared: number[] = [];
  const values = FIELDS.map((_, at) => {
    if (rows.some((row) => row[at] !== first[at])) return `v->>${own.push(at) - 1}`;
    return first[at] === null ? "NULL" : `?3->>${shared.push(at) - 1}`;
  });
  return { own, shared, sqlOf: (field) => values[FIELDS.indexOf(field)] ?? "NULL" };
}

const KIND = FIELDS.indexOf("kind");

function isCommand(row: readonly unknown[]): boolean {
  return OPERATOR_KINDS.some((kind) => kind === row[KIND]);
}

/**
 * An operator's command gets a time later than every command before it, so that of two in the same millisecond the later
 * one wins; what an imported list says was done elsewhere keeps its time. A delivery is left to be applied only if its
 * recipient has a live counter.
 */
function insertSql({ sqlOf }: Layout, hasCommands: boolean): string {
  const columns = INSERTED_COLUMNS.filter((column) => sqlOf(column) !== "NULL");
  const value = (column: string) => (column === "occurred_at" && hasCommands ? commandTimeSql(sqlOf) : sqlOf(column));
  return `
    WITH rows AS MATERIALIZED (SELECT key AS position, jsonb(value) AS v FROM json_each(?1))
    INSERT INTO events (seq, ${columns.join(", ")}, state)
    SELECT ${NEXT_RECEIPT} * ${SEQ_PER_RECEIPT} + ?2 + position, ${columns.map(value).join(", ")},
      CASE WHEN ${sqlOf("entry")} = ${ENTRY.delivery} THEN
        CASE WHEN EXISTS (SELECT 1 FROM recipients r WHERE r.address = ${sqlOf("address")} AND r.counting_since IS NOT NULL)
          THEN ${ENTRY.pending} ELSE ${ENTRY.skipped} END
      ELSE ${sqlOf("entry")} END
    FROM rows WHERE ?3 IS NOT NULL
    ON CONFLICT (address, id) DO NOTHING`;
}

function commandTimeSql(sqlOf: (field: string) => string): string {
  return `CASE WHEN ${sqlOf("kind")} IN ${OPERATOR_KINDS_SQL} AND ${sqlOf("provider")} <> '${IMPORT_PROVIDER}' THEN
    max(${sqlOf("occurred_at")}, coalesce((SELECT max(e.occurred_at) + 1 + ${sqlOf("rank")} FROM events e
      WHERE e.address = ${sqlOf("address")} AND e.kind IN ${OPERATOR_KINDS_SQL}), 0))
    ELSE ${sqlOf("occurred_at")} END`;
}
