/** Everything that happened to a recipient. */
import type { Actor } from "../../store/audit";
import { type EventRow, heldBy, receiptIdOf } from "../../store/event-row";
import { Said } from "./said";
import { noteOf } from "./verdict";
import { Badge, EventBadge, Foreign, Time, toneOf } from "./words";

interface TimelineProps {
  readonly rows: readonly EventRow[];
  /** Who gave the commands among them, by receipt. */
  readonly actors: ReadonlyMap<number, Actor>;
}

/** Events in the order in which they come, each with its words and its receipt; of commands also who gave them. */
export function Timeline({ rows, actors }: TimelineProps) {
  return (
    <ol class="timeline">
      {rows.map((row) => {
        const note = noteOf(row);
        const incident = heldBy(row);
        const isUndone = row.retracted_by !== null;
        return (
          <li class={isUndone ? "undone" : toneOf(row.kind, row.class)}>
            <div class="badges">
              <EventBadge kind={row.kind} bounceClass={row.class} />
              <Time at={row.occurred_at} />
              <span class="soft small">
                <Source row={row} actor={actors.get(receiptIdOf(row.seq))} />
                {" · "}
                <a href={`/dashboard/receipts/${receiptIdOf(row.seq)}`}>receipt</a>
              </span>
              {isUndone ? <Badge>undone</Badge> : null}
              {incident === null ? null : (
                <a href={`/dashboard/incidents/${incident}`}>
                  <Badge tone="warn">held</Badge>
                </a>
              )}
            </div>
            {note === null ? null : (
              <div>
                “<Foreign text={note} />”
              </div>
            )}
            <Said row={row} />
          </li>
        );
      })}
    </ol>
  );
}

function Source({ row, actor }: { row: EventRow; actor: Actor | undefined }) {
  if (actor) {
    return (
      <>
        by <Foreign text={actor.id} />
        {actor.label === null ? null : (
          <>
            {" "}
            (<Foreign text={actor.label} />)
          </>
        )}
      </>
    );
  }
  return (
    <>
      {row.provider}
      {row.connection === "default" ? "" : `/${row.connection}`}
    </>
  );
}
