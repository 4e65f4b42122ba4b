#include "binance/scripted_exchange.h"

#include <fstream>
#include <sstream>
#include <stdexcept>

#include "net/crypto.h"

namespace bb::binance::test {

namespace {

void read_params(std::string_view text, std::map<std::string, std::string>& into) {
  while (!text.empty()) {
    const auto pair = text.substr(0, text.find('&'));
    text.remove_prefix(std::min(text.size(), pair.size() + 1));
    const auto split = pair.find('=');
    const auto value = net::percent_decode(pair.substr(split + 1), true);
    into[std::string(pair.substr(0, split))] = value ? *value : "broken escape";
  }
}

std::string without_signature(std::string_view text) {
  constexpr std::string_view kName = "signature=";
  const auto at = text.find(kName);
  if (at == std::string_view::npos) return std::string(text);
  return std::string(text.substr(0, at == 0 ? 0 : at - 1));
}

}  // namespace

net::ServerReply json_reply(std::string body, int status, net::Headers headers) {
  headers.emplace_back("Content-Type", "application/json");
  return {{status, std::move(headers), std::move(body)}};
}

net::ServerReply error_reply(int code, int status, net::Headers headers) {
  return json_reply("{\"code\":" + std::to_string(code) + ",\"msg\":\"the exchange's text\"}",
                    status, std::move(headers));
}

net::ServerReply dropped() { return {{}, net::ServerReply::Delivery::dropped}; }

net::ServerReply truncated(std::string body) {
  auto reply = json_reply(std::move(body));
  reply.delivery = net::ServerReply::Delivery::truncated;
  return reply;
}

ScriptedExchange::ScriptedExchange(SimLoop& loop)
    : loop_(loop),
      group_(loop.io.get_executor()),
      stop_(loop.clock),
      handler_([this](net::HttpRequest request) { return serve(std::move(request)); }),
      dialer_(loop.io.get_executor(), loop.clock, {}, [this](net::AnyStream stream) {
        ++connections_;
        group_.spawn(net::serve_http(std::move(stream), loop_.clock, handler_, {}, stop_));
      }) {
  on("GET /fapi/v1/time", [this](const Seen&) {
    return json_reply("{\"serverTime\":" + std::to_string(to_ms(now())) + "}");
  });
}

void ScriptedExchange::on(const std::string& route, Respond respond) {
  always_[route] = std::move(respond);
}
void ScriptedExchange::on(const std::string& route, net::ServerReply reply) {
  always_[route] = [reply](const Seen&) { return reply; };
}
void ScriptedExchange::once(const std::string& route, net::ServerReply reply) {
  once_[route].push_back(std::move(reply));
}

std::vector<Seen> ScriptedExchange::seen(const std::string& route) const {
  std::vector<Seen> out;
  for (const auto& each : seen_)
    if (each.route == route) out.push_back(each);
  return out;
}

Task<net::ServerReply> ScriptedExchange::serve(net::HttpRequest request) {
  Seen seen;
  const auto split = request.target.find('?');
  seen.route = std::string(net::str(request.method)) + " " + request.target.substr(0, split);
  if (split != std::string::npos) seen.query = request.target.substr(split + 1);
  seen.body = request.body;
  seen.at = now();
  read_params(seen.query, seen.params);
  read_params(seen.body, seen.params);
  seen_.push_back(seen);
  co_return answer(seen, request);
}

net::ServerReply ScriptedExchange::answer(const Seen& seen, const net::HttpRequest& request) {
  if (auto& queue = once_[seen.route]; !queue.empty()) {
    auto reply = std::move(queue.front());
    queue.pop_front();
    return reply;
  }
  const bool is_signed = seen.params.contains("signature");
  if (is_signed) {
    const auto payload = without_signature(seen.query) + without_signature(seen.body);
    const bool is_last = seen.query.empty() ? seen.body.ends_with(seen.param("signature"))
                                            : seen.query.ends_with(seen.param("signature"));
    if (!is_last || net::hmac_sha256_hex(kApiSecret, payload) != seen.param("signature"))
      return error_reply(-1022);
    if (net::find_header(request.headers, "X-MBX-APIKEY") != kApiKey)
      return error_reply(-2014, 401);
    const auto stamp = std::stoll(seen.param("timestamp"));
    if (stamp >= to_ms(now()) + 1000 || to_ms(now()) - stamp > std::stoll(seen.param("recvWindow")))
      return error_reply(-1021);
  }
  const auto found = always_.find(seen.route);
  if (found == always_.end()) return error_reply(-5000, 404);
  return found->second(seen);
}

World::World(SimLoop& the_loop, std::function<void(Settings&)> change)
    : loop(the_loop),
      exchange(the_loop),
      log(LogLevel::debug, [this](LogLevel, auto line) { lines += std::string(line) + "\n"; }) {
  settings.api_key = Secret(kApiKey);
  settings.api_secret = Secret(kApiSecret);
  settings.base_url = "http://exchange.test";
  if (change) change(settings);
  venue = std::make_unique<Venue>(exchange.dialer(), loop.clock, log, settings);
  market = make_market_data(*venue);
  account = make_account(*venue, settings);
}

Task<void> World::close() {
  account.reset();
  market.reset();
  venue.reset();
  co_await exchange.join();
}

exchange::OrderRequest market_sell(const std::string& client_order_id) {
  exchange::OrderRequest order;
  order.symbol = Symbol("BTCUSDT");
  order.side = Side::sell;
  order.qty = *Qty::parse("0.010");
  order.client_order_id = ClientOrderId(client_order_id);
  return order;
}

std::string order_json(const std::string& client_order_id, const std::string& status,
                       const std::string& symbol) {
  return R"({"orderId":8389765739703625592,"symbol":")" + symbol + R"(","status":")" + status +
         R"(","clientOrderId":")" + client_order_id +
         R"(","price":"0.00","origQty":"0.010","executedQty":"0.010","cumQty":"0.010",)"
         R"("timeInForce":"GTC","type":"MARKET","reduceOnly":false,"closePosition":false,)"
         R"("side":"SELL","positionSide":"BOTH","stopPrice":"0.00","workingType":)"
         R"("CONTRACT_PRICE","priceProtect":false,"origType":"MARKET","priceMatch":"NONE",)"
         R"("selfTradePreventionMode":"EXPIRE_MAKER","goodTillDate":0,)"
         R"("updateTime":1760054400201})";
}

namespace {
Task<void> run_in_world(SimLoop& loop, WorldBody body, std::function<void(Settings&)> change) {
  World world(loop, std::move(change));
  const auto ready = co_await world.venue->prepare(1);
  if (!ready) throw std::runtime_error("the world is not ready: " + ready.error().text);
  co_await body(world);
  co_await world.close();
}
}  // namespace

void in_world(WorldBody body, std::function<void(Settings&)> change) {
  run_sim([body, change](SimLoop& loop) { return run_in_world(loop, body, change); });
}

std::string golden(const std::string& name) {
  std::ifstream file(std::string(BB_GOLDEN) + "/" + name);
  if (!file) throw std::runtime_error("no golden file " + name);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

}  // namespace bb::binance::test
