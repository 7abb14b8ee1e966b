/** A table, in a box that scrolls where it is too wide. */
import type { Child } from "hono/jsx";
import { Scroll } from "./words";

/** What heads a column: words, or more than that. */
type Column = string | { readonly words: Child; readonly isNumber?: boolean };

interface TableProps {
  /** One for each cell of a row, in order. */
  readonly columns: readonly Column[];
  /** Names the box and has the keyboard reach it: wherever a row need not hold a link. */
  readonly label?: string;
  /** The rows. */
  readonly children?: Child;
}

/** Rows under the headings of their columns. */
export function Table({ columns, label, children }: TableProps) {
  const table = (
    <table>
      <thead>
        <tr>
          {columns.map((column) => (
            <Heading column={column} />
          ))}
        </tr>
      </thead>
      <tbody>{children}</tbody>
    </table>
  );
  return label === undefined ? <div class="scroll">{table}</div> : <Scroll label={label}>{table}</Scroll>;
}

function Heading({ column }: { column: Column }) {
  if (typeof column === "string") return <th scope="col">{column}</th>;
  return (
    <th scope="col" class={column.isNumber ? "num" : undefined}>
      {column.words}
    </th>
  );
}
