-- Counts of the newest days by hour and connection, for charts of a day. The cron moves what is older into daily_stats,
-- so a connection's counts are in one of the two, and an event costs no further row.
CREATE TABLE hourly_stats (
  -- Hours since 1970, UTC, of the events' own time.
  hour INTEGER NOT NULL,
  connection TEXT NOT NULL,
  kind TEXT NOT NULL,
  class TEXT NOT NULL,
  count INTEGER NOT NULL,
  PRIMARY KEY (hour, connection, kind, class)
) WITHOUT ROWID;

-- Why mail bounced, by day. Only bounces are counted here.
CREATE TABLE daily_reasons (
  day INTEGER NOT NULL,
  class TEXT NOT NULL,
  category TEXT NOT NULL,
  count INTEGER NOT NULL,
  PRIMARY KEY (day, class, category)
) WITHOUT ROWID;

-- A connection's counts by day, wherever they are.
CREATE VIEW connection_stats AS
  SELECT day, value AS connection, kind, class, count FROM daily_stats WHERE dimension = 'connection'
  UNION ALL
  SELECT hour / 24, connection, kind, class, count FROM hourly_stats;
