-- Every listing and release, for mirrors. Written by triggers in the very transaction that changes an answer, so that
-- none is missing, whoever changes it; and since D1 runs one transaction after another, seq is the order in which they
-- took effect. The address is looked up when somebody reads: what is erased is not kept here.
CREATE TABLE suppression_changes (
  -- Never given out twice, because the newest row always stays.
  seq INTEGER PRIMARY KEY,
  key TEXT NOT NULL,
  -- The recipient's answer from then on; null: it may be mailed.
  answer TEXT,
  changed_at INTEGER NOT NULL
);

CREATE TRIGGER recipients_answered_first AFTER INSERT ON recipients WHEN NEW.answer IS NOT NULL
BEGIN
  INSERT INTO suppression_changes (key, answer, changed_at) VALUES (NEW.key, NEW.answer, NEW.answered_at);
END;

CREATE TRIGGER recipients_answer_changed AFTER UPDATE OF answer ON recipients WHEN NEW.answer IS NOT OLD.answer
BEGIN
  INSERT INTO suppression_changes (key, answer, changed_at) VALUES (NEW.key, NEW.answer, NEW.answered_at);
END;

CREATE TRIGGER recipients_answer_removed AFTER DELETE ON recipients WHEN OLD.answer IS NOT NULL
BEGIN
  INSERT INTO suppression_changes (key, answer, changed_at)
  VALUES (OLD.key, NULL, max(OLD.answered_at, CAST(unixepoch('subsec') * 1000 AS INTEGER)));
END;

-- What is on the list already.
INSERT INTO suppression_changes (key, answer, changed_at)
SELECT key, answer, answered_at FROM recipients WHERE answer IS NOT NULL ORDER BY answered_at, key;
