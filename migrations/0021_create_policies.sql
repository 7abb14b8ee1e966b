-- A policy that was applied retroactively, as a batch that can be undone. Rows are never removed, so ids only rise: an id is
-- the policy's version, and a recipient's object does not go back to an older one.
CREATE TABLE policies (
  id INTEGER PRIMARY KEY,
  -- As an operator writes it, JSON; null: the variable's, after everything that was applied has been undone.
  policy TEXT,
  -- The variable POLICY at that time. It holds until a deploy changes the variable.
  base TEXT NOT NULL,
  -- The batch that applied it, or whose undoing brought it back.
  batch_id TEXT NOT NULL,
  created_at INTEGER NOT NULL
);

-- Simulations of a draft, and what batches apply: how far each has come.
CREATE TABLE policy_runs (
  -- A UUID of version 7; of a batch its id.
  id TEXT PRIMARY KEY,
  kind TEXT NOT NULL CHECK (kind IN ('simulation', 'batch')),
  policy TEXT NOT NULL,
  -- 1: with today's rules for classes.
  reclassify INTEGER NOT NULL,
  -- Of a batch: its row of policies, and the one before, whose policy its undoing brings back.
  policy_id INTEGER,
  previous_id INTEGER,
  actor TEXT NOT NULL,
  actor_label TEXT,
  created_at INTEGER NOT NULL,
  -- events: classes are decided anew. recipients: recipients are. restore: undoing puts classes back. done.
  phase TEXT NOT NULL CHECK (phase IN ('events', 'recipients', 'restore', 'done')),
  -- Where it goes on: a place in the journal, or the key of a recipient.
  place TEXT NOT NULL,
  -- Recipients there were when it began, and those that it has looked at.
  total INTEGER NOT NULL,
  looked INTEGER NOT NULL,
  -- What it has found so far, JSON. Names recipients by their hashes.
  tally TEXT NOT NULL,
  finished_at INTEGER
) WITHOUT ROWID;

-- What the cron goes on with.
CREATE INDEX policy_runs_open ON policy_runs (id) WHERE finished_at IS NULL;

-- Events whose class today's rules decide otherwise: for a simulation what would change, for a batch what did, so that
-- undoing it restores them exactly.
CREATE TABLE class_changes (
  run_id TEXT NOT NULL,
  seq INTEGER NOT NULL,
  old_class TEXT NOT NULL,
  old_category TEXT,
  old_rule TEXT,
  new_class TEXT NOT NULL,
  new_category TEXT,
  new_rule TEXT,
  PRIMARY KEY (run_id, seq)
) WITHOUT ROWID;

-- A policy is applied as a batch. SQLite cannot change a CHECK, so the table is written anew. Nothing refers to it by a
-- foreign key.
CREATE TABLE batches_with_policies (
  -- A UUID of version 7: in the order of time.
  id TEXT PRIMARY KEY,
  kind TEXT NOT NULL CHECK (kind IN ('import', 'block', 'release', 'policy')),
  -- Of an import: the format that it was read as.
  format TEXT,
  note TEXT,
  request_id TEXT NOT NULL,
  -- Who: a fingerprint of the token, and what the caller says of itself.
  actor TEXT NOT NULL,
  actor_label TEXT,
  created_at INTEGER NOT NULL,
  -- incomplete: it is being recorded, or was cut off. reverting: its events are being withdrawn.
  status TEXT NOT NULL CHECK (status IN ('incomplete', 'recorded', 'reverting', 'reverted')),
  recorded_at INTEGER,
  -- Rows of the list that were read, and of these: how many said nothing to record, and how many could not be read.
  row_count INTEGER NOT NULL,
  skipped INTEGER NOT NULL,
  invalid INTEGER NOT NULL,
  -- Events that it brought, and events that were on record already: these are not its own.
  added INTEGER NOT NULL,
  known INTEGER NOT NULL,
  reverted_at INTEGER,
  reverted_by TEXT,
  reverted_by_label TEXT,
  revert_request_id TEXT,
  -- How far undoing has come: the last receipt whose events were withdrawn, and how many events that are.
  reverted_up_to INTEGER NOT NULL,
  retracted INTEGER NOT NULL
) WITHOUT ROWID;

INSERT INTO batches_with_policies (id, kind, format, note, request_id, actor, actor_label, created_at, status,
  recorded_at, row_count, skipped, invalid, added, known, reverted_at, reverted_by, reverted_by_label, revert_request_id,
  reverted_up_to, retracted)
SELECT id, kind, format, note, request_id, actor, actor_label, created_at, status, recorded_at, row_count, skipped,
  invalid, added, known, reverted_at, reverted_by, reverted_by_label, revert_request_id, reverted_up_to, retracted
FROM batches;

DROP TABLE batches;
ALTER TABLE batches_with_policies RENAME TO batches;

-- What the cron has to go on undoing.
CREATE INDEX batches_reverting ON batches (id) WHERE status = 'reverting';
