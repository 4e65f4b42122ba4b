#include "paper/live_feed.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>

#include "paper/live_state.h"

namespace bb::paper {

namespace {

constexpr Micros kPatience = Seconds(20);  // with one answer
constexpr Micros kMarksSilent = Seconds(5);
constexpr Micros kTickersSilent = Seconds(10);
constexpr Micros kPricesAgain = Seconds(2);
constexpr Micros kPricesAgainMost = Seconds(30);
constexpr Micros kLimitPause = Seconds(5);
constexpr Millis kPlausibleShift{10'000};
constexpr Micros kContractsEvery = Minutes(10);
constexpr Micros kContractsSoonest = Seconds(10);
constexpr Micros kTick = Millis(250);
constexpr Micros kOwnEvery = Seconds(1);
constexpr Micros kBeginAgain = Seconds(1);
constexpr Millis kClockError{50};
constexpr Millis kBeforePrices{1000};

struct KnownHost {
  std::string_view rest, streams;
};
constexpr std::array kKnownHosts = {
    KnownHost{"fapi.binance.com", "https://fstream.binance.com"},
    KnownHost{"demo-fapi.binance.com", "https://demo-fstream.binance.com"},
    KnownHost{"testnet.binancefuture.com", "https://fstream.binancefuture.com"},
};

int number_of(std::string_view text) {
  int value = 0;
  std::from_chars(text.data(), text.data() + text.size(), value);
  return std::clamp(value, 0, 86'400);
}

void append_all(std::vector<sim::LiveUpdate>& to, std::vector<sim::LiveUpdate>&& from) {
  to.insert(to.end(), std::make_move_iterator(from.begin()), std::make_move_iterator(from.end()));
}

}  // namespace

LiveOptions production_source() {
  return {"https://fapi.binance.com", "https://fstream.binance.com"};
}

Result<LiveOptions> live_source(const std::string& rest) {
  const auto url = net::parse_base_url(rest);
  if (!url) return std::unexpected(url.error());
  for (const auto& known : kKnownHosts)
    if (url->endpoint.host == known.rest) return LiveOptions{rest, std::string(known.streams)};
  return LiveOptions{rest, rest};
}

LiveFeed::State::State(LiveParts p, LiveOptions o)
    : parts(std::move(p)),
      options(std::move(o)),
      rest(net::parse_base_url(options.rest).value()),
      streams(net::parse_base_url(options.streams).value()),
      http(std::make_unique<net::HttpClient>(parts.dialer, parts.clock, rest.endpoint,
                                             net::HttpClientOptions{})) {}

LiveFeed::LiveFeed(LiveParts parts, LiveOptions options)
    : state_(std::make_unique<State>(std::move(parts), std::move(options))) {}

LiveFeed::~LiveFeed() = default;

sim::Market LiveFeed::market() const { return state_->market->market(); }

Millis LiveFeed::clock_offset() const { return state_->offset; }

Task<Result<std::string>> LiveFeed::State::get(std::string target) {
  const std::string what = options.rest + target.substr(0, target.find('?'));
  // A source that said "later" is asked nothing by anybody until then.
  if (parts.clock.steady_now() < not_asked_before)
    co_return fail(ErrorKind::rate_limited, what + " is not asked: too many requests before");
  net::HttpRequest request;
  request.target = rest.prefix + target;
  auto response = co_await http->send(std::move(request), parts.clock.after(kPatience));
  if (!response)
    co_return fail(ErrorKind::unreachable, fmt::format("{}: {}", what, response.error().text));
  if (const auto weight = net::find_header(response->headers, "X-MBX-USED-WEIGHT-1M");
      !weight.empty())
    used_weight = number_of(weight);
  if (response->status != 200) {
    const bool is_limit = response->status == 429 || response->status == 418;
    const Micros asked = Seconds(number_of(net::find_header(response->headers, "Retry-After")));
    if (is_limit) not_asked_before = parts.clock.after(std::max<Micros>(asked, kLimitPause));
    co_return fail(is_limit ? ErrorKind::rate_limited : ErrorKind::unreachable,
                   fmt::format("{} answered {}", what, response->status), response->status);
  }
  co_return std::move(response->body);
}

// Of a few answers the quickest says it best.
Task<Status> LiveFeed::State::measure_clock() {
  constexpr int kSamples = 3;
  std::optional<Micros> best;
  Millis measured{0};
  for (int i = 0; i < kSamples; ++i) {
    const SteadyTime asked = parts.clock.steady_now();
    auto body = co_await get("/fapi/v1/time");
    if (!body) co_return std::unexpected(body.error());
    const auto told = live::parse_server_time(*body);
    if (!told) co_return std::unexpected(told.error());
    const Micros trip = parts.clock.steady_now() - asked;
    if (best && trip >= *best) continue;
    best = trip;
    measured = *told + std::chrono::floor<Millis>(trip / 2) - parts.clock.utc_now();
  }
  offset = measured;
  co_return Status{};
}

Task<Result<std::vector<sim::LiveContract>>> LiveFeed::State::fetch_contracts() {
  auto info = co_await get("/fapi/v1/exchangeInfo");
  if (!info) co_return std::unexpected(info.error());
  auto contracts = live::parse_contracts(*info);
  if (!contracts) co_return std::unexpected(contracts.error());
  auto funding = co_await get("/fapi/v1/fundingInfo");
  if (!funding) co_return std::unexpected(funding.error());
  const auto intervals = live::parse_funding_intervals(*funding);
  if (!intervals) co_return std::unexpected(intervals.error());
  if (contracts->faulty > 0)
    parts.log.warn("contracts left out", {{"count", static_cast<std::int64_t>(contracts->faulty)},
                                          {"first", contracts->fault}});
  for (auto& row : contracts->rows) {
    const auto& name = row.rules.symbol.str();
    const auto interval = intervals->find(name);
    if (interval != intervals->end()) row.funding_interval = interval->second;
    const auto found = brackets.find(name);
    row.brackets = found == brackets.end() ? sim::make_brackets() : found->second;
  }
  if (contracts->rows.empty())
    co_return fail(ErrorKind::malformed, options.rest + " lists no USDT perpetual");
  if (contracts->faulty > 0) keep_known(contracts->rows);
  known = contracts->rows;
  co_return std::move(contracts->rows);
}

// A contract that cannot be read is not a contract that is gone: delisting settles positions.
void LiveFeed::State::keep_known(std::vector<sim::LiveContract>& rows) const {
  std::set<Symbol> read;
  for (const auto& row : rows)
    read.insert(row.rules.symbol);
  for (const auto& row : known)
    if (!read.contains(row.rules.symbol)) rows.push_back(row);
}

void LiveFeed::State::adopt_names(const std::vector<sim::LiveContract>& contracts) {
  names.clear();
  order.clear();
  for (const auto& row : contracts) {
    names.emplace(row.rules.symbol.str(), row.rules.symbol);
    order.push_back(row.rules.symbol);
  }
}

std::optional<Symbol> LiveFeed::State::find(std::string_view name) const {
  const auto found = names.find(name);
  return found == names.end() ? std::nullopt : std::optional(found->second);
}

Task<Result<std::vector<sim::LiveUpdate>>> LiveFeed::State::fetch_prices() {
  const auto finder = [this](std::string_view name) { return find(name); };
  std::vector<sim::LiveUpdate> updates;
  auto tickers = co_await get("/fapi/v1/ticker/24hr");
  if (!tickers) co_return std::unexpected(tickers.error());
  auto days = live::parse_day_tickers(*tickers, finder);
  if (!days) co_return std::unexpected(days.error());
  append_all(updates, std::move(days->updates));
  auto index = co_await get("/fapi/v1/premiumIndex");
  if (!index) co_return std::unexpected(index.error());
  auto marks = live::parse_premium_index(*index, finder);
  if (!marks) co_return std::unexpected(marks.error());
  append_all(updates, std::move(marks->updates));
  auto tops = co_await get("/fapi/v1/ticker/bookTicker");
  if (!tops) co_return std::unexpected(tops.error());
  auto quotes = live::parse_book_tickers(*tops, finder);
  if (!quotes) co_return std::unexpected(quotes.error());
  append_all(updates, std::move(quotes->updates));
  co_return updates;
}

Task<Status> LiveFeed::load() {
  State& s = *state_;
  auto brackets = sim::load_brackets(s.parts.rules_folder);
  if (!brackets) co_return std::unexpected(brackets.error());
  s.brackets = std::move(*brackets);
  if (auto measured = co_await s.measure_clock(); !measured) co_return measured;
  const auto contracts = co_await s.fetch_contracts();
  if (!contracts) co_return std::unexpected(contracts.error());
  s.adopt_names(*contracts);
  const auto prices = co_await s.fetch_prices();
  if (!prices) co_return std::unexpected(prices.error());
  if (prices->empty()) co_return fail(ErrorKind::malformed, s.options.rest + " tells no price");
  // A contract is listed with its price: all of it lies behind the present.
  const TimePoint begin = s.source_now() - kBeforePrices;
  s.market = std::make_unique<sim::LiveMarket>(begin);
  s.market->list(*contracts, begin + Millis(1));
  s.market->append(*prices, begin + Millis(2));
  s.prices_at = s.marks_heard = s.tickers_heard = s.parts.clock.steady_now();
  s.parts.log.info("live source met", {{"rest", s.options.rest},
                                       {"streams", s.options.streams},
                                       {"contracts", static_cast<std::int64_t>(contracts->size())},
                                       {"offset_ms", s.offset.count()}});
  co_return Status{};
}

void LiveFeed::State::grow(const std::function<std::vector<Symbol>(TimePoint at)>& change) {
  try {
    server->grow([&](TimePoint at) {
      // Only after an overflow the exchange may be behind its market.
      return at > market->newest() ? change(at) : std::vector<Symbol>();
    });
    has_overflowed = false;
  } catch (const DecimalOverflow&) {
    if (!has_overflowed) parts.log.error("figures overflowed", {{"rest", options.rest}});
    has_overflowed = true;
  }
}

void LiveFeed::State::apply(std::vector<sim::LiveUpdate> updates) {
  if (!updates.empty()) grow([&](TimePoint at) { return market->append(updates, at); });
}

void LiveFeed::State::complain(std::string_view what, std::string_view why, bool& has_complained) {
  ++malformed;
  if (has_complained) return;
  has_complained = true;
  parts.log.warn("message left out", {{"from", what}, {"why", why}});
}

bool LiveFeed::State::is_silent() const {
  const SteadyTime now = parts.clock.steady_now();
  return !is_synced || now - marks_heard > kMarksSilent || now - tickers_heard > kTickersSilent;
}

void LiveFeed::State::judge_silence() {
  const bool silent = is_silent();
  if (silent == was_silent) return;
  was_silent = silent;
  server->set_suspended(silent);
  const SteadyTime now = parts.clock.steady_now();
  if (silent) {
    silent_since = now;
    parts.log.warn("live source fell silent", {{"streams", options.streams}});
    return;
  }
  parts.log.info("live source heard again",
                 {{"silent_ms", std::chrono::floor<Millis>(now - silent_since).count()}});
}

// All prices anew after a connection was lost: streams tell changes only.
Task<void> LiveFeed::State::keep_prices(Stop& stop) {
  bool has_complained = false;
  Micros pause = kPricesAgain;
  while (co_await stop.sleep_until(parts.clock.after(kTick))) {
    if (is_synced || !market_socket.connection) continue;
    const int connects = market_socket.connects;
    auto prices = co_await fetch_prices();
    if (!prices) {
      complain("prices", prices.error().text, has_complained);
      co_await stop.sleep_until(std::max(parts.clock.after(pause), not_asked_before));
      pause = std::min(pause * 2, kPricesAgainMost);
      continue;
    }
    has_complained = false;
    pause = kPricesAgain;
    if (connects != market_socket.connects || !market_socket.connection) continue;
    not_before = source_now();
    apply(std::move(*prices));
    prices_at = marks_heard = tickers_heard = parts.clock.steady_now();
    is_synced = true;
    judge_silence();
  }
}

// A shift of seconds is believed when it is measured twice.
Task<Status> LiveFeed::State::follow_clock() {
  const Millis before = offset;
  auto measured = co_await measure_clock();
  Millis error = offset - before;
  if (measured && (error > kPlausibleShift || error < -kPlausibleShift)) {
    const Millis first = offset;
    measured = co_await measure_clock();
    if (measured && std::chrono::abs(offset - first) > kPlausibleShift)
      measured = fail(ErrorKind::malformed, options.rest + " tells a time that jumps");
    error = offset - before;
  }
  if (!measured || std::chrono::abs(error) <= kClockError) offset = before;
  if (measured && offset != before) server->shift_clock(error);
  co_return measured;
}

Task<void> LiveFeed::State::keep_contracts(Stop& stop) {
  SteadyTime last = parts.clock.steady_now();
  bool has_complained = false;
  while (co_await stop.sleep_until(parts.clock.after(Seconds(1)))) {
    const Micros age = parts.clock.steady_now() - last;
    if (age < (contracts_changed ? kContractsSoonest : kContractsEvery)) continue;
    last = parts.clock.steady_now();
    contracts_changed = false;
    if (auto followed = co_await follow_clock(); !followed) {
      complain("time", followed.error().text, has_complained);
      continue;
    }
    const auto contracts = co_await fetch_contracts();
    if (!contracts) {
      complain("contracts", contracts.error().text, has_complained);
      continue;
    }
    // A damaged list must not settle everybody's positions.
    if (contracts->size() < order.size() / 2) {
      complain("contracts", "fewer than half of them are left", has_complained);
      continue;
    }
    has_complained = false;
    adopt_names(*contracts);
    grow([&](TimePoint at) { return market->list(*contracts, at); });
  }
}

// Nobody joins the loops before the end: one that fails is told at once, and begun again.
Task<void> LiveFeed::State::keep(std::string_view what, std::function<Task<void>()> loop,
                                 Stop& stop) {
  do {
    try {
      co_return co_await loop();
    } catch (const std::exception& error) {
      parts.log.error("live feed failed", {{"part", what}, {"why", error.what()}});
    }
  } while (co_await stop.sleep_until(parts.clock.after(kBeginAgain)));
}

Task<void> LiveFeed::State::keep_own(Stop& stop) {
  while (co_await stop.sleep_until(parts.clock.after(kOwnEvery)))
    follow_own();
}

Task<void> LiveFeed::State::keep_watch(Stop& stop) {
  while (co_await stop.sleep_until(parts.clock.after(kTick))) {
    judge_silence();
    watch_sockets();
    if (!books.empty()) apply(std::exchange(books, {}));
  }
  for (LiveSocket* socket : {&market_socket, &public_socket})
    if (socket->connection) socket->connection->drop("stopped");
}

Task<void> LiveFeed::run(Server& server, Stop& stop) {
  State& s = *state_;
  s.server = &server;
  TaskGroup group(co_await boost::asio::this_coro::executor);
  group.spawn(s.keep("market", [&] { return s.keep_socket(s.market_socket, stop); }, stop));
  group.spawn(s.keep("public", [&] { return s.keep_socket(s.public_socket, stop); }, stop));
  group.spawn(s.keep("prices", [&] { return s.keep_prices(stop); }, stop));
  group.spawn(s.keep("contracts", [&] { return s.keep_contracts(stop); }, stop));
  group.spawn(s.keep("history", [&] { return s.keep_history(stop); }, stop));
  group.spawn(s.keep("own", [&] { return s.keep_own(stop); }, stop));
  group.spawn(s.keep("watch", [&] { return s.keep_watch(stop); }, stop));
  co_await group.join();
}

void LiveFeed::describe(net::JsonWriter& json) const {
  const State& s = *state_;
  const auto ago = [&](SteadyTime t) {
    return std::chrono::floor<Millis>(s.parts.clock.steady_now() - t).count();
  };
  json.begin_object()
      .field("rest", s.options.rest)
      .field("streams", s.options.streams)
      .field("state", s.is_silent() ? "silent" : "live")
      .field("marksAgoMs", ago(s.marks_heard))
      .field("tickersAgoMs", ago(s.tickers_heard))
      .field("lagMs", s.lag.count())
      .field("clockOffsetMs", s.offset.count())
      .field("contracts", s.order.size())
      .field("histories", s.histories)
      .field("ownStreams", s.market_socket.subscribed.size())
      .field("connects", s.market_socket.connects + s.public_socket.connects)
      .field("leftOut", s.malformed)
      .end_object();
}

}  // namespace bb::paper
