-- Telling others: who wants to hear of what, how far each has been told, and what is still to be told again.
CREATE TABLE notifications (
  id TEXT PRIMARY KEY,
  url TEXT NOT NULL,
  format TEXT NOT NULL CHECK (format IN ('standard', 'listmonk')),
  -- JSON of types and patterns of types.
  events TEXT NOT NULL,
  -- JSON of providers, or provider/connection, whose events are not told.
  sources_excluded TEXT NOT NULL,
  note TEXT,
  -- JSON of [{value, until}], newest first: what messages are signed with, or the user and token of a listmonk server.
  secrets TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  -- stopped: it failed for too long. gone: the receiver said that it wants no more.
  status TEXT NOT NULL CHECK (status IN ('active', 'stopped', 'gone')),
  -- How far it has been told: places in the journal, in the log of listings and releases, in that of alerts.
  event_seq INTEGER NOT NULL,
  change_seq INTEGER NOT NULL,
  alert_seq INTEGER NOT NULL,
  -- Rounds in a row in which nothing was delivered; since when; and when the next one is due.
  failures INTEGER NOT NULL,
  failing_since INTEGER,
  next_attempt_at INTEGER NOT NULL,
  last_error TEXT,
  last_error_at INTEGER,
  last_delivered_at INTEGER,
  -- One run at a time: who may deliver, and until when.
  leased_by TEXT,
  leased_until INTEGER NOT NULL,
  served_at INTEGER NOT NULL
) WITHOUT ROWID;

-- Messages that were refused, and those of the same recipient behind them. Only where a message is found, never what it
-- says: it is composed anew for each attempt, so that what was erased is not kept here.
CREATE TABLE notification_outbox (
  -- The order of a recipient's messages.
  id INTEGER PRIMARY KEY,
  notification_id TEXT NOT NULL,
  stream TEXT NOT NULL CHECK (stream IN ('event', 'change', 'alert')),
  seq INTEGER NOT NULL,
  message_id TEXT NOT NULL,
  type TEXT NOT NULL,
  -- Whose messages keep their order: the hash of an address, or an alert.
  subject TEXT NOT NULL,
  attempts INTEGER NOT NULL,
  first_attempt_at INTEGER,
  next_attempt_at INTEGER NOT NULL,
  -- Given up, until somebody delivers it by hand.
  parked_at INTEGER,
  error TEXT
);

CREATE UNIQUE INDEX notification_outbox_message ON notification_outbox (notification_id, stream, seq);
-- The first message of each recipient, and whether there is one.
CREATE INDEX notification_outbox_waiting ON notification_outbox (notification_id, subject, id) WHERE parked_at IS NULL;

-- What was attempted, for people to look at.
CREATE TABLE notification_attempts (
  notification_id TEXT NOT NULL,
  id INTEGER NOT NULL,
  at INTEGER NOT NULL,
  message_id TEXT NOT NULL,
  type TEXT NOT NULL,
  subject TEXT NOT NULL,
  attempt INTEGER NOT NULL,
  outcome TEXT NOT NULL CHECK (outcome IN ('delivered', 'failed', 'parked')),
  -- HTTP; null: nobody answered.
  status INTEGER,
  error TEXT,
  duration_ms INTEGER NOT NULL,
  PRIMARY KEY (notification_id, id)
) WITHOUT ROWID;

-- How a recipient stood before a change: a release is told as one only of who was listed.
ALTER TABLE suppression_changes ADD COLUMN previous TEXT;

DROP TRIGGER recipients_answer_changed;
CREATE TRIGGER recipients_answer_changed AFTER UPDATE OF answer ON recipients WHEN NEW.answer IS NOT OLD.answer
BEGIN
  INSERT INTO suppression_changes (key, answer, changed_at, previous)
  VALUES (NEW.key, NEW.answer, NEW.answered_at, OLD.answer);
END;

DROP TRIGGER recipients_answer_removed;
CREATE TRIGGER recipients_answer_removed AFTER DELETE ON recipients WHEN OLD.answer IS NOT NULL
BEGIN
  INSERT INTO suppression_changes (key, answer, changed_at, previous)
  VALUES (OLD.key, NULL, max(OLD.answered_at, CAST(unixepoch('subsec') * 1000 AS INTEGER)), OLD.answer);
END;
