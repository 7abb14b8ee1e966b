/**
 * The floors' table: the columns that the product's journal fills, the identity as its key, and no other index.
 */
export const COLUMNS = [
  ...["id", "address", "provider", "connection", "kind", "class", "message_id", "internet_message_id"],
  ...["status_code", "diagnostic_code", "campaign", "occurred_at", "received_at"],
];
export const FLOOR_TABLE = `CREATE TABLE floor_events (id TEXT PRIMARY KEY, ${COLUMNS.slice(1).join(", ")})`;
