-- POP3 mailboxes: which mails a later scan has to recognize, and how the last scan of each mailbox went.

-- A mail of the server's present listing that is not simply new. It goes when the server no longer lists it.
CREATE TABLE mailbox_messages (
  mailbox TEXT NOT NULL,
  -- The server's unique id (RFC 1939 section 7).
  uidl TEXT NOT NULL,
  -- recorded: never again; it is deleted unless the mailbox keeps its mails. oversized: left alone. failed: tried again later.
  status TEXT NOT NULL CHECK (status IN ('recorded', 'oversized', 'failed')),
  -- The size that the server announced; another size under the same id is another mail.
  bytes INTEGER,
  -- How often it failed.
  attempts INTEGER NOT NULL,
  noted_at INTEGER NOT NULL,
  PRIMARY KEY (mailbox, uidl)
) WITHOUT ROWID;

CREATE TABLE mailboxes (
  name TEXT PRIMARY KEY,
  -- Host and user. The unique ids of one account mean nothing to another.
  account TEXT NOT NULL,
  -- One scan at a time: who may scan, and until when.
  leased_by TEXT,
  leased_until INTEGER NOT NULL,
  last_scan_at INTEGER,
  -- The last scan that the server let us finish.
  last_success_at INTEGER,
  -- 1: the last scan left something to do at once.
  is_behind INTEGER NOT NULL,
  error_code TEXT,
  error_detail TEXT,
  -- Scans in a row that failed.
  failures INTEGER NOT NULL,
  -- JSON of the last scan's counts.
  counts TEXT
) WITHOUT ROWID;
