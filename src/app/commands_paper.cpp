// paper: the paper exchange as a process.
#include <fmt/format.h>

#include <algorithm>

#include "app/commands.h"
#include "app/paper_accounts.h"
#include "app/proxy.h"
#include "app/report.h"
#include "app/session.h"
#include "net/json.h"
#include "paper/live_feed.h"
#include "paper/serve.h"

namespace bb::app {

namespace {

constexpr const char* kSampleKey = "paper-key";
constexpr const char* kSampleSecret = "paper-secret";

// Enough for whoever reads the journal between two requests; the whole of it is for audits.
constexpr std::size_t kJournalKept = 5'000;

sim::StopWithoutPosition stop_without_position(const std::string& word) {
  if (word == "accepted") return sim::StopWithoutPosition::accepted;
  if (word == "expired") return sim::StopWithoutPosition::expired;
  return sim::StopWithoutPosition::refused;
}

paper::PaperAccount account_of(const PaperAccountSpec& spec, bool hedge) {
  paper::PaperAccount account;
  account.alias = spec.alias;
  account.api_key = spec.key;
  account.api_secret = spec.secret;
  account.balance = Usdt(spec.balance);
  account.hedge = hedge;
  return account;
}

Result<paper::Options> options_of(const PaperSettings& settings, const PaperCommand& command) {
  paper::Options options;
  if (command.live) {
    auto source = paper::live_source(*command.live);
    if (!source) return std::unexpected(source.error());
    options.live = std::move(*source);
  } else {
    auto folder = find_data_folder(command.data.value_or(settings.data));
    if (!folder) return std::unexpected(folder.error());
    options.data_folder = std::move(*folder);
  }
  options.address = command.address.value_or(settings.address);
  options.port = static_cast<std::uint16_t>(command.port.value_or(settings.port));
  options.path = path_order(command.path.value_or(settings.path));
  options.seed = command.seed.value_or(static_cast<std::uint64_t>(settings.seed));
  options.days = static_cast<int>(command.days.value_or(settings.days));
  const Micros delay = Millis(command.delay_ms.value_or(settings.delay_ms));
  options.server.delay_before = delay / 2;
  options.server.delay_after = delay - delay / 2;
  options.server.expose_journal = command.expose_journal;
  options.server.timeline.speed = command.speed.value_or(Decimal::from_int(1));
  options.server.timeline.paused = command.paused;
  options.at = command.at.value_or(TimePoint{});
  options.interval = command.interval.value_or(Millis(0));
  if (auto own = find_data_folder("")) options.rules_folder = std::move(*own);
  options.db = command.db;
  options.db_rebase = command.db_rebase;
  if (command.control_port) {
    auto token = paper::read_token(command.control_token_file);
    if (!token) return std::unexpected(token.error());
    options.control = {std::move(*token), command.control_address,
                       static_cast<std::uint16_t>(*command.control_port)};
  }
  options.server.request_log_limit = 0;  // nobody reads it in a process of its own
  options.server.limits.enabled = !command.no_limits;
  if (command.weight_limit)
    options.server.limits.weight_per_minute = static_cast<int>(*command.weight_limit);
  if (!command.expose_journal) options.server.journal_limit = kJournalKept;
  options.server.exchange.stop_without_position =
      stop_without_position(command.stop_without_position);
  const bool hedge = command.hedge || settings.hedge;
  for (const auto& spec : command.accounts)
    options.server.accounts.push_back(account_of(spec, hedge));
  if (command.accounts_file) {
    auto loaded = load_paper_accounts(*command.accounts_file);
    if (!loaded)
      return fail(ErrorKind::configuration, fmt::format("{}", fmt::join(loaded.error(), "\n")));
    for (auto& account : *loaded)
      options.server.accounts.push_back(std::move(account));
  }
  if (options.server.accounts.empty())
    options.server.accounts.push_back(
        account_of({"paper", kSampleKey, kSampleSecret, settings.balance}, hedge));
  return options;
}

void announce(const paper::Options& options, const paper::Ready& ready, bool json) {
  const auto port = ready.port;
  const TimePoint begin = ready.market_begin;
  const TimePoint end = ready.market_end;
  const auto key = paper::keys_of(options.server.accounts.front()).front();
  const std::string url = fmt::format("http://{}:{}", options.address, port);
  net::JsonWriter out;
  out.begin_object()
      .field("command", "paper")
      .field("base_url", url)
      .field("port", static_cast<int>(port))
      .field("market_begin_utc", iso_seconds(begin));
  const bool is_live = !options.live.rest.empty();
  if (is_live) {
    out.field("live", options.live.rest);
  } else {
    out.field("market_end_utc", iso_seconds(end));
  }
  out.field("now_utc", iso_seconds(ready.now));
  if (ready.control_port != 0) out.field("control_port", static_cast<int>(ready.control_port));
  out.end_object();
  // A secret of a file that others may not read is not for a log.
  const bool is_sample = key.key == kSampleKey;
  const std::string market =
      is_live
          ? fmt::format("Its prices are those of {}, as they come.", options.live.rest)
          : fmt::format("Its market runs from {} until {}.", iso_seconds(begin), iso_seconds(end));
  const std::string text = fmt::format(
      "The paper exchange answers at {}\n{}\n\n"
      "A configuration for it:\n\n[binance]\napi_key = {}\napi_secret = {}\nbase_url = {}\n\n"
      "[strategy]\n\n[runtime]\n\n[notify]\nenabled = false\n\n",
      url, market, key.key, is_sample ? kSampleSecret : "(its secret)", url);
  print({out.take() + "\n", text}, json);
}

Task<int> do_paper(Session& session, paper::Options options, net::DialerOptions dialer) {
  std::unique_ptr<net::Dialer> own;
  if (dialer.proxy)
    own = net::make_network_dialer(session.io(), session.clock(), std::move(dialer));
  const paper::ServeParts parts{session.io(), session.clock(), session.stop(), session.log(),
                                own ? own.get() : &session.dialer()};
  const auto ready = [&](const paper::Ready& what) { announce(options, what, session.json()); };
  const auto served = co_await paper::serve(options, parts, ready);
  if (!served) co_return report_error(served.error(), session.json());
  co_return kDone;
}

}  // namespace

int run_command(const CommandContext& context, const PaperCommand& command) {
  const auto options = options_of(context.config.paper, command);
  if (!options) return report_error(options.error(), context.json);
  net::DialerOptions dialer;
  if (!command.proxy.empty()) {
    auto proxy = parse_proxy(command.proxy, "--proxy or PROXY_URL");
    if (!proxy) return report_error(proxy.error(), context.json);
    dialer.proxy = std::move(*proxy);
  }
  // Who follows somebody else's market wants to know when it is lost and found.
  const LogLevel level = command.live ? LogLevel::info : LogLevel::warn;
  Session session(context.config, Log(level, stderr_sink()), context.json);
  return session.run([&](Session& s) { return do_paper(s, *options, std::move(dialer)); },
                     AfterStop::own_code);
}

}  // namespace bb::app
