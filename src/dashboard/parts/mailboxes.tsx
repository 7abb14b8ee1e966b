/** POP3 mailboxes: whether they can be read. */
import type { Config } from "../../config";
import type { MailboxState } from "../../store/mailboxes";
import { Panel } from "./panel";
import { Table } from "./table";
import { Badge, Foreign, Time } from "./words";

type Mailbox = Config["mailboxes"][number];

interface MailboxesProps {
  readonly mailboxes: readonly Mailbox[];
  readonly states: ReadonlyMap<string, MailboxState>;
}

/** A panel with a row for each mailbox: where it is, when it was last scanned, and what went wrong. */
export function Mailboxes({ mailboxes, states }: MailboxesProps) {
  return (
    <Panel
      id="mailboxes"
      title="Mailboxes"
      aside={
        <span class="soft small">
          in the secret <code>MAILBOXES</code>
        </span>
      }
    >
      <Table columns={["Mailbox", "State", "Last read", "What was wrong"]}>
        {mailboxes.map((mailbox) => (
          <Row mailbox={mailbox} state={states.get(mailbox.name)} />
        ))}
      </Table>
    </Panel>
  );
}

function Row({ mailbox: { name, settings }, state }: { mailbox: Mailbox; state: MailboxState | undefined }) {
  const lastSuccessAt = state?.lastSuccessAt ?? null;
  return (
    <tr>
      <th scope="row" class="name">
        <a href={`/dashboard/events?provider=mailbox&connection=${encodeURIComponent(name)}`}>{name}</a>
      </th>
      <td>
        {!settings.ok ? (
          <Badge tone="bad">settings unusable</Badge>
        ) : !settings.value.enabled ? (
          <Badge>switched off</Badge>
        ) : state?.errorCode ? (
          <Badge tone="bad">cannot be read</Badge>
        ) : lastSuccessAt === null ? (
          <Badge>waiting for the first scan</Badge>
        ) : (
          <Badge tone="good">works</Badge>
        )}
      </td>
      <td>
        {lastSuccessAt === null ? <span class="soft">never</span> : <Time at={lastSuccessAt} precision="minute" />}
      </td>
      <td class="text">
        <Foreign text={settings.ok ? (state?.errorDetail ?? "") : settings.error} />
      </td>
    </tr>
  );
}
