// strategies: processes under PM2, Docker, Swarm and systemd from a shell.
#include <fmt/format.h>

#include <algorithm>

#include "app/bot_strategies.h"
#include "app/commands.h"
#include "app/exit_codes.h"
#include "app/report.h"
#include "app/session.h"
#include "net/json.h"
#include "supervise/render.h"
#include "supervise/strategies.h"
#include "supervise/text.h"
#include "supervise/watch.h"

namespace bb::app {

namespace {

using net::JsonWriter;
using supervise::Action;
using supervise::ActionResult;
using supervise::Columns;
using supervise::Listing;
using supervise::Process;
using supervise::Strategy;
using supervise::Verdict;

template <class T>
void optional_field(JsonWriter& json, std::string_view name, const std::optional<T>& value) {
  if (value)
    json.field(name, *value);
  else
    json.key(name).null();
}

void write_process(JsonWriter& json, const Process& process) {
  json.begin_object()
      .field("id", supervise::clean_text(process.id))
      .field("state", str(process.state))
      .field("raw_status", supervise::clean_text(process.raw_status))
      .field("pid", process.pid)
      .field("health", str(process.health));
  if (process.started_at)
    json.field("started_at", iso_millis(*process.started_at));
  else
    json.key("started_at").null();
  optional_field(json, "restarts", process.restarts);
  optional_field(json, "exit_code", process.exit_code);
  optional_field(json, "cpu_percent", process.cpu_percent);
  optional_field(json, "memory_bytes", process.memory_bytes);
  json.field("last_exit", supervise::clean_text(process.last_exit)).end_object();
}

void write_strategy(JsonWriter& json, const Strategy& strategy) {
  const auto state = state_of(strategy);
  json.begin_object()
      .field("name", supervise::clean_text(strategy.name))
      .field("runner", strategy.runner)
      .field("host", supervise::clean_text(strategy.host))
      .field("account", supervise::clean_text(strategy.account))
      .field("group", supervise::clean_text(strategy.group))
      .field("touchable", strategy.touchable)
      .field("state", state ? str(*state) : std::string_view("missing"))
      .key("processes")
      .begin_array();
  for (const auto& process : strategy.processes)
    write_process(json, process);
  json.end_array().end_object();
}

struct Shown {
  std::vector<const Strategy*> strategies;
  std::size_t hidden = 0;
};

Shown shown_of(const Listing& listing, bool all, const std::string& group) {
  Shown out;
  for (const auto& strategy : listing.strategies) {
    if (!group.empty() && strategy.group != group) continue;
    if (all || strategy.shown)
      out.strategies.push_back(&strategy);
    else
      ++out.hidden;
  }
  return out;
}

std::string table_of(const std::vector<const Strategy*>& strategies, TimePoint now) {
  std::vector<Columns> rows{
      {"NAME", "STATE", "UPTIME", "RESTARTS", "CPU", "MEMORY", "HEALTH", "HOST"}};
  for (const auto* strategy : strategies) {
    rows.push_back(columns_of(*strategy, now));
    if (!strategy->touchable) rows.back().name += " (not declared)";
  }
  std::size_t name_width = 0;
  for (const auto& row : rows)
    name_width = std::max(name_width, row.name.size());
  std::string out;
  for (const auto& row : rows)
    out += fmt::format("{:<{}}  {:<12}  {:<10}  {:>8}  {:>7}  {:>8}  {:<9}  {}\n", row.name,
                       name_width, row.state, row.uptime, row.restarts, row.cpu, row.memory,
                       row.health, row.host);
  return out;
}

Rendered render(const Listing& listing, const Shown& shown, TimePoint now) {
  Rendered out;
  JsonWriter json;
  json.begin_object().field("command", "strategies").key("strategies").begin_array();
  for (const auto* strategy : shown.strategies)
    write_strategy(json, *strategy);
  json.end_array().field("hidden", shown.hidden).key("troubles").begin_array();
  if (shown.strategies.empty())
    out.text = "no strategies\n";
  else
    out.text = table_of(shown.strategies, now);
  if (shown.hidden > 0)
    out.text += fmt::format("{} more that are not declared; --all shows them\n", shown.hidden);
  for (const auto& trouble : listing.troubles) {
    out.text += fmt::format("{}: {}\n", trouble.runner, trouble.error.text);
    json.begin_object()
        .field("runner", trouble.runner)
        .field("error", trouble.error.text)
        .end_object();
  }
  json.end_array().end_object();
  out.json = json.take() + "\n";
  return out;
}

int exit_code_of(const ActionResult& result) {
  switch (result.verdict) {
    case Verdict::done:
    case Verdict::already:
      return kDone;
    case Verdict::not_reached:
      return kFailed;
    case Verdict::unknown:
      return kUnknown;
    case Verdict::refused:
      return app::exit_code_of(Error{result.kind, "", 0});
  }
  return kFailed;
}

int exit_code_of(const std::vector<ActionResult>& results) {
  const auto good = std::ranges::count_if(
      results, [](const ActionResult& result) { return exit_code_of(result) == kDone; });
  if (good == std::ssize(results)) return kDone;
  if (good > 0) return kPartial;
  return exit_code_of(results.front());
}

Rendered render(const std::vector<ActionResult>& results, int exit_code) {
  Rendered out;
  JsonWriter json;
  json.begin_object().field("command", "strategies").key("results").begin_array();
  for (const auto& result : results) {
    out.text += fmt::format("{}: {}\n", str(result.verdict), result.text);
    json.begin_object()
        .field("name", result.name)
        .field("runner", result.runner)
        .field("id", supervise::clean_text(result.id))
        .field("action", str(result.action))
        .field("verdict", str(result.verdict))
        .field("text", result.text)
        .key("now");
    if (result.now)
      write_process(json, *result.now);
    else
      json.null();
    json.end_object();
  }
  json.end_array().field("exit_code", exit_code).end_object();
  out.json = json.take() + "\n";
  return out;
}

Action action_of(const std::string& verb) {
  if (verb == "start") return Action::start;
  return verb == "stop" ? Action::stop : Action::restart;
}

Task<int> do_list(Session& session, supervise::Strategies& strategies, StrategiesCommand command) {
  const auto listing = co_await strategies.read();
  auto shown = shown_of(*listing, command.all, command.group);
  if (command.name) {
    const auto chosen = choose(*listing, *command.name);
    if (!chosen) co_return report_error(chosen.error(), session.json());
    shown = {{*chosen}, 0};
  }
  print(render(*listing, shown, session.clock().utc_now()), session.json());
  if (listing->troubles.empty()) co_return kDone;
  co_return shown.strategies.empty() ? app::exit_code_of(listing->troubles.front().error)
                                     : kPartial;
}

Task<int> do_logs(Session& session, supervise::Strategies& strategies, StrategiesCommand command) {
  const auto lines = static_cast<std::size_t>(command.lines);
  const auto text = co_await strategies.read_logs(*command.name, lines, supervise::shell_actor());
  if (!text) co_return report_error(text.error(), session.json());
  JsonWriter json;
  json.begin_object()
      .field("command", "strategies")
      .field("name", supervise::clean_text(*command.name))
      .field("log", *text)
      .end_object();
  print(Rendered{json.take() + "\n", *text}, session.json());
  co_return kDone;
}

Task<int> do_act(Session& session, supervise::Strategies& strategies, StrategiesCommand command) {
  const auto action = action_of(command.verb);
  const auto actor = supervise::shell_actor();
  auto work = command.name ? strategies.act(*command.name, action, actor)
                           : strategies.act_on_group(command.group, action, actor);
  const auto results = co_await std::move(work);
  const int code = exit_code_of(results);
  print(render(results, code), session.json());
  co_return code;
}

/// Tells what the watch tells until a signal ends it: for a terminal, or a pager of one's own.
Task<int> do_watch(Session& session, supervise::Strategies& strategies) {
  const bool json = session.json();
  const auto alert = [json](const std::string& kind, const std::string& text) {
    JsonWriter line;
    line.begin_object().field("kind", kind).field("text", text).end_object();
    print(Rendered{line.take() + "\n", kind + ": " + text + "\n"}, json);
  };
  supervise::Watch watch({session.io(), session.clock(), session.log(), session.config().supervise,
                          strategies, alert});
  co_await watch.run(session.stop());
  co_return kDone;
}

Task<int> do_strategies(Session& session, StrategiesCommand command) {
  const auto& config = session.config();
  supervise::Strategies strategies(
      {session.io(), session.clock(), session.log(), config.supervise, secrets_of(config)});
  if (command.verb == "list") co_return co_await do_list(session, strategies, command);
  if (command.verb == "logs") co_return co_await do_logs(session, strategies, command);
  if (command.verb == "watch") co_return co_await do_watch(session, strategies);
  co_return co_await do_act(session, strategies, command);
}

}  // namespace

int run_command(const CommandContext& context, const StrategiesCommand& command) {
  const bool is_list = command.verb == "list" || command.verb == "watch";
  const bool has_group = !command.group.empty();
  if (!is_list && !command.name && (!has_group || command.verb == "logs"))
    return report_error({ErrorKind::invalid_input,
                         fmt::format("strategies {} needs the NAME of a strategy{}", command.verb,
                                     command.verb == "logs" ? "" : ", or --group GROUP"),
                         0},
                        context.json);
  Session session(context.config, Log(LogLevel::error, stderr_sink()), context.json);
  return session.run([&command](Session& s) { return do_strategies(s, command); },
                     AfterStop::own_code);
}

}  // namespace bb::app
