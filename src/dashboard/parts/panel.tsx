/** The boxes that a page is made of. */
import type { Child } from "hono/jsx";
import { Pager, type PagerProps } from "./forms";

interface PanelProps {
  readonly title: string;
  /** Beside the title: how many of how many, or what can be done with all of it. */
  readonly aside?: Child;
  /** What a link leads to. */
  readonly id?: string;
  readonly children?: Child;
}

/** A box with a heading. */
export function Panel({ title, aside, id, children }: PanelProps) {
  return (
    <section class="panel" id={id}>
      <header>
        <h2>{title}</h2>
        {aside}
      </header>
      {children}
    </section>
  );
}

interface ListPanelProps {
  /** Its name, which is not shown: the page's heading says it. */
  readonly label: string;
  readonly isEmpty: boolean;
  /** What stands there as long as there is nothing to list. */
  readonly empty: Child;
  /** Where the list has further pages. */
  readonly pager?: PagerProps;
  /** The list. */
  readonly children?: Child;
}

/** What a page lists, or why it lists nothing, and the way on. */
export function ListPanel({ label, isEmpty, empty, pager, children }: ListPanelProps) {
  return (
    <section class="panel" aria-label={label}>
      {isEmpty ? empty : children}
      {pager ? <Pager {...pager} /> : null}
    </section>
  );
}
