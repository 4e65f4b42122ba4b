#include "control/wire.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <optional>

#include "net/json.h"

namespace bb::control {

namespace {

using net::JsonView;
using net::JsonWriter;

constexpr std::size_t kIdDigits = 32;
constexpr std::size_t kTextBytesMax = 400;
constexpr std::size_t kSymbolsMax = 1000;
constexpr std::array kKinds = {CommandKind::entry,   CommandKind::manage,  CommandKind::loss_cut,
                               CommandKind::flatten, CommandKind::preview, CommandKind::pause,
                               CommandKind::resume,  CommandKind::status,  CommandKind::cancel,
                               CommandKind::catch_up};

bool selects(CommandKind kind) {
  return kind == CommandKind::flatten || kind == CommandKind::preview;
}

bool names_symbols(CommandKind kind) { return selects(kind) || kind == CommandKind::cancel; }

std::unexpected<Error> refuse(std::string why) {
  return fail(ErrorKind::invalid_input, std::move(why));
}

// What somebody else wrote, as an error may repeat it.
std::string shown(std::string_view text) {
  constexpr std::size_t kShown = 32;
  std::string out(text.substr(0, kShown));
  std::ranges::replace_if(out, [](char c) { return c < ' ' || c > '~'; }, '?');
  return out;
}

bool is_id(std::string_view text) {
  return text.size() == kIdDigits && std::ranges::all_of(text, [](char c) {
           return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
         });
}

void write_members(JsonWriter& json, const Command& command) {
  if (!command.trade_day.empty()) json.field("trade_day", command.trade_day);
  if (selects(command.kind)) {
    json.field("scope", command.tracked ? "tracked" : "account");
    json.field("percent", command.percent.str());
  }
  if (names_symbols(command.kind)) {
    json.key("symbols").begin_array();
    for (const auto& symbol : command.symbols)
      json.value(symbol);
    json.end_array();
  }
  if (selects(command.kind)) {
    if (command.sides != Sides::any)
      json.field("side", command.sides == Sides::longs ? "long" : "short");
    if (command.profits != Profits::any)
      json.field("profit", command.profits == Profits::losers ? "losers" : "winners");
  }
  if (!command.reason.empty()) json.field("reason", command.reason);
  if (!command.seen.empty()) json.field("seen", command.seen);
}

std::string short_text(JsonView value) {
  const std::string_view text = value.text();
  if (text.size() > kTextBytesMax) throw net::JsonError("a text is too long");
  return std::string(text);
}

/// Fills `command` from one member; false when this version does not know it.
bool read_member(Command& command, std::string_view name, JsonView value) {
  const bool flattens = selects(command.kind);
  if (name == "id") {
    command.id = short_text(value);
  } else if (name == "at") {
    command.made_at = from_ms(value.integer());
  } else if (name == "who") {
    command.who = short_text(value);
  } else if (name == "trade_day" && command.kind == CommandKind::entry) {
    command.trade_day = short_text(value);
  } else if (name == "reason" &&
             (command.kind == CommandKind::pause || command.kind == CommandKind::catch_up)) {
    command.reason = short_text(value);
  } else if (name == "seen" && command.kind == CommandKind::resume) {
    command.seen = short_text(value);
  } else if (name == "scope" && flattens) {
    const std::string scope = short_text(value);
    if (scope != "tracked" && scope != "account") throw net::JsonError("scope is not known");
    command.tracked = scope == "tracked";
  } else if (name == "percent" && flattens) {
    const auto percent = parse_percent(value.text());
    if (!percent) throw net::JsonError(percent.error().text);
    command.percent = *percent;
  } else if (name == "side" && flattens) {
    const std::string side = short_text(value);
    if (side != "long" && side != "short") throw net::JsonError("side is not known");
    command.sides = side == "long" ? Sides::longs : Sides::shorts;
  } else if (name == "profit" && flattens) {
    const std::string profit = short_text(value);
    if (profit != "losers" && profit != "winners") throw net::JsonError("profit is not known");
    command.profits = profit == "losers" ? Profits::losers : Profits::winners;
  } else if (name == "symbols" && names_symbols(command.kind)) {
    if (!value.is_array() || value.size() > kSymbolsMax)
      throw net::JsonError("symbols is no list, or too long a one");
    value.for_each([&](JsonView each) { command.symbols.push_back(short_text(each)); });
  } else {
    return false;
  }
  return true;
}

Result<Request> read_command(JsonView root, CommandKind kind) {
  Command command;
  command.kind = kind;
  std::string unknown;
  root.for_each_member([&](std::string_view name, JsonView value) {
    if (name == "v" || name == "do") return;
    if (!read_member(command, name, value) && unknown.empty()) unknown = name;
  });
  if (!unknown.empty())
    return refuse(fmt::format("'{}' is no argument of {} that this version knows", shown(unknown),
                              str(kind)));
  if (!is_id(command.id)) return refuse("a command needs an id of 32 hex digits");
  if (!root.has("at")) return refuse("a command needs the time at which it was made");
  if (selects(kind) && !(root.has("percent") && root.has("scope")))
    return refuse(fmt::format("{} needs a percent and a scope", str(kind)));
  for (const auto& symbol : command.symbols)
    if (auto why = complaint_of_symbol(symbol); !why.empty()) return refuse(std::move(why));
  return command;
}

Result<Request> read_request(JsonView root) {
  if (!root.is_object()) return refuse("a request is one JSON object in one line");
  const std::int64_t version = root.at("v").integer();
  if (version != kWireVersion)
    return refuse(fmt::format("this holder speaks version {}, not {}", kWireVersion, version));
  const std::string_view wish = root.at("do").text();
  if (wish == "ping") return Ping{};
  if (wish == "watch") return Watch{};
  for (const CommandKind kind : kKinds)
    if (str(kind) == wish) return read_command(root, kind);
  return refuse(fmt::format("'{}' is no command", shown(wish)));
}

Message read_message(JsonView root) {
  const std::string_view state = root.at("state").text();
  if (state == "accepted") return Accepted{};
  if (state == "working") return Working{};
  if (state == "error") return Failed{std::string(root.at("error").text())};
  if (state == "counters") {
    std::vector<Counter> counters;
    root.at("counters").for_each_member([&](std::string_view name, JsonView count) {
      counters.push_back({std::string(name), static_cast<std::uint64_t>(count.integer())});
    });
    return counters;
  }
  if (state != "answered") throw net::JsonError("state is not known");
  const JsonView by = root.at("by");
  Answer answer;
  answer.by = {std::string(by.at("command").text()), static_cast<int>(by.at("pid").integer())};
  answer.report.exit_code = static_cast<int>(root.at("exit_code").integer());
  answer.report.json = root.at("json").text();
  answer.report.text = root.at("text").text();
  answer.report.failed = root.at("failed").boolean();
  return answer;
}

struct MessageWriter {
  JsonWriter& json;

  void operator()(const Accepted&) const { json.field("state", "accepted"); }
  void operator()(const Working&) const { json.field("state", "working"); }
  void operator()(const Failed& failed) const {
    json.field("state", "error").field("error", failed.error);
  }
  void operator()(const std::vector<Counter>& counters) const {
    json.field("state", "counters").key("counters").begin_object();
    for (const auto& each : counters)
      json.field(each.name, each.count);
    json.end_object();
  }
  void operator()(const Answer& answer) const {
    json.field("state", "answered").key("by").begin_object();
    json.field("command", answer.by.command).field("pid", answer.by.pid).end_object();
    json.field("exit_code", answer.report.exit_code)
        .field("json", answer.report.json)
        .field("text", answer.report.text)
        .field("failed", answer.report.failed);
  }
};

}  // namespace

std::string write_request(const Request& request) {
  JsonWriter json;
  json.begin_object().field("v", kWireVersion);
  if (const auto* command = std::get_if<Command>(&request)) {
    json.field("do", str(command->kind))
        .field("id", command->id)
        .field("at", to_ms(command->made_at))
        .field("who", command->who);
    write_members(json, *command);
  } else {
    json.field("do", std::holds_alternative<Ping>(request) ? "ping" : "watch");
  }
  json.end_object();
  return json.take() + "\n";
}

Result<Request> parse_request(std::string_view line) {
  const auto document = net::JsonDocument::parse(line);
  if (!document) return refuse("a request is one JSON object in one line");
  try {
    return read_request(document->root());
  } catch (const net::JsonError& error) {
    return refuse(error.what());
  }
}

std::string write_message(const Message& message) {
  JsonWriter json;
  json.begin_object().field("v", kWireVersion);
  std::visit(MessageWriter{json}, message);
  json.end_object();
  return json.take() + "\n";
}

Result<Message> parse_message(std::string_view line) {
  const auto document = net::JsonDocument::parse(line);
  if (!document) return fail(ErrorKind::malformed, "the holder's answer is no JSON");
  try {
    return read_message(document->root());
  } catch (const net::JsonError& error) {
    return fail(ErrorKind::malformed, fmt::format("the holder's answer: {}", error.what()));
  }
}

std::string write_arguments(const Command& command) {
  JsonWriter json;
  json.begin_object();
  write_members(json, command);
  json.end_object();
  return json.take();
}

}  // namespace bb::control
