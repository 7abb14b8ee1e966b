-- Counts of all time, for metrics: reading them must not cost more with every day. The days' counts are written when the
-- hours' are moved there; these totals follow them in the same transaction. A connection's count of all time is its total
-- and what is still counted by hour.
CREATE TABLE connection_totals (
  -- provider/connection
  connection TEXT NOT NULL,
  kind TEXT NOT NULL,
  class TEXT NOT NULL,
  count INTEGER NOT NULL,
  PRIMARY KEY (connection, kind, class)
) WITHOUT ROWID;

INSERT INTO connection_totals (connection, kind, class, count)
SELECT value, kind, class, sum(count) FROM daily_stats WHERE dimension = 'connection' GROUP BY 1, 2, 3;

CREATE TRIGGER daily_stats_totalled_first AFTER INSERT ON daily_stats WHEN NEW.dimension = 'connection'
BEGIN
  INSERT INTO connection_totals (connection, kind, class, count) VALUES (NEW.value, NEW.kind, NEW.class, NEW.count)
  ON CONFLICT (connection, kind, class) DO UPDATE SET count = count + excluded.count;
END;

CREATE TRIGGER daily_stats_totalled_again AFTER UPDATE OF count ON daily_stats WHEN NEW.dimension = 'connection'
BEGIN
  UPDATE connection_totals SET count = count + NEW.count - OLD.count
  WHERE connection = NEW.value AND kind = NEW.kind AND class = NEW.class;
END;
