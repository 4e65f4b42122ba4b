-- Times are UTC milliseconds, money and quantities are 1e-8 units. The tables up to `locks` are the
-- original program's, with its column names; those below are new.

CREATE TABLE runs(
  run_id TEXT PRIMARY KEY,
  trade_day_utc TEXT NOT NULL UNIQUE,
  started_at_utc INTEGER NOT NULL,
  completed_at_utc INTEGER,
  status TEXT NOT NULL,
  message TEXT NOT NULL
) STRICT;

CREATE TABLE positions(
  id INTEGER PRIMARY KEY,
  run_id TEXT REFERENCES runs(run_id),
  symbol TEXT NOT NULL,
  side TEXT NOT NULL,
  qty INTEGER NOT NULL,
  entry_price INTEGER NOT NULL,
  liq_price_open INTEGER,
  liq_price_latest INTEGER,
  tp_price INTEGER,
  sl_price INTEGER,
  tp_order_id INTEGER,
  sl_order_id INTEGER,
  tp_client_order_id TEXT,
  sl_client_order_id TEXT,
  opened_at_utc INTEGER NOT NULL,
  expire_at_utc INTEGER NOT NULL,
  closed_at_utc INTEGER,
  close_order_id INTEGER,
  status TEXT NOT NULL,
  close_reason TEXT,
  last_error TEXT,
  created_at_utc INTEGER NOT NULL,
  updated_at_utc INTEGER NOT NULL
) STRICT;
CREATE UNIQUE INDEX positions_one_open ON positions(symbol) WHERE status = 'OPEN';
CREATE INDEX positions_by_run ON positions(run_id);
CREATE INDEX positions_by_opened ON positions(opened_at_utc);

CREATE TABLE order_events(
  id INTEGER PRIMARY KEY,
  position_id INTEGER REFERENCES positions(id),
  symbol TEXT NOT NULL,
  order_id INTEGER,
  client_order_id TEXT,
  type TEXT NOT NULL,
  side TEXT NOT NULL,
  price INTEGER NOT NULL,
  qty INTEGER NOT NULL,
  status TEXT NOT NULL,
  event_time_utc INTEGER NOT NULL,
  raw_json TEXT
) STRICT;
CREATE INDEX order_events_by_position ON order_events(position_id);
CREATE INDEX order_events_by_symbol ON order_events(symbol);

CREATE TABLE wallet_snapshots(
  id INTEGER PRIMARY KEY,
  captured_at_utc INTEGER NOT NULL,
  balance_usdt INTEGER NOT NULL,
  source TEXT NOT NULL,
  error TEXT,
  created_at_utc INTEGER NOT NULL
) STRICT;
CREATE INDEX wallet_snapshots_by_time ON wallet_snapshots(captured_at_utc);

CREATE TABLE cashflow_events(
  unique_key TEXT PRIMARY KEY,
  event_time_utc INTEGER NOT NULL,
  asset TEXT NOT NULL,
  amount INTEGER NOT NULL,
  income_type TEXT NOT NULL,
  symbol TEXT,
  tran_id INTEGER NOT NULL,
  info TEXT,
  created_at_utc INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX cashflow_events_by_time ON cashflow_events(event_time_utc);
CREATE INDEX cashflow_events_by_asset ON cashflow_events(asset, event_time_utc);

CREATE TABLE fills(
  symbol TEXT NOT NULL,
  trade_id INTEGER NOT NULL,
  position_id INTEGER REFERENCES positions(id),
  order_id INTEGER NOT NULL,
  client_order_id TEXT,
  side TEXT NOT NULL,
  position_side TEXT NOT NULL,
  qty INTEGER NOT NULL,
  price INTEGER NOT NULL,
  realized_pnl INTEGER NOT NULL,
  commission INTEGER NOT NULL,
  commission_asset TEXT NOT NULL,
  maker INTEGER NOT NULL,
  event_time_utc INTEGER NOT NULL,
  PRIMARY KEY(symbol, trade_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX fills_by_position ON fills(position_id);
CREATE INDEX fills_by_time ON fills(event_time_utc);

CREATE TABLE locks(
  lock_name TEXT PRIMARY KEY,
  holder TEXT NOT NULL,
  updated_at_utc INTEGER NOT NULL
) STRICT;

CREATE TABLE intents(
  client_order_id TEXT PRIMARY KEY,
  trade_day TEXT NOT NULL,
  job TEXT NOT NULL,
  kind TEXT NOT NULL,
  attempt INTEGER NOT NULL,
  symbol TEXT NOT NULL,
  side TEXT NOT NULL,
  position_side TEXT NOT NULL,
  type TEXT NOT NULL,
  qty INTEGER NOT NULL,
  price INTEGER NOT NULL,
  trigger_price INTEGER NOT NULL,
  reduce_only INTEGER NOT NULL,
  close_position INTEGER NOT NULL,
  run_id TEXT,
  position_id INTEGER,
  sent_at_utc INTEGER NOT NULL,
  state TEXT NOT NULL,
  order_id INTEGER,
  executed_qty INTEGER NOT NULL,
  evidence TEXT NOT NULL
) STRICT;
CREATE INDEX intents_by_day ON intents(trade_day, symbol);
CREATE INDEX intents_by_time ON intents(sent_at_utc);
CREATE INDEX intents_unresolved ON intents(state) WHERE state IN ('SENT', 'UNKNOWN');

CREATE TABLE slots(
  job TEXT NOT NULL,
  local_date TEXT NOT NULL,
  state TEXT NOT NULL,
  reason TEXT NOT NULL,
  updated_at_utc INTEGER NOT NULL,
  PRIMARY KEY(job, local_date)
) STRICT, WITHOUT ROWID;

CREATE TABLE income(
  income_type TEXT NOT NULL,
  tran_id INTEGER NOT NULL,
  asset TEXT NOT NULL,
  amount INTEGER NOT NULL,
  symbol TEXT,
  info TEXT,
  event_time_utc INTEGER NOT NULL,
  is_cashflow INTEGER NOT NULL,
  PRIMARY KEY(income_type, tran_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX income_by_time ON income(event_time_utc);

CREATE TABLE outbox(
  id INTEGER PRIMARY KEY,
  topic TEXT NOT NULL,
  title TEXT NOT NULL,
  body TEXT NOT NULL,
  created_at_utc INTEGER NOT NULL,
  next_attempt_utc INTEGER NOT NULL,
  attempts INTEGER NOT NULL,
  state TEXT NOT NULL,
  last_error TEXT
) STRICT;
CREATE INDEX outbox_pending ON outbox(id) WHERE state = 'pending';

-- Every exchange fact once, raw.
CREATE TABLE journal(
  id INTEGER PRIMARY KEY,
  source TEXT NOT NULL,
  key TEXT NOT NULL,
  exchange_time_utc INTEGER NOT NULL,
  seen_at_utc INTEGER NOT NULL,
  body TEXT NOT NULL,
  UNIQUE(source, key)
) STRICT;

-- account, instance, created_by, last_version, clean_end, spill_applied.
CREATE TABLE meta(
  key TEXT PRIMARY KEY,
  value TEXT NOT NULL
) STRICT, WITHOUT ROWID;
