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
      exchange_(market, options.exchange),
      lags_(exchange_, options.algo_visibility_lag, options.position_visibility_lag),
      limits_(options.limits, options.accounts.size()) {
  exchange_.keep_journal(options.journal_limit);
  exchange_.advance(start, Micros(0));
  for (const auto& account : options.accounts) {
    exchange_.add_account({account.alias, account.balance, account.hedge, account.default_leverage,
                           account.default_margin, account.fees});
  }
  learn_contracts(start);
}

void Venue::learn_contracts(TimePoint now) {
  for (const auto& rules : market_.rules(now)) {
    contracts_.try_emplace(rules.symbol.str(), Contract{rules.symbol, places_of(rules.tick.value()),
                                                        places_of(rules.lot.step.value())});
  }
}

const Contract* Venue::find_contract(std::string_view name, TimePoint now) {
  auto found = contracts_.find(name);
  if (found == contracts_.end()) {
    learn_contracts(now);
    found = contracts_.find(name);
  }
  return found == contracts_.end() ? nullptr : &found->second;
}

const Contract& Venue::contract(Symbol symbol) {
  const auto* found = find_contract(symbol.str(), exchange_.now());
  if (found) return *found;
  return contracts_.try_emplace(symbol.str(), Contract{symbol}).first->second;
}

std::vector<SymbolRules> Venue::live_rules(TimePoint now) const {
  auto rules = market_.rules(now);
  std::erase_if(rules, [](const SymbolRules& row) { return row.status == SymbolStatus::closed; });
  return rules;
}

ClientOrderId Venue::make_client_id() {
  return ClientOrderId(fmt::format("paper{:016}", ++made_ids_));
}

const std::string& Venue::symbols_json(TimePoint now) {
  const auto rules = live_rules(now);
  const auto version = version_of(rules);
  if (symbols_.version != version) symbols_ = {version, paper::symbols_json(rules)};
  return symbols_.text;
}

const std::string& Venue::brackets_json(TimePoint now) {
  const auto rules = live_rules(now);
  const auto version = version_of(rules);
  if (brackets_.version != version) {
    net::JsonWriter json;
    json.begin_array();
    for (const auto& row : rules)
      if (const auto* brackets = market_.find_brackets(row.symbol))
        write_brackets(json, row.symbol, *brackets);
    json.end_array();
    brackets_ = {version, json.take()};
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
