-- Equity of a span of time in one row: where it began and ended, its extremes and when they were.
-- A curve of years is drawn from these; the samples themselves stay. A trigger keeps them, so that
-- whatever writes a sample writes these: a batch, one that waited in the spill file, an import.

CREATE TABLE equity_rollups(
  span_ms INTEGER NOT NULL,
  bucket INTEGER NOT NULL,  -- captured_at_utc / span_ms
  first_at INTEGER NOT NULL,
  first_usdt INTEGER NOT NULL,
  min_at INTEGER NOT NULL,
  min_usdt INTEGER NOT NULL,
  max_at INTEGER NOT NULL,
  max_usdt INTEGER NOT NULL,
  last_at INTEGER NOT NULL,
  last_usdt INTEGER NOT NULL,
  PRIMARY KEY(span_ms, bucket)
) STRICT, WITHOUT ROWID;

CREATE TABLE equity_rollup_spans(
  span_ms INTEGER PRIMARY KEY
) STRICT;
-- 5 minutes, half an hour, 4 hours, a day.
INSERT INTO equity_rollup_spans VALUES (300000), (1800000), (14400000), (86400000);

CREATE TRIGGER equity_rollups_follow AFTER INSERT ON wallet_snapshots WHEN NEW.error IS NULL
BEGIN
  INSERT INTO equity_rollups
    SELECT span_ms, NEW.captured_at_utc / span_ms, NEW.captured_at_utc, NEW.balance_usdt,
           NEW.captured_at_utc, NEW.balance_usdt, NEW.captured_at_utc, NEW.balance_usdt,
           NEW.captured_at_utc, NEW.balance_usdt
    FROM equity_rollup_spans WHERE true
  ON CONFLICT(span_ms, bucket) DO UPDATE SET
    first_usdt = CASE WHEN excluded.first_at < first_at THEN excluded.first_usdt
                      ELSE first_usdt END,
    first_at = min(first_at, excluded.first_at),
    min_at = CASE WHEN excluded.min_usdt < min_usdt THEN excluded.min_at ELSE min_at END,
    min_usdt = min(min_usdt, excluded.min_usdt),
    max_at = CASE WHEN excluded.max_usdt > max_usdt THEN excluded.max_at ELSE max_at END,
    max_usdt = max(max_usdt, excluded.max_usdt),
    last_usdt = CASE WHEN excluded.last_at >= last_at THEN excluded.last_usdt ELSE last_usdt END,
    last_at = max(last_at, excluded.last_at);
END;

INSERT INTO equity_rollups
  SELECT span_ms, captured_at_utc / span_ms, captured_at_utc, balance_usdt,
         captured_at_utc, balance_usdt, captured_at_utc, balance_usdt,
         captured_at_utc, balance_usdt
  FROM wallet_snapshots CROSS JOIN equity_rollup_spans WHERE error IS NULL
  ORDER BY wallet_snapshots.captured_at_utc, wallet_snapshots.id
ON CONFLICT(span_ms, bucket) DO UPDATE SET
  first_usdt = CASE WHEN excluded.first_at < first_at THEN excluded.first_usdt
                    ELSE first_usdt END,
  first_at = min(first_at, excluded.first_at),
  min_at = CASE WHEN excluded.min_usdt < min_usdt THEN excluded.min_at ELSE min_at END,
  min_usdt = min(min_usdt, excluded.min_usdt),
  max_at = CASE WHEN excluded.max_usdt > max_usdt THEN excluded.max_at ELSE max_at END,
  max_usdt = max(max_usdt, excluded.max_usdt),
  last_usdt = CASE WHEN excluded.last_at >= last_at THEN excluded.last_usdt ELSE last_usdt END,
  last_at = max(last_at, excluded.last_at);

CREATE INDEX positions_by_closed ON positions(closed_at_utc);
CREATE INDEX runs_by_started ON runs(started_at_utc);
CREATE INDEX income_by_symbol ON income(symbol, event_time_utc);
