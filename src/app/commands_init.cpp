// init: a first configuration, from a person or from options; what can be tried is tried before it
// is written, and the whole is looked at afterwards.
#include <fmt/format.h>
#include <unistd.h>

#include <cstdio>
#include <filesystem>

#include "app/commands.h"
#include "app/config_text.h"
#include "app/doctor.h"
#include "app/exit_codes.h"
#include "app/report.h"
#include "app/telegram_hello.h"
#include "app/terminal.h"

namespace bb::app {

namespace {

namespace fs = std::filesystem;

constexpr int kTries = 3;
constexpr const char* kPaperUrl = "http://127.0.0.1:8790";  // where `paper` listens

struct Answers {
  std::string exchange, base_url;
  Secret api_key, api_secret;
  Secret token;
  std::string chat, user, api_url;
};

std::string base_url_of(const std::string& exchange, const std::string& named) {
  if (!named.empty()) return named;
  if (exchange == "live") return "https://fapi.binance.com";
  return exchange == "testnet" ? "https://demo-fapi.binance.com" : kPaperUrl;
}

void say(const std::string& line) { fmt::print(stderr, "{}\n", line); }

/// The keys that a first file has; all others have their defaults.
WrittenKeys keys_of(const Answers& answers) {
  WrittenKeys keys;
  const auto put = [&](const char* section, const char* key, std::string_view value,
                       bool is_off = false) {
    auto& written = keys[{section, key}];
    written.value = value;
    written.is_off = is_off;
  };
  const bool has_key = !answers.api_key.empty();
  put("binance", "api_key", answers.api_key.reveal(), !has_key);
  put("binance", "api_secret", answers.api_secret.reveal(), !has_key);
  put("binance", "base_url", answers.base_url);
  put("binance", "environment", answers.exchange);
  const Config defaults;
  const std::pair<const char*, const char*> shown[] = {{"strategy", "leverage"},
                                                       {"strategy", "top_n"},
                                                       {"strategy", "allocation_splits"},
                                                       {"strategy", "tp_price_drop_pct"},
                                                       {"strategy", "sl_liq_buffer_pct"},
                                                       {"strategy", "max_hold_hours"},
                                                       {"strategy", "volume_threshold"},
                                                       {"runtime", "timezone"},
                                                       {"runtime", "entry_hour"},
                                                       {"runtime", "entry_minute"},
                                                       {"runtime", "entry_catchup_enabled"},
                                                       {"runtime", "daily_loss_cut_enabled"},
                                                       {"runtime", "daily_loss_cut_hour"},
                                                       {"runtime", "daily_loss_cut_minute"},
                                                       {"runtime", "daily_loss_cut_grace_min"},
                                                       {"runtime", "daily_loss_cut_scope"},
                                                       {"runtime", "db_path"},
                                                       {"runtime", "log_dir"},
                                                       {"runtime", "lock_file"}};
  for (const auto& section : defaults.sections)
    for (const auto& row : section.rows())
      for (const auto& [where, key] : shown)
        if (section.name() == where && row.key == key) put(where, key, row.default_text);
  put("runtime", "daily_loss_cut_grace_min", "10");
  const bool has_bot = !answers.token.empty();
  put("notify", "enabled", "true");
  put("telegram", "token", answers.token.reveal(), !has_bot);
  put("telegram", "chat_id", answers.chat, !has_bot);
  if (!answers.api_url.empty()) put("telegram", "api_url", answers.api_url);
  put("bot", "users", answers.user, !has_bot || answers.user.empty());
  return keys;
}

std::string text_of(const Answers& answers, const std::string& path) {
  auto keys = keys_of(answers);
  // A second file in the same folder is a second account: it shares no lock and no database.
  if (const auto name = fs::path(path).stem().string(); name != "config") {
    keys[{"runtime", "db_path"}].value = name + ".db";
    keys[{"runtime", "lock_file"}].value = name + ".lock";
    keys[{"runtime", "log_dir"}].value = "logs_" + name;
  }
  return config_text({"Bubble Buster: written by `bubble-buster init`.",
                      "Every other key has its default: `bubble-buster --print-config` shows what "
                      "is in effect, docs/config.md says what each means.",
                      "It may hold secrets: only its owner may read it."},
                     keys);
}

class Init {
 public:
  Init(Session& session, const InitCommand& command, const Environment& environment)
      : session_(session), command_(command), environment_(environment) {
    is_asking_ = !command.no_input;
  }

  Task<int> run() {
    if (const auto free = check_place(); !free) co_return report_error(free.error(), false);
    if (const auto chosen = choose_exchange(); !chosen)
      co_return report_error(chosen.error(), false);
    if (const auto known = co_await settle_key(); !known)
      co_return report_error(known.error(), false);
    if (const auto known = co_await settle_telegram(); !known)
      co_return report_error(known.error(), false);
    const std::string text = text_of(answers_, command_.config_path);
    if (const auto faults = faults_of(text, command_.config_path, environment_); !faults.empty())
      co_return report_error({ErrorKind::configuration, faults.front(), 0}, false);
    if (const auto kept = keep_former(); !kept) co_return report_error(kept.error(), false);
    if (const auto written = write_config_file(command_.config_path, text); !written)
      co_return report_error(written.error(), false);
    say("written: " + command_.config_path + ", readable for its owner alone");
    co_return co_await look_at_all();
  }

 private:
  Status check_place() const {
    std::error_code ignored;
    if (command_.force || !fs::exists(command_.config_path, ignored)) return {};
    return fail(ErrorKind::configuration,
                fmt::format("'{}' is there already; edit it, or keep it aside with --force",
                            command_.config_path));
  }

  Status keep_former() const {
    std::error_code error;
    if (!fs::exists(command_.config_path, error)) return {};
    // Each --force keeps one more: the first may be the only one with the owner's keys.
    std::string kept = command_.config_path + ".before";
    for (int i = 2; fs::exists(fs::symlink_status(kept, error)); ++i)
      kept = fmt::format("{}.before.{}", command_.config_path, i);
    fs::rename(command_.config_path, kept, error);
    if (error)
      return fail(ErrorKind::configuration,
                  fmt::format("'{}': {}", command_.config_path, error.message()));
    say("the former file is " + kept);
    return {};
  }

  Status choose_exchange() {
    answers_.exchange = command_.exchange;
    for (int i = 0; answers_.exchange.empty() && is_asking_ && i < kTries; ++i) {
      const auto word = ask("Exchange: paper (no money), testnet or live (real money)", "paper");
      if (!word) return std::unexpected(word.error());
      if (*word == "paper" || *word == "testnet" || *word == "live") answers_.exchange = *word;
    }
    if (answers_.exchange.empty() && !is_asking_) answers_.exchange = "paper";
    if (answers_.exchange.empty())
      return fail(ErrorKind::invalid_input, "it is paper, testnet or live");
    if (answers_.exchange == "live" && command_.exchange.empty()) {
      const auto sure = ask("It will trade with real money. Type live once more");
      if (!sure || *sure != "live") return fail(ErrorKind::invalid_input, "not confirmed");
    }
    answers_.base_url = base_url_of(answers_.exchange, command_.base_url);
    const auto actual = binance::environment_of(answers_.base_url);
    if (actual != answers_.exchange)
      return fail(ErrorKind::invalid_input,
                  fmt::format("{} is {}, not {}", answers_.base_url, actual, answers_.exchange));
    return {};
  }

  // What the exchange calls the account of this key; `unreachable` is no proof against the key.
  Task<Result<std::string>> try_key() {
    auto config = load_config_text(text_of(answers_, command_.config_path), command_.config_path,
                                   environment_);
    if (!config) co_return fail(ErrorKind::configuration, config.error().front());
    const auto dialer = wire_network(session_.io(), session_.clock(), **config);
    const Ground ground{*dialer, session_.clock(), session_.log(), **config, &session_.stop()};
    const auto view = co_await AccountView::open(ground);
    if (!view) co_return std::unexpected(view.error());
    co_return (*view)->name();
  }

  Status read_key() {
    const auto one = [&](const std::string& file, const char* question, Secret& target) -> Status {
      if (file.empty() && !is_asking_) return {};
      auto secret = file.empty() ? ask_secret(question) : read_secret_line(file);
      if (!secret) return std::unexpected(secret.error());
      target = std::move(*secret);
      return {};
    };
    const char* key = "API key (not shown; empty = put it into the file later)";
    if (auto read = one(command_.api_key_file, key, answers_.api_key); !read) return read;
    if (answers_.api_key.empty()) return {};
    return one(command_.api_secret_file, "Its secret (not shown)", answers_.api_secret);
  }

  Task<Status> settle_key() {
    for (int i = 0; i < kTries; ++i) {
      if (auto read = read_key(); !read) co_return read;
      if (answers_.api_key.empty()) co_return Status{};
      const auto name = co_await try_key();
      if (name) {
        say(fmt::format("the exchange answers: account {}", *name));
        co_return Status{};
      }
      say("this key does not work: " + name.error().text);
      const bool may_ask_again = is_asking_ && command_.api_key_file.empty();
      if (name.error().kind == ErrorKind::unreachable) {
        // Written all the same: the doctor says what is missing.
        say("it is written down untried");
        co_return Status{};
      }
      if (!may_ask_again) co_return std::unexpected(name.error());
    }
    co_return fail(ErrorKind::configuration, "no key that works was given");
  }

  Task<Status> settle_telegram() {
    if (command_.no_telegram) co_return Status{};
    if (!command_.telegram_token_file.empty()) {
      auto token = read_secret_line(command_.telegram_token_file);
      if (!token) co_return std::unexpected(token.error());
      answers_.token = std::move(*token);
    } else if (is_asking_) {
      auto token = ask_secret("Token of your Telegram bot, from @BotFather (empty = no bot)");
      if (!token) co_return std::unexpected(token.error());
      answers_.token = std::move(*token);
    }
    if (answers_.token.empty()) co_return Status{};
    answers_.api_url = command_.telegram_api_url;
    answers_.chat = answers_.user = command_.telegram_chat;
    if (!answers_.chat.empty()) {
      // A group's id is nobody's user id.
      if (answers_.chat.starts_with('-')) answers_.user.clear();
      co_return Status{};
    }
    co_return co_await find_chat();
  }

  Task<Status> find_chat() {
    notify::BotApiOptions options;
    if (!command_.telegram_api_url.empty()) options.base_url = command_.telegram_api_url;
    const auto config = default_config(environment_);
    const auto own = config ? wire_telegram(session_.io(), session_.clock(), **config) : nullptr;
    const auto api = notify::BotApi::make(answers_.token.clone(), options,
                                          own ? *own : session_.dialer(), session_.clock());
    if (!api) co_return std::unexpected(api.error());
    const auto name = co_await ask_bot_name(**api);
    if (!name) co_return std::unexpected(name.error());
    const std::string code = make_hello_code();
    say(fmt::format("Send this code to your bot, https://t.me/{} : {}", *name, code));
    const auto hello = co_await wait_for_code(**api, session_.clock(), session_.stop(), code,
                                              Seconds(command_.telegram_wait_sec));
    if (!hello) co_return std::unexpected(hello.error());
    answers_.user = std::to_string(hello->user);
    answers_.chat = std::to_string(hello->chat);
    say(fmt::format("that was {} (user {}, chat {})", hello->name, hello->user, hello->chat));
    co_return Status{};
  }

  Task<int> look_at_all() {
    if (command_.no_doctor) co_return kDone;
    auto config = load_config(command_.config_path, environment_);
    if (!config)
      co_return report_error({ErrorKind::configuration, config.error().front(), 0}, false);
    const auto dialer = wire_network(session_.io(), session_.clock(), **config);
    const auto telegram = wire_telegram(session_.io(), session_.clock(), **config);
    const Ground ground{*dialer,          session_.clock(), session_.log(), **config,
                        &session_.stop(), nullptr,          telegram.get()};
    const auto report = co_await examine(ground, {});
    print(render(report, isatty(STDOUT_FILENO) != 0), session_.json());
    co_return exit_code_of(report);
  }

  Session& session_;
  const InitCommand& command_;
  const Environment& environment_;
  bool is_asking_ = true;
  Answers answers_;
};

Task<int> do_init(Session& session, const InitCommand& command, const Environment& environment) {
  Init init(session, command, environment);
  co_return co_await init.run();
}

}  // namespace

int run_command(const CommandContext& context, const InitCommand& command) {
  Session session(context.config, Log(LogLevel::error, null_sink()), context.json);
  return session.run([&](Session& s) { return do_init(s, command, context.config.environment); },
                     AfterStop::own_code);
}

}  // namespace bb::app
