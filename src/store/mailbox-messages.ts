/** Mails in POP3 mailboxes that a later scan has to recognize. */
import { jsonChunks } from "./statements";

export type MailboxMessageStatus = "recorded" | "oversized" | "failed";

export interface MailboxMessage {
  /** The server's unique id. */
  readonly uidl: string;
  readonly status: MailboxMessageStatus;
  /** As announced; `null`: the server did not say. */
  readonly bytes: number | null;
  /** How often it failed. */
  readonly attempts: number;
  /** Epoch ms. */
  readonly notedAt: number;
}

const PAGE = 5_000;

/** All that is noted of a mailbox, by unique id. */
export async function notedMessages(db: D1Database, mailbox: string): Promise<Map<string, MailboxMessage>> {
  const noted = new Map<string, MailboxMessage>();
  for (let after = "", isLast = false; !isLast; ) {
    const { results } = await db
      .prepare(
        `SELECT uidl, status, bytes, attempts, noted_at AS notedAt FROM mailbox_messages
         WHERE mailbox = ?1 AND uidl > ?2 ORDER BY uidl LIMIT ?3`,
      )
      .bind(mailbox, after, PAGE)
      .all<MailboxMessage>();
    for (const message of results) noted.set(message.uidl, message);
    isLast = results.length < PAGE;
    after = results.at(-1)?.uidl ?? "";
  }
  return noted;
}

/** Notes what became of a mail. */
export async function noteMessage(db: D1Database, mailbox: string, message: MailboxMessage): Promise<void> {
  await db
    .prepare(
      `INSERT INTO mailbox_messages (mailbox, uidl, status, bytes, attempts, noted_at) VALUES (?1, ?2, ?3, ?4, ?5, ?6)
       ON CONFLICT (mailbox, uidl) DO UPDATE SET status = excluded.status, bytes = excluded.bytes,
         attempts = excluded.attempts, noted_at = excluded.noted_at`,
    )
    .bind(mailbox, message.uidl, message.status, message.bytes, message.attempts, message.notedAt)
    .run();
}

/** Forgets mails that are no longer on the server. */
export async function forgetMessages(db: D1Database, mailbox: string, uidls: readonly string[]): Promise<void> {
  for (const { json } of jsonChunks(uidls)) {
    await db
      .prepare("DELETE FROM mailbox_messages WHERE mailbox = ?1 AND uidl IN (SELECT value FROM json_each(?2))")
      .bind(mailbox, json)
      .run();
  }
}
