#include "simulation/nemesis.h"

#include <fmt/format.h>

#include <algorithm>

namespace bb::simulation {

namespace {

using control::CommandKind;

constexpr Micros kEvery{30'000'000};

Micros minutes(std::uint64_t count) { return Micros(Minutes(count)); }

}  // namespace

void Nemesis::act() {
  auto& w = world_;
  const SteadyTime now = w.queue_.now();
  auto& server = *w.server_;
  if (silent_until_ != SteadyTime{} && now >= silent_until_) {
    server.set_stream_faults({});
    server.lags().set_position_lag(Millis(0));
    silent_until_ = {};
    w.judge_->disturb_all();
  }
  if (skewed_until_ != SteadyTime{} && now >= skewed_until_) {
    server.set_skew(Millis(0));
    skewed_until_ = {};
  }
  if (held_until_ != SteadyTime{} && now >= held_until_) {
    auto market = w.market_;
    for (const Symbol symbol : std::exchange(held_, {})) {
      market.release(symbol, server.now() + Millis(1));
      server.exchange().reprice(symbol);
    }
    held_until_ = {};
  }
  for (auto it = resume_at_.begin(); it != resume_at_.end();) {
    if (now < it->second) {
      ++it;
      continue;
    }
    w.judge_->see_resume(static_cast<int>(it->first));
    ask(it->first, w.command_of(CommandKind::resume));
    it = resume_at_.erase(it);
  }
  const bool hurts = now < down_until_ || now < full_until_ || now < skewed_until_ ||
                     now < silent_until_ || now < held_until_;
  if (hurts) w.judge_->disturb_all();
  if (now < next_) return;
  next_ = now + kEvery;
  of_streams();
  of_network();
  of_host();
  of_market();
  for (std::size_t i = 0; i < w.programs_.size(); ++i) {
    of_others(i);
    of_people(i);
  }
}

void Nemesis::of_streams() {
  auto& w = world_;
  auto& f = w.faults_;
  auto& server = *w.server_;
  auto faults = server.stream_faults();
  bool changed = false;
  const auto lasts = [&](Site site, std::uint64_t minutes_max) {
    silent_until_ = w.queue_.now() + minutes(1 + f.detail(site, minutes_max));
    changed = true;
  };
  if (f.draw(Site::stream_silence)) {
    faults.user.silent = true;
    lasts(Site::stream_silence, 30);
  }
  if (f.draw(Site::stream_gap)) {
    faults.user.drop += static_cast<int>(1 + f.detail(Site::stream_gap, 20));
    changed = true;
  }
  if (f.draw(Site::stream_duplicate)) {
    faults.user.duplicate += static_cast<int>(1 + f.detail(Site::stream_duplicate, 20));
    changed = true;
  }
  if (f.draw(Site::stream_truncate)) {
    faults.user.truncate += static_cast<int>(1 + f.detail(Site::stream_truncate, 5));
    changed = true;
  }
  if (f.draw(Site::stream_reorder)) {
    faults.user.swap += static_cast<int>(1 + f.detail(Site::stream_reorder, 10));
    changed = true;
  }
  if (f.draw(Site::stream_late)) {
    faults.user.delay = Micros(1 + f.detail(Site::stream_late, 20'000'000));
    lasts(Site::stream_late, 20);
  }
  if (changed) {
    server.set_stream_faults(faults);
    w.judge_->disturb_all();
  }
  if (f.draw(Site::stream_disconnect)) server.disconnect_streams();
  if (f.draw(Site::listen_key_expired)) server.expire_listen_key(0);
  if (f.draw(Site::algo_stuck_triggering)) {
    server.advance();
    server.exchange().hold_triggers(1);
    w.judge_->disturb_all();
  }
  if (f.draw(Site::position_late)) {
    server.lags().set_position_lag(Millis(1 + f.detail(Site::position_late, 4'000)));
    silent_until_ = w.queue_.now() + minutes(1 + f.detail(Site::position_late, 10));
  }
  if (f.draw(Site::weight_of_others))
    for (std::uint64_t i = f.detail(Site::weight_of_others, 70); i > 0; --i)
      w.connections_.spawn(ask_as_neighbour());
  if (f.draw(Site::server_skew)) {
    server.set_skew(
        Millis(static_cast<std::int64_t>(f.detail(Site::server_skew, 20'000)) - 10'000));
    skewed_until_ = w.queue_.now() + minutes(1 + f.detail(Site::server_skew, 15));
  }
}

// A neighbour behind the same address asks for something expensive, without a key.
Task<void> Nemesis::ask_as_neighbour() {
  net::HttpRequest request;
  request.target = "/fapi/v1/openOrders";
  request.peer = "127.0.0.1";
  (void)co_await world_.server_->handle(std::move(request));
}

void Nemesis::of_network() {
  auto& w = world_;
  auto& f = w.faults_;
  const SteadyTime now = w.queue_.now();
  if (f.draw(Site::partition_requests)) {
    w.wire_.part("requests", now + Micros(1 + f.detail(Site::partition_requests, 300'000'000)));
    w.judge_->disturb_all();
    down_until_ = std::max(down_until_, now);
  }
  if (f.draw(Site::partition_streams))
    w.wire_.part("streams", now + Micros(1 + f.detail(Site::partition_streams, 900'000'000)));
  if (f.draw(Site::exchange_down))
    down_until_ = now + minutes(1 + f.detail(Site::exchange_down, 100));
}

void Nemesis::of_host() {
  auto& w = world_;
  auto& f = w.faults_;
  const SteadyTime now = w.queue_.now();
  if (f.draw(Site::disk_full)) full_until_ = now + minutes(1 + f.detail(Site::disk_full, 60));
  for (std::size_t i = 0; i < w.programs_.size(); ++i) {
    auto* program = w.programs_[i];
    if (program == nullptr || !program->actor().alive() || program->ended()) continue;
    if (f.draw(Site::frozen)) {
      program->actor().freeze(now + Micros(1'000'000 + f.detail(Site::frozen, 1'200'000'000)));
      w.judge_->disturb_all();
    }
    if (f.draw(Site::clock_stepped)) {
      const auto by = static_cast<std::int64_t>(f.detail(Site::clock_stepped, 7'200'000));
      program->actor().step_wall_clock(Millis(by - 3'600'000));
      w.judge_->disturb_all();
    }
    if (f.draw(Site::restarted) && !program->stopping()) {
      program->stop();
      stop_asked_[program] = now;
      w.judge_->disturb_all();
    }
  }
}

std::optional<sim::Exchange::PositionRow> Nemesis::some_position(std::size_t account, Site site) {
  auto& server = *world_.server_;
  server.advance();
  auto rows = server.exchange().positions(static_cast<int>(account));
  std::erase_if(rows, [](const auto& row) { return row.position.qty.is_zero(); });
  if (rows.empty()) return std::nullopt;
  return rows[world_.faults_.detail(site, rows.size())];
}

void Nemesis::trade(std::size_t account, Symbol symbol, PositionSide side, Qty qty,
                    Side direction) {
  exchange::OrderRequest order;
  order.symbol = symbol;
  order.side = direction;
  order.position_side = side;
  order.qty = qty;
  order.client_order_id = ClientOrderId(fmt::format("by-hand-{}", ++hands_));
  (void)world_.server_->exchange().place(static_cast<int>(account), order);
  world_.judge_->disturb(static_cast<int>(account));
}

void Nemesis::of_others(std::size_t account) {
  auto& w = world_;
  auto& f = w.faults_;
  auto& server = *w.server_;
  const auto number = static_cast<int>(account);
  if (f.draw(Site::closed_by_hand))
    if (const auto row = some_position(account, Site::closed_by_hand))
      trade(account, row->position.symbol, row->position.side, row->position.qty.abs(),
            row->position.qty.is_negative() ? Side::buy : Side::sell);
  if (f.draw(Site::reduced_by_hand))
    if (const auto row = some_position(account, Site::reduced_by_hand))
      if (const auto rules = w.market_.find_rules(row->position.symbol, server.now())) {
        const auto step = rules->market_lot.step.value().raw();
        const auto half = step > 0 ? row->position.qty.abs().value().raw() / 2 / step * step : 0;
        if (half > 0)
          trade(account, row->position.symbol, row->position.side, Qty(Decimal::from_raw(half)),
                row->position.qty.is_negative() ? Side::buy : Side::sell);
      }
  if (f.draw(Site::stops_cancelled_by_hand)) {
    server.advance();
    for (const auto& order : server.exchange().open_orders(number, true))
      (void)server.exchange().cancel(number, order.ref());
    w.judge_->disturb(number);
  }
  if (f.draw(Site::money_withdrawn)) {
    server.advance();
    const auto out = server.exchange().balance(number).max_withdraw.value().raw() / 2;
    (void)server.exchange().transfer(number, Usdt(Decimal::from_raw(-out)));
  }
  if (f.draw(Site::deleveraged))
    if (const auto row = some_position(account, Site::deleveraged)) {
      (void)server.exchange().force_adl(number, row->position.symbol, row->position.side);
      w.judge_->disturb(number);
    }
  if (f.draw(Site::opened_by_hand)) {
    server.advance();
    const auto rules = w.market_.rules(server.now());
    if (!rules.empty()) {
      const auto& one = rules[f.detail(Site::opened_by_hand, rules.size())];
      const auto last = w.market_.last(one.symbol, server.now());
      if (last && one.status == SymbolStatus::trading) {
        const auto side =
            server.exchange().hedge(number) ? PositionSide::long_ : PositionSide::both;
        trade(account, one.symbol, side, one.market_lot.min, Side::buy);
      }
    }
  }
}

void Nemesis::of_market() {
  auto& w = world_;
  auto& f = w.faults_;
  for (const Site site : {Site::squeeze, Site::slump}) {
    if (!f.draw(site) || held_until_ != SteadyTime{}) continue;
    const auto row = some_position(0, site);
    if (!row) continue;
    auto& server = *w.server_;
    const auto symbol = row->position.symbol;
    const auto rules = w.market_.find_rules(symbol, server.now());
    if (!rules) continue;
    const auto tick = rules->tick.value().raw();
    const auto percent = site == Site::squeeze ? 105 + f.detail(site, 60) : 60 + f.detail(site, 35);
    const auto raw = row->position.mark.value().raw() / 100 * static_cast<std::int64_t>(percent);
    auto market = w.market_;
    if (!market.hold(symbol, Price(Decimal::from_raw(raw / tick * tick)), server.now() + Millis(1)))
      continue;
    server.exchange().reprice(symbol);
    held_.push_back(symbol);
    held_until_ = w.queue_.now() + minutes(1 + f.detail(site, 30));
    w.judge_->disturb_all();
  }
}

void Nemesis::of_people(std::size_t account) {
  auto& w = world_;
  auto& f = w.faults_;
  const auto resume_later = [&](Site site) {
    resume_at_[account] = w.queue_.now() + minutes(1 + f.detail(site, 90));
  };
  if (f.draw(Site::flatten)) {
    ask(account, w.command_of(CommandKind::flatten));
    resume_later(Site::flatten);
  }
  if (f.draw(Site::flatten_twice)) {
    const auto command = w.command_of(CommandKind::flatten);
    ask(account, command);
    ask(account, command);
    auto another = w.command_of(CommandKind::flatten);
    another.percent = Decimal::from_int(50);
    ask(account, another);
    resume_later(Site::flatten_twice);
  }
  if (f.draw(Site::pause_and_resume)) {
    ask(account, w.command_of(CommandKind::pause));
    resume_later(Site::pause_and_resume);
  }
  if (f.draw(Site::loss_cut_by_hand)) ask(account, w.command_of(CommandKind::loss_cut));
  if (f.draw(Site::manage_by_hand)) ask(account, w.command_of(CommandKind::manage));
  if (f.draw(Site::cancel_by_command)) ask(account, w.command_of(CommandKind::cancel));
}

void Nemesis::ask(std::size_t account, control::Command command) {
  auto& w = world_;
  auto* program = w.programs_[account];
  const auto number = static_cast<int>(account);
  const auto kind = command.kind;
  w.judge_->disturb(number);
  w.trace_.tell(fmt::format("{} {} is asked to {}", iso_millis(w.queue_.utc()),
                            w.plan_.accounts[account].alias, control::str(kind)));
  const auto hits = w.faults_.hits();
  const bool taken =
      program != nullptr &&
      program->carry_out(
          std::move(command), [this, number, kind, hits](const control::Report& report) {
            auto& judge = *world_.judge_;
            world_.trace_.tell(fmt::format("answer {}: {}", report.exit_code, report.json));
            judge.disturb(number);
            const bool stops = kind == CommandKind::pause || kind == CommandKind::flatten;
            const bool latched = report.json.find("not paused") == std::string::npos;
            if (stops && report.exit_code == 0 && latched) judge.see_pause(number);
            if (kind == CommandKind::flatten)
              judge.see_flatten(number, report.json, world_.faults_.hits() != hits);
          });
  if (!taken) w.trace_.tell("nobody takes it");
}

Disk::Answer Nemesis::of_disk(Disk::Deed deed, const std::string&) {
  auto& w = world_;
  auto& f = w.faults_;
  const bool grows = deed == Disk::Deed::write || deed == Disk::Deed::create;
  if (grows && w.queue_.now() < full_until_) return Disk::Answer::full;
  if (deed == Disk::Deed::sync && f.draw(Site::sync_failed)) return Disk::Answer::failed;
  if (deed == Disk::Deed::write && f.draw(Site::write_failed)) return Disk::Answer::failed;
  return Disk::Answer::done;
}

std::optional<net::ServerReply> Nemesis::of_exchange(const net::HttpRequest&) {
  auto& w = world_;
  if (w.queue_.now() >= down_until_) return std::nullopt;
  net::ServerReply reply;
  reply.response = {503, {{"Content-Type", "text/html"}}, "<html>down</html>"};
  return reply;
}

bool Nemesis::is_vendor(const net::HttpRequest& request) const {
  return request.target.starts_with("/hook");
}

net::ServerReply Nemesis::vendor(const net::HttpRequest&) {
  net::ServerReply reply;
  reply.response = {200, {}, "ok"};
  return reply;
}

Micros Nemesis::stopped_for(const Program& program) const {
  const auto found = stop_asked_.find(&program);
  return found == stop_asked_.end() ? Micros(0) : world_.queue_.now() - found->second;
}

void Nemesis::end() {
  auto& w = world_;
  w.server_->set_stream_faults({});
  w.server_->set_skew(Millis(0));
  w.server_->lags().set_position_lag(Millis(0));
  w.server_->faults().clear();
  silent_until_ = down_until_ = full_until_ = skewed_until_ = {};
  held_until_ = w.queue_.now();
  act();
}

Micros Nemesis::pardon() const { return Minutes(3); }

}  // namespace bb::simulation
