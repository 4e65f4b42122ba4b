// The connection to Telegram: who the bot is, its menus, and the long poll.
#include <algorithm>

#include "bot/bot.h"
#include "net/json.h"

namespace bb::bot {

namespace {

using notify::BotAnswer;
using notify::BotDone;
using notify::BotRefused;

constexpr Seconds kPoll{50};
constexpr Micros kFirstPause{1'000'000};
constexpr Micros kLongestPause{30'000'000};
constexpr Micros kConflictPause{10'000'000};
constexpr Micros kRevokedPause{300'000'000};
constexpr Micros kSweepPause{5'000'000};
constexpr Hours kUpdatesKept{72};
constexpr std::size_t kAtOnce = 64;
constexpr const char* kUpdates[] = {"message", "callback_query", "my_chat_member"};

std::string username_of(const std::string& result) {
  const auto document = net::JsonDocument::parse(result);
  if (!document || !document->root().has("username")) return {};
  try {
    return std::string(document->root().at("username").text());
  } catch (const net::JsonError&) {
    return {};
  }
}

std::string scope_json(std::string_view type, std::int64_t chat) {
  return fmt::format(R"({{"type":"{}","chat_id":{}}})", type, chat);
}

}  // namespace

Task<Micros> Bot::pause_after(const BotAnswer& answer, int failures) {
  const auto* refused = std::get_if<BotRefused>(&answer);
  const int code = refused != nullptr ? refused->code : 0;
  const bool is_dead = code == 401 || code == 404;
  if ((is_dead || code == 409) && !alarmed_ && parts_.alarm) {
    alarmed_ = true;
    parts_.alarm(is_dead ? "Telegram does not know the bot's token any more: it was revoked or is "
                           "wrong. The bot hears no commands"
                         : "another process polls with the bot's token, or somebody has it: " +
                               refused->description + ". The bot hears no commands");
  }
  parts_.log.warn("telegram not heard", {{"why", notify::str(answer)}});
  if (refused != nullptr && refused->retry_after) co_return *refused->retry_after;
  if (is_dead) co_return kRevokedPause;
  if (code == 409) co_return kConflictPause;
  co_return std::min(kFirstPause * (1 << std::min(failures, 5)), kLongestPause);
}

Task<bool> Bot::introduce(Stop& stop) {
  for (int failures = 0;; ++failures) {
    const auto answer = co_await parts_.api.get_me();
    if (const auto* done = std::get_if<BotDone>(&answer)) {
      set_username(username_of(done->result));
      (void)co_await parts_.api.delete_webhook(false);
      co_return true;
    }
    const Micros pause = co_await pause_after(answer, failures);
    if (!co_await stop.sleep_until(parts_.clock.after(pause))) co_return false;
  }
}

Task<void> Bot::publish_menus() {
  // Strangers see no commands; that is politeness, not access control.
  (void)co_await parts_.api.set_my_commands("[]", "", "");
  for (const auto user : access_.users()) {
    const Role role = access_.best_role(user);
    const auto scope = scope_json("chat", user);
    (void)co_await parts_.api.set_my_commands(menu_json(Language::english, role), scope, "");
    (void)co_await parts_.api.set_my_commands(menu_json(Language::chinese, role), scope, "zh");
  }
  for (const auto chat : access_.chats()) {
    if (chat > 0) continue;
    const auto scope = scope_json("chat", chat);
    const auto all = Role::admin;
    (void)co_await parts_.api.set_my_commands(menu_json(Language::english, all), scope, "");
    (void)co_await parts_.api.set_my_commands(menu_json(Language::chinese, all), scope, "zh");
  }
}

Task<void> Bot::leave(std::int64_t chat) {
  (void)co_await parts_.api.call("leaveChat", fmt::format(R"({{"chat_id":{}}})", chat));
}

Task<void> Bot::poll(Stop& stop, TaskGroup& group) {
  int failures = 0;
  while (!stop.requested()) {
    const auto offset = parts_.ops.next_offset(parts_.bot_id);
    if (!offset) {
      parts_.log.error("bot's database not read", {{"why", offset.error().text}});
      if (!co_await stop.sleep_until(parts_.clock.after(kLongestPause))) co_return;
      continue;
    }
    const auto answer =
        co_await parts_.api.get_updates(*offset, kPoll, {std::begin(kUpdates), std::end(kUpdates)});
    if (stop.requested()) co_return;
    const auto* done = std::get_if<BotDone>(&answer);
    auto updates = done != nullptr ? parse_updates(done->result)
                                   : fail(ErrorKind::unreachable, notify::str(answer));
    if (updates) {
      failures = 0;
      alarmed_ = false;
      hear(std::move(*updates), group);
      // So many commands in hand: the next ones wait with Telegram.
      while (group.running() > kAtOnce && !stop.requested())
        (void)co_await stop.sleep_until(parts_.clock.after(kFirstPause));
      continue;
    }
    const Micros pause = co_await pause_after(answer, failures++);
    (void)co_await stop.sleep_until(parts_.clock.after(pause));
  }
}

Task<void> Bot::sweep_until(Stop& stop) {
  while (co_await stop.sleep_until(parts_.clock.after(kSweepPause))) {
    co_await sweep();
    (void)parts_.ops.prune(parts_.clock.utc_now() - kUpdatesKept);
  }
}

Task<void> Bot::interrupt_at(Stop& stop) {
  while (co_await stop.sleep_until(parts_.clock.after(kLongestPause))) {
  }
  parts_.api.interrupt_poll();
}

Task<void> Bot::run(Stop& stop) {
  TaskGroup group(co_await boost::asio::this_coro::executor);
  group.spawn(interrupt_at(stop));
  if (co_await introduce(stop)) {
    co_await tell_interrupted();
    group.spawn(publish_menus());
    group.spawn(sweep_until(stop));
    co_await poll(stop, group);
  }
  co_await group.join();
}

}  // namespace bb::bot
