-- Who did what. Of an address no more than its hash: what is erased is not kept here.
CREATE TABLE audit (
  at INTEGER NOT NULL,
  request_id TEXT NOT NULL,
  action TEXT NOT NULL,
  -- A fingerprint of the token, and what the caller says of itself.
  actor TEXT NOT NULL,
  actor_label TEXT,
  -- What it was done to: the hash of an address, a batch's id.
  subject TEXT,
  -- JSON.
  detail TEXT,
  PRIMARY KEY (at, request_id, action)
) WITHOUT ROWID;

-- "What was done to this recipient, or to this batch?"
CREATE INDEX audit_subject ON audit (subject, at, request_id) WHERE subject IS NOT NULL;
