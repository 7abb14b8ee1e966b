-- The downloadable filter of suppressed recipients: the one that is published, and the one that is being built.
CREATE TABLE filter_builds (
  version INTEGER PRIMARY KEY,
  started_at INTEGER NOT NULL,
  -- The newest row of suppression_changes when it began: what came later may be missing in it.
  last_change INTEGER NOT NULL,
  -- There are two to this power of shards.
  shard_bits INTEGER NOT NULL,
  -- JSON of [{name, bytes, count, scanned}], shard by shard, as far as they are built.
  parts TEXT NOT NULL,
  -- Null: it is being built.
  published_at INTEGER,
  -- When it was last found that nothing has changed since.
  current_at INTEGER NOT NULL
);
