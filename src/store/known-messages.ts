/** Which mails are known to have gone to whom: every event in the journal says so. */

/** By recipient, whose own rows are few: a campaign's Message-ID may be that of a million mails. */
const SELECT_RECIPIENTS = `
  SELECT DISTINCT e.address FROM json_each(?1) a JOIN events e ON e.address = a.value
  WHERE e.retracted_by IS NULL
    AND (e.internet_message_id = ?2 OR e.message_id IN (SELECT value FROM json_each(?3)))`;

export interface NamedMessage {
  /** As in its header, without angle brackets. */
  readonly internetMessageId: string;
  /** What a provider may call it in place of that. */
  readonly messageIds: readonly string[];
}

/**
 * Those of these recipients of whom the journal knows that this very message went to them.
 *
 * @param addresses canonical
 */
export async function recipientsOfMessage(
  db: D1Database,
  { internetMessageId, messageIds }: NamedMessage,
  addresses: readonly string[],
): Promise<ReadonlySet<string>> {
  const { results } = await db
    .prepare(SELECT_RECIPIENTS)
    .bind(JSON.stringify(addresses), internetMessageId, JSON.stringify(messageIds))
    .all<{ address: string }>();
  return new Set(results.map(({ address }) => address));
}
