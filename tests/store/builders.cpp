#include "builders.h"

#include <doctest/doctest.h>

#include <filesystem>
#include <fstream>

#include "sql/connection.h"

namespace bb::test {

store::Run a_run(const std::string& day) {
  store::Run run;
  run.run_id = "run-" + day;
  run.trade_day_utc = day;
  run.started_at = some_day();
  return run;
}

store::Holding a_holding(std::int64_t id, const std::string& symbol) {
  store::Holding holding;
  holding.id = id;
  holding.symbol = Symbol(symbol);
  holding.qty = Qty(dec("10"));
  holding.entry_price = Price(dec("2"));
  holding.opened_at = holding.created_at = holding.updated_at = some_day();
  holding.expire_at = some_day() + Hours(47);
  return holding;
}

store::Intent an_intent(const std::string& id, const std::string& symbol, int attempt) {
  store::Intent intent;
  intent.client_order_id = ClientOrderId(id);
  intent.trade_day = "2025-10-10";
  intent.job = Job::entry;
  intent.kind = OrderKind::entry;
  intent.attempt = attempt;
  intent.symbol = Symbol(symbol);
  intent.qty = Qty(dec("10"));
  intent.sent_at = some_day();
  return intent;
}

store::FillRecord a_fill(const std::string& symbol, std::int64_t trade_id) {
  store::FillRecord fill;
  fill.symbol = Symbol(symbol);
  fill.trade_id = trade_id;
  fill.order_id = 77;
  fill.qty = Qty(dec("10"));
  fill.price = Price(dec("2"));
  fill.commission_asset = "USDT";
  fill.time = some_day();
  return fill;
}

store::OutboxMessage a_message(std::int64_t id, TimePoint at) {
  store::OutboxMessage message;
  message.id = id;
  message.topic = "alert";
  message.title = "title " + std::to_string(id);
  message.body = "body";
  message.created_at = message.next_attempt = at;
  return message;
}

std::unique_ptr<store::Store> open_store(SimLoop& loop, const std::string& path,
                                         const std::string& account, const Log& log) {
  store::StoreOptions options;
  options.path = path;
  options.threaded = false;
  options.sync = false;
  options.busy_timeout = Millis(50);
  auto opened = store::Store::open(options, account, loop.io.get_executor(), loop.clock, log);
  if (!opened) FAIL(opened.error().text);
  return std::move(*opened);
}

std::string open_error(const std::string& path, const std::string& account) {
  SimLoop loop;
  store::StoreOptions options;
  options.path = path;
  options.threaded = false;
  const Log log(LogLevel::error, null_sink());
  const auto opened = store::Store::open(options, account, loop.io.get_executor(), loop.clock, log);
  return opened ? std::string() : opened.error().text;
}

std::int64_t count_rows(const std::string& path, const std::string& table) {
  auto reader = sql::Connection::open_reader(path, Millis(250));
  if (!reader) FAIL(reader.error().text);
  const auto count = reader->query_integer("SELECT count(*) FROM " + table);
  if (!count) FAIL(count.error().text);
  return *count;
}

void spoil_table(const std::string& path, const std::string& table) {
  auto connection = sql::Connection::open_writer(path, {});
  if (!connection) FAIL(connection.error().text);
  const auto page =
      connection->query_integer("SELECT rootpage FROM sqlite_master WHERE name='" + table + "'");
  const auto size = connection->query_integer("PRAGMA page_size");
  if (!page || !size) FAIL("no such table");
  const Status folded = connection->execute("PRAGMA wal_checkpoint(TRUNCATE)");
  if (!folded) FAIL(folded.error().text);
  std::fstream file(path, std::ios::in | std::ios::out | std::ios::binary);
  file.seekp((*page - 1) * *size);
  file << std::string(static_cast<std::size_t>(*size), '\x5a');
}

void copy_database(const std::string& from, const std::string& to) {
  for (const char* end : {"", "-wal", ".spill"}) {
    const std::filesystem::path source(from + end);
    if (std::filesystem::exists(source))
      std::filesystem::copy_file(source, to + end,
                                 std::filesystem::copy_options::overwrite_existing);
  }
}

}  // namespace bb::test
