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
constexpr Micros kAlarmPause{3'600'000'000};
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
  const bool is_webhook = code == 409 && refused->says("webhook");
  const auto now = parts_.clock.steady_now();
  parts_.log.warn("telegram not heard", {{"why", notify::str(answer)}});
  // Whoever polls beside us answers commands that we do not see, and the other way round.
  if (code == 409) contested_until_ = now + kQuiet;
  const bool was_told = alarmed_ != SteadyTime() && now - alarmed_ < kAlarmPause;
  if ((is_dead || code == 409) && !was_told && parts_.alarm) {
    alarmed_ = now;
    if (is_dead)
      parts_.alarm(
          "Telegram does not know the bot's token any more: it was revoked or is wrong. The bot "
          "hears no commands");
    else if (is_webhook)
      parts_.alarm(
          "somebody set a webhook with the bot's token; it is taken away. If that was none of "
          "you, revoke the token with @BotFather. Nothing that adds risk is done meanwhile");
    else
      parts_.alarm("another process polls with the bot's token, or somebody has it: " +
                   refused->description +
                   ". The bot may miss commands, and does nothing that adds risk meanwhile");
  }
  if (is_webhook) (void)co_await parts_.api.delete_webhook(false);
  if (refused != nullptr && refused->retry_after) co_return *refused->retry_after;
  if (is_dead) co_return kRevokedPause;
  if (code == 409) co_return is_webhook ? kFirstPause : kConflictPause;
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
    // What could not be written down is known here all the same, and asked for no second time.
    const auto kept = parts_.ops.next_offset(parts_.bot_id);
    if (!kept) note_unwritten(kept.error());
    const auto offset = std::max(kept.value_or(0), next_offset_);
    if (std::exchange(is_unwritten_, false) &&
        !co_await stop.sleep_until(parts_.clock.after(kFirstPause)))
      co_return;
    const auto answer =
        co_await parts_.api.get_updates(offset, kPoll, {std::begin(kUpdates), std::end(kUpdates)});
    if (stop.requested()) co_return;
    const auto* done = std::get_if<BotDone>(&answer);
    auto updates = done != nullptr ? parse_updates(done->result)
                                   : fail(ErrorKind::unreachable, notify::str(answer));
    if (updates) {
      failures = 0;
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
  messenger_.heed(stop);
  group.spawn(interrupt_at(stop));
  if (co_await introduce(stop)) {
    group.spawn(tell_interrupted());
    group.spawn(publish_menus());
    group.spawn(sweep_until(stop));
    co_await poll(stop, group);
  }
  co_await group.join();
}

}  // namespace bb::bot
