// Messages of the control: a line with method and path, then the body. Whatever comes: there is an
// answer, what is wrong is a sentence, and the exchange's books stay right.
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/check.h"
#include "net/json.h"
#include "paper/control.h"

using namespace bb;
using namespace bb::paper;

namespace {

const sim::Market& market() {
  static const sim::Market made = [] {
    sim::RandomMarketOptions options;
    options.symbols = 4;
    options.days = 2;
    options.step = Minutes(15);
    return sim::make_random_market(options);
  }();
  return made;
}

ServerOptions server_options() {
  ServerOptions options;
  options.accounts.push_back({.alias = "alpha", .api_key = "a", .api_secret = "a"});
  options.accounts.push_back({.alias = "beta", .api_key = "b", .api_secret = "b", .hedge = true});
  options.timeline.paused = true;
  return options;
}

Task<void> tell(Control& control, net::HttpRequest request) {
  const auto reply = co_await control.handle(std::move(request));
  const int status = reply.response.status;
  BB_CHECK(status == 200 || (status >= 400 && status < 500), "every message has its answer");
  const auto body = net::JsonDocument::parse(reply.response.body);
  BB_CHECK(body.has_value(), "the control answers JSON");
  if (status != 200) BB_CHECK(!body->root().at("error").text().empty(), "a refusal says why");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string_view text(reinterpret_cast<const char*>(data), size);
  boost::asio::io_context io(1);
  SimClock clock(io, market().begin() + Hours(3));
  sim::Market own = market();
  const ServerOptions options = server_options();
  Server server(clock, own, options);
  Control control({server, own, options.accounts}, "token");
  // Several messages, parted by NUL, to one exchange.
  for (int i = 0; i < 8 && !text.empty(); ++i) {
    const auto end = text.find('\0');
    std::string_view message = text.substr(0, end);
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    const auto line = message.substr(0, message.find('\n'));
    message.remove_prefix(std::min(message.size(), line.size() + 1));
    net::HttpRequest request;
    request.method = line.starts_with("GET") ? net::Method::get : net::Method::post;
    const auto blank = line.find(' ');
    if (blank != std::string_view::npos) request.target = std::string(line.substr(blank + 1));
    request.headers = {{"Authorization", "Bearer token"}};
    request.body = std::string(message);
    run_to_end(clock, io, tell(control, std::move(request)));
  }
  const auto& exchange = server.exchange();
  for (int account = 0; account < exchange.account_count(); ++account) {
    Usdt sum;
    for (const auto& row : exchange.income(account))
      sum += row.amount;
    BB_CHECK(sum == exchange.balance(account).wallet, "a wallet is the sum of its income");
  }
  // Copies of a market share their holds.
  for (const auto& rules : own.rules(own.end()))
    own.release(rules.symbol, TimePoint{});
  return 0;
}
