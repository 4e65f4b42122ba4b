// Who may do what, where, by which kind of update: every role by every command by every kind of
// chat by every kind of update that Telegram knows (Bot API 9.2, Update), each cell judged.
#include <doctest/doctest.h>

#include "net/json.h"
#include "world.h"

namespace bb::bot::test {
namespace {

struct Someone {
  const char* name;
  std::int64_t user;
  Role role;  // on alice
};
constexpr Someone kPeople[] = {{"admin", kOwner, Role::admin},
                               {"second admin", kPartner, Role::admin},
                               {"operator", kOperator, Role::operates},
                               {"viewer", kViewer, Role::viewer},
                               {"stranger", kStranger, Role::none}};

struct Where {
  const char* name;
  std::int64_t chat;  // 0: the person's own
  const char* type;
  bool is_listed;
};
constexpr std::int64_t kOthersChat = 16;
constexpr Where kChats[] = {{"own private chat", 0, "private", true},
                            {"somebody else's private chat", kOthersChat, "private", false},
                            {"listed group", kGroup, "group", true},
                            {"listed supergroup", kGroup, "supergroup", true},
                            {"listed channel", kGroup, "channel", false},
                            {"other group", kElsewhere, "group", false},
                            {"other supergroup", kElsewhere, "supergroup", false},
                            {"other channel", kElsewhere, "channel", false}};

// Every member of Update, and a press twice: of a button that is none, and of a real one.
constexpr const char* kMessage = "message";
constexpr const char* kForged = "callback_query, forged";
constexpr const char* kReal = "callback_query, somebody's button";
constexpr const char* kKinds[] = {kMessage,
                                  "edited_message",
                                  "channel_post",
                                  "edited_channel_post",
                                  "business_message",
                                  "edited_business_message",
                                  "business_connection",
                                  "deleted_business_messages",
                                  kForged,
                                  kReal,
                                  "inline_query",
                                  "chosen_inline_result",
                                  "my_chat_member",
                                  "chat_member",
                                  "chat_join_request",
                                  "message_reaction",
                                  "message_reaction_count",
                                  "poll",
                                  "poll_answer",
                                  "shipping_query",
                                  "pre_checkout_query",
                                  "chat_boost",
                                  "removed_chat_boost",
                                  "purchased_paid_media",
                                  "guest_message"};

std::int64_t chat_of(const Someone& who, const Where& where) {
  return where.chat == 0 ? who.user : where.chat;
}

/// All that a command could be read from stands in it, whatever its kind.
std::string update_of(std::int64_t number, std::string_view kind, std::int64_t user,
                      std::int64_t chat, const char* type, const std::string& text, TimePoint now) {
  net::JsonWriter json;
  json.begin_object().field("update_id", number).key(kind).begin_object();
  json.field("id", std::to_string(number)).field("message_id", number);
  json.field("date", to_ms(now) / 1000).field("text", text).field("query", text);
  json.field("data", text).field("result_id", text).field("invoice_payload", text);
  json.field("poll_id", "1").field("user_chat_id", chat);
  for (const char* name : {"from", "user", "actor_user"}) {
    json.key(name).begin_object().field("id", user).field("is_bot", false);
    json.field("first_name", "Somebody").end_object();
  }
  const auto put_chat = [&] {
    json.key("chat").begin_object().field("id", chat).field("type", type).end_object();
  };
  put_chat();
  json.key("message").begin_object().field("message_id", number).field("date", 1);
  put_chat();
  json.field("text", text).end_object();
  json.key("new_chat_member").begin_object().field("status", "member").end_object();
  return json.end_object().end_object().take();
}

std::string line_of_row(const CommandRow& row) {
  const bool names_account = std::string_view(row.arguments).starts_with("[account");
  return std::string("/") + row.name + (names_account ? " alice" : "");
}

class Matrix {
 public:
  explicit Matrix(World& world) : world_(world) {}

  Task<void> run() {
    for (const auto& who : kPeople)
      for (const auto& where : kChats)
        for (const char* kind : kKinds) {
          if (kind == kMessage)
            co_await type_all(who, where);
          else if (kind == kReal)
            co_await press_all(who, where);
          else
            co_await send_all(who, where, kind);
        }
  }
  std::size_t cells() const { return cells_; }
  std::size_t heard() const { return heard_; }

 private:
  Task<void> begin() {
    // Nobody is kept out by a limit here, and nobody is told less than the first time.
    co_await sleep_for(world_.loop.clock, Micros(61'000'000));
    world_.shown.clear();
    world_.alerts.clear();
    world_.methods.clear();
    for (auto& account : world_.accounts)
      account.commands.clear();
  }

  std::string update(const char* kind, std::int64_t user, const Where& where, std::int64_t chat,
                     const std::string& text) {
    return update_of(next_++, kind, user, chat, where.type, text, world_.loop.clock.utc_now());
  }

  Task<void> type_all(Someone who, Where where) {
    for (const auto& row : commands()) {
      co_await begin();
      const auto chat = chat_of(who, where);
      co_await world_.hear({update(kMessage, who.user, where, chat, line_of_row(row))});
      const auto what = fmt::format("/{} of {} in {}", row.name, who.name, where.name);
      const bool is_heard = who.role != Role::none && where.is_listed;
      const bool may = is_heard && who.role >= row.least;
      CHECK_MESSAGE(world_.shown.empty() == !is_heard, what);
      CHECK_MESSAGE(world_.performed() == 0, what);
      for (const auto& shown : world_.shown)
        CHECK_MESSAGE(shown.chat == chat, what);
      const auto last = world_.ops->last_audit();
      REQUIRE((last && last->has_value()));
      const bool is_refused = (*last)->result.starts_with("refused");
      // Without strategies there is nothing to refuse; of strangers not every word is written down.
      if (is_heard && !is_about_strategies(row.verb))
        CHECK_MESSAGE(is_refused == !may, what, ": ", (*last)->result);
      ++cells_;
      heard_ += is_heard ? 1 : 0;
    }
  }

  /// What must come to nothing is told by one look at all of it.
  Task<void> send_all(Someone who, Where where, const char* kind) {
    co_await begin();
    const bool is_press = kind == kForged;
    std::vector<std::string> updates;
    for (const auto& row : commands())
      updates.push_back(update(is_press ? "callback_query" : kind, who.user, where,
                               chat_of(who, where), line_of_row(row)));
    co_await world_.hear(std::move(updates));
    const auto what = fmt::format("{} of {} in {}", kind, who.name, where.name);
    CHECK_MESSAGE(world_.shown.empty(), what);
    CHECK_MESSAGE(world_.performed() == 0, what);
    for (const auto& method : world_.methods)
      CHECK_MESSAGE((method == "leaveChat" || (is_press && method == "answerCallbackQuery")), what,
                    ": ", method);
    // Who is nobody here is not even told that his button is none.
    const bool is_told = is_press && who.role != Role::none && where.is_listed;
    CHECK_MESSAGE(world_.alerts.empty() == !is_told, what);
    cells_ += commands().size();
  }

  /// The admin's button in the listed group, or in his own chat.
  Task<void> press_all(Someone who, Where where) {
    for (const auto& row : commands()) {
      ++cells_;
      if (!acts(row.verb) || is_about_strategies(row.verb)) continue;  // it asks nothing back
      co_await begin();
      const std::int64_t stands = where.chat == kGroup ? kGroup : kOwner;
      const Where there{"", 0, stands == kGroup ? "supergroup" : "private", true};
      co_await world_.hear({update(kMessage, kOwner, there, stands, line_of_row(row))});
      REQUIRE(!world_.shown.empty());
      const auto shown = world_.shown.back();
      world_.shown.clear();
      std::vector<std::string> presses;
      for (const auto& [label, data] : shown.buttons) {
        auto press = update("callback_query", who.user, where, chat_of(who, where), data);
        const auto from = fmt::format("\"message\":{{\"message_id\":{}", next_ - 1);
        const auto at = press.find(from);
        REQUIRE(at != std::string::npos);
        press.replace(at, from.size(),
                      fmt::format("\"message\":{{\"message_id\":{}", shown.message));
        if (label.find("Yes") != std::string::npos) presses.push_back(std::move(press));
      }
      const bool has_button = !presses.empty();
      co_await world_.hear(std::move(presses));
      const auto what =
          fmt::format("the button of /{} by {} in {}", row.name, who.name, where.name);
      const bool is_his = who.user == kOwner && where.is_listed;
      const bool acts_on_account =
          has_button && is_his && row.verb != Verb::lock && row.verb != Verb::unlock;
      CHECK_MESSAGE((world_.performed() > 0) == acts_on_account, what);
      CHECK_MESSAGE(world_.shown.empty() == !(has_button && is_his), what);
      Lockdown(world_.settings.ops_db).clear();
    }
  }

  World& world_;
  std::int64_t next_ = 500'000;
  std::size_t cells_ = 0, heard_ = 0;
};

TEST_CASE("access: every role by every command by every kind of chat by every kind of update") {
  run_world([](World& world) -> Task<void> {
    world.settings.commands_per_minute = 6000;
    world.settings.acts_per_day = 100'000;
    world.restart();
    Matrix matrix(world);
    co_await matrix.run();
    CHECK(matrix.cells() ==
          std::size(kPeople) * commands().size() * std::size(kChats) * std::size(kKinds));
    // Four people, three places, every command.
    CHECK(matrix.heard() == 4 * 3 * commands().size());
    MESSAGE(matrix.cells(), " cells, of which ", matrix.heard(), " are heard");
  });
}

}  // namespace
}  // namespace bb::bot::test
