// What messages cost orders: the median time of a market order, from the call to its answer, with a
// thousand messages waiting for a Telegram that answers 429 and for one that never answers, against
// none. The exchange is 50 ms away over real sockets; orders and messages share one loop, as in the
// service. Blocks with and without alternate.
#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <stdexcept>
#include <thread>

#include "net/http_server.h"
#include "notify/outbox_pump.h"
#include "paper_thread.h"

namespace bb::bench {

namespace {

constexpr int kBlocks = 6;  // of each kind
constexpr int kOrders = 25;
constexpr int kMessages = 1000;
constexpr const char* kToken = "123456:bench-bot-word";

/// One Telegram that says "later" to everything (/bot...), one that never answers (/dead/bot...).
class SickTelegram {
 public:
  SickTelegram() : thread_([this] { serve(); }) {
    while (port_ == 0)
      std::this_thread::yield();
  }
  ~SickTelegram() {
    boost::asio::post(io_, [this] { stop_->request(); });
    thread_.join();
  }
  SickTelegram(const SickTelegram&) = delete;
  SickTelegram& operator=(const SickTelegram&) = delete;
  int port() const { return port_; }
  int requests() const { return requests_; }

 private:
  static Task<net::ServerReply> answer(Stop& stop, Clock& clock, std::atomic<int>& requests,
                                       net::HttpRequest request) {
    ++requests;
    if (request.target.starts_with("/dead")) (void)co_await stop.sleep_until(clock.after(Hours(1)));
    net::ServerReply reply;
    reply.response.status = 429;
    reply.response.body =
        R"({"ok":false,"error_code":429,"description":"Too Many Requests: retry after 1",)"
        R"("parameters":{"retry_after":1}})";
    co_return reply;
  }
  void serve() {
    SystemClock clock(io_);
    Stop stop(clock);
    stop_ = &stop;
    auto listener =
        net::HttpListener::open(io_, clock, "127.0.0.1", 0,
                                [&](net::HttpRequest request) {
                                  return answer(stop, clock, requests_, std::move(request));
                                },
                                {});
    if (!listener) throw std::runtime_error(listener.error().text);
    port_ = (*listener)->port();
    run_to_end(io_, (*listener)->run(stop));
  }

  boost::asio::io_context io_{1};
  Stop* stop_ = nullptr;
  std::atomic<int> port_{0};
  std::atomic<int> requests_{0};
  std::thread thread_;
};

struct Delays {
  std::vector<double> calm, sick;  // ms
  int undelivered = 0;
};

double median(std::vector<double> values) {
  std::ranges::sort(values);
  return values[values.size() / 2];
}

exchange::OrderRequest small_order(const std::vector<SymbolRules>& rules,
                                   const std::vector<exchange::Ticker>& tickers) {
  for (const auto& rule : rules)
    for (const auto& ticker : tickers) {
      if (rule.symbol != ticker.symbol || rule.status != SymbolStatus::trading) continue;
      exchange::OrderRequest order;
      order.symbol = rule.symbol;
      const Usdt wanted = std::max(rule.min_notional, Usdt(Decimal::from_int(5)));
      const Qty least = wanted * Ratio(Decimal::from_int(2)) / ticker.last;
      order.qty = Qty(least.value().ceil_to(rule.market_lot.step.value()));
      return order;
    }
  throw std::runtime_error("no contract trades");
}

Task<void> fill_outbox(store::Store& store, TimePoint now) {
  store::Batch batch;
  for (int i = 0; i < kMessages; ++i) {
    store::OutboxMessage message;
    message.id = store.next_outbox_id();
    message.topic = i % 10 == 0 ? "protection" : "position_closed";
    message.title = fmt::format("已平仓 {} / closed {}", i, i);
    message.body = "| 盈亏 / PnL | +1.23 USDT |\n| 原因 / reason | TAKE_PROFIT_FILLED |\n";
    message.created_at = message.next_attempt = now;
    batch.put(message);
  }
  const auto stored = co_await store.commit(std::move(batch));
  if (!stored) throw std::runtime_error(stored.error().text);
}

Task<void> trade(Client& client, Clock& clock, exchange::OrderRequest order, int& number,
                 std::vector<double>& delays) {
  for (int i = 0; i < kOrders; ++i) {
    order.side = number % 2 == 0 ? Side::sell : Side::buy;
    order.client_order_id = ClientOrderId(fmt::format("bench-{}", number++));
    const SteadyTime begin = clock.steady_now();
    const auto outcome = co_await client.account->place(order);
    const auto span = clock.steady_now() - begin;
    if (outcome.done() == nullptr) throw std::runtime_error(outcome.describe());
    delays.push_back(std::chrono::duration<double, std::milli>(span).count());
    co_await sleep_for(clock, Millis(20));
  }
}

Task<void> measure(boost::asio::io_context& io, Clock& clock, int port, int telegram_port,
                   std::string database, Delays& out) {
  Client client;
  co_await client.connect(io, clock, port, std::move(database));
  const auto rules = co_await client.market->fetch_rules();
  const auto tickers = co_await client.market->fetch_tickers();
  if (!rules || !tickers) throw std::runtime_error("the market could not be read");
  const auto order = small_order(rules->symbols, tickers->value);
  co_await fill_outbox(*client.store, clock.utc_now());
  notify::NotifySettings settings;
  settings.telegram.token = Secret(kToken);
  notify::Channels channels;
  for (const char* prefix : {"", "/dead"}) {
    settings.telegram.api_url = fmt::format("http://127.0.0.1:{}{}", telegram_port, prefix);
    settings.telegram.chats = {prefix[0] == 0 ? 1 : 2};
    for (auto& channel :
         notify::make_telegram(settings.telegram, *client.dialer, clock, client.log))
      channels.push_back(std::move(channel));
  }
  const Log quiet(LogLevel::error, null_sink());
  int number = 0;
  std::vector<double> warm_up;
  co_await trade(client, clock, order, number, warm_up);
  for (int block = 0; block < kBlocks; ++block) {
    co_await trade(client, clock, order, number, out.calm);
    notify::OutboxPump pump({*client.store, channels, settings, clock, quiet, "paper-bench"});
    Stop stop(clock);
    TaskGroup group(io.get_executor());
    group.spawn(pump.run(stop));
    co_await trade(client, clock, order, number, out.sick);
    stop.request();
    co_await group.join();
  }
  out.undelivered = static_cast<int>(client.store->pending_messages().size());
}

}  // namespace

}  // namespace bb::bench

int main() {
  using namespace bb;
  using namespace bb::bench;
  PaperThread paper;
  SickTelegram telegram;
  boost::asio::io_context io{1};
  SystemClock clock(io);
  const Folder folder;
  Delays delays;
  run_to_end(io,
             measure(io, clock, paper.port(), telegram.port(), folder.file("state.db"), delays));
  const double calm = median(delays.calm), sick = median(delays.sick);
  fmt::print(
      "{{\"name\":\"order_delay_ratio\",\"value\":{:.4f},\"unit\":\"ratio\",\"reach\":1.05,"
      "\"calm_ms\":{:.3f},\"sick_ms\":{:.3f},\"orders\":{},\"telegram_requests\":{},"
      "\"messages_kept\":{}}}\n",
      sick / calm, calm, sick, delays.calm.size() + delays.sick.size(), telegram.requests(),
      delays.undelivered);
  return sick / calm <= 1.05 && delays.undelivered == kMessages ? 0 : 1;
}
