// A state.db as the Python program makes it (reference: its tables, both versions), with rows of
// every kind. Its own words; money is REAL, times are ISO text.
#pragma once

#include <doctest/doctest.h>

#include <string>

#include "sql/connection.h"

namespace bb::test {

inline constexpr const char* kPythonTables = R"sql(
CREATE TABLE runs(run_id TEXT PRIMARY KEY, trade_day_utc TEXT NOT NULL UNIQUE,
  started_at_utc TEXT NOT NULL, completed_at_utc TEXT, status TEXT NOT NULL, message TEXT);
CREATE TABLE positions(id INTEGER PRIMARY KEY AUTOINCREMENT, run_id TEXT NOT NULL,
  symbol TEXT NOT NULL, side TEXT NOT NULL, qty REAL NOT NULL, entry_price REAL NOT NULL,
  liq_price_open REAL, liq_price_latest REAL, tp_price REAL, sl_price REAL, tp_order_id INTEGER,
  sl_order_id INTEGER, tp_client_order_id TEXT, sl_client_order_id TEXT,
  opened_at_utc TEXT NOT NULL, expire_at_utc TEXT NOT NULL, closed_at_utc TEXT,
  close_order_id INTEGER, status TEXT NOT NULL, close_reason TEXT, last_error TEXT,
  created_at_utc TEXT NOT NULL, updated_at_utc TEXT NOT NULL,
  FOREIGN KEY(run_id) REFERENCES runs(run_id));
CREATE TABLE order_events(id INTEGER PRIMARY KEY AUTOINCREMENT, position_id INTEGER,
  symbol TEXT NOT NULL, order_id INTEGER, client_order_id TEXT, type TEXT NOT NULL,
  side TEXT NOT NULL, price REAL, qty REAL, status TEXT NOT NULL, event_time_utc TEXT NOT NULL,
  raw_json TEXT);
CREATE TABLE wallet_snapshots(id INTEGER PRIMARY KEY AUTOINCREMENT, captured_at_utc TEXT NOT NULL,
  balance_usdt REAL NOT NULL, source TEXT NOT NULL DEFAULT 'API', error TEXT,
  created_at_utc TEXT NOT NULL);
CREATE TABLE cashflow_events(id INTEGER PRIMARY KEY AUTOINCREMENT, unique_key TEXT NOT NULL UNIQUE,
  event_time_utc TEXT NOT NULL, asset TEXT NOT NULL, amount REAL NOT NULL,
  income_type TEXT NOT NULL, symbol TEXT, tran_id TEXT, info TEXT, raw_json TEXT,
  created_at_utc TEXT NOT NULL);
CREATE TABLE locks(lock_name TEXT PRIMARY KEY, holder TEXT, updated_at_utc TEXT);
)sql";

inline constexpr const char* kPythonLaterTables = R"sql(
CREATE TABLE fills(id INTEGER PRIMARY KEY AUTOINCREMENT, order_event_id INTEGER UNIQUE,
  position_id INTEGER, symbol TEXT, order_id INTEGER, client_order_id TEXT, side TEXT,
  reduce_only INTEGER, status TEXT, executed_qty REAL, quote_qty REAL, avg_price REAL,
  realized_pnl REAL, commission REAL, commission_asset TEXT, event_time_utc TEXT, raw_json TEXT,
  created_at_utc TEXT);
CREATE TABLE rebalance_cycles(id INTEGER PRIMARY KEY AUTOINCREMENT, run_id TEXT, reason_tag TEXT,
  mode TEXT, equity_usdt REAL, created_at_utc TEXT);
CREATE TABLE rebalance_actions(id INTEGER PRIMARY KEY AUTOINCREMENT, cycle_id INTEGER,
  symbol TEXT, qty REAL, created_at_utc TEXT);
INSERT INTO fills VALUES(1,1,1,'BTCUSDT',11,'t10s-ent-BTCUSDT-0a1b2c3d','SELL',0,'FILLED',0.003,
  306.3,102100.1,NULL,NULL,NULL,'2025-10-09T23:40:02+00:00','{"a":"b"}',
  '2025-10-09T23:40:02+00:00');
INSERT INTO rebalance_cycles VALUES(1,'r2','pre','equal_risk',1002.5,'2025-10-09T23:40:02+00:00');
INSERT INTO rebalance_actions VALUES(1,1,'BTCUSDT',0.001,'2025-10-09T23:40:02+00:00');
)sql";

inline constexpr const char* kPythonRows = R"sql(
INSERT INTO runs VALUES('r1','2025-10-08','2025-10-08T23:40:00+00:00','2025-10-08T23:40:21+00:00',
  'SUCCESS','opened=2');
INSERT INTO runs VALUES('r2','2025-10-09','2025-10-09T23:40:00+00:00','2025-10-09T23:40:20+00:00',
  'FAILED','timeout');
INSERT INTO positions VALUES(7,'r1','ETHUSDT','SHORT',0.123,4001.17,4500.5,4500.5,3200.9,4455.5,
  1001,1002,'t10s-tp-ETHUSDT-aaaaaaaa','t10s-sl-ETHUSDT-bbbbbbbb','2025-10-08T23:40:03+00:00',
  '2025-10-10T23:10:03+00:00','2025-10-09T11:55:01+00:00',1003,'CLOSED_DAILY_LOSS_CUT',
  'DAILY_FLOATING_LOSS_CHECK',NULL,'2025-10-08T23:40:03+00:00','2025-10-09T11:55:01+00:00');
INSERT INTO positions VALUES(8,'r2','BTCUSDT','SHORT',0.003,102100.1,150000.2,150000.2,81680.1,
  148500.2,2001,2002,'t10s-tp-BTCUSDT-cccccccc','t10s-sl-BTCUSDT-dddddddd',
  '2025-10-09T23:40:02+00:00','2025-10-11T23:10:02+00:00',NULL,NULL,'OPEN',NULL,NULL,
  '2025-10-09T23:40:02+00:00','2025-10-09T23:41:00+00:00');
INSERT INTO order_events VALUES(1,NULL,'BTCUSDT',11,'t10s-ent-BTCUSDT-0a1b2c3d','MARKET','SELL',
  102100.1,0.003,'FILLED','2025-10-09T23:40:02+00:00','{"orderId":11}');
INSERT INTO order_events VALUES(2,8,'BTCUSDT',2002,'t10s-sl-BTCUSDT-dddddddd','STOP_MARKET','BUY',
  148500.2,0.0,'NEW','2025-10-09T23:40:04+00:00',NULL);
INSERT INTO wallet_snapshots VALUES(1,'2025-10-09T23:41:00+00:00',1000.1,'API',NULL,
  '2025-10-09T23:41:00+00:00');
INSERT INTO wallet_snapshots VALUES(2,'2025-10-09T23:42:00+00:00',0.1+0.2,'API',NULL,
  '2025-10-09T23:42:00+00:00');
INSERT INTO wallet_snapshots VALUES(3,'2025-10-09T23:42:00+00:00',0.1+0.2,'API',NULL,
  '2025-10-09T23:42:00+00:00');
INSERT INTO cashflow_events VALUES(1,'k1','2025-10-01T08:00:00+00:00','USDT',1000.0,'TRANSFER',
  NULL,'98765432101','deposit','{}','2025-10-01T08:01:00+00:00');
)sql";

inline void write_python_state(const std::string& path, bool later = false,
                               const std::string& more = {}) {
  auto db = sql::Connection::open_writer(path, {});
  REQUIRE(db.has_value());
  for (const std::string& text : {std::string(kPythonTables), std::string(kPythonRows),
                                  std::string(later ? kPythonLaterTables : ""), more}) {
    const auto done = db->execute(text);
    CAPTURE(done ? "" : done.error().text);
    REQUIRE(done.has_value());
  }
}

}  // namespace bb::test
