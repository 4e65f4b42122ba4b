#include "simulation/judge.h"

#include <fmt/format.h>

#include <algorithm>
#include <regex>

#include "simulation/judge_account.h"
#include "simulation/program.h"

namespace bb::simulation {

namespace {

using Kind = sim::JournalEntry::Kind;

constexpr Micros kProtectGood{3'000'000};
// Behind a disturbance: a patrol, and what it does, with a slow exchange.
constexpr Micros kProtectAfter{150'000'000};
constexpr Micros kCalm{6'000'000};
constexpr Micros kProtectBorne{600'000'000};
constexpr std::uint64_t kStepsPerMinuteMax = 60'000;
constexpr std::int64_t kForgivenRaw = 2'000'000;  // 2 % of the notional
constexpr std::size_t kConditionalsMax = 180, kConditionalsOfSymbolMax = 5;

bool is_stop(const exchange::OrderView& order) { return order.type == OrderType::stop_market; }

std::string value_of(std::string_view query, std::string_view name) {
  for (std::size_t at = 0; at < query.size();) {
    const auto end = std::min(query.find('&', at), query.size());
    const auto field = query.substr(at, end - at);
    if (field.starts_with(name) && field.size() > name.size() && field[name.size()] == '=')
      return std::string(field.substr(name.size() + 1));
    at = end + 1;
  }
  return {};
}

// Everything but what is new in every request.
std::string parameters_of(std::string_view query) {
  std::string kept;
  for (std::size_t at = 0; at < query.size();) {
    const auto end = std::min(query.find('&', at), query.size());
    const auto field = query.substr(at, end - at);
    if (!field.starts_with("timestamp=") && !field.starts_with("signature=") &&
        !field.starts_with("recvWindow="))
      kept += std::string(field) + "&";
    at = end + 1;
  }
  return kept;
}

bool is_entry(OrderKind kind) {
  return kind == OrderKind::entry || kind == OrderKind::redistribute;
}

}  // namespace

Judge::Judge(Parts parts) : parts_(parts) {
  int number = 0;
  for (const auto& plan : parts_.plan.accounts)
    accounts_.push_back(std::make_unique<Account>(plan, number++));
  parts_.server.exchange().on_journal([this](const sim::JournalEntry& entry) { see(entry); });
}

Judge::~Judge() = default;

void Judge::violate(std::string invariant, std::string text) {
  if (!known_.insert(invariant + text.substr(0, 40)).second) return;
  parts_.trace.tell(fmt::format("VIOLATION {}: {}", invariant, text));
  violations_.push_back({std::move(invariant), parts_.queue.utc(), std::move(text)});
}

std::optional<ClientOrderIds::Decoded> Judge::decode(const Account& account, const std::string& id,
                                                     Symbol symbol) const {
  return account.ids.decode(ClientOrderId(id), symbol);
}

void Judge::see(const sim::JournalEntry& entry) {
  ++checks_;
  Account& account = *accounts_.at(static_cast<std::size_t>(entry.account));
  const Leg leg(entry.symbol, entry.side);
  const SteadyTime now = parts_.queue.now();
  switch (entry.kind) {
    case Kind::position_opened:
    case Kind::unprotected_from:
      if (account.tracked.contains(leg)) account.bare.try_emplace(leg, now);
      break;
    case Kind::protected_from:
    case Kind::position_closed:
      account.bare.erase(leg);
      if (entry.kind == Kind::position_closed) account.tracked.erase(leg);
      break;
    case Kind::fill:
      see_fill(account, entry);
      break;
    case Kind::order_accepted:
    case Kind::order_updated:
      see_order(account, entry);
      break;
    case Kind::income:
      account.income += entry.income->amount;
      break;
    case Kind::liquidated:
    case Kind::leverage_changed:
    case Kind::margin_type_changed:
    case Kind::order_amended:
    case Kind::isolated_margin_changed:
    case Kind::margin_call:
      break;
  }
}

void Judge::see_fill(Account& account, const sim::JournalEntry& entry) {
  const Leg leg(entry.symbol, entry.side);
  const Qty before = account.positions[leg];
  account.positions[leg] = entry.position_qty;
  if (!entry.order) return;
  const auto& order = *entry.order;
  auto own = decode(account, order.client_order_id.str(), entry.symbol);
  // What a conditional order of ours became carries its parent's id, or none of ours.
  if (!own && account.children.contains(order.order_id)) own = account.children[order.order_id];
  if (!own) return;
  if (is_entry(own->kind)) {
    account.tracked.insert(leg);
    auto& filled = account.entries[{own->day, entry.symbol, own->kind}];
    filled.insert(order.order_id);
    if (filled.size() > 1 && !duplicated_.contains(order.client_order_id.str()) &&
        own->kind == OrderKind::entry)
      violate("I1", fmt::format("{}: {} entries of {} filled", account.plan.alias, filled.size(),
                                entry.symbol.str()));
    if (before.is_zero()) account.bare.try_emplace(leg, parts_.queue.now());
    std::set<Symbol> coins;
    for (const auto& [key, orders] : account.entries)
      if (std::get<0>(key) == own->day && std::get<2>(key) == OrderKind::entry)
        coins.insert(std::get<1>(key));
    if (coins.size() > static_cast<std::size_t>(account.top_n()))
      violate("I2",
              fmt::format("{}: {} coins entered on one day", account.plan.alias, coins.size()));
    return;
  }
  const Qty was = before.abs(), is = entry.position_qty.abs();
  const bool flipped = before.is_positive() != entry.position_qty.is_positive() &&
                       !before.is_zero() && !entry.position_qty.is_zero();
  if (flipped || is > was)
    violate("I13", fmt::format("{}: {} of {} went from {} to {} by an order that only reduces",
                               account.plan.alias, str(own->kind), entry.symbol.str(), before.str(),
                               entry.position_qty.str()));
}

void Judge::see_order(Account& account, const sim::JournalEntry& entry) {
  if (!entry.order) return;
  const auto& order = *entry.order;
  const auto own = decode(account, order.client_order_id.str(), entry.symbol);
  if (own && order.child_order_id != 0) account.children[order.child_order_id] = *own;
  if (!own || entry.kind != Kind::order_accepted) return;
  if (is_entry(own->kind)) {
    if (!account.may_enter())
      violate("I27", fmt::format("{}: an account that only cuts losses opened {}",
                                 account.plan.alias, entry.symbol.str()));
    return;
  }
  const bool opposite = order.position_side != PositionSide::both;
  if (!order.reduce_only && !order.close_position && !opposite)
    violate("I13", fmt::format("{}: {} of {} could open", account.plan.alias, str(own->kind),
                               entry.symbol.str()));
  if (own->kind == OrderKind::loss_cut) see_cut(account, entry);
}

// Its snapshot may be some seconds old: what has since turned is forgiven.
void Judge::see_cut(Account& account, const sim::JournalEntry& entry) {
  const auto rows = parts_.server.exchange().positions(account.number, entry.symbol);
  for (const auto& row : rows) {
    const Usdt forgiven = row.notional.abs() * Ratio(Decimal::from_raw(kForgivenRaw));
    const bool is_it = row.position.side == entry.order->position_side;
    if (is_it && row.position.unrealized_pnl > forgiven)
      violate("I27", fmt::format("{}: {} was cut, and floats at a profit of {}", account.plan.alias,
                                 entry.symbol.str(), row.position.unrealized_pnl.str()));
  }
}

// A first stop is planned before its fill is known; what slipped is mended in the next moment.
void Judge::look_at_stops(Account& account, Micros span, bool is_calm) {
  const auto& exchange = parts_.server.exchange();
  std::map<Leg, Price> tightest;
  exchange.visit_open_orders(
      account.number, true, [&](const exchange::OrderView& order, const sim::OrderDetail&) {
        if (!is_stop(order) || !decode(account, order.client_order_id.str(), order.symbol))
          return true;
        const auto [known, is_new] =
            tightest.emplace(Leg(order.symbol, order.position_side), order.trigger_price);
        if (!is_new) known->second = std::min(known->second, order.trigger_price);
        return true;
      });
  for (const auto& row : exchange.positions(account.number)) {
    const auto& position = row.position;
    const Leg leg(position.symbol, position.side);
    const auto stop = tightest.find(leg);
    const bool is_loose = position.qty.is_negative() && position.liquidation &&
                          stop != tightest.end() && stop->second >= *position.liquidation;
    Micros& loose = account.loose[leg];
    loose = is_loose ? loose + (is_calm ? span : Micros(0)) : Micros(0);
    if (loose > kProtectAfter)
      violate("I17", fmt::format("{}: the stop of {} at {} lies behind its liquidation at {}",
                                 account.plan.alias, position.symbol.str(), stop->second.str(),
                                 position.liquidation->str()));
  }
}

void Judge::see_request(int number, std::string_view bytes) {
  Account& account = *accounts_.at(static_cast<std::size_t>(number));
  const auto line = bytes.substr(0, bytes.find("\r\n"));
  if (bytes.find(account.plan.secret) != std::string_view::npos)
    violate("I40", fmt::format("{}: the secret left: {}", account.plan.alias, line.substr(0, 60)));
  const auto key = bytes.find(account.plan.key);
  if (key != std::string_view::npos) {
    const auto name = bytes.rfind("\r\n", key);
    const bool is_header =
        name != std::string_view::npos && bytes.substr(name + 2).starts_with("X-MBX-APIKEY: ");
    const bool is_socket = !line.ends_with("HTTP/1.1");
    if (!is_header && !is_socket)
      violate("I40", fmt::format("{}: the key stands beside its header", account.plan.alias));
  }
  if (!line.ends_with(" HTTP/1.1")) return;
  ++checks_;
  if (parts_.queue.utc() < account.banned_until)
    violate("I35", fmt::format("{}: '{}' left while the address is banned", account.plan.alias,
                               line.substr(0, line.find('?'))));
  const auto space = line.find(' ');
  const auto method = line.substr(0, space);
  auto target = line.substr(space + 1);
  target = target.substr(0, target.find(' '));
  const auto path = target.substr(0, target.find('?'));
  if (method != "POST" || (path != "/fapi/v1/order" && path != "/fapi/v1/algoOrder")) return;
  // Parameters of a POST stand in its body.
  const auto head = bytes.find("\r\n\r\n");
  const auto body = head == std::string_view::npos ? std::string_view() : bytes.substr(head + 4);
  see_order_request(number, path, body);
}

void Judge::see_order_request(int number, std::string_view path, std::string_view query) {
  Account& account = *accounts_.at(static_cast<std::size_t>(number));
  ++account.placements;
  const auto id = path == "/fapi/v1/algoOrder" ? value_of(query, "clientAlgoId")
                                               : value_of(query, "newClientOrderId");
  static const std::regex form("[.A-Z:/a-z0-9_-]{1,36}");
  if (!std::regex_match(id, form))
    violate("I5", fmt::format("{}: '{}' is no client order id", account.plan.alias, id));
  const auto symbol_text = net::percent_decode(value_of(query, "symbol"), true);
  const Symbol symbol(symbol_text ? *symbol_text : "");
  const auto own = decode(account, id, symbol);
  if (!own)
    violate("I5",
            fmt::format("{}: id {} of {} does not decode", account.plan.alias, id, symbol.str()));
  const auto parameters = parameters_of(query);
  const auto [known, is_new] = account.sent.emplace(id, parameters);
  if (!is_new && known->second != parameters)
    violate("I5", fmt::format("{}: {} was sent as '{}', and as '{}'", account.plan.alias, id,
                              known->second, parameters));
  const bool adds =
      own ? is_entry(own->kind)
          : value_of(query, "reduceOnly") != "true" && value_of(query, "closePosition") != "true";
  if (!adds) return;
  if (!is_new)
    violate("I4", fmt::format("{}: the entry {} of {} was sent again", account.plan.alias, id,
                              symbol.str()));
  if (paused_.contains(number))
    violate("I32",
            fmt::format("{}: {} of {} left behind a pause", account.plan.alias, id, symbol.str()));
  // On the device, not only written: the page that holds it was synced.
  bool is_durable = false;
  parts_.disk.each([&](const std::string& path, const Inode& inode) {
    if (path.find(account.plan.alias + "/state.db") == std::string::npos) return;
    is_durable = is_durable || inode.durable.find(id) != std::string::npos;
  });
  if (!is_durable)
    violate("I3", fmt::format("{}: {} of {} left before its intent was on the device",
                              account.plan.alias, id, symbol.str()));
}

void Judge::see_answer(int number, std::string_view bytes) {
  Account& account = *accounts_.at(static_cast<std::size_t>(number));
  if (!bytes.starts_with("HTTP/1.1 418")) return;
  const auto at = bytes.find("Retry-After: ");
  if (at == std::string_view::npos) return;
  const int seconds = std::atoi(std::string(bytes.substr(at + 13, 8)).c_str());
  // The exchange's words have milliseconds, this header whole seconds.
  account.banned_until =
      std::max(account.banned_until, parts_.queue.utc() + Seconds(std::max(0, seconds - 1)));
}

void Judge::see_reply(std::string_view target, const net::ServerReply& reply, bool planted) {
  if (planted || reply.response.status != 400) return;
  for (const auto* code : {"-1111", "-1013", "-4014", "-4023", "-1102", "-1104", "-1130"})
    if (reply.response.body.find(std::string("\"code\":") + code) != std::string::npos)
      violate("I41",
              fmt::format("'{}' was answered with {}", target.substr(0, 200), reply.response.body));
}

void Judge::see_line(int number, LogLevel, std::string_view line) {
  const Account& account = *accounts_.at(static_cast<std::size_t>(number));
  if (line.find(account.plan.secret) != std::string_view::npos ||
      line.find(account.plan.key) != std::string_view::npos)
    violate("I40", fmt::format("{}: a log line holds the key", account.plan.alias));
}

void Judge::disturb(int account) {
  accounts_.at(static_cast<std::size_t>(account))->disturbed = parts_.queue.now();
}

void Judge::disturb_all() {
  for (auto& account : accounts_)
    account->disturbed = parts_.queue.now();
}

void Judge::see_flatten(int number, const std::string& json, bool since_disturbed) {
  if (json.find("\"FLAT\"") == std::string::npos && json.find("\"flat\"") == std::string::npos)
    return;
  if (since_disturbed) return;
  for (const auto& row : parts_.server.exchange().positions(number))
    if (!row.position.qty.is_zero())
      violate("I29", fmt::format("{}: flat was told, and {} of {} is open",
                                 accounts_.at(static_cast<std::size_t>(number))->plan.alias,
                                 row.position.qty.str(), row.position.symbol.str()));
}

void Judge::look(const std::vector<Program*>& programs) {
  ++checks_;
  const auto steps = parts_.queue.steps();
  if (steps - last_steps_ > kStepsPerMinuteMax)
    violate("I36", fmt::format("{} events in a minute", steps - last_steps_));
  last_steps_ = steps;
  for (auto& account : accounts_) {
    auto* program = programs.at(static_cast<std::size_t>(account->number));
    const bool serving = program != nullptr && program->is_serving() && !program->actor().frozen();
    look_at_protection(*account, serving);
    look_at_orders(account->number);
  }
}

// Time counts against the program while nothing has hurt it for a while. Where faults are dense it
// adds up from the gaps between them.
void Judge::look_at_protection(Account& account, bool serving) {
  const SteadyTime now = parts_.queue.now();
  if (!serving) account.disturbed = now;
  const Micros span = now - account.looked;
  account.looked = now;
  const bool is_calm = now - account.disturbed > kCalm;
  std::erase_if(account.borne,
                [&](const auto& entry) { return !account.bare.contains(entry.first); });
  look_at_stops(account, span, is_calm);
  for (const auto& [leg, since] : account.bare) {
    longest_unprotected_ = std::max(longest_unprotected_, now - since);
    Micros& borne = account.borne[leg];
    if (is_calm) borne += span;
    const bool was_good = account.disturbed + kProtectAfter < since;
    const bool is_late = was_good && now - since > kProtectGood;
    if (is_late || borne > kProtectBorne)
      violate("I10", fmt::format("{}: {} stands without a stop for {} s", account.plan.alias,
                                 leg.first.str(),
                                 std::chrono::duration_cast<Seconds>(now - since).count()));
  }
}

void Judge::look_at_orders(int number) {
  const Account& account = *accounts_.at(static_cast<std::size_t>(number));
  std::map<Symbol, std::size_t> per_symbol;
  std::size_t all = 0;
  parts_.server.exchange().visit_open_orders(
      number, true, [&](const exchange::OrderView& order, const sim::OrderDetail&) {
        if (!decode(account, order.client_order_id.str(), order.symbol)) return true;
        ++all;
        if (++per_symbol[order.symbol] > kConditionalsOfSymbolMax)
          violate("I15",
                  fmt::format("{}: more than {} conditional orders of {}", account.plan.alias,
                              kConditionalsOfSymbolMax, order.symbol.str()));
        return true;
      });
  if (all > kConditionalsMax)
    violate("I15", fmt::format("{}: {} conditional orders", account.plan.alias, all));
}

int Judge::placements(int account) const {
  return accounts_.at(static_cast<std::size_t>(account))->placements;
}

}  // namespace bb::simulation
