// systemd over D-Bus, the system's manager or a user's. A unit is an argument of a method call: no
// pattern and no option can be made of its name. journalctl alone is a program, for logs.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <span>

#include "net/unix_dialer.h"
#include "supervise/impl/child.h"
#include "supervise/impl/dbus_client.h"
#include "supervise/impl/runners.h"
#include "supervise/text.h"

namespace bb::supervise {

namespace {

constexpr const char* kSystemd = "org.freedesktop.systemd1";
constexpr const char* kManagerPath = "/org/freedesktop/systemd1";
constexpr const char* kManager = "org.freedesktop.systemd1.Manager";
constexpr const char* kService = "org.freedesktop.systemd1.Service";
constexpr const char* kUnit = "org.freedesktop.systemd1.Unit";
constexpr const char* kJournal = "/usr/bin/journalctl";
constexpr std::size_t kLineMax = 64u << 10;
constexpr const char* kProperties = "org.freedesktop.DBus.Properties";

/// A row of ListUnitsByNames.
struct Unit {
  std::string name, load, active, sub, path;
};

// By name, never GetAll: the properties of a service hold its environment.
struct Property {
  const char* interface;
  const char* name;
};
constexpr std::array<Property, 9> kDetails = {{
    {kService, "MainPID"},
    {kService, "NRestarts"},
    {kService, "ExecMainCode"},
    {kService, "ExecMainStatus"},
    {kService, "Result"},
    {kService, "MemoryCurrent"},
    {kService, "TimeoutStopUSec"},
    {kService, "ExecMainStartTimestamp"},
    {kUnit, "ActiveEnterTimestamp"},
}};

DbusCall manager_call(const char* member, DbusArguments arguments = {}) {
  return {kSystemd, kManagerPath, kManager, member, std::move(arguments)};
}

DbusCall property_call(const std::string& path, const Property& property) {
  DbusArguments arguments;
  arguments.text(property.interface).text(property.name);
  return {kSystemd, path, kProperties, "Get", std::move(arguments)};
}

Error error_of(const DbusMessage& answer) {
  DbusCursor cursor(answer.body);
  const auto text = clean_text(answer.signature.starts_with('s') ? cursor.text() : "", 300);
  const std::string_view name = answer.error_name;
  if (name.ends_with("AccessDenied") || name.ends_with("InteractiveAuthorizationRequired"))
    return {ErrorKind::configuration,
            "systemd does not allow this user to do that: " + text +
                " A polkit rule for the named units is the way (docs/strategies.md).",
            0};
  if (name.ends_with("NoSuchUnit")) return {ErrorKind::conflict, "systemd refuses: " + text, 404};
  return {ErrorKind::rejected, "systemd refuses: " + (text.empty() ? answer.error_name : text), 0};
}

Result<std::vector<Unit>> units_of(const DbusMessage& answer) {
  if (answer.type == DbusMessage::Type::error) return std::unexpected(error_of(answer));
  if (answer.signature != "a(ssssssouso)")
    return fail(ErrorKind::malformed, "systemd's list of units has another form than expected");
  std::vector<Unit> out;
  DbusCursor cursor(answer.body);
  const auto end = cursor.array_end(8);
  while (cursor.ok() && cursor.position() < end) {
    cursor.align(8);
    Unit unit;
    unit.name = cursor.text();
    cursor.text();  // description
    unit.load = cursor.text();
    unit.active = cursor.text();
    unit.sub = cursor.text();
    cursor.text();  // followed unit
    unit.path = cursor.text();
    cursor.number32();  // job
    cursor.text();
    cursor.text();
    out.push_back(std::move(unit));
  }
  if (!cursor.ok()) return fail(ErrorKind::malformed, "systemd's list of units is broken");
  return out;
}

State state_of(const Unit& unit) {
  if (unit.active == "active" || unit.active == "reloading") return State::running;
  if (unit.active == "inactive") return State::stopped;
  if (unit.active == "failed") return State::failed;
  if (unit.active == "activating")
    return unit.sub.starts_with("auto-restart") ? State::restarting : State::starting;
  if (unit.active == "deactivating") return State::stopping;
  return State::unknown;
}

Process process_of(const Unit& unit) {
  Process out;
  out.id = unit.name;
  out.name = unit.name;
  out.state = state_of(unit);
  out.raw_status = unit.active + " (" + unit.sub + ")";
  return out;
}

DbusValue value_of(const DbusMessage& answer) {
  if (answer.type != DbusMessage::Type::reply || answer.signature != "v") return {};
  DbusCursor cursor(answer.body);
  return read_variant(cursor);
}

/// `answers` in the order of kDetails.
void add_details(Process& process, std::span<const DbusMessage> answers) {
  const auto number = [&](std::size_t i) { return value_of(answers[i]).number; };
  const bool is_up = process.state == State::running || process.state == State::starting ||
                     process.state == State::stopping;
  if (is_up) process.pid = number(0).value_or(0);
  process.restarts = number(1);
  const auto code = number(2).value_or(0);  // CLD_EXITED 1, CLD_KILLED 2, CLD_DUMPED 3
  const auto status = number(3).value_or(0);
  if (code != 0 && !is_up) {
    process.exit_code = code == 1 ? status : 128 + status;
    process.last_exit = fmt::format("{} {}", code == 1 ? "code" : "signal", status);
  }
  const auto result = value_of(answers[4]).text;
  if (!result.empty() && result != "success")
    process.last_exit += (process.last_exit.empty() ? "" : ", ") + result;
  if (process.state == State::running) process.memory_bytes = number(5);
  constexpr std::int64_t kLongestStop = 3'600'000'000;
  process.stop_takes =
      std::chrono::duration_cast<Millis>(Micros(std::min(number(6).value_or(0), kLongestStop)));
  const auto since = number(7).value_or(number(8).value_or(0));
  if (process.state == State::running && since > 0) process.started_at = from_ms(since / 1000);
}

class Systemd final : public Supervisor {
 public:
  Systemd(boost::asio::io_context& io, Clock& clock, const RunnerSettings& settings)
      : io_(io),
        clock_(clock),
        is_user_(settings.kind == RunnerKind::systemd_user),
        address_(settings.address),
        units_(settings.units),
        dialer_(net::make_unix_dialer(io, address_)) {}

  std::string describe() const override {
    return fmt::format("systemd's {} manager at {}", is_user_ ? "user" : "system", address_);
  }

  Task<Result<std::vector<Process>>> list(SteadyTime deadline) override {
    auto bus = co_await open(deadline);
    if (!bus) co_return std::unexpected(bus.error());
    std::vector<DbusCall> calls;
    DbusArguments named;
    named.texts(units_);
    calls.push_back(manager_call("ListUnitsByNames", std::move(named)));
    DbusArguments loaded;
    loaded.texts({}).texts({"*.service"});
    calls.push_back(manager_call("ListUnitsByPatterns", std::move(loaded)));
    const auto answers = co_await (*bus)->call(std::move(calls), deadline);
    if (!answers) co_return std::unexpected(answers.error());
    auto mine = units_of((*answers)[0]);
    auto others = units_of((*answers)[1]);
    if (!mine || !others) co_return std::unexpected(mine ? others.error() : mine.error());
    std::erase_if(*mine, [](const Unit& unit) { return unit.load == "not-found"; });
    auto out = co_await detailed(**bus, std::move(*mine), deadline);
    if (!out) co_return out;
    for (const auto& unit : *others)
      if (unit.load == "loaded" && std::ranges::find(units_, unit.name) == units_.end())
        out->push_back(process_of(unit));
    co_return out;
  }

  Task<Result<Process>> look(std::string id, SteadyTime deadline) override {
    auto bus = co_await open(deadline);
    if (!bus) co_return std::unexpected(bus.error());
    DbusArguments named;
    named.texts({id});
    std::vector<DbusCall> calls;
    calls.push_back(manager_call("ListUnitsByNames", std::move(named)));
    const auto answers = co_await (*bus)->call(std::move(calls), deadline);
    if (!answers) co_return std::unexpected(answers.error());
    auto units = units_of((*answers)[0]);
    if (!units) co_return std::unexpected(units.error());
    if (units->empty() || units->front().load == "not-found")
      co_return fail(ErrorKind::conflict, "systemd has no unit " + quote_word(id));
    auto out = co_await detailed(**bus, std::move(*units), deadline);
    if (!out) co_return std::unexpected(out.error());
    co_return std::move(out->front());
  }

  Task<Status> order(Process process, Action action, Millis, SteadyTime deadline) override {
    auto bus = co_await open(deadline);
    if (!bus) co_return std::unexpected(bus.error());
    std::vector<DbusCall> calls;
    if (process.state == State::failed && action != Action::stop) {
      // A unit that hit its start limit does not start before this.
      DbusArguments name;
      name.text(process.id);
      calls.push_back(manager_call("ResetFailedUnit", std::move(name)));
    }
    DbusArguments arguments;
    arguments.text(process.id).text("replace");
    calls.push_back(manager_call(method_of(action), std::move(arguments)));
    const auto answers = co_await (*bus)->call(std::move(calls), deadline);
    if (!answers) co_return std::unexpected(answers.error());
    if (answers->back().type == DbusMessage::Type::error)
      co_return std::unexpected(error_of(answers->back()));
    co_return Status{};
  }

  Task<Result<std::string>> read_log(Process process, LogRequest request,
                                     SteadyTime deadline) override {
    std::vector<std::string> arguments = {"--no-pager", "--quiet", "--output=short-iso",
                                          fmt::format("--lines={}", request.lines),
                                          (is_user_ ? "--user-unit=" : "--unit=") + process.id};
    co_return co_await run_child(io_, clock_, kJournal, std::move(arguments), {}, deadline,
                                 request.bytes_max);
  }

  Task<Result<std::optional<TimePoint>>> last_log_at(Process process,
                                                     SteadyTime deadline) override {
    std::vector<std::string> arguments = {"--no-pager", "--quiet", "--output=short-unix",
                                          "--lines=1",
                                          (is_user_ ? "--user-unit=" : "--unit=") + process.id};
    const auto line =
        co_await run_child(io_, clock_, kJournal, std::move(arguments), {}, deadline, kLineMax);
    if (!line) co_return std::unexpected(line.error());
    std::int64_t seconds = 0;  // "1795169480.123456 host unit[pid]: text"
    const auto [end, error] = std::from_chars(line->data(), line->data() + line->size(), seconds);
    if (error != std::errc() || *end != '.') co_return std::nullopt;
    co_return from_ms(seconds * 1000);
  }

  Task<Status> watch(std::function<void()> changed) override {
    constexpr Millis kConnect{5000};
    auto bus = co_await open(clock_.after(kConnect));
    if (!bus) co_return std::unexpected(bus.error());
    watched_ = bus->get();
    const auto told = co_await subscribe(**bus, clock_.after(kConnect));
    for (Status heard = told; heard;) {
      const auto signal = co_await (*bus)->next_signal();
      heard = signal ? Status{} : std::unexpected(signal.error());
      if (heard && signal->member != "NameAcquired") changed();
      if (!heard) {
        watched_ = nullptr;
        co_return heard;
      }
    }
    watched_ = nullptr;
    co_return told;
  }
  void cancel_watch() override {
    if (watched_ != nullptr) watched_->close();
  }

 private:
  static const char* method_of(Action action) {
    switch (action) {
      case Action::start:
        return "StartUnit";
      case Action::stop:
        return "StopUnit";
      case Action::restart:
        return "RestartUnit";
    }
    return "StartUnit";
  }

  Task<Result<std::unique_ptr<DbusClient>>> open(SteadyTime deadline) {
    if (address_.empty())
      co_return fail(ErrorKind::configuration,
                     "no bus of a user manager is known: XDG_RUNTIME_DIR is not set; set it, or "
                     "address in a [runner.NAME]");
    auto bus = co_await DbusClient::open(*dialer_, clock_, deadline);
    if (!bus)
      co_return fail(bus.error().kind,
                     fmt::format("{} does not answer: {}", describe(), bus.error().text));
    co_return std::move(bus);
  }

  Task<Result<std::vector<Process>>> detailed(DbusClient& bus, std::vector<Unit> units,
                                              SteadyTime deadline) {
    std::vector<DbusCall> calls;
    for (const auto& unit : units)
      for (const auto& property : kDetails)
        calls.push_back(property_call(unit.path, property));
    std::vector<Process> out;
    if (calls.empty()) co_return out;
    const auto answers = co_await bus.call(std::move(calls), deadline);
    if (!answers) co_return std::unexpected(answers.error());
    for (std::size_t i = 0; i < units.size(); ++i) {
      auto process = process_of(units[i]);
      add_details(process, std::span(*answers).subspan(i * kDetails.size(), kDetails.size()));
      out.push_back(std::move(process));
    }
    co_return out;
  }

  static Task<Status> subscribe(DbusClient& bus, SteadyTime deadline) {
    constexpr const char* kBus = "org.freedesktop.DBus";
    std::vector<DbusCall> calls;
    for (const auto* rule :
         {"type='signal',sender='org.freedesktop.systemd1',member='JobRemoved'",
          "type='signal',sender='org.freedesktop.systemd1',member='PropertiesChanged',"
          "path_namespace='/org/freedesktop/systemd1/unit'"}) {
      DbusArguments match;
      match.text(rule);
      calls.push_back({kBus, "/org/freedesktop/DBus", kBus, "AddMatch", std::move(match)});
    }
    calls.push_back(manager_call("Subscribe"));
    const auto answers = co_await bus.call(std::move(calls), deadline);
    if (!answers) co_return std::unexpected(answers.error());
    for (const auto& answer : *answers)
      if (answer.type == DbusMessage::Type::error) co_return std::unexpected(error_of(answer));
    co_return Status{};
  }

  boost::asio::io_context& io_;
  Clock& clock_;
  bool is_user_;
  std::string address_;
  std::vector<std::string> units_;
  std::unique_ptr<net::Dialer> dialer_;
  DbusClient* watched_ = nullptr;
};

}  // namespace

std::unique_ptr<Supervisor> make_systemd(boost::asio::io_context& io, Clock& clock,
                                         const RunnerSettings& settings) {
  return std::make_unique<Systemd>(io, clock, settings);
}

std::unique_ptr<Supervisor> make_supervisor(boost::asio::io_context& io, Clock& clock,
                                            const RunnerSettings& settings) {
  switch (settings.kind) {
    case RunnerKind::pm2:
      return make_pm2(io, clock, settings);
    case RunnerKind::docker:
      return make_docker(io, clock, settings);
    case RunnerKind::swarm:
      return make_swarm(io, clock, settings);
    case RunnerKind::systemd:
    case RunnerKind::systemd_user:
      return make_systemd(io, clock, settings);
  }
  return make_pm2(io, clock, settings);
}

}  // namespace bb::supervise
