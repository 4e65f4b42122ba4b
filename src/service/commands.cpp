#include "service/commands.h"

#include <fmt/format.h>

#include "base/plant.h"
#include "control/wire.h"
#include "service/messages.h"
#include "trading/messages.h"

namespace bb::service {

using control::Command;
using control::CommandKind;
using control::Report;
using store::CommandState;

namespace {

constexpr Micros kSecondLook{2'100'000};  // absence needs two reads this far apart
constexpr Hours kRulesAge{6};

Error refusal(std::string why) { return {ErrorKind::conflict, std::move(why), 0}; }

store::CommandRecord record_of(const Command& command, TimePoint now) {
  store::CommandRecord record;
  record.id = command.id;
  record.kind = control::str(command.kind);
  record.arguments = control::write_arguments(command);
  record.who = command.who;
  record.made_at = command.made_at;
  record.received_at = now;
  return record;
}

bool stops_entries(CommandKind kind) {
  return kind == CommandKind::pause || kind == CommandKind::flatten;
}

Error unknown_past() {
  return {ErrorKind::storage,
          "what was sent past this holder is not in its records yet; nothing is done that must not "
          "be done twice",
          0};
}

bool adds_risk(CommandKind kind) {
  switch (kind) {
    case CommandKind::entry:
    case CommandKind::resume:
      return true;
    case CommandKind::manage:
    case CommandKind::loss_cut:
    case CommandKind::flatten:
    case CommandKind::preview:
    case CommandKind::pause:
    case CommandKind::status:
    case CommandKind::cancel:
    case CommandKind::catch_up:
      return false;
  }
  return true;
}

// A name that is misspelled must not end in "flat". Who names none waits for no rules.
Task<std::optional<Error>> find_misspelled(desk::Desk& desk, const desk::FlattenRequest& request) {
  if (request.only.empty()) co_return std::nullopt;
  const auto known = co_await desk.book().refresh_if_older(kRulesAge, desk.parts().clock);
  for (const Symbol symbol : request.only)
    if (known && desk.book().find_rules(symbol) == nullptr)
      co_return Error{ErrorKind::invalid_input,
                      fmt::format("'{}' is no contract of this exchange", symbol.str()), 0};
  co_return std::nullopt;
}

}  // namespace

desk::FlattenRequest request_of(const Command& command) {
  desk::FlattenRequest request;
  request.scope = command.tracked ? desk::FlattenScope::tracked : desk::FlattenScope::account;
  request.part = percent(command.percent);
  for (const auto& symbol : command.symbols)
    request.only.emplace_back(symbol);
  if (command.sides != control::Sides::any)
    request.side = command.sides == control::Sides::longs ? desk::FlattenSide::longs
                                                          : desk::FlattenSide::shorts;
  if (command.profits != control::Profits::any)
    request.profit = command.profits == control::Profits::losers ? desk::FlattenProfit::losers
                                                                 : desk::FlattenProfit::winners;
  request.reason = command.who;
  return request;
}

Commands::Commands(Parts parts) : parts_(std::move(parts)), started_(desk().clock.utc_now()) {}

Task<void> Commands::begin() {
  for (auto record : desk().store.running_commands()) {
    if (in_hand_.contains(record.id)) continue;
    desk().log.warn("command was interrupted", {{"command", record.kind}, {"id", record.id}});
    const auto report = parts_.render(
        refusal("the holder ended in the middle of it; look at `bubble-buster status` and ask "
                "again"));
    co_await end(std::move(record), report, CommandState::interrupted);
  }
}

Task<Report> Commands::carry_out(Command command, FirstLook seen) {
  if (command.kind == CommandKind::status) co_return parts_.render(status());
  if (command.kind == CommandKind::preview) {
    const auto foreseen = co_await preview(std::move(command));
    co_return parts_.render(foreseen);
  }
  // Before anything is waited for.
  if (stops_entries(command.kind)) ++stops_;
  Standing standing;
  if (command.kind == CommandKind::resume)
    standing = {stops_, parts_.home.latch().read(), parts_.home.fence()};
  const bool is_another = !command.seen.empty() && command.seen != store::mark_of(standing.latch);
  // A command that its caller carried out itself, past us, is known after this.
  const bool knows_all = co_await parts_.jobs.take_over();
  if (desk().store.find_command(command.id) != nullptr)
    co_return co_await repeat(std::move(command));
  if (!knows_all && !control::is_repeatable(command)) {
    // Not recorded: it did nothing, and may be asked for again under its id.
    desk().log.error("command refused", {{"command", str(command.kind)}, {"id", command.id}});
    co_return parts_.render(CommandResult(unknown_past()));
  }
  const TimePoint now = desk().clock.utc_now();
  auto record = record_of(command, now);
  if (std::chrono::abs(now - command.made_at) > control::kCommandAgeMax) {
    const auto report = parts_.render(refusal(
        fmt::format("the command is {} s old, and none older than 60 s is carried out; ask again",
                    std::chrono::duration_cast<Seconds>(now - command.made_at).count())));
    co_await end(std::move(record), report, CommandState::refused);
    co_return report;
  }
  in_hand_.insert(command.id);
  store::Batch batch;
  batch.put(record);
  // In memory, and on its way to the disk, from this call on; what reduces risk waits for no disk.
  auto durable = desk().store.commit(std::move(batch));
  desk().log.info("command received", {{"command", record.kind},
                                       {"id", record.id},
                                       {"who", record.who},
                                       {"arguments", record.arguments}});
  std::optional<Error> refused;
  if (is_another)
    refused = refusal(
        "what stops entries is not what was shown when this resume was asked for; "
        "look again");
  if (!refused && adds_risk(command.kind)) {
    const auto stored = co_await std::move(durable);
    if (!stored) refused = stored.error();
  }
  CommandResult result = refusal("it broke off; look at the holder's log");
  std::string fault;
  try {
    if (refused)
      result = *refused;
    else
      result = co_await execute(command, standing, std::move(seen));
  } catch (const std::exception& error) {
    fault = error.what();
  }
  if (!fault.empty()) {
    desk().log.error("command failed", {{"command", record.kind}, {"why", fault}});
    result = Error{ErrorKind::conflict, "it broke off: " + fault, 0};
  }
  if (!adds_risk(command.kind)) (void)co_await std::move(durable);
  const auto report = parts_.render(result);
  const bool was_refused = std::holds_alternative<Error>(result) && fault.empty();
  co_await end(std::move(record), report, was_refused ? CommandState::refused : CommandState::done);
  in_hand_.erase(command.id);
  ended_.notify();
  co_return report;
}

Task<Report> Commands::repeat(Command command) {
  while (in_hand_.contains(command.id))
    co_await ended_.wait();
  const auto* known = desk().store.find_command(command.id);
  if (known == nullptr) co_return parts_.render(refusal("the command's record is gone"));
  const auto asked = record_of(command, known->received_at);
  const bool is_other = known->kind != asked.kind || known->arguments != asked.arguments;
  if (is_other && known->state != CommandState::bypassed)
    co_return parts_.render(refusal("this id was used for another command"));
  co_return Report{known->exit_code, known->report_json, known->report_text,
                   known->state != CommandState::done};
}

Task<void> Commands::end(store::CommandRecord record, const Report& report, CommandState state) {
  record.state = state;
  record.ended_at = desk().clock.utc_now();
  record.exit_code = report.exit_code;
  record.report_json = report.json;
  record.report_text = report.text;
  store::Batch batch;
  batch.put(record);
  // A patrol by hand changes nothing that it does not tell itself.
  if (record.kind != control::str(CommandKind::manage))
    put_message(desk().store, batch, operator_message(record, desk().market.exchange_now()));
  const auto stored = co_await desk().store.commit(std::move(batch));
  if (!stored) desk().log.error("command's end not stored", {{"why", stored.error().text}});
  desk().log.info("command ended", {{"command", record.kind},
                                    {"id", record.id},
                                    {"state", str(state)},
                                    {"exit_code", report.exit_code}});
}

Task<CommandResult> Commands::execute(const Command& command, const Standing& standing,
                                      FirstLook seen) {
  switch (command.kind) {
    case CommandKind::entry:
      co_return co_await enter(command.trade_day, command.made_at + control::kCommandAgeMax);
    case CommandKind::manage:
      co_return co_await patrol();
    case CommandKind::loss_cut:
      co_return co_await cut_losses();
    case CommandKind::flatten:
      co_return co_await flatten(command, std::move(seen));
    case CommandKind::preview:
      co_return co_await preview(command);
    case CommandKind::pause:
      co_return co_await pause(command);
    case CommandKind::resume:
      co_return co_await resume(standing);
    case CommandKind::status:
      co_return status();
    case CommandKind::cancel:
      co_return co_await cancel(command);
    case CommandKind::catch_up:
      co_return set_catch_up(command);
  }
  co_return refusal("no such command");
}

Task<CommandResult> Commands::enter(std::string trade_day, TimePoint not_after) {
  const auto& settings = parts_.jobs.settings();
  if (!settings.entry_enabled)
    co_return Error{ErrorKind::configuration,
                    "[runtime] entry_enabled is false: this instance opens nothing", 0};
  const auto schedule = settings.entry_schedule();
  const auto slot = trade_day.empty() ? schedule.of_today(desk().market.exchange_now())
                                      : schedule.of_trade_day(trade_day);
  if (!slot)
    co_return Error{
        ErrorKind::invalid_input,
        fmt::format("'{}' is not a date of the schedule; write it as YYYY-MM-DD", trade_day), 0};
  // What a crash left open is settled and protected before anything is added.
  const auto seen = co_await parts_.jobs.reconcile();
  if (!seen) co_return seen.error();
  co_await tell(parts_.jobs.desk(), *seen);
  auto report = co_await parts_.jobs.enter(*slot, not_after);
  if (!report) co_return refusal("the command became older than 60 s while it waited; ask again");
  co_return EntryDone{std::move(*report), slot->trade_day_utc()};
}

// In force first: what cannot be written is lost at the next start, and the report says so.
CommandResult Commands::set_catch_up(const Command& command) {
  if (command.reason != "on" && command.reason != "off")
    return Error{ErrorKind::invalid_input, "catch-up is switched on or off", 0};
  CatchUpDone done;
  done.is_on = command.reason == "on";
  parts_.jobs.set_catch_up(done.is_on);
  if (parts_.keep_catch_up)
    if (const auto kept = parts_.keep_catch_up(done.is_on); !kept) done.problem = kept.error().text;
  desk().log.info("catch-up switched", {{"now", command.reason}, {"who", command.who}});
  return done;
}

Task<CommandResult> Commands::patrol() {
  auto report = co_await parts_.jobs.patrol();
  if (parts_.jobs.wants_second_look()) {
    co_await sleep_for(desk().clock, kSecondLook);
    report = co_await parts_.jobs.patrol();
  }
  co_return report;
}

Task<CommandResult> Commands::cut_losses() {
  const TimePoint now = desk().market.exchange_now();
  const auto zone = parts_.jobs.settings().loss_cut_schedule().zone;
  co_return co_await parts_.jobs.cut_losses(utc_date(now),
                                            zone.clock_text(now) + " " + zone.name());
}

Task<CommandResult> Commands::flatten(Command command, FirstLook seen) {
  auto& desk_of_jobs = parts_.jobs.desk();
  const auto request = request_of(command);
  FlattenDone done;
  if (const auto fault = co_await find_misspelled(desk_of_jobs, request)) co_return *fault;
  pause_for(command, done);
  auto held = desk_of_jobs.parts().store.open_holdings();
  auto proved = co_await desk::flatten_to_proof(desk_of_jobs, request, std::move(seen));
  done.report = std::move(proved.report);
  // Whoever waits for the verdict does not wait for the records.
  if (!aftermath_) aftermath_.emplace(co_await boost::asio::this_coro::executor);
  aftermath_->spawn(keep_records(std::move(proved.records), std::move(held)));
  co_await put_note(desk_of_jobs,
                    flatten_message(done.report, command.who, desk().market.exchange_now()));
  co_await parts_.jobs.tell_latch();
  co_return done;
}

Task<void> Commands::keep_records(Task<void> records, std::vector<store::Holding> held) {
  try {
    co_await std::move(records);
    // What is still open tells nothing.
    for (const auto& holding : held)
      co_await trading::tell_closed(parts_.jobs.desk(), holding.id, holding.symbol);
  } catch (const std::exception& error) {
    desk().log.error("flatten not recorded", {{"why", error.what()}});
  }
}

Task<void> Commands::finish() {
  if (aftermath_) co_await aftermath_->join();
}

Task<CommandResult> Commands::preview(Command command) {
  auto& desk_of_jobs = parts_.jobs.desk();
  const auto request = request_of(command);
  if (const auto fault = co_await find_misspelled(desk_of_jobs, request)) co_return *fault;
  auto seen = co_await desk::preview_flatten(desk_of_jobs, request);
  if (!seen) co_return seen.error();
  co_return std::move(*seen);
}

Task<CommandResult> Commands::cancel(Command command) {
  co_return co_await desk::cancel_opening_orders(parts_.jobs.desk(), request_of(command).only);
}

void Commands::pause_for(const Command& command, FlattenDone& done) const {
  if (planted("flatten_without_latch")) return;
  const auto latched = parts_.home.latch().set(
      {store::LatchKind::paused, command.who, "flatten", desk().clock.utc_now()});
  if (latched) return;
  done.latch_problem = latched.error().text;
  desk().log.error("entries not paused", {{"why", latched.error().text}});
}

Task<CommandResult> Commands::pause(Command command) {
  const auto& latch = parts_.home.latch();
  LatchDone done{false, latch.read(), {}};
  const auto set =
      latch.set({store::LatchKind::paused, command.who,
                 command.reason.empty() ? "pause" : command.reason, desk().clock.utc_now()});
  if (!set) co_return set.error();
  done.now = latch.read();
  co_await parts_.jobs.tell_latch();
  co_return done;
}

// The rule of the fence: what somebody took from this holder it takes back by a resume alone, after
// everything that was done past it is in its records and it has seen the account. Whoever stopped
// anything since the resume was asked for, a halt of our own look included, is not overridden.
Task<CommandResult> Commands::resume(Standing standing) {
  const auto& latch = parts_.home.latch();
  LatchDone done{true, standing.latch, {}};
  if (!standing.fence) co_return standing.fence.error();
  const auto seen = co_await parts_.jobs.reconcile();
  if (!seen)
    co_return Error{ErrorKind::unreachable,
                    "nothing is resumed before the account could be read: " + seen.error().text, 0};
  if (!co_await parts_.jobs.take_over()) co_return unknown_past();
  // From here on nothing is waited for. Another resume may have done it already.
  if (stops_ != standing.stops)
    co_return refusal(
        "a pause or a flatten came while this resume was at work; nothing is resumed");
  if (const auto now = latch.read(); now && now != standing.latch)
    co_return refusal("nothing is resumed: meanwhile entries are " + describe(*now));
  if (!parts_.home.is_fence_ours())
    if (const auto taken = parts_.home.retake_fence(*standing.fence); !taken)
      co_return taken.error();
  if (latch.read())
    if (const auto cleared = latch.clear(standing.latch); !cleared) co_return cleared.error();
  done.now = latch.read();
  co_await parts_.jobs.tell_latch();
  co_return done;
}

}  // namespace bb::service
