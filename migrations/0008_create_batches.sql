-- What an operator did to many recipients at once: an import, a block or a release of a list. It can be undone as a whole.
CREATE TABLE batches (
  -- A UUID of version 7: in the order of time.
  id TEXT PRIMARY KEY,
  kind TEXT NOT NULL CHECK (kind IN ('import', 'block', 'release')),
  -- Of an import: the format that it was read as.
  format TEXT,
  note TEXT,
  request_id TEXT NOT NULL,
  -- Who: a fingerprint of the token, and what the caller says of itself.
  actor TEXT NOT NULL,
  actor_label TEXT,
  created_at INTEGER NOT NULL,
  -- incomplete: it is being recorded, or was cut off. reverting: its events are being withdrawn.
  status TEXT NOT NULL CHECK (status IN ('incomplete', 'recorded', 'reverting', 'reverted')),
  recorded_at INTEGER,
  -- Rows of the list that were read, and of these: how many said nothing to record, and how many could not be read.
  row_count INTEGER NOT NULL,
  skipped INTEGER NOT NULL,
  invalid INTEGER NOT NULL,
  -- Events that it brought, and events that were on record already: these are not its own.
  added INTEGER NOT NULL,
  known INTEGER NOT NULL,
  reverted_at INTEGER,
  reverted_by TEXT,
  reverted_by_label TEXT,
  revert_request_id TEXT,
  -- How far undoing has come: the last receipt whose events were withdrawn, and how many events that are.
  reverted_up_to INTEGER NOT NULL,
  retracted INTEGER NOT NULL
) WITHOUT ROWID;

-- What the cron has to go on undoing.
CREATE INDEX batches_reverting ON batches (id) WHERE status = 'reverting';

-- A batch's events are those of its receipts.
ALTER TABLE receipts ADD COLUMN batch_id TEXT;
CREATE INDEX receipts_batch ON receipts (batch_id, id) WHERE batch_id IS NOT NULL;
