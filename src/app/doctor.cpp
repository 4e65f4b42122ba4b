#include "app/doctor.h"

#include <fmt/format.h>

#include <algorithm>

#include "app/doctor_checks.h"
#include "app/mailroom.h"
#include "net/json.h"

namespace bb::app {

namespace {

std::string_view word(Mark mark) {
  switch (mark) {
    case Mark::fine:
      return "ok";
    case Mark::warning:
      return "warning";
    case Mark::fault:
      return "fault";
  }
  return "";
}

std::string sign(Mark mark, bool colours) {
  const char* text = mark == Mark::fine ? " ok " : mark == Mark::warning ? "WARN" : "FAIL";
  if (!colours) return fmt::format("[{}]", text);
  const int colour = mark == Mark::fine ? 32 : mark == Mark::warning ? 33 : 31;
  return fmt::format("[\033[{}m{}\033[0m]", colour, text);
}

Task<Finding> send_test_message(Ground ground, std::string environment) {
  const auto channels = make_channels(ground);
  if (channels.empty())
    co_return fault("message", "no test message: there is no way to anybody",
                    "set [notify] enabled = true and [telegram] token and chat_id, or "
                    "serverchan_sendkey, or webhook_url");
  notify::Letter letter;
  letter.title = notify::marked_title(environment, "测试消息 / test message");
  letter.body = fmt::format("{}  {}\n\nbubble-buster doctor --send",
                            iso_seconds(ground.clock.utc_now()), environment);
  letter.kind = "service";
  letter.written_at = ground.clock.utc_now();
  std::string delivered, failed;
  for (const auto& channel : channels) {
    const auto result = co_await channel->send(letter);
    std::string& names = result.delivered() ? delivered : failed;
    names += (names.empty() ? "" : "; ") + channel->name();
    if (!result.delivered()) names += ": " + result.problem;
  }
  if (!failed.empty())
    co_return fault("message", "the test message was not delivered: " + failed,
                    "check [telegram], [notify] and the proxy");
  co_return fine("message", "a test message was delivered by " + delivered);
}

}  // namespace

Finding fine(std::string check, std::string found) {
  return {std::move(check), Mark::fine, std::move(found), {}};
}
Finding warning(std::string check, std::string found, std::string advice) {
  return {std::move(check), Mark::warning, std::move(found), std::move(advice)};
}
Finding fault(std::string check, std::string found, std::string advice) {
  return {std::move(check), Mark::fault, std::move(found), std::move(advice)};
}

int DoctorReport::count(Mark mark) const {
  return static_cast<int>(std::ranges::count(findings, mark, &Finding::mark));
}

Task<DoctorReport> examine(Ground ground, DoctorOptions options) {
  const Config& config = ground.config;
  DoctorReport report;
  report.environment = binance::environment_of(config.binance.base_url);
  auto& findings = report.findings;
  const auto append = [&](Findings more) { std::ranges::move(more, std::back_inserter(findings)); };

  findings.push_back(check_config_file(config));
  append(check_secret_files(config));
  findings.push_back(check_environment_word(config));
  findings.push_back(check_time_zone(config, ground.clock.utc_now()));
  findings.push_back(judge_clock_kept(is_clock_kept()));
  findings.push_back(check_proxy_settings(config));
  findings.push_back(check_notifier_settings(config));
  append(check_runners(config));

  const auto identity = co_await check_exchange(ground, findings);
  if (identity) {
    report.account = identity->alias;
    append(check_account_files(config, *identity));
  } else {
    findings.push_back(check_database(config, ""));
  }
  if (options.send) findings.push_back(co_await send_test_message(ground, report.environment));
  co_return report;
}

DoctorReport report_of(const Faults& faults) {
  DoctorReport report;
  for (const auto& each : faults)
    report.findings.push_back(
        fault("config", each, "correct it; nothing else was checked, because nothing starts so"));
  return report;
}

Rendered render(const DoctorReport& report, bool colours) {
  const int faults = report.count(Mark::fault);
  const int warnings = report.count(Mark::warning);
  net::JsonWriter json;
  json.begin_object()
      .field("command", "doctor")
      .field("ok", faults == 0)
      .field("environment", report.environment)
      .field("account", report.account)
      .field("faults", faults)
      .field("warnings", warnings);
  json.key("checks").begin_array();
  std::size_t width = 0;
  for (const auto& each : report.findings)
    width = std::max(width, each.check.size());
  std::string text = "doctor";
  if (!report.environment.empty()) text += ": " + report.environment;
  if (!report.account.empty()) text += ", account " + report.account;
  text += "\n";
  for (const auto& each : report.findings) {
    json.begin_object()
        .field("check", each.check)
        .field("mark", word(each.mark))
        .field("found", each.found)
        .field("advice", each.advice)
        .end_object();
    text +=
        fmt::format("  {}  {:<{}}  {}\n", sign(each.mark, colours), each.check, width, each.found);
    if (!each.advice.empty()) text += fmt::format("{:{}}-> {}\n", "", width + 10, each.advice);
  }
  json.end_array().end_object();
  text +=
      fmt::format("{} faults, {} warnings, {} fine\n", faults, warnings, report.count(Mark::fine));
  return {json.take() + "\n", std::move(text)};
}

int exit_code_of(const DoctorReport& report) {
  return report.count(Mark::fault) > 0 ? kFailed : kDone;
}

}  // namespace bb::app
