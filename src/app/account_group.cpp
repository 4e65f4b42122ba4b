#include "app/account_group.h"

#include <fmt/format.h>

#include <algorithm>

#include "app/report_commands.h"
#include "net/json.h"

namespace bb::app {

namespace {

control::Report failure(ErrorKind kind, std::string text) {
  return render(service::CommandResult(Error{kind, std::move(text), 0}));
}

// The host's log; every line says whose money it is about.
Log log_of(Session& host, const std::string& name) {
  const auto forward = [&host, name](LogLevel level, std::string_view line) {
    switch (level) {
      case LogLevel::debug:
        return host.log().debug(line, {{"account", name}});
      case LogLevel::info:
        return host.log().info(line, {{"account", name}});
      case LogLevel::warn:
        return host.log().warn(line, {{"account", name}});
      case LogLevel::error:
        return host.log().error(line, {{"account", name}});
    }
  };
  return {LogLevel::debug, forward};
}

}  // namespace

std::string_view flatten_verdict(const control::Report& report) {
  if (!report.failed && report.exit_code == kDone) return str(desk::FlattenVerdict::flat);
  if (!report.failed && report.exit_code == kPartial) return str(desk::FlattenVerdict::partial);
  return str(desk::FlattenVerdict::unknown);
}

std::string render_results(const std::vector<AccountResult>& results) {
  net::JsonWriter json;
  json.begin_object().key("accounts").begin_array();
  for (const auto& [name, report] : results) {
    std::string body = report.json;
    while (body.ends_with('\n'))
      body.pop_back();
    json.begin_object().field("account", name).field("exit_code", report.exit_code);
    json.key("result").raw(body).end_object();
  }
  json.end_array().end_object();
  return json.take() + "\n";
}

int exit_code_of(const std::vector<AccountResult>& results) {
  int code = kDone;
  for (const int each : {kPartial, kUnknown}) {
    if (std::ranges::any_of(results, [&](const auto& r) { return r.report.exit_code == each; }))
      code = each;
  }
  if (code != kDone) return code;
  for (const auto& result : results) {
    if (result.report.exit_code == kDone) continue;
    // Some did it and some did not.
    const bool is_all =
        std::ranges::none_of(results, [](const auto& r) { return r.report.exit_code == kDone; });
    return is_all ? result.report.exit_code : kPartial;
  }
  return kDone;
}

AccountGroup::AccountGroup(Session& host, std::vector<NamedAccount> accounts)
    : venues_(accounts.size()) {
  for (auto& account : accounts) {
    auto log = log_of(host, account.name);
    members_.push_back({std::move(account.name), account.config,
                        std::make_unique<Session>(host, *account.config, std::move(log), venues_)});
  }
}

AccountGroup::~AccountGroup() = default;

Task<AccountResult> AccountGroup::carry_out_for(Member& member, control::Command wish,
                                                OnResult on_result) {
  AccountResult result{member.name, {}};
  const Tell tell = [&](const control::Report& report) {
    result.report = report;
    if (on_result) on_result(result);
  };
  bool is_told = false;
  try {
    const auto settled = co_await settle_files(member.session->ground(), *member.config);
    if (!settled) {
      tell(render(service::CommandResult(settled.error())));
      co_return result;
    }
    result.report = co_await app::carry_out(*member.session, std::move(wish),
                                            [&](const control::Report& report) {
                                              is_told = true;
                                              tell(report);
                                            });
    co_return result;
  } catch (const std::exception& error) {
    member.session->log().error("command broke off", {{"why", error.what()}});
    // A result that was there before stands: what broke came after it.
    if (!is_told)
      tell(failure(ErrorKind::conflict, fmt::format("it broke off: {}; look at the account, "
                                                    "whatever this says",
                                                    error.what())));
  }
  co_return result;
}

Task<std::vector<AccountResult>> AccountGroup::carry_out(control::Command wish,
                                                         std::vector<std::string> names,
                                                         OnResult on_result) {
  std::vector<Task<AccountResult>> tasks;
  for (auto& member : members_) {
    if (!names.empty() && std::ranges::find(names, member.name) == names.end()) continue;
    // Each account keeps records of its own.
    wish.id = control::make_command_id();
    tasks.push_back(carry_out_for(member, wish, on_result));
  }
  auto results = co_await gather(std::move(tasks));
  for (const auto& name : names) {
    if (std::ranges::find(members_, name, &Member::name) != members_.end()) continue;
    results.push_back(
        {name, failure(ErrorKind::invalid_input, fmt::format("there is no account '{}'", name))});
    if (on_result) on_result(results.back());
  }
  co_return results;
}

}  // namespace bb::app
