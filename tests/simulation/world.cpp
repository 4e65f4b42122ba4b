#include "simulation/world.h"

#include <fmt/format.h>
#include <sqlite3.h>

#include <algorithm>
#include <boost/asio/co_spawn.hpp>

#include "net/http_server.h"
#include "paper/fault_names.h"
#include "simulation/guard.h"
#include "simulation/nemesis.h"

namespace bb::simulation {

namespace {

constexpr Micros kLookEvery{60'000'000};
constexpr Micros kTickEvery{30'000'000};
constexpr Micros kReviveAfter{5'000'000};
constexpr Micros kStopLimit{4'500'000};
constexpr Micros kRecovery{60'000'000};

// Coroutines of a world end with it only if they are run to their end: what is left is kept.
template <class T>
T& kept(std::unique_ptr<T> object) {
  static auto& all = *new std::vector<std::shared_ptr<void>>();
  T& reference = *object;
  all.push_back(std::shared_ptr<T>(std::move(object)));
  return reference;
}

paper::ServerOptions server_options(const Plan& plan) {
  paper::ServerOptions options;
  for (const auto& account : plan.accounts) {
    paper::PaperAccount paper;
    paper.alias = account.alias;
    paper.api_key = account.key;
    paper.api_secret = account.secret;
    paper.balance = account.balance;
    paper.hedge = account.hedge;
    options.accounts.push_back(std::move(paper));
  }
  options.delay_before = plan.server_delay;
  options.request_log_limit = 0;
  options.secret = "of the simulation";
  return options;
}

TimePoint start_of(const Plan& plan) {
  return utc_midnight(market_of(plan.market).begin()) + Hours(24) + plan.start_of_day;
}

}  // namespace

World::World(const Plan& plan, const RunOptions& options)
    : plan_(plan),
      start_(start_of(plan)),
      entropy_(blend(plan.seed, 0xe47)),
      faults_(plan.seed, trace_),
      queue_(start_),
      exchange_(kept(std::make_unique<Actor>(queue_, "exchange"))),
      disk_(trace_),
      wire_(queue_, exchange_, faults_, trace_, plan.wire),
      market_(market_of(plan.market)),
      never_(exchange_.clock()),
      connections_(exchange_.io().get_executor()) {
  trace_.on_line(options.on_trace);
  if (plan.shuffles_ties) queue_.shuffle_ties(blend(plan.seed, 0x71e5));
  for (const auto& [site, chance] : plan_.rates)
    faults_.set(site, chance);
  if (options.only) faults_.keep_only(*options.only);
  current_disk() = &disk_;
  install_vfs();
  // Its generator is of the process: begun anew, a second run draws what the first one drew.
  sqlite3_randomness(0, nullptr);
  queue_.on_turn = [this](Actor& actor) { disk_.act_as(actor.process); };
  server_ = std::make_unique<paper::Server>(exchange_.clock(), market_, server_options(plan_));
  handler_ = [this](net::HttpRequest request) { return answer(std::move(request)); };
  wire_.on_accept([this](net::AnyStream stream, const net::Endpoint&) {
    connections_.spawn(net::serve_http(std::move(stream), exchange_.clock(), handler_, {}, never_));
  });
  wire_.on_point = [this](const char* what, Actor& actor, std::string_view bytes) {
    for (std::size_t i = 0; i < programs_.size(); ++i) {
      if (programs_[i] == nullptr || &programs_[i]->actor() != &actor) continue;
      const auto account = static_cast<int>(i);
      if (*what == 'r')
        judge_->see_request(account, bytes);
      else
        judge_->see_answer(account, bytes);
    }
    point(what, &actor);
  };
  judge_ = std::make_unique<Judge>(Judge::Parts{queue_, *server_, disk_, trace_, plan_});
  nemesis_ = std::make_unique<Nemesis>(*this);
  disk_.hooks.before = [this](Disk::Deed deed, const std::string& path) {
    if (disk_.process() == 0) return Disk::Answer::done;
    const auto answer = nemesis_->of_disk(deed, path);
    if (deed != Disk::Deed::write) point("a record is about to last", nullptr);
    return answer;
  };
  disk_.hooks.after = [this](Disk::Deed deed, const std::string&) {
    if (disk_.process() != 0 && deed != Disk::Deed::write) point("a record lasts", nullptr);
  };
  programs_.resize(plan_.accounts.size());
  revive_at_.resize(plan_.accounts.size());
}

World::~World() {
  for (auto* program : programs_)
    if (program != nullptr) program->actor().die();
  exchange_.die();
  current_disk() = nullptr;
}

void World::start_program(std::size_t account) {
  const auto number = static_cast<int>(account);
  Program::Parts parts{
      queue_,
      wire_,
      trace_,
      plan_.accounts[account],
      ++processes_,
      [this, number](LogLevel level, std::string_view line) {
        judge_->see_line(number, level, line);
        trace_.tell(fmt::format("{} {} {}", iso_millis(queue_.utc()),
                                plan_.accounts[static_cast<std::size_t>(number)].alias, line));
      }};
  disk_.act_as(processes_);
  disk_.make_folders("/sim/" + plan_.accounts[account].alias);
  programs_[account] = &kept(std::make_unique<Program>(std::move(parts)));
  trace_.tell(fmt::format("{} {} starts as {}", iso_millis(queue_.utc()),
                          plan_.accounts[account].alias, processes_));
  programs_[account]->start();
}

void World::begin() {
  for (std::size_t i = 0; i < programs_.size(); ++i)
    start_program(i);
}

void World::point(const char* what, Actor* actor) {
  if (exchange_.io().stopped()) return;
  Program* acting = nullptr;
  for (auto* program : programs_)
    if (program != nullptr && program->actor().alive() && !program->ended() &&
        (actor != nullptr ? &program->actor() == actor : program->process() == disk_.process()))
      acting = program;
  if (acting == nullptr) return;
  ++points_;
  if (on_crash_point) on_crash_point({points_, what});
  const bool recovering = queue_.now() < recovering_until_;
  if (faults_.draw(Site::killed) || (recovering && faults_.draw(Site::killed_in_recovery))) {
    const auto found = std::ranges::find(programs_, acting);
    trace_.tell(fmt::format("{} {} is killed where {}", iso_millis(queue_.utc()),
                            acting->plan().alias, what));
    acting->actor().die();
    disk_.kill(acting->process());
    wire_.hang_up(acting->actor(), false);
    ++crashes_;
    revive_at_[static_cast<std::size_t>(found - programs_.begin())] =
        queue_.now() + kReviveAfter * (1 + faults_.detail(Site::killed, 20));
    judge_->disturb_all();
  } else if (faults_.draw(Site::power_lost)) {
    trace_.tell(fmt::format("{} power is lost where {}", iso_millis(queue_.utc()), what));
    crash(Crash::power_lost);
  }
}

void World::crash(Crash how) {
  for (std::size_t i = 0; i < programs_.size(); ++i) {
    auto* program = programs_[i];
    if (program == nullptr || !program->actor().alive()) continue;
    program->actor().die();
    disk_.kill(program->process());
    wire_.hang_up(program->actor(), how == Crash::power_lost);
    revive_at_[i] = queue_.now() + (how == Crash::power_lost ? Micros(60'000'000) : kReviveAfter);
  }
  ++crashes_;
  judge_->disturb_all();
  if (how == Crash::killed) return;
  // Not in the middle of a call of the disk: the power goes when everybody is out of it.
  queue_.call_at(queue_.now(), exchange_, [this] {
    std::uint64_t n = 0;
    disk_.lose_power([&] { return blend(plan_.seed + tear_salt_, crashes_, ++n); });
  });
}

void World::revive() {
  for (std::size_t i = 0; i < programs_.size(); ++i) {
    auto* program = programs_[i];
    if (program == nullptr) continue;
    const bool is_gone = program->ended() || !program->actor().alive();
    if (!is_gone) continue;
    if (!program->actor().failure.empty())
      judge_->violate("I37", fmt::format("{}: the program ended with an exception: {}",
                                         program->plan().alias, program->actor().failure));
    if (revive_at_[i] == SteadyTime{}) revive_at_[i] = queue_.now() + kReviveAfter;
    if (queue_.now() < revive_at_[i]) continue;
    revive_at_[i] = {};
    ++restarts_;
    recovering_until_ = queue_.now() + kRecovery;
    judge_->disturb_all();
    start_program(i);
  }
}

void World::live_until(TimePoint when) {
  const SteadyTime end = queue_.at_utc(when);
  while (queue_.now() < end) {
    const SteadyTime limit = std::min(end, next_look_);
    while (queue_.step(limit)) {
    }
    if (queue_.now() < next_look_) continue;
    next_look_ = queue_.now() + std::min(kLookEvery, kTickEvery) / 10;
    revive();
    tick();
  }
}

void World::tick() {
  nemesis_->act();
  for (auto* program : programs_)
    if (program != nullptr && program->stopping() && !program->ended() &&
        program->actor().alive() && nemesis_->stopped_for(*program) > kStopLimit) {
      program->actor().die();
      disk_.kill(program->process());
      wire_.hang_up(program->actor(), false);
    }
  server_->advance();
  judge_->look(programs_);
}

void World::heal() {
  trace_.tell(fmt::format("{} faults are over", iso_millis(queue_.utc())));
  faults_.enable(false);
  nemesis_->end();
  wire_.mend();
  judge_->disturb_all();
}

void World::rest(bool settled) {
  for (std::size_t i = 0; i < programs_.size(); ++i)
    judge_->look_at_rest(*programs_[i], static_cast<int>(i), settled);
}

void World::restart_twice() {
  for (int round = 0; round < 2; ++round) {
    std::vector<std::string> before;
    std::vector<int> placed;
    for (std::size_t i = 0; i < programs_.size(); ++i) {
      before.push_back(judge_->standing(static_cast<int>(i)));
      placed.push_back(judge_->placements(static_cast<int>(i)));
      programs_[i]->stop();
    }
    live_for(Seconds(30));
    if (round == 0) continue;
    // The first one may have had something to do; the second has nothing (a fixpoint).
    for (std::size_t i = 0; i < programs_.size(); ++i)
      if (judge_->placements(static_cast<int>(i)) != placed[i] &&
          before[i] == judge_->standing(static_cast<int>(i)))
        trace_.tell("a restart at rest moved stops");
  }
}

Verdict World::run() {
  Guard guard(entropy_);
  begin();
  live_until(start_ + std::chrono::floor<Millis>(plan_.length));
  heal();
  live_for(nemesis_->pardon() + kConverge);
  rest(false);
  live_for(kSettle);
  rest(true);
  restart_twice();
  rest(true);
  judge_->look_at_disk();
  return verdict();
}

Verdict World::verdict() {
  Verdict verdict;
  verdict.violations = judge_->violations();
  verdict.hash = trace_.hash();
  verdict.account_days =
      std::chrono::duration<double, std::ratio<86'400>>(queue_.now().time_since_epoch()).count() *
      static_cast<double>(plan_.accounts.size());
  verdict.requests = requests_;
  verdict.faults = faults_.hits();
  verdict.crashes = crashes_;
  verdict.restarts = restarts_;
  verdict.events = queue_.steps();
  verdict.checks = judge_->checks();
  verdict.disk_writes = disk_.writes();
  verdict.disk_syncs = disk_.syncs();
  verdict.wire_bytes = wire_.bytes();
  verdict.longest_unprotected = judge_->longest_unprotected();
  for (std::size_t i = 0; i < kSites; ++i)
    verdict.hits[i] = faults_.count(static_cast<Site>(i)).hits;
  verdict.hit_list = faults_.list();
  for (const auto& entry : server_->exchange().journal())
    if (entry.kind == sim::JournalEntry::Kind::fill) ++verdict.fills;
  return verdict;
}

void World::ask(std::size_t account, control::Command command) { nemesis_->ask(account, command); }

control::Command World::command_of(control::CommandKind kind) {
  control::Command command;
  command.id = fmt::format("{:032x}", ++commands_);
  command.kind = kind;
  command.made_at = queue_.utc();
  command.who = "a person of the simulation";
  return command;
}

// Faults of single requests: at most one each, planted right before the exchange looks.
void World::plant(const net::HttpRequest& request) {
  auto& plan = server_->faults();
  plan.clear();
  is_planted_ = false;
  if (plan_.rates.contains(Site::positions_stale)) {
    // Hits nothing: as long as it is there, old positions are kept.
    paper::FaultRule keeper;
    keeper.effect = paper::FaultRule::Effect::stale_positions;
    keeper.path_prefix = "/none";
    plan.add(std::move(keeper));
  }
  for (auto i = static_cast<std::size_t>(Site::request_lost);
       i <= static_cast<std::size_t>(Site::slow); ++i) {
    const auto site = static_cast<Site>(i);
    // The exchange forgets an order for a while from when it was placed, not from when it is asked.
    if (site == Site::order_ghost && request.method != net::Method::post) continue;
    if (!faults_.draw(site) || is_planted_) continue;
    auto rule = paper::find_fault(name_of(site))->rule;
    rule.every = 1;
    rule.count = 1;
    using Effect = paper::FaultRule::Effect;
    if (rule.effect == Effect::delay) {
      rule.before = Micros(faults_.detail(site, 6'000'000));
      rule.after = Micros(faults_.detail(site, 12'000'000) / 2);
    }
    if (rule.effect == Effect::stale_positions) rule.span = Millis(faults_.detail(site, 5'000));
    if (rule.effect == Effect::hide_orders) rule.span = Minutes(1 + faults_.detail(site, 45));
    if (site == Site::request_duplicated && request.method == net::Method::post) {
      const auto at = request.body.find("newClientOrderId=");
      if (at != std::string::npos)
        judge_->see_duplicate(
            request.body.substr(at + 17, request.body.find('&', at + 17) - at - 17));
    }
    plan.add(std::move(rule));
    is_planted_ = true;
    judge_->disturb_all();
  }
}

Task<net::ServerReply> World::answer(net::HttpRequest request) {
  ++requests_;
  if (nemesis_->is_vendor(request)) co_return nemesis_->vendor(request);
  if (auto refused = nemesis_->of_exchange(request)) co_return std::move(*refused);
  plant(request);
  const bool planted = is_planted_;
  const std::string target = request.target;
  auto reply = co_await server_->handle(std::move(request));
  judge_->see_reply(target, reply, planted);
  co_return reply;
}

}  // namespace bb::simulation
