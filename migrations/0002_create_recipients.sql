-- The projection: what each recipient's Durable Object decided. Versions only rise.
CREATE TABLE recipients (
  -- Hex SHA-256 of the canonical address; names the object and the edge cache's key.
  key TEXT PRIMARY KEY,
  version INTEGER NOT NULL,
  address TEXT,
  domain TEXT,
  suppressed INTEGER NOT NULL,
  allowed INTEGER NOT NULL,
  -- JSON of [{reason, since, until, eventId}], strongest first.
  suppressions TEXT NOT NULL,
  since INTEGER,
  -- When the last of them ends; null: never.
  until INTEGER,
  soft_count INTEGER NOT NULL,
  -- The oldest bounce that a delivery could still take back; null: deliveries do not matter now.
  counting_since INTEGER,
  released_at INTEGER,
  -- What the edge cache should hold, or null for nothing; and the version and time at which that last changed.
  answer TEXT,
  answer_version INTEGER NOT NULL,
  answered_at INTEGER NOT NULL,
  -- The answer's version that the cron has settled in the edge cache.
  kv_version INTEGER NOT NULL,
  updated_at INTEGER NOT NULL
) WITHOUT ROWID;

-- "Does a delivery to this address matter?", asked for every delivery that is recorded.
CREATE INDEX recipients_counting ON recipients (address) WHERE counting_since IS NOT NULL;

-- The suppression list, newest first, whole or by domain.
CREATE INDEX recipients_suppressed ON recipients (since DESC, key) WHERE suppressed = 1;
CREATE INDEX recipients_suppressed_domain ON recipients (domain, since DESC, key) WHERE suppressed = 1;

-- Bulk checks, by address.
CREATE INDEX recipients_answered ON recipients (address) WHERE answer IS NOT NULL;

-- What the cron has to settle in the edge cache.
CREATE INDEX recipients_unsettled ON recipients (answered_at) WHERE kv_version < answer_version;
