-- Tokens that are good once, for providers whose signature does not cover the body. Written in the batch that records
-- the events; the digest names them, so that a repetition can be told from a replay with another body.
CREATE TABLE used_tokens (
  provider TEXT NOT NULL,
  connection TEXT NOT NULL,
  token TEXT NOT NULL,
  digest TEXT NOT NULL,
  used_at INTEGER NOT NULL,
  PRIMARY KEY (provider, connection, token)
) WITHOUT ROWID;

-- For retention.
CREATE INDEX used_tokens_used ON used_tokens (used_at);
