/** Tables of the overview: by provider, domain and reason, and what changed most. */
import type { Overview } from "../../pipeline/overview";
import type { ComparedRow } from "../../store/stats";
import { Panel } from "./panel";
import { Table } from "./table";
import { count, percent, reasonWords } from "./words";

/** Rows of each table. */
const SHOWN = 8;
/** A change of less is chance. */
const MIN_CHANGE = 3;

interface Column {
  readonly head: string;
  readonly cell: (row: ComparedRow) => string;
}

const DELIVERED: Column = { head: "Delivered", cell: (row) => count(row.delivered) };
const BOUNCED: Column = { head: "Bounced", cell: (row) => count(row.bounced) };
const RATE: Column = { head: "Rate", cell: ({ delivered, bounced }) => percent(shareOf(bounced, delivered + bounced)) };
const COMPLAINTS: Column = { head: "Complaints", cell: (row) => count(row.complained) };
const BEFORE: Column = { head: "Before", cell: (row) => count(row.bouncedBefore) };

/** For what mail was sent by or to: shares make sense. */
export const OF_SENDING: readonly Column[] = [DELIVERED, BOUNCED, RATE, COMPLAINTS];
/** For what only bounces have: there is no share of anything. */
export const OF_BOUNCES: readonly Column[] = [BOUNCED, BEFORE];

function shareOf(part: number, whole: number): number {
  return whole === 0 ? 0 : part / whole;
}

interface ComparisonProps {
  readonly title: string;
  readonly head: string;
  readonly rows: readonly ComparedRow[];
  readonly columns: readonly Column[];
  readonly words?: (value: string) => string;
  readonly href?: (value: string) => string;
  /** Which days these are, where they are not those of the page. */
  readonly note?: string | undefined;
}

/** Those with the most in the period. */
export function Comparison({ title, head, rows, columns, words = String, href, note }: ComparisonProps) {
  const shown = rows.filter((row) => row.delivered + row.bounced + row.complained > 0).slice(0, SHOWN);
  return (
    <Panel title={title} aside={note === undefined ? null : <span class="soft small">{note}</span>}>
      {shown.length === 0 ? (
        <p class="none">Nothing in this time.</p>
      ) : (
        <Table label={title} columns={[head, ...columns.map((column) => ({ words: column.head, isNumber: true }))]}>
          {shown.map((row) => (
            <tr>
              <th scope="row" class="name">
                <bdi>{href ? <a href={href(row.value)}>{words(row.value)}</a> : words(row.value)}</bdi>
              </th>
              {columns.map(({ cell }) => (
                <td class="num">{cell(row)}</td>
              ))}
            </tr>
          ))}
        </Table>
      )}
    </Panel>
  );
}

/** The reasons, domains and providers whose bounces moved most. */
export function Changes({ view }: { view: Overview }) {
  const groups = [
    ["Reason", view.reasons.map((row) => ({ ...row, value: reasonWords(row.value) }))],
    ["Domain", view.domains],
    ["Provider", view.providers],
  ] as const;
  const moved = groups
    .flatMap(([what, rows]) =>
      rows.map(({ value, bounced, bouncedBefore }) => ({ what, value, now: bounced, before: bouncedBefore })),
    )
    .filter(({ now, before }) => Math.abs(now - before) >= MIN_CHANGE)
    .sort((a, b) => Math.abs(b.now - b.before) - Math.abs(a.now - a.before))
    .slice(0, SHOWN);
  return (
    <Panel title="What changed most">
      {moved.length === 0 ? (
        <p class="none">Bounces are as they were in the time before.</p>
      ) : (
        <Table
          label="What changed most"
          columns={[
            "Bounces by",
            { words: "Before", isNumber: true },
            { words: "Now", isNumber: true },
            { words: "Change", isNumber: true },
          ]}
        >
          {moved.map(({ what, value, now, before }) => (
            <tr>
              <th scope="row" class="name">
                <span class="soft">{what}:</span> <bdi>{value}</bdi>
              </th>
              <td class="num">{count(before)}</td>
              <td class="num">{count(now)}</td>
              <td class={`num ${now > before ? "up" : "down"}`}>
                {now > before ? "+" : "−"}
                {count(Math.abs(now - before))}
              </td>
            </tr>
          ))}
        </Table>
      )}
    </Panel>
  );
}
