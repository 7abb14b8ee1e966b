-- Failed sign-ins to the dashboard, by the hash of where they came from: after a few, nothing is looked at for a while.
CREATE TABLE sign_in_failures (
  client TEXT PRIMARY KEY,
  failures INTEGER NOT NULL,
  last_at INTEGER NOT NULL
) WITHOUT ROWID;
