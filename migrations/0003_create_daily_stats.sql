-- Counts for charts, added to in the batch that inserts the events. One dimension a row: a connection
-- ("provider/connection"), a recipient's domain, or a campaign. Days are UTC days of the event's own time.
CREATE TABLE daily_stats (
  dimension TEXT NOT NULL CHECK (dimension IN ('connection', 'domain', 'campaign')),
  day INTEGER NOT NULL,
  value TEXT NOT NULL,
  kind TEXT NOT NULL,
  class TEXT NOT NULL,
  count INTEGER NOT NULL,
  PRIMARY KEY (dimension, day, value, kind, class)
) WITHOUT ROWID;
