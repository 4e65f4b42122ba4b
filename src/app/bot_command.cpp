// bot: all accounts in one hand, from Telegram. One loop; no account and no dead Telegram keeps
// another account waiting.
#include <fmt/format.h>

#include "app/accounts.h"
#include "app/bot_account.h"
#include "app/bot_caretaker.h"
#include "app/bot_strategies.h"
#include "app/commands.h"
#include "app/exit_codes.h"
#include "app/mailroom.h"
#include "app/service_command.h"
#include "base/join.h"
#include "bot/bot.h"
#include "bot/lockdown.h"
#include "bot/one_time_code.h"
#include "notify/bot_api.h"
#include "service/messages.h"
#include "store/account_home.h"

namespace bb::app {

namespace {

struct Setup {
  std::vector<std::unique_ptr<Config>> configs;  // by account_names()
  Faults faults;
};

Setup set_up(const Config& config) {
  Setup setup;
  const auto names = account_names(config);
  if (names.empty() && !has_strategies(config))
    setup.faults.emplace_back(
        "the bot has no account: add [account.NAME] with api_key and api_secret, or set "
        "BINANCE_API_CONFIGS to {\"NAME\":{\"apiKey\":\"..\",\"secret\":\"..\"}}; "
        "for a bot of strategy processes alone set STRATEGIES or CTRL_MODE");
  for (const auto& name : names) {
    auto own = config_of_account(config, name);
    if (own)
      setup.configs.push_back(std::move(*own));
    else
      setup.faults.push_back(own.error().text);
  }
  const auto& telegram = config.notify.telegram;
  if (telegram.token.empty() || !notify::is_bot_token(telegram.token))
    setup.faults.emplace_back(
        "the bot has no token: @BotFather gives one; put it into [telegram] token (as file:/path) "
        "or TELEGRAM_TOKEN");
  if (config.bot.users.empty() && config.bot.sections.empty())
    setup.faults.emplace_back(
        "nobody may use the bot: put the Telegram id of its owner into [bot] users or "
        "ENABLED_USERS (a number; @userinfobot tells yours)");
  return setup;
}

int report(const Faults& faults, bool json) {
  std::string all;
  for (const auto& fault : faults)
    all += (all.empty() ? "" : "\nbubble-buster: ") + fault;
  return report_error({ErrorKind::configuration, all, 0}, json);
}

std::int64_t number_of(const Secret& token) {
  return std::strtoll(std::string(token.reveal()).c_str(), nullptr, 10);
}

// What ends the watch must not end the bot.
Task<void> watch(BotStrategies& strategies, const Log& log) {
  try {
    co_await strategies.run();
  } catch (const std::exception& error) {
    log.error("strategies are not watched any more", {{"why", error.what()}});
  }
}

Task<void> deliver(BotPost& post, const Log& log) {
  try {
    co_await post.run();
  } catch (const std::exception& error) {
    log.error("the bot's own alerts are not delivered any more", {{"why", error.what()}});
  }
}

/// The watch over the accounts' services, and the post that its alerts take.
struct Care {
  std::unique_ptr<BotPost> post;
  std::vector<std::unique_ptr<Caretaker>> caretakers;  // one per account
};

Care take_care(Session& session, std::vector<std::unique_ptr<BotAccount>>& accounts,
               store::OpsStore& ops, boost::asio::any_io_executor executor) {
  const auto& bot = session.config().bot;
  Care care;
  auto post = BotPost::open(session, std::move(executor), bot.ops_db + ".watch", "bot");
  // A flatten from Telegram must be possible with a damaged file of alerts, too.
  if (post)
    care.post = std::move(*post);
  else
    session.log().error("alerts about the services are only logged",
                        {{"file", bot.ops_db + ".watch"}, {"why", post.error().text}});
  for (auto& account : accounts)
    care.caretakers.push_back(std::make_unique<Caretaker>(
        account->session(), account->name(), ops, Seconds(bot.service_silence_sec),
        [raw = care.post.get(), &log = session.log()](store::OutboxMessage message) {
          if (raw != nullptr)
            raw->put(std::move(message));
          else
            log.error("alert not delivered", {{"what", message.title}});
        }));
  return care;
}

// Whatever ends the bot ends the watch.
Task<void> run_and_stop(bot::Bot& bot, Stop& stop) {
  try {
    co_await bot.run(stop);
  } catch (...) {
    stop.request();
    throw;
  }
  stop.request();
}

Task<Result<bool>> acknowledge(BotStrategies& strategies, BotPost* post, std::string data,
                               std::string who) {
  const auto noted = co_await strategies.acknowledge(data, who);
  if (!noted || *noted || post == nullptr) co_return noted;
  co_return co_await post->acknowledge(std::move(data), std::move(who));
}

Task<int> run_bot(Session& session, Setup& setup) {
  const auto& config = session.config();
  auto lock = co_await store::FileLock::acquire(config.bot.ops_db + ".lock", "bot", Micros(0),
                                                session.clock(),
                                                "one bot runs per [bot] ops_db; stop the other");
  if (!lock) co_return report_error(lock.error(), session.json());
  auto ops = store::OpsStore::open(config.bot.ops_db);
  if (!ops) co_return report_error(ops.error(), session.json());
  const auto& telegram = config.notify.telegram;
  notify::BotApiOptions options;
  options.base_url = telegram.api_url;
  auto api = notify::BotApi::make(telegram.token.clone(), options,
                                  session.ground().telegram_dialer(), session.clock());
  if (!api) co_return report_error(api.error(), session.json());

  const auto executor = co_await boost::asio::this_coro::executor;
  std::vector<std::unique_ptr<BotAccount>> accounts;
  Venues venues(setup.configs.size());
  bot::Parts parts{**api, **ops,          session.clock(),           session.log(), config.bot,
                   {},    telegram.chats, number_of(telegram.token), BB_VERSION,    {}};
  BotPost* post = nullptr;
  parts.alarm = [&](std::string problem) {
    session.log().error("bot hears nothing", {{"why", problem}});
    if (post == nullptr) return;
    // Through every channel, this one included: who hears nothing may still be able to speak.
    post->put(service::trouble_message("alert",
                                       "Telegram 机器人异常 / trouble with the Telegram bot",
                                       problem, session.clock().utc_now()));
  };
  for (auto& own : setup.configs) {
    const std::string name = own->account;
    auto groups = groups_of(config, name);
    accounts.push_back(std::make_unique<BotAccount>(session, std::move(own), name,
                                                    std::move(groups), venues, executor));
    parts.accounts.push_back(accounts.back()->port());
  }
  auto strategies = BotStrategies::open(session, executor);
  if (!strategies) co_return report_error(strategies.error(), session.json());
  parts.strategies = &(*strategies)->strategies();
  const Care care = take_care(session, accounts, *ops.value(), executor);
  post = care.post.get();
  parts.acknowledge = [raw = strategies->get(), post](std::string data, std::string who) {
    return acknowledge(*raw, post, std::move(data), std::move(who));
  };
  auto bot = bot::Bot::open(std::move(parts));
  if (!bot) co_return report_error(bot.error(), session.json());
  session.log().info("bot started", {{"accounts", accounts.size()}});
  session.notice().ready("hears its people");
  TaskGroup watching(executor);
  watching.spawn(watch(**strategies, session.log()));
  if (care.post) watching.spawn(deliver(*care.post, session.log()));
  for (const auto& caretaker : care.caretakers)
    watching.spawn(caretaker->run());
  co_await join_after(watching, run_and_stop(**bot, session.stop()));
  for (auto& account : accounts)
    co_await account->finish();
  co_return kDone;
}

int make_totp(const std::string& user) {
  const auto secret = bot::make_totp_secret();
  fmt::print(
      "1. Put this into the configuration, or the secret alone into a file that only its owner "
      "can read\n   and name that (totp_secret = file:/path):\n\n[user.{}]\ntotp_secret = {}\n\n"
      "2. Add it to the authenticator app, by hand or as a QR code of this address:\n\n{}\n\n"
      "3. Restart the bot.\n",
      user, secret, bot::totp_address(secret, user));
  return kDone;
}

}  // namespace

bool has_bot(const Config& config) {
  return !config.notify.telegram.token.empty() &&
         (!config.bot.users.empty() || !config.bot.sections.empty());
}

Task<int> serve_bot(Session& session) {
  Setup setup = set_up(session.config());
  for (const auto& fault : setup.faults)
    session.log().error("no bot", {{"why", fault}});
  if (!setup.faults.empty()) co_return kUsage;
  co_return co_await run_bot(session, setup);
}

int run_command(const CommandContext& context, const BotCommand& command) {
  if (!command.new_totp.empty()) {
    if (const auto user = bot::parse_user_id(command.new_totp); !user)
      return report_error({ErrorKind::invalid_input, user.error().text, 0}, context.json);
    return make_totp(command.new_totp);
  }
  if (command.unlock) {
    if (const auto done = bot::Lockdown(context.config.bot.ops_db).clear(); !done)
      return report_error(done.error(), context.json);
    fmt::print("The bot takes commands again.\n");
    return kDone;
  }
  Setup setup = set_up(context.config);
  if (!setup.faults.empty()) return report(setup.faults, context.json);
  auto log = open_log(context.config, context.json);
  if (!log) return report_error(log.error(), context.json);
  Session session(context.config, std::move(*log), context.json);
  return session.run([&](Session& own) { return run_bot(own, setup); });
}

}  // namespace bb::app
