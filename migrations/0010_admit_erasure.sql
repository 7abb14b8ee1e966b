-- A recipient who was erased leaves a row of key and version until nobody can bring back what was erased: no decision
-- that was made before, and no value of the edge cache.
ALTER TABLE recipients ADD COLUMN erased_at INTEGER;
-- The last place in the journal up to which records were erased.
ALTER TABLE recipients ADD COLUMN erased_seq INTEGER NOT NULL DEFAULT 0;
-- 1: the object has still to be told.
ALTER TABLE recipients ADD COLUMN erasing INTEGER NOT NULL DEFAULT 0;

-- Few: those of the last half hour.
CREATE INDEX recipients_erased ON recipients (key) WHERE erased_at IS NOT NULL;

-- The bytes of a receipt that was read again are its replay's too.
CREATE INDEX receipts_replayed ON receipts (replay_of) WHERE replay_of IS NOT NULL;

-- The allow-list; and whom we ever released, which an import of an undated list must not undo.
CREATE INDEX recipients_allowed ON recipients (address) WHERE allowed = 1;
CREATE INDEX recipients_released ON recipients (address) WHERE released_at IS NOT NULL;
