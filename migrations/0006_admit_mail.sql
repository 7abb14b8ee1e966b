-- Mail comes in by Cloudflare Email Routing and out of mailboxes: receipts name these sources too. SQLite cannot change
-- a CHECK, so the table is written anew, with every row under its id. Nothing refers to it by a foreign key.
CREATE TABLE receipts_with_mail (
  id INTEGER PRIMARY KEY,
  request_id TEXT NOT NULL,
  source TEXT NOT NULL CHECK (source IN ('webhook', 'queue', 'email', 'mailbox', 'api', 'operator', 'replay')),
  provider TEXT NOT NULL,
  connection TEXT NOT NULL,
  received_at INTEGER NOT NULL,
  method TEXT NOT NULL,
  -- What a replay needs of the request, without credentials: JSON of [name, value] pairs.
  query TEXT NOT NULL,
  headers TEXT NOT NULL,
  body_sha256 TEXT NOT NULL,
  body_bytes INTEGER NOT NULL,
  status TEXT NOT NULL CHECK (status IN ('recorded', 'quarantined')),
  -- The receipt whose bytes were read again.
  replay_of INTEGER
);

INSERT INTO receipts_with_mail (id, request_id, source, provider, connection, received_at, method, query, headers,
  body_sha256, body_bytes, status, replay_of)
SELECT id, request_id, source, provider, connection, received_at, method, query, headers, body_sha256, body_bytes,
  status, replay_of
FROM receipts;

DROP TABLE receipts;
ALTER TABLE receipts_with_mail RENAME TO receipts;

-- For ranges of time (the journal is in the order of receipts) and for retention.
CREATE INDEX receipts_received ON receipts (received_at);

-- Mail that nothing vouches for, or that says nothing: how much there is, and what has served its time.
CREATE INDEX quarantine_open ON quarantine (receipt_id) WHERE reason IN ('unverified', 'unrecognized');
