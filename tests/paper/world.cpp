#include "paper/world.h"

#include "net/crypto.h"

namespace bb::paper::test {

namespace {

using net::Method;

constexpr std::int64_t kBarsBefore = 2 * 96;
constexpr std::int64_t kBars = 100 * 96;
constexpr std::int64_t kLateBegin = 50;  // days
constexpr std::int64_t kLateEnd = 60;
constexpr std::int64_t kJump = 96 + 24;  // 06:00 of the second day

Decimal decimal(std::string_view text) { return *Decimal::parse(text); }

struct Shape {
  std::string base;
  std::string tick, step;
  std::int32_t ticks = 0;
  std::int32_t ticks_after = 0;
  std::int64_t first = -kBarsBefore;
  std::int64_t last = kBars;
};

sim::impl::Column make_column(const Shape& shape) {
  sim::impl::Column column;
  auto& rules = column.rules;
  rules.symbol = Symbol(shape.base + "USDT");
  rules.status = SymbolStatus::trading;
  rules.contract = ContractType::perpetual;
  rules.base_asset = shape.base;
  rules.quote_asset = rules.margin_asset = "USDT";
  rules.onboard_time = some_day() - std::chrono::days(400);
  rules.delivery_time = sim::impl::kNoDelivery;
  rules.tick = Price(decimal(shape.tick));
  rules.min_price = rules.tick;
  rules.max_price = Price(decimal("100000"));
  rules.lot = {Qty(decimal(shape.step)), Qty(decimal("1000000")), Qty(decimal(shape.step))};
  rules.market_lot = {Qty(decimal(shape.step)), Qty(decimal("100000")), Qty(decimal(shape.step))};
  rules.min_notional = Usdt(decimal("5"));
  rules.price_up = Ratio(decimal("1.05"));
  rules.price_down = Ratio(decimal("0.95"));
  rules.market_take_bound = Ratio(decimal("0.05"));
  rules.liquidation_fee = Ratio(decimal("0.0125"));
  column.brackets = {{50, Usdt(), Usdt(decimal("50000")), Ratio(decimal("0.01")), Usdt()},
                     {20, Usdt(decimal("50000")), Usdt(decimal("500000")), Ratio(decimal("0.025")),
                      Usdt(decimal("750"))}};
  column.first = some_day() + Minutes(15) * shape.first;
  for (std::int64_t i = shape.first; i < shape.last; ++i) {
    const auto price = i < kJump ? shape.ticks : shape.ticks_after;
    column.bars.push_back({price, price, price, price, 100'000});
  }
  for (auto at = column.first + Hours(8); at < some_day() + std::chrono::days(100); at += Hours(8))
    column.funding.push_back({at, Ratio(decimal("0.0001"))});
  return column;
}

const net::JsonView first_of(const net::JsonView& root, std::optional<net::JsonView>& keep) {
  if (!root.is_array()) return root;
  root.for_each([&](net::JsonView element) {
    if (!keep) keep = element;
  });
  return keep ? *keep : root;
}

std::string text_of(const net::JsonView& value) {
  return value.is_string() ? std::string(value.text()) : value.raw();
}

}  // namespace

std::vector<sim::impl::Column> test_columns() {
  std::vector<sim::impl::Column> columns;
  columns.push_back(make_column({"AAA", "0.01", "0.001", 10000, 12000}));
  columns.push_back(make_column({"BBB", "0.0001", "1", 5000, 5000}));
  columns.push_back(make_column({"币安人生", "0.01", "0.1", 200, 200}));
  columns.push_back(make_column({"LATE", "0.01", "1", 1000, 1000, kLateBegin * 96, kLateEnd * 96}));
  return columns;
}

namespace {

std::shared_ptr<const sim::Market::Data> data_of(std::vector<sim::impl::Column> columns) {
  auto data = std::make_shared<sim::Market::Data>();
  data->step = Minutes(15);
  data->begin = some_day();
  data->end = some_day() + Minutes(15) * kBars;
  data->columns = std::move(columns);
  data->seal();
  return data;
}

}  // namespace

sim::Market market_of(std::vector<sim::impl::Column> columns) {
  return sim::Market(data_of(std::move(columns)));
}

// The columns are shared; what a test does to a price is its own.
sim::Market make_test_market() {
  static const auto data = data_of(test_columns());
  return sim::Market(data);
}

std::int64_t Answer::code() const {
  const auto document = net::JsonDocument::parse(body);
  if (!document || !document->root().is_object() || !document->root().has("code")) return 0;
  const auto code = document->root().at("code");
  return code.is_number() ? code.integer() : 0;
}

std::string Answer::msg() const { return at("msg"); }

std::string Answer::at(std::string_view name) const {
  const auto document = net::JsonDocument::parse(body);
  if (!document) return "(not JSON: " + body + ")";
  std::optional<net::JsonView> keep;
  const auto object = first_of(document->root(), keep);
  bool found = false;
  std::string text;
  if (!object.is_object()) return "(no object)";
  object.for_each_member([&](std::string_view member, net::JsonView value) {
    if (member != name) return;
    found = true;
    text = value.is_null() ? "null" : text_of(value);
  });
  return found ? text : "(absent)";
}

std::string Answer::header(std::string_view name) const {
  return std::string(net::find_header(headers, name));
}

std::string field_names(const std::string& json) {
  const auto document = net::JsonDocument::parse(json);
  if (!document) return "(not JSON)";
  std::optional<net::JsonView> keep;
  const auto object = first_of(document->root(), keep);
  if (!object.is_object()) return "(no object)";
  std::string names;
  object.for_each_member([&](std::string_view name, net::JsonView) {
    if (!names.empty()) names += ',';
    names += name;
  });
  return names;
}

std::size_t count(const std::string& json) {
  const auto document = net::JsonDocument::parse(json);
  return document && document->root().is_array() ? document->root().size() : 999'999;
}

std::string column(const std::string& json, std::string_view name) {
  const auto document = net::JsonDocument::parse(json);
  if (!document || !document->root().is_array()) return "(no array)";
  std::string all;
  document->root().for_each([&](net::JsonView element) {
    if (!all.empty()) all += ',';
    all += element.has(name) ? text_of(element.at(name)) : "(absent)";
  });
  return all;
}

ServerOptions default_options() {
  ServerOptions options;
  options.accounts.push_back({.alias = "alpha", .api_key = "key-a", .api_secret = "secret-a"});
  options.accounts.push_back({.alias = "beta",
                              .api_key = "key-b",
                              .api_secret = "secret-b",
                              .balance = Usdt(decimal("500")),
                              .hedge = true});
  return options;
}

World::World(SimLoop& loop, ServerOptions options, Micros each_way, sim::Market market)
    : loop_(loop),
      market_(std::move(market)),
      server_(loop.clock, market_, std::move(options)),
      stop_(loop.clock),
      group_(loop.io.get_executor()),
      dialer_(loop.io.get_executor(), loop.clock, {.each_way = each_way},
              [this](net::AnyStream stream) {
                group_.spawn(server_.serve_stream(std::move(stream), stop_));
              }) {
  client_ = std::make_unique<net::HttpClient>(
      dialer_, loop.clock, net::Endpoint{"paper.test", 80, false}, net::HttpClientOptions{});
}

Task<Answer> World::send(net::HttpRequest request) {
  const auto response = co_await client_->send(std::move(request), loop_.clock.after(Seconds(60)));
  Answer answer;
  if (response) {
    answer.status = response->status;
    answer.body = response->body;
    answer.headers = response->headers;
  } else {
    answer.body = response.error().text;
  }
  co_return answer;
}

Task<Answer> World::get(std::string target) {
  net::HttpRequest request;
  request.target = std::move(target);
  return send(std::move(request));
}

Task<Answer> World::call(Method method, std::string path, std::string params, Signing how) {
  if (!params.empty()) params += '&';
  if (!how.recv_window.empty()) params += "recvWindow=" + how.recv_window + "&";
  params += "timestamp=" + std::to_string(to_ms(server_.now() - how.age));
  params += "&signature=" + net::hmac_sha256_hex(how.secret, params);
  net::HttpRequest request;
  request.method = method;
  request.target = std::move(path);
  request.headers = {{"X-MBX-APIKEY", how.key}};
  if (method == Method::post && !how.in_query) {
    request.headers.emplace_back("Content-Type", "application/x-www-form-urlencoded");
    request.body = std::move(params);
  } else {
    request.target += "?" + params;
  }
  return send(std::move(request));
}

Task<Answer> World::get_signed(std::string path, std::string params) {
  return call(Method::get, std::move(path), std::move(params));
}

Task<Answer> World::post(std::string path, std::string params) {
  return call(Method::post, std::move(path), std::move(params));
}

Task<Answer> World::del(std::string path, std::string params) {
  return call(Method::del, std::move(path), std::move(params));
}

Task<Answer> World::market(std::string symbol, std::string side, std::string qty,
                           std::string more) {
  return post("/fapi/v1/order",
              "symbol=" + symbol + "&side=" + side + "&type=MARKET&quantity=" + qty + more);
}

Task<Answer> World::close_stop(std::string symbol, std::string trigger, std::string id) {
  return post("/fapi/v1/algoOrder",
              "algoType=CONDITIONAL&symbol=" + symbol +
                  "&side=BUY&type=STOP_MARKET&closePosition=true&triggerPrice=" + trigger +
                  "&clientAlgoId=" + id);
}

Task<void> World::close() {
  client_.reset();
  stop_.request();
  co_await group_.join();
}

}  // namespace bb::paper::test
