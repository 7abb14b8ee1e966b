-- The journal: what reached us, what it said, and what could not be read.

-- One HTTP request, mail or operator's command that said something new.
CREATE TABLE receipts (
  id INTEGER PRIMARY KEY,
  request_id TEXT NOT NULL,
  source TEXT NOT NULL CHECK (source IN ('webhook', 'queue', 'api', 'operator', 'replay')),
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

-- For ranges of time (the journal is in the order of receipts) and for retention.
CREATE INDEX receipts_received ON receipts (received_at);

-- The bytes, gzipped, in parts, because a value of D1 ends at 2 MB.
CREATE TABLE receipt_bodies (
  receipt_id INTEGER NOT NULL,
  part INTEGER NOT NULL,
  bytes BLOB NOT NULL,
  PRIMARY KEY (receipt_id, part)
) WITHOUT ROWID;

-- What could not be read: one record of a body, or (item is null) the body as a whole.
-- The id is made of the bytes, so a provider's retry does not quarantine twice.
CREATE TABLE quarantine (
  id TEXT PRIMARY KEY,
  receipt_id INTEGER NOT NULL,
  item INTEGER,
  reason TEXT NOT NULL,
  detail TEXT NOT NULL,
  created_at INTEGER NOT NULL
) WITHOUT ROWID;

-- For retention, which spares the bytes of what is still in quarantine.
CREATE INDEX quarantine_receipt ON quarantine (receipt_id);

-- Facts, append-only. seq = receipt id * 131072 + position in the request: the order of arrival.
CREATE TABLE events (
  seq INTEGER PRIMARY KEY,
  id TEXT NOT NULL,
  address TEXT NOT NULL,
  provider TEXT NOT NULL,
  connection TEXT NOT NULL,
  kind TEXT NOT NULL,
  class TEXT,
  category TEXT,
  rule TEXT,
  hint TEXT,
  -- As received; null where that is the canonical address.
  recipient TEXT,
  message_id TEXT,
  internet_message_id TEXT,
  envelope_sender TEXT,
  campaign TEXT,
  tags TEXT,
  metadata TEXT,
  status_code TEXT,
  reply_code TEXT,
  diagnostic_code TEXT,
  remote_mta TEXT,
  mode TEXT,
  occurred_at INTEGER NOT NULL,
  received_at INTEGER NOT NULL,
  expires_at INTEGER,
  -- 0 pending, 1 applied, 2 skipped: it cannot matter to its recipient now
  state INTEGER NOT NULL CHECK (state IN (0, 1, 2)),
  applied_at INTEGER,
  retracted_by TEXT,
  CHECK ((kind = 'bounced') = (class IS NOT NULL))
);

-- Identity and a recipient's timeline in one: an identity always includes the recipient.
CREATE UNIQUE INDEX events_identity ON events (address, id);

-- What the cron has to finish, oldest first. A delivery that is inserted as skipped never touches it.
CREATE INDEX events_pending ON events (seq) WHERE state = 0;

-- "What became of this message?" Most events have one of the two.
CREATE INDEX events_message ON events (message_id) WHERE message_id IS NOT NULL;
CREATE INDEX events_internet_message ON events (internet_message_id) WHERE internet_message_id IS NOT NULL;
