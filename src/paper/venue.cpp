#include "paper/venue.h"

#include <fmt/format.h>

#include <algorithm>

#include "paper/rules_json.h"

namespace bb::paper {

namespace {

int status_of(int code) {
  switch (code) {
    case -1002:
    case -2014:
    case -2015:
      return 401;
    case -1003:
    case -1015:
      return 429;
    case -1007:
      return 408;
    case -1001:
    case -1008:
      return 503;
    default:
      return 400;
  }
}

std::uint64_t version_of(const std::vector<SymbolRules>& rules) {
  std::uint64_t version = rules.size();
  const auto mix = [&](std::uint64_t value) { version = (version ^ value) * 0x100000001b3ULL; };
  for (const auto& row : rules) {
    mix(static_cast<std::uint64_t>(row.status));
    mix(static_cast<std::uint64_t>(to_ms(row.delivery_time)));
    mix(static_cast<std::uint64_t>(row.tick.value().raw()));
    mix(static_cast<std::uint64_t>(row.lot.step.value().raw()));
    mix(static_cast<std::uint64_t>(row.min_notional.value().raw()));
  }
  return version | 1;
}

}  // namespace

Reply ok(net::JsonWriter& json) { return Reply{200, json.take()}; }

std::string error_body(int code, std::string_view text) {
  net::JsonWriter json;
  json.begin_object().field("code", code).field("msg", text).end_object();
  return json.take();
}

Reply refuse(const Rejection& rejection) {
  return Reply{status_of(rejection.code), error_body(rejection.code, rejection.text)};
}

Reply success(std::string_view text) { return Reply{200, error_body(200, text)}; }

Venue::Venue(const sim::Market& market, const ServerOptions& options, TimePoint start)
    : market_(market),
      options_(options),
      started_(start),
      exchange_(market, options.exchange),
      lags_(exchange_, options.algo_visibility_lag, options.position_visibility_lag),
      limits_(options.limits, options.accounts.size()),
      tokens_(options.secret),
      listen_keys_(tokens_),
      modes_(options.accounts.size()) {
  exchange_.keep_journal(options.journal_limit);
  exchange_.advance(start, Micros(0));
  for (const auto& account : options.accounts) {
    exchange_.add_account({account.alias, account.balance, account.hedge, account.default_leverage,
                           account.default_margin, account.fees});
  }
  universe(start);
}

const Venue::Universe& Venue::universe(TimePoint now) {
  const auto second = to_ms(now) / 1000;
  if (second == universe_.second) return universe_;
  auto rules = market_.rules(now);
  std::vector<Symbol> closed;
  for (const auto& row : rules) {
    if (row.status == SymbolStatus::closed) closed.push_back(row.symbol);
    const Contract contract{row.symbol, price_places(row), qty_places(row)};
    const auto& known = contracts_.insert_or_assign(row.symbol, contract).first->second;
    by_name_.try_emplace(row.symbol.str(), &known);
  }
  std::erase_if(rules, [](const SymbolRules& row) { return row.status == SymbolStatus::closed; });
  const auto version = version_of(rules);
  universe_ = {second, version, std::move(rules), std::move(closed)};
  return universe_;
}

const Contract* Venue::find_contract(std::string_view name, TimePoint now) {
  auto found = by_name_.find(name);
  if (found == by_name_.end()) {
    universe(now);
    found = by_name_.find(name);
  }
  return found == by_name_.end() ? nullptr : found->second;
}

const Contract& Venue::contract(Symbol symbol) {
  auto found = contracts_.find(symbol);
  if (found == contracts_.end()) {
    universe(exchange_.now());
    found = contracts_.try_emplace(symbol, Contract{symbol}).first;
  }
  return found->second;
}

const std::vector<SymbolRules>& Venue::live_rules(TimePoint now) { return universe(now).live; }

void Venue::set_multi_assets(int account, bool wanted) {
  modes(account).multi_assets = wanted;
  if (on_multi_assets_) on_multi_assets_(account, wanted);
}

// 18 digits, and not the next number after another account's.
std::int64_t Venue::make_export_id() {
  const auto mixed = static_cast<std::uint64_t>(++made_exports_) * 0x9e3779b97f4a7c15ULL;
  return 500'000'000'000'000'000 + static_cast<std::int64_t>(mixed % 400'000'000'000'000'000ULL);
}

ClientOrderId Venue::make_client_id() {
  return ClientOrderId(fmt::format("paper{:016}", ++made_ids_));
}

const std::string& Venue::symbols_json(TimePoint now) {
  const auto& all = universe(now);
  if (symbols_.version != all.version) symbols_ = {all.version, paper::symbols_json(all.live)};
  return symbols_.text;
}

const std::string& Venue::brackets_json(TimePoint now) {
  const auto& all = universe(now);
  if (brackets_.version != all.version) {
    net::JsonWriter json;
    json.begin_array();
    for (const auto& row : all.live)
      if (const auto* brackets = market_.find_brackets(row.symbol))
        write_brackets(json, row.symbol, *brackets);
    json.end_array();
    brackets_ = {all.version, json.take()};
  }
  return brackets_.text;
}

const Contract* Call::required_symbol() {
  const auto name = params.required("symbol");
  if (name.empty()) return nullptr;
  const auto* contract = venue.find_contract(name, now);
  if (!contract) params.complain(-1121, "Invalid symbol.");
  return contract;
}

const Contract* Call::optional_symbol() {
  const auto name = params.optional("symbol");
  if (!name) return nullptr;
  const auto* contract = venue.find_contract(*name, now);
  if (!contract) params.complain(-1121, "Invalid symbol.");
  return contract;
}

HistoryWindow read_window(Call& call, std::chrono::days span) {
  const auto from = call.params.optional_time("startTime");
  const auto to = call.params.optional_time("endTime");
  HistoryWindow window{call.now - span, call.now, from.has_value()};
  if (from && to) {
    window.from = *from;
    window.to = *to;
    if (*from > *to) call.params.complain(-1023, "Start time is greater than end time.");
    if (*to - *from > span)
      call.params.complain(-4165, fmt::format("Maximum time interval is {} days.", span.count()));
  } else if (from) {
    window.from = *from;
    window.to = *from + span;
  } else if (to) {
    window.to = *to;
    window.from = *to - span;
  }
  return window;
}

}  // namespace bb::paper
