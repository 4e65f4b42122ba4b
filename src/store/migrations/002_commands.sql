-- Commands of other processes to the one that holds the account (src/control): each at most once.
-- A row that still says RUNNING after a start was interrupted.

CREATE TABLE commands(
  id TEXT PRIMARY KEY,
  kind TEXT NOT NULL,
  arguments TEXT NOT NULL,
  who TEXT NOT NULL,
  made_at_utc INTEGER NOT NULL,
  received_at_utc INTEGER NOT NULL,
  state TEXT NOT NULL,
  ended_at_utc INTEGER,
  exit_code INTEGER NOT NULL,
  report_json TEXT NOT NULL,
  report_text TEXT NOT NULL
) STRICT;
CREATE INDEX commands_by_received ON commands(received_at_utc);
