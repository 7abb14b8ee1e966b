import { diagnosticText } from "../../domain/delivery-status";
import type { EventRow } from "../../store/event-row";
import { Foreign } from "./words";

/** Longer than this is folded away. */
const SHORT_TEXT_LENGTH = 300;

/** What the receiver or the provider said of it, and how that was understood. */
export function Said({ row }: { row: EventRow }) {
  // A delivery's own word says nothing that the badge does not.
  const word = row.kind === "delivered" ? "" : (row.hint ?? "");
  const text = row.diagnostic_code === null ? word : diagnosticText(row.diagnostic_code);
  const facts = [row.category, row.rule].filter((fact) => fact !== null).join(" · ");
  return (
    <>
      {text.length <= SHORT_TEXT_LENGTH ? (
        <Foreign text={text} />
      ) : (
        <details class="long">
          <summary>
            <Foreign text={`${text.slice(0, SHORT_TEXT_LENGTH)}…`} />
          </summary>
          <Foreign text={text} />
        </details>
      )}
      {facts === "" ? null : (
        <div class="soft small">
          <Foreign text={facts} />
        </div>
      )}
    </>
  );
}
