-- What each channel to people did with a message, so that a dead one holds up no other. `times`
-- counts how often it was shown: what is critical is repeated until somebody acknowledges it.

CREATE TABLE deliveries(
  message_id INTEGER NOT NULL,
  channel TEXT NOT NULL,
  state TEXT NOT NULL,
  attempts INTEGER NOT NULL,
  times INTEGER NOT NULL,
  next_attempt_utc INTEGER NOT NULL,
  shown_at_utc INTEGER,
  reference TEXT,
  last_error TEXT,
  PRIMARY KEY(message_id, channel)
) STRICT, WITHOUT ROWID;
CREATE INDEX deliveries_pending ON deliveries(message_id) WHERE state = 'pending';

ALTER TABLE outbox ADD COLUMN attachment TEXT;
ALTER TABLE outbox ADD COLUMN acknowledged_by TEXT;
