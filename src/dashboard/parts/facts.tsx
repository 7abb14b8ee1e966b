/** What is known of one thing. */
import type { Child } from "hono/jsx";

/** A list of facts: its children are `Fact`s. */
export function Facts({ children }: { children?: Child }) {
  return <dl class="facts">{children}</dl>;
}

interface FactProps {
  readonly name: Child;
  /** Written by a machine for machines, such as an id. */
  readonly isMono?: boolean;
  readonly children?: Child;
}

/** One of them: what it is about, and what is so. */
export function Fact({ name, isMono = false, children }: FactProps) {
  return (
    <>
      <dt>{name}</dt>
      <dd class={isMono ? "mono" : undefined}>{children}</dd>
    </>
  );
}
