-- When each connection was last heard from, written at most once a minute by each isolate.
CREATE TABLE connection_activity (
  provider TEXT NOT NULL,
  connection TEXT NOT NULL,
  last_received_at INTEGER,
  last_rejected_at INTEGER,
  last_rejected_reason TEXT,
  PRIMARY KEY (provider, connection)
) WITHOUT ROWID;

-- Where the cron stands: its last run, and how far retention has looked.
CREATE TABLE system_state (
  name TEXT PRIMARY KEY,
  value INTEGER NOT NULL
) WITHOUT ROWID;
