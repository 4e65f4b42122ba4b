-- What came of a command that its person could not be told yet. Times are UTC milliseconds.
CREATE TABLE results (
  id INTEGER PRIMARY KEY,
  user_id INTEGER NOT NULL,
  chat_id INTEGER NOT NULL,
  thread_id INTEGER NOT NULL,
  message_id INTEGER NOT NULL,
  update_id INTEGER NOT NULL,
  html TEXT NOT NULL,
  ended_at INTEGER NOT NULL
) STRICT;
