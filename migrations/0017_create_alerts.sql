-- What needs a person: each alert as it stands, and each time that one was opened or closed.
CREATE TABLE alerts (
  -- The rule, and what it is about.
  key TEXT PRIMARY KEY,
  rule TEXT NOT NULL,
  subject TEXT NOT NULL,
  severity TEXT NOT NULL CHECK (severity IN ('warning', 'critical')),
  opened_at INTEGER NOT NULL,
  -- When its condition last held; it closes some time after that.
  last_seen_at INTEGER NOT NULL,
  closed_at INTEGER,
  -- JSON of figures. No addresses.
  detail TEXT NOT NULL
) WITHOUT ROWID;

CREATE TABLE alert_changes (
  -- Never given out twice, because the newest row always stays.
  seq INTEGER PRIMARY KEY,
  key TEXT NOT NULL,
  rule TEXT NOT NULL,
  subject TEXT NOT NULL,
  type TEXT NOT NULL CHECK (type IN ('opened', 'closed')),
  severity TEXT NOT NULL,
  opened_at INTEGER NOT NULL,
  changed_at INTEGER NOT NULL,
  detail TEXT NOT NULL
);
