// What the live feed hears: its sockets, and what becomes of their messages.
#include <fmt/format.h>

#include <algorithm>

#include "paper/live_state.h"

namespace bb::paper {

namespace {

constexpr Micros kConnectWithin = Seconds(15);
constexpr Micros kBackoffFirst = Seconds(1);
constexpr Micros kBackoffMost = Seconds(30);
constexpr Micros kHealthyAfter = Seconds(60);
constexpr std::size_t kLongestMessage = 16u << 20;  // 550 tickers are 200 KB
constexpr Millis kLateMost{5000};
constexpr Micros kTradesCurrent = Seconds(3);
constexpr Micros kBooksEvery = Millis(50);
constexpr Micros kPricesKnown = Seconds(3);
constexpr std::size_t kOwnMost = 200;  // contracts with streams of their own

std::string lower(std::string text) {
  for (char& c : text)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  return text;
}

}  // namespace

Task<void> LiveFeed::State::keep_socket(LiveSocket& socket, Stop& stop) {
  if (const auto old = std::exchange(socket.connection, nullptr)) old->drop("begun again");
  Micros backoff = kBackoffFirst;
  while (!stop.requested()) {
    net::WsRequest request;
    request.endpoint = streams.endpoint;
    request.target =
        fmt::format("{}{}/stream?streams={}", streams.prefix, socket.root, socket.streams);
    request.options.max_message_bytes = kLongestMessage;
    auto connected = co_await net::connect_websocket(parts.dialer, parts.clock, std::move(request),
                                                     parts.clock.after(kConnectWithin));
    const SteadyTime began = parts.clock.steady_now();
    if (connected && !stop.requested()) {
      socket.connection = std::move(*connected);
      socket.heard = began;
      socket.subscribed.clear();
      socket.has_complained = socket.is_missed = false;
      ++socket.connects;
      if (&socket == &market_socket && began - prices_at > kPricesKnown) is_synced = false;
      co_await listen(socket);
      const auto end = socket.connection->end();
      socket.connection.reset();
      if (&socket == &market_socket) is_synced = false;
      if (stop.requested()) co_return;
      parts.log.warn("stream ended",
                     {{"root", socket.root}, {"code", end.code}, {"reason", end.reason}});
    } else if (!connected && !socket.is_missed) {
      socket.is_missed = true;
      parts.log.warn("stream not reached",
                     {{"root", socket.root}, {"why", connected.error().text}});
    }
    if (parts.clock.steady_now() - began > kHealthyAfter) backoff = kBackoffFirst;
    co_await stop.sleep_until(parts.clock.after(backoff));
    backoff = std::min(backoff * 2, kBackoffMost);
  }
}

Task<void> LiveFeed::State::listen(LiveSocket& socket) {
  // The socket's own pointer may be another one by the time that this returns.
  const auto connection = socket.connection;
  while (auto event = co_await connection->receive())
    if (event->kind == net::WsEvent::Kind::text) hear(socket, event->data);
}

void LiveFeed::State::hear(LiveSocket& socket, const std::string& text) {
  auto news = live::parse_message(text, [this](std::string_view name) { return find(name); });
  if (!news) return complain(socket.root, news.error().text, socket.has_complained);
  if (news->faulty > 0) complain(socket.root, news->fault, socket.has_complained);
  if (news->kind == live::News::Kind::other) return;
  socket.heard = parts.clock.steady_now();
  if (news->event_time != TimePoint{}) {
    if (news->event_time < not_before) return;
    lag = source_now() - news->event_time;
    // What comes so late was true once; orders must not meet it. Unless it is our own clock that
    // has gone astray: it is measured again.
    if (lag > kLateMost || lag < -kLateMost) contracts_changed = true;
    if (lag > kLateMost) return;
  }
  take(std::move(*news));
}

void LiveFeed::State::take(live::News news) {
  const SteadyTime now = parts.clock.steady_now();
  switch (news.kind) {
    case live::News::Kind::tickers:
      tickers_heard = now;
      // Single trades are newer than the ticker that sums them up.
      for (auto& update : news.updates) {
        const auto traded = trades_heard.find(update.symbol);
        if (traded != trades_heard.end() && now - traded->second < kTradesCurrent)
          update.last.reset();
      }
      break;
    case live::News::Kind::marks:
      marks_heard = now;
      break;
    case live::News::Kind::trades:
      for (const auto& update : news.updates)
        trades_heard[update.symbol] = now;
      break;
    case live::News::Kind::books:
      // Some change a thousand times a second; the book that is shown changes twenty times.
      books.insert(books.end(), std::make_move_iterator(news.updates.begin()),
                   std::make_move_iterator(news.updates.end()));
      if (now - books_applied < kBooksEvery) return;
      books_applied = now;
      return apply(std::exchange(books, {}));
    case live::News::Kind::contracts:
      contracts_changed = true;
      return;
    case live::News::Kind::other:
      return;
  }
  // What changed before goes first.
  std::vector<sim::LiveUpdate> all = std::exchange(books, {});
  all.insert(all.end(), std::make_move_iterator(news.updates.begin()),
             std::make_move_iterator(news.updates.end()));
  apply(std::move(all));
  judge_silence();
}

// A wrong root or name is acknowledged and then silent for ever (reference §2.1), and a network may
// swallow what it likes: whoever says nothing is called again.
void LiveFeed::State::watch_sockets() {
  for (LiveSocket* socket : {&market_socket, &public_socket}) {
    const Micros silence = parts.clock.steady_now() - socket->heard;
    if (socket->connection && silence > socket->silence_max)
      socket->connection->drop("it fell silent");
  }
}

std::set<Symbol> LiveFeed::State::own_contracts() const {
  std::set<Symbol> own;
  const auto& exchange = server->exchange();
  const auto note = [&](const sim::OrderView& order, const sim::OrderDetail&) {
    own.insert(order.symbol);
    return own.size() < kOwnMost;
  };
  for (int account = 0; account < exchange.account_count() && own.size() < kOwnMost; ++account) {
    for (const auto& row : exchange.positions(account))
      if (!row.position.qty.is_zero() && own.size() < kOwnMost) own.insert(row.position.symbol);
    exchange.visit_open_orders(account, false, note);
    exchange.visit_open_orders(account, true, note);
  }
  return own;
}

void LiveFeed::State::follow_own() {
  const auto own = own_contracts();
  subscribe(market_socket, own);
  subscribe(public_socket, own);
}

void LiveFeed::State::subscribe(LiveSocket& socket, const std::set<Symbol>& wanted) {
  if (!socket.connection || socket.subscribed == wanted) return;
  std::int64_t id = 0;
  const auto tell = [&](std::string_view method, const std::set<Symbol>& some,
                        const std::set<Symbol>& others) {
    net::JsonWriter json;
    json.begin_object().field("method", method).key("params").begin_array();
    bool is_empty = true;
    for (const Symbol symbol : some) {
      if (others.contains(symbol)) continue;
      json.value(fmt::format("{}@{}", lower(symbol.str()), socket.own));
      is_empty = false;
    }
    json.end_array().field("id", ++id).end_object();
    if (!is_empty) socket.connection->send_text(json.str());
  };
  tell("UNSUBSCRIBE", socket.subscribed, wanted);
  tell("SUBSCRIBE", wanted, socket.subscribed);
  socket.subscribed = wanted;
}

}  // namespace bb::paper
