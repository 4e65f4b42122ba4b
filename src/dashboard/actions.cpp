// Actions: first described, then confirmed, then handed to whoever holds the account. The holder
// records each with its result; that is the audit table.
#include <fmt/format.h>

#include "control/caller.h"
#include "dashboard/impl/api.h"
#include "dashboard/impl/fields.h"
#include "store/latch.h"

namespace bb::dashboard {

namespace {

using control::Command;
using control::CommandKind;
using net::JsonView;
using net::JsonWriter;

/// What will happen, in both languages of the page.
struct Description {
  std::string en, zh;
};

Description describe(const Command& command, const std::string& account) {
  const auto make = [&](std::string_view en, std::string_view zh) {
    return Description{fmt::format("{}: {}", account, en), fmt::format("{}：{}", account, zh)};
  };
  switch (command.kind) {
    case CommandKind::pause:
      return make("open nothing from now on; protection and closing go on",
                  "从现在起不再开新仓；保护和平仓照常进行");
    case CommandKind::resume:
      return make("end the pause or halt after one look at the account; entries are allowed again",
                  "检查账户一次后结束暂停，恢复开仓");
    case CommandKind::manage:
      return make("one patrol over all positions now", "立即巡检所有持仓一次");
    case CommandKind::loss_cut:
      return make("close at market what floats at a loss now, in the configured scope",
                  "立即按配置范围市价平掉浮亏持仓");
    case CommandKind::flatten: {
      const std::string part = command.percent.str();
      if (command.symbols.size() == 1)
        return make(fmt::format("pause entries and close {} % of {} at market", part,
                                command.symbols.front()),
                    fmt::format("暂停开仓，并市价平掉 {} 的 {} %", command.symbols.front(), part));
      return make(fmt::format("pause entries and close {} % of every position at market{}", part,
                              command.tracked ? " that is ours" : ", foreign ones too"),
                  fmt::format("暂停开仓，并市价平掉{}的 {} %",
                              command.tracked ? "本程序持仓" : "账户全部持仓（含外部）", part));
    }
    case CommandKind::catch_up:
      return command.reason == "on"
                 ? make(
                       "an entry that was missed may start late, within its grace; written into "
                       "the configuration",
                       "允许错过的开仓在宽限期内补开；写入配置文件")
                 : make(
                       "an entry starts within 60 s of its minute or not at all; written into the "
                       "configuration",
                       "开仓只在设定时刻后 60 秒内进行，错过即跳过；写入配置文件");
    case CommandKind::entry:
    case CommandKind::cancel:
    case CommandKind::preview:
    case CommandKind::status:
      break;
  }
  return {};
}

Result<CommandKind> kind_of(std::string_view action) {
  for (const auto kind : {CommandKind::pause, CommandKind::resume, CommandKind::manage,
                          CommandKind::loss_cut, CommandKind::flatten, CommandKind::catch_up})
    if (control::str(kind) == action) return kind;
  return fail(ErrorKind::invalid_input,
              "action: it must be one of pause, resume, manage, loss-cut, flatten, "
              "catch-up");
}

Result<Command> read_command(const std::string& body) {
  auto document = net::JsonDocument::parse(body);
  if (!document) return fail(ErrorKind::invalid_input, "the body is not JSON");
  const JsonView root = document->root();
  try {
    Command command;
    const auto kind = kind_of(root.at("action").text());
    if (!kind) return std::unexpected(kind.error());
    command.kind = *kind;
    std::string unknown;
    root.for_each_member([&](std::string_view name, JsonView) {
      const bool flattens = command.kind == CommandKind::flatten;
      const bool has_reason = *kind == CommandKind::pause || *kind == CommandKind::catch_up;
      const bool known = name == "action" || (name == "reason" && has_reason) ||
                         (flattens && (name == "symbol" || name == "percent" || name == "tracked"));
      if (!known) unknown = name;
    });
    // What is not understood might have been a restriction.
    if (!unknown.empty())
      return fail(ErrorKind::invalid_input, "this action has no member '" + unknown + "'");
    if (root.has("reason")) command.reason = root.at("reason").text().substr(0, 200);
    if (command.kind == CommandKind::catch_up && command.reason != "on" && command.reason != "off")
      return fail(ErrorKind::invalid_input, "reason: catch-up is switched \"on\" or \"off\"");
    if (root.has("tracked")) command.tracked = root.at("tracked").boolean();
    if (root.has("symbol")) {
      const std::string symbol(root.at("symbol").text());
      if (auto wrong = control::complaint_of_symbol(symbol); !wrong.empty())
        return fail(ErrorKind::invalid_input, std::move(wrong));
      command.symbols.push_back(symbol);
    }
    if (root.has("percent")) {
      const auto percent = control::parse_percent(root.at("percent").text());
      if (!percent) return std::unexpected(percent.error());
      command.percent = *percent;
    }
    return command;
  } catch (const net::JsonError& error) {
    return fail(ErrorKind::invalid_input, error.what());
  }
}

void write_report(JsonWriter& json, std::string_view name, const control::Reply& reply) {
  json.key(name).begin_object();
  json.field("answered", reply.kind == control::Reply::Kind::answered);
  if (reply.kind == control::Reply::Kind::answered) {
    const auto& report = reply.answer.report;
    json.field("exit_code", report.exit_code).field("failed", report.failed);
    json.field("text", report.text).field("by", reply.answer.by.command);
  } else {
    json.field("text", reply.text);
    // Whether it happened is known only where nobody took it.
    json.field("unknown", reply.kind == control::Reply::Kind::lost);
  }
  json.end_object();
}

}  // namespace

std::string who_of(const Request& request) {
  return fmt::format("dashboard, {} at {}", str(request.role), request.client);
}

Task<net::ServerReply> post_prepare(Site& site, const Request& request) {
  auto command = read_command(request.http.body);
  if (!command) co_return answer_error(command.error());
  command->who = who_of(request);
  auto words = describe(*command, site.options.account.name);
  JsonWriter json;
  json.begin_object().field("action", control::str(command->kind));
  if (command->kind == CommandKind::resume) {
    // Only what was shown is ended.
    const auto latch = store::Latch(site.options.account.directory).read();
    command->seen = store::mark_of(latch);
    if (latch) {
      const auto shown =
          fmt::format("{}, {}, {}", latch->kind == store::LatchKind::paused ? "paused" : "halted",
                      latch->who, latch->why);
      words.en += " (" + shown + ")";
      words.zh += "（" + shown + "）";
    }
  }
  json.field("says", words.en).field("says_zh", words.zh);
  json.field("environment", site.options.account.environment);
  if (command->kind == CommandKind::flatten) {
    Command preview = *command;
    preview.kind = CommandKind::preview;
    preview.id = control::make_command_id();
    preview.made_at = site.clock.utc_now();
    const auto reply =
        co_await control::hand_over(site.io, site.clock, site.options.account.directory, preview);
    write_report(json, "preview", reply);
  }
  json.field("confirm", site.pending.put(request.session, *command)).end_object();
  co_return answer_json(json.take());
}

Task<net::ServerReply> post_confirm(Site& site, const Request& request) {
  std::string name;
  auto document = net::JsonDocument::parse(request.http.body);
  try {
    if (document) name = document->root().at("confirm").text();
  } catch (const net::JsonError&) {
    name.clear();
  }
  if (name.empty()) co_return answer_error(400, "the body is {\"confirm\": \"..\"}");
  auto command = site.pending.take(name, request.session);
  if (!command) co_return answer_error(command.error());
  command->id = control::make_command_id();
  command->made_at = site.clock.utc_now();
  site.log.info(
      "action confirmed",
      {{"action", control::str(command->kind)}, {"id", command->id}, {"who", command->who}});
  const auto reply =
      co_await control::hand_over(site.io, site.clock, site.options.account.directory, *command);
  JsonWriter json;
  json.begin_object().field("action", control::str(command->kind)).field("id", command->id);
  write_report(json, "report", reply);
  json.end_object();
  site.live.want();
  const bool answered = reply.kind == control::Reply::Kind::answered;
  co_return answer_json(json.take(), answered ? 200 : 502);
}

}  // namespace bb::dashboard
