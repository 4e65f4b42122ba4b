-- ops.db: what the bot's process remembers. Times are UTC milliseconds.
CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT;

-- One row per update that was taken: none is acted on twice.
CREATE TABLE updates (
  bot_id INTEGER NOT NULL,
  update_id INTEGER NOT NULL,
  user_id INTEGER NOT NULL,
  chat_id INTEGER NOT NULL,
  action TEXT NOT NULL,
  state TEXT NOT NULL CHECK (state IN ('running', 'done', 'interrupted')),
  received_at INTEGER NOT NULL,
  PRIMARY KEY (bot_id, update_id)
) STRICT;
CREATE INDEX updates_running ON updates (state) WHERE state = 'running';

-- A message with buttons, of the person it was made for.
CREATE TABLE cards (
  id INTEGER PRIMARY KEY,
  user_id INTEGER NOT NULL,
  chat_id INTEGER NOT NULL,
  message_id INTEGER,
  expires_at INTEGER NOT NULL,
  is_proposal INTEGER NOT NULL
) STRICT;
CREATE TABLE buttons (
  nonce TEXT PRIMARY KEY,
  card_id INTEGER NOT NULL REFERENCES cards (id) ON DELETE CASCADE,
  action TEXT NOT NULL
) STRICT;
CREATE INDEX buttons_card ON buttons (card_id);

CREATE TABLE users (
  user_id INTEGER PRIMARY KEY,
  language TEXT NOT NULL,
  totp_used INTEGER NOT NULL,
  wrong_codes INTEGER NOT NULL,
  locked_until INTEGER NOT NULL
) STRICT;

CREATE TABLE audit (
  seq INTEGER PRIMARY KEY,
  at INTEGER NOT NULL,
  user_id INTEGER NOT NULL,
  chat_id INTEGER NOT NULL,
  update_id INTEGER NOT NULL,
  action TEXT NOT NULL,
  result TEXT NOT NULL,
  previous TEXT NOT NULL,
  hash TEXT NOT NULL
) STRICT;
