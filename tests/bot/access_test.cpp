#include "bot/access.h"

#include <doctest/doctest.h>

#include "bot/action.h"
#include "bot/update.h"
#include "world.h"

namespace bb::bot::test {
namespace {

TEST_CASE("access: an empty list is nobody") {
  const Settings nobody;
  const Access access(nobody, {{"alice", {}}}, {5});
  for (const std::int64_t user : {0, 1, 5, 11}) {
    CHECK_FALSE(access.is_user(user));
    CHECK_FALSE(access.is_chat(user, "private", user));
    CHECK(access.role(user, "alice") == Role::none);
  }
}

TEST_CASE("access: roles are per account and per group, and deny by default") {
  Settings settings;
  settings.users = {1, 4};
  auto& mixed = settings.sections.emplace_back();
  mixed.id = 2;
  mixed.admin = {"alice"};
  mixed.operates = {"group:south"};
  mixed.viewer = {"bob"};
  auto& silent = settings.sections.emplace_back();
  silent.id = 4;
  silent.language = "zh";
  const Access access(settings, {{"alice", {}}, {"bob", {"south"}}, {"carl", {"south"}}, {"d", {}}},
                      {-7});
  CHECK(access.role(1, "d") == Role::admin);
  CHECK(access.role(4, "d") == Role::none);  // listed, but the section names no role
  CHECK(access.best_role(4) == Role::none);
  CHECK_FALSE(access.is_admin_of_all(4));
  CHECK(access.role(2, "alice") == Role::admin);
  CHECK(access.role(2, "bob") == Role::operates);  // the higher of two
  CHECK(access.role(2, "carl") == Role::operates);
  CHECK(access.role(2, "d") == Role::none);
  CHECK(access.role(3, "alice") == Role::none);
  CHECK(access.role(1, "nobody") == Role::none);
  CHECK(access.find(2, Role::operates, "all") == std::vector<std::string>{"alice", "bob", "carl"});
  CHECK(access.find(2, Role::operates, "group:south") == std::vector<std::string>{"bob", "carl"});
  CHECK(access.find(2, Role::viewer, "d").empty());
  CHECK(access.others(2, Role::admin, {"alice"}) == std::vector<std::int64_t>{1});
  CHECK(access.is_chat(-7, "supergroup", 2));
  CHECK_FALSE(access.is_chat(-7, "channel", 2));
  CHECK_FALSE(access.is_chat(1, "private", 2));
}

TEST_CASE("access: to a strategy leads the role on its account, or the highest that one has") {
  Settings settings;
  settings.users = {1};
  auto& mixed = settings.sections.emplace_back();
  mixed.id = 2;
  mixed.operates = {"alice"};
  mixed.viewer = {"bob"};
  const Access access(settings, {{"alice", {}}, {"bob", {}}, {"carl", {}}}, {});
  CHECK(access.role_on_strategy(2, "alice") == Role::operates);
  CHECK(access.role_on_strategy(2, "bob") == Role::viewer);
  CHECK(access.role_on_strategy(2, "carl") == Role::none);
  CHECK(access.role_on_strategy(2, "") == Role::operates);
  CHECK(access.role_on_strategy(3, "") == Role::none);
  // Of an account that the bot does not know.
  CHECK(access.role_on_strategy(2, "elsewhere") == Role::none);
  CHECK(access.role_on_strategy(1, "elsewhere") == Role::admin);
  settings.sections.emplace_back().id = 1;  // listed, and a section without a role
  CHECK(Access(settings, {}, {}).best_role(1) == Role::none);
  settings.sections.pop_back();
  const Access without(settings, {}, {});
  CHECK(without.role_on_strategy(1, "") == Role::admin);
  CHECK(without.role_on_strategy(2, "x") == Role::operates);
  CHECK(without.role_on_strategy(3, "") == Role::none);
}

TEST_CASE("settings: ids that stand for many people are refused, and roles must name what exists") {
  for (const char* id : {"1087968824", "136817688", "777000", "-5", "0", "x", "1,2", ""})
    CHECK_FALSE_MESSAGE(parse_user_id(id).has_value(), id);
  CHECK(parse_ids("1, 2,1") == std::vector<std::int64_t>{1, 2});
  CHECK_FALSE(parse_ids("1;2").has_value());
  Settings settings;
  auto& user = settings.sections.emplace_back();
  user.id = 5;
  CHECK(validate(settings, {"alice"}, {}).size() == 1);  // may do nothing
  user.viewer = {"alise", "group:x"};
  user.totp_secret = Secret("short");
  const auto faults = validate(settings, {"alice"}, {"y"});
  REQUIRE(faults.size() == 3);
  CHECK(faults[0].find("did you mean 'alice'?") != std::string::npos);
}

TEST_CASE("updates: an array with one broken update still tells the others") {
  const auto updates = parse_updates(R"([{"update_id":1,"message":{"x":1}},)"
                                     R"({"update_id":2,"poll":{"id":"5"}},{"update_id":3}])");
  REQUIRE(updates.has_value());
  REQUIRE(updates->size() == 3);
  for (const auto& update : *updates)
    CHECK_FALSE(update.user != 0);
  CHECK((*updates)[0].objection == "it cannot be understood");
  CHECK((*updates)[1].objection == "it is of kind poll");
  CHECK_FALSE(parse_updates("[{}]").has_value());
  CHECK_FALSE(parse_updates("<html>").has_value());
}

TEST_CASE("actions: what a button means comes back as it was written, and nothing else does") {
  for (const auto& action :
       {Action{Action::Kind::open, "/status"}, Action{Action::Kind::open, "/orders alice", 3},
        Action{Action::Kind::confirm, "/flatten all"}, Action{Action::Kind::digit, {}, 0, '7', 5},
        Action{Action::Kind::digit, {}, 0, kBackspace, 5}, Action{Action::Kind::ask, {}, 0, 0, 6},
        Action{Action::Kind::proceed, {}, 0, 0, 9},
        Action{Action::Kind::allow, "/resume \"my own\"", 0, 0, 7, kOwner},
        Action{Action::Kind::deny, "/resume all", 0, 0, 8, kOwner},
        Action{Action::Kind::dismiss, {}, 0, 0, 3}, Action{Action::Kind::dismiss}}) {
    const auto back = read_action(write_action(action));
    CHECK(back.kind == action.kind);
    CHECK(back.line == action.line);
    CHECK(back.page == action.page);
    CHECK(back.digit == action.digit);
    CHECK(back.number == action.number);
    CHECK(back.asker == action.asker);
    CHECK(audited(back).find("7") == std::string::npos);
  }
  CHECK(read_action("").kind == Action::Kind::dismiss);
  CHECK(read_action("flatten all").kind == Action::Kind::dismiss);
}

TEST_CASE("access: every command by every role, in a private chat, a group and elsewhere") {
  const std::pair<std::int64_t, Role> people[] = {{kOwner, Role::admin},
                                                  {kPartner, Role::admin},
                                                  {kOperator, Role::operates},
                                                  {kViewer, Role::viewer},
                                                  {kStranger, Role::none}};
  run_world([&](World& world) -> Task<void> {
    for (const auto& row : commands()) {
      if (is_about_strategies(row.verb)) continue;  // see strategies_test.cpp
      for (const auto& [user, role] : people)
        for (const std::int64_t chat : {user, kGroup, kElsewhere}) {
          co_await sleep_for(world.loop.clock, Micros(61'000'000));
          world.shown.clear();
          const auto rows = world.ops->last_audit();
          const bool names_account = std::string_view(row.arguments).find("[account") == 0;
          co_await world.type(user, fmt::format("/{}{}", row.name, names_account ? " alice" : ""),
                              chat);
          const auto what = fmt::format("/{} of {} in {}", row.name, user, chat);
          const bool is_heard = chat != kElsewhere && role != Role::none;
          CHECK_MESSAGE(world.shown.empty() == !is_heard, what);
          const auto last = world.ops->last_audit();
          CHECK_MESSAGE((*last)->seq > (*rows ? (*rows)->seq : 0), what);
          const bool is_refused = (*last)->result.find("refused") == 0;
          // An operator of one account is nobody's admin; the audit is about all of them.
          CHECK_MESSAGE(is_refused == !(is_heard && role >= row.least), what, ": ",
                        (*last)->result);
          if (is_heard && is_refused) CHECK_MESSAGE(World::is_over(world.shown.back()), what);
        }
    }
    CHECK(world.performed() == 0);
  });
}

TEST_CASE("access: who is no admin of every account reads nothing of the audit") {
  run_world([](World& world) -> Task<void> {
    world.settings.sections.front().admin = {"alice"};
    world.restart();
    co_await world.type(kOwner, "/pause bob@mail.example");
    for (const auto user : {kOperator, kViewer}) {
      co_await world.type(user, "/audit");
      CHECK(world.says(user, "it needs the role “admin” of every account"));
      CHECK_FALSE(world.says(user, "bob"));
      co_await world.type(user, "/start");
      for (const auto& [label, data] : world.newest(user).buttons)
        CHECK(label.find("Audit") == std::string::npos);
    }
    CHECK(world.audit().find("13 /audit: refused: it needs the role admin") != std::string::npos);
    co_await world.type(kOwner, "/audit");
    CHECK(world.says(kOwner, "bob"));
  });
}

TEST_CASE("access: what each role may do with each command, in a private chat and in a group") {
  const std::pair<const char*, Role> deeds[] = {{"/flatten", Role::operates},
                                                {"/clearpos", Role::operates},
                                                {"/pause", Role::operates},
                                                {"/losscut", Role::operates},
                                                {"/cancel", Role::operates}};
  const std::pair<std::int64_t, Role> people[] = {{kOwner, Role::admin},
                                                  {kPartner, Role::admin},
                                                  {kOperator, Role::operates},
                                                  {kViewer, Role::viewer},
                                                  {kStranger, Role::none}};
  for (const auto& [line, least] : deeds)
    for (const auto& [user, role] : people)
      for (const std::int64_t chat : {user, kGroup, kElsewhere}) {
        run_world([&](World& world) -> Task<void> {
          co_await world.type(user, std::string(line) + " alice", chat);
          const bool is_heard = chat != kElsewhere && user != kStranger;
          CHECK(world.shown.empty() == !is_heard);
          const bool may = is_heard && role >= least;
          if (may) co_await world.press(user, "Yes", chat);
          CHECK_MESSAGE(world.performed() == (may ? 1 : 0), line, " of ", user, " in ", chat);
          if (is_heard && !may) CHECK(world.audit().find("refused") != std::string::npos);
        });
      }
}

TEST_CASE("access: an operator of one account does not reach another, whatever he names") {
  run_world([](World& world) -> Task<void> {
    for (const char* line : {"/flatten bob@mail.example", "/positions bob@mail.example",
                             "/pause bob@mail.example", "/flatten group:x"}) {
      co_await world.type(kOperator, line);
      CHECK(World::is_over(world.newest(kOperator)));
    }
    co_await world.type(kOperator, "/flatten all");
    CHECK(world.newest(kOperator).text.find("bob") == std::string::npos);
    co_await world.press(kOperator, "Yes");
    CHECK(world.account("alice").commands.size() == 1);
    CHECK(world.account("bob@mail.example").commands.empty());
  });
}

TEST_CASE("access: no kind of update but a fresh message of a listed person is a command") {
  const char* const kinds[] = {R"("forward_origin":{"type":"user"})",
                               R"("via_bot":{"id":5})",
                               R"("sender_chat":{"id":-1001,"type":"supergroup"})",
                               R"("is_automatic_forward":true)",
                               R"("edit_date":5)",
                               R"("business_connection_id":"x")",
                               R"("guest_query_id":"x")"};
  for (const auto* more : kinds)
    for (const std::int64_t chat : {kOwner, kGroup})
      run_world([&](World& world) -> Task<void> {
        co_await world.hear({world.message(kOwner, chat, "/flatten all", more)});
        CHECK_MESSAGE(world.shown.empty(), more);
        CHECK(world.performed() == 0);
        CHECK(world.audit().find("refused") != std::string::npos);
      });
  run_world([](World& world) -> Task<void> {
    co_await world.hear({world.edited(kOwner, kOwner, "/flatten all")});
    for (const char* kind : {"channel_post", "edited_channel_post", "inline_query",
                             "business_message", "guest_message", "chat_member"})
      co_await world.hear({fmt::format(
          R"({{"update_id":{},"{}":{{"from":{{"id":11}},"chat":{{"id":11,"type":"private"}},)"
          R"("message_id":1,"date":{},"text":"/flatten all"}}}})",
          kind[0] * 1000 + kind[3], kind, to_ms(world.loop.clock.utc_now()) / 1000)});
    CHECK(world.shown.empty());
    CHECK(world.performed() == 0);
  });
}

TEST_CASE("access: the bot leaves a group that is not listed, and stays in one that is") {
  run_world([](World& world) -> Task<void> {
    const auto joined = [](std::int64_t update, std::int64_t chat) {
      return fmt::format(R"({{"update_id":{},"my_chat_member":{{"chat":{{"id":{},"type":)"
                         R"("supergroup"}},"from":{{"id":99}},"date":1,"new_chat_member":)"
                         R"({{"status":"member"}}}}}})",
                         update, chat);
    };
    co_await world.hear({joined(1, kGroup)});
    CHECK(world.methods.empty());
    co_await world.hear({joined(2, kElsewhere)});
    CHECK(world.methods == std::vector<std::string>{"leaveChat"});
  });
}

}  // namespace
}  // namespace bb::bot::test
