-- How many are suppressed, by the first of their reasons: counting them anew for each look would cost a million rows where
-- there are a million. Kept by triggers, so in the very transaction that changes a row, whoever changes it.
CREATE TABLE suppressed_counts (
  reason TEXT PRIMARY KEY,
  count INTEGER NOT NULL
) WITHOUT ROWID;

CREATE TRIGGER recipients_counted_first AFTER INSERT ON recipients WHEN NEW.suppressed = 1
BEGIN
  INSERT INTO suppressed_counts (reason, count) VALUES (coalesce(NEW.suppressions->>'$[0].reason', ''), 1)
  ON CONFLICT (reason) DO UPDATE SET count = count + 1;
END;

CREATE TRIGGER recipients_counted_out AFTER UPDATE OF suppressed, suppressions ON recipients
WHEN OLD.suppressed = 1 AND (NEW.suppressed <> 1 OR NEW.suppressions->>'$[0].reason' IS NOT OLD.suppressions->>'$[0].reason')
BEGIN
  UPDATE suppressed_counts SET count = count - 1 WHERE reason = coalesce(OLD.suppressions->>'$[0].reason', '');
END;

CREATE TRIGGER recipients_counted_in AFTER UPDATE OF suppressed, suppressions ON recipients
WHEN NEW.suppressed = 1 AND (OLD.suppressed <> 1 OR NEW.suppressions->>'$[0].reason' IS NOT OLD.suppressions->>'$[0].reason')
BEGIN
  INSERT INTO suppressed_counts (reason, count) VALUES (coalesce(NEW.suppressions->>'$[0].reason', ''), 1)
  ON CONFLICT (reason) DO UPDATE SET count = count + 1;
END;

CREATE TRIGGER recipients_counted_gone AFTER DELETE ON recipients WHEN OLD.suppressed = 1
BEGIN
  UPDATE suppressed_counts SET count = count - 1 WHERE reason = coalesce(OLD.suppressions->>'$[0].reason', '');
END;

-- Who is on the list already.
INSERT INTO suppressed_counts (reason, count)
SELECT coalesce(suppressions->>'$[0].reason', ''), count(*) FROM recipients WHERE suppressed = 1 GROUP BY 1;
