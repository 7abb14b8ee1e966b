-- Bursts of bounces with the same cause: what they would suppress is held until a person has decided.

-- What a bounce says, without what is particular to its recipient: a fingerprint, a space, and who received.
ALTER TABLE events ADD COLUMN cause TEXT;
-- The incident that it belongs to. It is held while it is skipped and not withdrawn.
ALTER TABLE events ADD COLUMN incident_id TEXT;
CREATE INDEX events_incident ON events (incident_id) WHERE incident_id IS NOT NULL;

-- How many recipients bounced for the same cause, by ten minutes of the bounces' own time. By day first: the oldest go first.
CREATE TABLE cause_counts (
  -- UTC days since 1970, and ten minutes since then.
  day INTEGER NOT NULL,
  -- provider/connection
  connection TEXT NOT NULL,
  -- As in events; or the fingerprint alone: at all receivers.
  cause TEXT NOT NULL,
  bucket INTEGER NOT NULL,
  recipients INTEGER NOT NULL,
  -- Of these: a message was delivered to them before.
  known_good INTEGER NOT NULL,
  PRIMARY KEY (day, connection, cause, bucket)
) WITHOUT ROWID;

CREATE TABLE incidents (
  -- In the order of time.
  id TEXT PRIMARY KEY,
  connection TEXT NOT NULL,
  -- As in cause_counts.
  cause TEXT NOT NULL,
  -- The burst: when it began, when it was noticed, the place in the journal from which on its events are held.
  started_at INTEGER NOT NULL,
  opened_at INTEGER NOT NULL,
  opened_seq INTEGER NOT NULL,
  -- Its last event so far, and when it was over.
  last_at INTEGER NOT NULL,
  ended_at INTEGER,
  -- When we last heard of it, by our own clock.
  heard_at INTEGER NOT NULL,
  -- The figures that opened it: recipients in the window, those who were delivered to before, how many were too many.
  recipients INTEGER NOT NULL,
  known_good INTEGER NOT NULL,
  threshold INTEGER NOT NULL,
  -- Events that were put on hold.
  held INTEGER NOT NULL,
  status TEXT NOT NULL CHECK (status IN ('open', 'confirmed', 'dropped')),
  decided_at INTEGER,
  decided_by TEXT,
  decided_by_label TEXT,
  decided_request_id TEXT,
  -- Is what was suppressed before it was noticed to be taken back?
  releases INTEGER NOT NULL,
  -- How far carrying out the decision has come: the last held event, and of those before it the time and place of the last.
  done_seq INTEGER NOT NULL,
  release_at INTEGER NOT NULL,
  release_seq INTEGER NOT NULL,
  released INTEGER NOT NULL,
  settled_at INTEGER
) WITHOUT ROWID;

-- Which one a bounce belongs to: asked for every bounce.
CREATE INDEX incidents_cause ON incidents (connection, cause);
-- What goes on.
CREATE INDEX incidents_going_on ON incidents (id) WHERE ended_at IS NULL;
-- What waits for a person, or for the cron.
CREATE INDEX incidents_unsettled ON incidents (id) WHERE settled_at IS NULL;
