-- Keeping providers' own suppression lists in step with ours: how far each has come. The accounts are in secrets.
CREATE TABLE syncs (
  -- provider/connection
  id TEXT PRIMARY KEY,
  -- paused: by an operator. stopped: the provider refuses our credentials, or does not know what is asked for.
  status TEXT NOT NULL CHECK (status IN ('active', 'paused', 'stopped')),
  -- JSON: the pull that is under way or was the last; null: there was none.
  pull TEXT,
  -- JSON: up to which change of the list the provider has been told, and counts; null: it is told nothing yet.
  push TEXT,
  -- Runs in a row that failed, since when, and when the next one is due.
  failures INTEGER NOT NULL,
  failing_since INTEGER,
  next_attempt_at INTEGER NOT NULL,
  last_error TEXT,
  last_error_at INTEGER,
  last_success_at INTEGER,
  -- One run at a time.
  leased_by TEXT,
  leased_until INTEGER NOT NULL
) WITHOUT ROWID;

-- What a provider did not take, or does not let go of. No addresses: these are looked up when somebody reads.
CREATE TABLE sync_refusals (
  sync TEXT NOT NULL,
  key TEXT NOT NULL,
  action TEXT NOT NULL CHECK (action IN ('list', 'release')),
  outcome TEXT NOT NULL CHECK (outcome IN ('kept', 'refused')),
  detail TEXT,
  at INTEGER NOT NULL,
  PRIMARY KEY (sync, key)
) WITHOUT ROWID;

-- The newest of them.
CREATE INDEX sync_refusals_newest ON sync_refusals (sync, at DESC);
