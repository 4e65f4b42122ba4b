// import: the Python program's files, looked at first, taken over when told to.
#include <fmt/format.h>

#include <cerrno>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "app/commands.h"
#include "app/database_locks.h"
#include "app/exit_codes.h"
#include "app/import_config.h"
#include "app/report.h"
#include "net/json.h"
#include "store/inspect.h"

namespace bb::app {

namespace {

namespace fs = std::filesystem;
using net::JsonWriter;

/// Everything that is known before anything is written.
struct Plan {
  std::string config_path;
  std::string config_text;  // empty: the file stays as it is
  bool is_in_place = false;
  std::vector<std::string> changes;
  std::unique_ptr<Config> config;  // as it will be
  std::string source_db;           // empty: none
  std::string python_lock;         // empty: not known
};

Result<std::string> read_text(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  std::error_code ignored;
  if (!in || fs::is_directory(path, ignored))
    return fail(
        ErrorKind::configuration,
        fmt::format("cannot read '{}'; name the Python program's config.ini with --from", path));
  std::ostringstream text;
  text << in.rdbuf();
  return text.str();
}

std::string in_folder_of(const std::string& file, const std::string& path) {
  if (path.empty() || fs::path(path).is_absolute()) return path;
  return (fs::absolute(file).parent_path() / path).lexically_normal().string();
}

bool is_same_place(const fs::path& a, const fs::path& b) {
  std::error_code ignored;
  return fs::weakly_canonical(a, ignored) == fs::weakly_canonical(b, ignored);
}

Error joined(const Faults& faults) {
  Error all{ErrorKind::configuration, "", 0};
  for (const auto& fault : faults)
    all.text += (all.text.empty() ? "" : "\n") + fault;
  return all;
}

// Without it the open positions and the day's entry would be unknown, and nobody would hear of it.
Status check_source(const std::string& path) {
  std::error_code error;
  const bool is_file = fs::is_regular_file(path, error);
  if (is_file && std::ifstream(path, std::ios::binary)) return {};
  return fail(
      ErrorKind::configuration,
      fmt::format("the Python program's database '{}' {}; name it with --from-db, or say "
                  "--no-db to take over the configuration alone, without its open "
                  "positions and the entries it has made",
                  path, is_file || error.value() == EACCES ? "cannot be read" : "is not there"));
}

Result<Plan> make_plan(const ImportCommand& command, const Environment& environment) {
  if (command.from.empty() && command.from_db.empty())
    return fail(ErrorKind::invalid_input,
                "name the Python program's config.ini with --from, or its state.db with --from-db");
  Plan plan;
  plan.config_path = command.config_path;
  std::error_code ignored;
  const bool exists = fs::exists(plan.config_path, ignored);
  plan.is_in_place =
      exists && !command.from.empty() && is_same_place(plan.config_path, command.from);
  if (!command.from.empty()) {
    const auto text = read_text(command.from);
    if (!text) return std::unexpected(text.error());
    TranslateOptions options{command.live,
                             is_same_place(fs::absolute(command.from).parent_path(),
                                           fs::absolute(plan.config_path).parent_path())};
    const auto translated = translate_config(*text, command.from, options);
    if (!translated) return std::unexpected(joined(translated.error()));
    plan.source_db = in_folder_of(command.from, translated->db_path);
    plan.python_lock = in_folder_of(command.from, translated->lock_file);
    if (!exists || plan.is_in_place) {
      plan.changes = translated->changes;
      plan.config_text = config_text(
          {"Written by `bubble-buster import` from the Python program's " + command.from + ".",
           "Every other key has its default; `bubble-buster --print-config` shows them all."},
          translated->keys, translated->more);
    }
  }
  if (!command.from_db.empty()) plan.source_db = command.from_db;
  if (command.no_db)
    plan.source_db.clear();
  else if (const auto readable = check_source(plan.source_db); !readable)
    return std::unexpected(readable.error());
  auto config = plan.config_text.empty()
                    ? load_config(plan.config_path, environment)
                    : load_config_text(plan.config_text, plan.config_path, environment);
  if (!config) return std::unexpected(joined(config.error()));
  plan.config = std::move(*config);
  return plan;
}

std::string text_of(const store::ImportReport& report) {
  std::string text;
  for (const auto& table : report.tables) {
    text += fmt::format("  {}: {} found, {} added", table.table, table.found, table.added);
    if (table.changed > 0) text += fmt::format(", {} changed", table.changed);
    if (table.known > 0) text += fmt::format(", {} known already", table.known);
    if (table.left_out > 0) text += fmt::format(", {} LEFT OUT", table.left_out);
    if (!table.total_here.empty())
      text += fmt::format("; total {} there, {} here", table.total_there, table.total_here);
    text += '\n';
  }
  for (const auto& note : report.notes)
    text += "  " + note + '\n';
  for (const auto& holding : report.open)
    text += fmt::format("  open: {} {} at {}, stop {}, take-profit {}, until {}\n",
                        holding.symbol.str(), holding.qty.str(), holding.entry_price.str(),
                        holding.sl_price ? holding.sl_price->str() : "NONE",
                        holding.tp_price ? holding.tp_price->str() : "none",
                        iso_seconds(holding.expire_at));
  for (const auto& date : report.used_slots)
    text += fmt::format("  the entry of {} is over: it does not run a second time\n", date);
  return text;
}

Rendered render(const Plan& plan, const std::optional<store::ImportReport>& report, bool applied) {
  std::string text = applied ? "Taken over.\n" : "Nothing was written. With --apply:\n";
  if (plan.config_text.empty()) {
    text += fmt::format("configuration: {} is there and stays as it is\n", plan.config_path);
  } else {
    text += fmt::format(
        "configuration: {}{}\n", plan.config_path,
        plan.is_in_place ? "; the old one is kept as " + plan.config_path + ".python" : "");
    for (const auto& change : plan.changes)
      text += "  " + change + '\n';
  }
  if (report)
    text += fmt::format("database: {} -> {}{}\n{}", plan.source_db, plan.config->runtime.db_path,
                        report->has_fills ? " (of its later version)" : "", text_of(*report));
  else
    text += "database: none is taken over, as --no-db says\n";
  if (applied)
    text +=
        "Next: keep the Python program from starting again (its unit, its cron lines), then\n"
        "  bubble-buster doctor --config " +
        plan.config_path + "\n  bubble-buster service --config " + plan.config_path + "\n";
  JsonWriter json;
  json.begin_object().field("command", "import").field("applied", applied);
  json.field("config", plan.config_path)
      .field("config_written", applied && !plan.config_text.empty());
  json.key("changes").begin_array();
  for (const auto& change : plan.changes)
    json.value(change);
  json.end_array();
  if (report) {
    json.field("source", plan.source_db).field("database", plan.config->runtime.db_path);
    json.key("tables").begin_array();
    for (const auto& table : report->tables)
      json.begin_object()
          .field("table", table.table)
          .field("found", table.found)
          .field("added", table.added)
          .field("changed", table.changed)
          .field("known", table.known)
          .field("left_out", table.left_out)
          .field("total_there", table.total_there)
          .field("total_here", table.total_here)
          .end_object();
    json.end_array().key("notes").begin_array();
    for (const auto& note : report->notes)
      json.value(note);
    json.end_array().field("open", report->open.size()).key("used_slots").begin_array();
    for (const auto& date : report->used_slots)
      json.value(date);
    json.end_array();
  }
  json.end_object();
  return {json.take() + "\n", text};
}

Status write_config(const Plan& plan) {
  if (plan.config_text.empty()) return {};
  std::error_code error;
  if (plan.is_in_place) {
    const std::string kept = plan.config_path + ".python";
    if (fs::exists(kept, error))
      return fail(ErrorKind::configuration,
                  fmt::format("'{}' is there already: the old configuration would be lost", kept));
    // As private as the new one from its first byte on: it holds the same keys.
    const auto former = read_text(plan.config_path);
    if (!former) return std::unexpected(former.error());
    if (auto copied = write_config_file(kept, *former); !copied) return copied;
  }
  return write_config_file(plan.config_path, plan.config_text);
}

Task<int> do_import(Session& session, const ImportCommand& command,
                    const Environment& environment) {
  auto plan = make_plan(command, environment);
  if (!plan) co_return report_error(plan.error(), session.json());
  if (const auto holder = store::find_holder(plan->python_lock); holder && command.apply)
    co_return report_error({ErrorKind::busy,
                            fmt::format("the Python program runs ({} holds '{}'); stop it first: "
                                        "two programs must not trade one account",
                                        *holder, plan->python_lock),
                            0},
                           session.json());
  Result<DatabaseLocks> locks = DatabaseLocks{};
  if (command.apply) {
    auto owner = store::find_owner(plan->config->runtime.db_path);
    if (!owner) co_return report_error(owner.error(), session.json());
    locks =
        co_await lock_database(session, *plan->config, std::move(*owner), "bubble-buster import");
  }
  if (!locks) co_return report_error(locks.error(), session.json());
  std::optional<store::ImportReport> report;
  if (!plan->source_db.empty()) {
    const auto schedule = plan->config->runtime.entry_schedule();
    store::ImportOptions options;
    options.source = plan->source_db;
    options.target = plan->config->runtime.db_path;
    options.apply = command.apply;
    options.now = session.clock().utc_now();
    options.slots_of = [&](const std::string& day, TimePoint started) {
      return used_slots(schedule, day, started);
    };
    auto done = store::import_python_database(options);
    if (!done) co_return report_error(done.error(), session.json());
    report = std::move(*done);
  }
  if (command.apply)
    if (const auto written = write_config(*plan); !written)
      co_return report_error(written.error(), session.json());
  print(render(*plan, report, command.apply), session.json());
  co_return report && !report->is_whole() ? kPartial : kDone;
}

}  // namespace

int run_command(const CommandContext& context, const ImportCommand& command) {
  Session session(context.config, Log(LogLevel::warn, stderr_sink()), context.json);
  return session.run([&](Session& s) { return do_import(s, command, context.config.environment); },
                     AfterStop::own_code);
}

}  // namespace bb::app
