#include <doctest/doctest.h>

#include "dashboard/impl/page.h"
#include "dashboard/site.h"
#include "net/json.h"

namespace bb::dashboard::test {
namespace {

using net::Method;

const std::string kPause = R"({"action":"pause"})";

TEST_CASE("dashboard: without a password this machine may look, and nobody may act") {
  run_sim([](SimLoop& loop) -> Task<void> {
    World world(loop);
    const auto look = co_await world.ask({Method::get, "/api/v1/state"});
    CHECK(look.status == 200);
    const auto act = co_await world.ask({Method::post, "/api/v1/actions/prepare", kPause});
    CHECK(act.status == 403);
    CHECK(error_of(act).find("--hash-password") != std::string::npos);
    // A proxy in front of it would open it to whoever reaches the proxy.
    const auto forwarded = co_await world.ask(
        {Method::get, "/api/v1/state", {}, {}, {}, {{"X-Forwarded-For", "9.9.9.9"}}});
    CHECK(forwarded.status == 403);
  });
}

TEST_CASE("dashboard: with a password nothing of the account is told before sign-in") {
  run_sim([](SimLoop& loop) -> Task<void> {
    World world(loop, true);
    for (const auto& route : routes()) {
      if (route.access == Access::open || route.method != Method::get) continue;
      std::string path(route.path);
      if (const auto id = path.find("{id}"); id != std::string::npos) path.replace(id, 4, "1");
      const auto response = co_await world.ask({Method::get, path});
      CHECK_MESSAGE(response.status == 401, path);
    }
    const auto health = co_await world.ask({Method::get, "/healthz"});
    CHECK(health.body.find(world.folder.path()) == std::string::npos);
  });
}

TEST_CASE("dashboard: the owner signs in, looks and is described what an action would do") {
  run_sim([](SimLoop& loop) -> Task<void> {
    World world(loop, true);
    auto asked = co_await world.signed_in("correct horse battery", Method::post,
                                          "/api/v1/actions/prepare", kPause);
    CHECK(asked.cookie.starts_with("__Host-bubble-buster="));
    const auto prepared = co_await world.ask(asked);
    CHECK(prepared.status == 200);
    CHECK(prepared.body.find("paper-one: open nothing from now on") != std::string::npos);
  });
}

TEST_CASE("dashboard: a viewer may look and not act") {
  run_sim([](SimLoop& loop) -> Task<void> {
    World world(loop, true);
    auto asked = co_await world.signed_in("only looking around", Method::post,
                                          "/api/v1/actions/prepare", kPause);
    const auto act = co_await world.ask(asked);
    CHECK(act.status == 403);
    asked.method = Method::get;
    asked.target = "/api/v1/positions";
    const auto look = co_await world.ask(asked);
    CHECK(look.status == 200);
  });
}

TEST_CASE("dashboard: an action needs the session's own token, and its cookie") {
  run_sim([](SimLoop& loop) -> Task<void> {
    World world(loop, true);
    const auto good = co_await world.signed_in("correct horse battery", Method::post,
                                               "/api/v1/actions/prepare", kPause);
    auto other = co_await world.signed_in("correct horse battery", Method::post,
                                          "/api/v1/actions/prepare", kPause);
    auto bare = good;
    bare.csrf.clear();
    const auto without_token = co_await world.ask(bare);
    CHECK(without_token.status == 403);
    other.csrf = good.csrf;
    const auto with_anothers = co_await world.ask(other);
    CHECK(with_anothers.status == 403);
    auto no_cookie = good;
    no_cookie.cookie.clear();
    const auto without_cookie = co_await world.ask(no_cookie);
    CHECK(without_cookie.status == 401);
  });
}

TEST_CASE("dashboard: a session ends with its sign-out, and with its time") {
  run_sim([](SimLoop& loop) -> Task<void> {
    World world(loop, true);
    auto asked = co_await world.signed_in("correct horse battery", Method::get, "/api/v1/runs");
    auto out = asked;
    out.method = Method::post;
    out.target = "/api/v1/sign-out";
    out.body = "{}";
    const auto left = co_await world.ask(out);
    CHECK(left.status == 200);
    const auto after = co_await world.ask(asked);
    CHECK(after.status == 401);
    asked = co_await world.signed_in("correct horse battery", Method::get, "/api/v1/runs");
    co_await sleep_for(loop.clock, Hours(12));
    const auto late = co_await world.ask(asked);
    CHECK(late.status == 401);
  });
}

TEST_CASE("dashboard: a confirmation is for one session, once, within a minute") {
  run_sim([](SimLoop& loop) -> Task<void> {
    World world(loop, true);
    const auto mine = co_await world.signed_in("correct horse battery", Method::post,
                                               "/api/v1/actions/prepare", kPause);
    auto theirs =
        co_await world.signed_in("correct horse battery", Method::post, "/api/v1/actions/confirm");
    const auto name_of = [](const net::HttpResponse& response) {
      const auto document = net::JsonDocument::parse(response.body);
      return R"({"confirm":")" + std::string(document->root().at("confirm").text()) + R"("})";
    };
    auto prepared = co_await world.ask(mine);
    theirs.body = name_of(prepared);
    const auto stolen = co_await world.ask(theirs);
    CHECK(stolen.status == 409);

    auto confirm = mine;
    confirm.target = "/api/v1/actions/confirm";
    prepared = co_await world.ask(mine);
    confirm.body = name_of(prepared);
    co_await sleep_for(loop.clock, Seconds(61));
    const auto late = co_await world.ask(confirm);
    CHECK(late.status == 409);
  });
}

TEST_CASE("dashboard: a wrong password is refused, then slowly, then not at all for a while") {
  run_sim([](SimLoop& loop) -> Task<void> {
    World world(loop, true);
    const Asked wrong{Method::post, "/api/v1/sign-in", R"({"password":"not the password"})"};
    int refused = 0;
    for (int i = 0; i < 6; ++i) {
      const auto response = co_await world.ask(wrong);
      CHECK((response.status == 401 || response.status == 429));
      if (response.status == 429) ++refused;
    }
    CHECK(refused >= 2);
    const Asked right{Method::post, "/api/v1/sign-in", R"({"password":"correct horse battery"})"};
    const auto locked = co_await world.ask(right);
    CHECK(locked.status == 429);
    CHECK(!net::find_header(locked.headers, "Retry-After").empty());
    co_await sleep_for(loop.clock, Minutes(16));
    const auto later = co_await world.ask(right);
    CHECK(later.status == 200);
  });
}

TEST_CASE("throttle: many addresses together get the common budget and no more") {
  run_sim([](SimLoop& loop) -> Task<void> {
    Throttle throttle(loop.clock);
    int tries = 0;
    for (int i = 0; i < 20'000; ++i) {
      const std::string address = "10.0." + std::to_string(i / 250) + "." + std::to_string(i % 250);
      if (throttle.take(address) > Micros(0)) continue;
      ++tries;
      throttle.failed(address);
    }
    CHECK(tries == 10);
    co_await sleep_for(loop.clock, Seconds(4));
    CHECK(throttle.take("10.9.9.9") == Micros(0));
  });
}

TEST_CASE("dashboard: what does not come from our own page is refused") {
  run_sim([](SimLoop& loop) -> Task<void> {
    World world(loop, true);
    const auto good = co_await world.signed_in("correct horse battery", Method::post,
                                               "/api/v1/actions/prepare", kPause);
    struct Attack {
      const char* name;
      net::Headers fields;
      int status;
    };
    const std::vector<Attack> attacks{
        {"another site's script", {{"Origin", "https://evil.example"}}, 403},
        {"a sandboxed frame", {{"Origin", "null"}}, 403},
        {"no origin at all", {{"Origin", ""}}, 403},
        {"another port of this machine", {{"Origin", "http://127.0.0.1:9999"}}, 403},
        {"cross-site by its metadata", {{"Sec-Fetch-Site", "cross-site"}}, 403},
        {"same-site by its metadata", {{"Sec-Fetch-Site", "same-site"}}, 403},
        {"a form", {{"Content-Type", "application/x-www-form-urlencoded"}}, 415},
        {"JSON as plain text", {{"Content-Type", "text/plain"}}, 415},
        {"a rebound name", {{"Host", "evil.example"}, {"Origin", "http://evil.example"}}, 421},
        {"a name with our prefix", {{"Host", "127.0.0.1.evil.example"}}, 421},
        {"no host", {{"Host", ""}}, 421},
    };
    for (const auto& attack : attacks) {
      auto asked = good;
      asked.more = attack.fields;
      const auto response = co_await world.ask(asked);
      CHECK_MESSAGE(response.status == attack.status, attack.name);
    }
    auto stream = good;
    stream.method = Method::get;
    stream.target = "/api/v1/events";
    stream.more = {{"Sec-Fetch-Site", "cross-site"}, {"Origin", "https://evil.example"}};
    const auto listened = co_await world.ask(stream);
    CHECK(listened.status == 403);
  });
}

TEST_CASE("dashboard: the page may be opened by a link, not framed or embedded") {
  run_sim([](SimLoop& loop) -> Task<void> {
    World world(loop);
    const auto open = [&](const char* destination, const char* path) {
      Asked asked{Method::get, path};
      asked.more = {{"Sec-Fetch-Site", "cross-site"},
                    {"Sec-Fetch-Mode", "navigate"},
                    {"Sec-Fetch-Dest", destination}};
      return world.ask(std::move(asked));
    };
    const auto link = co_await open("document", "/");
    CHECK(link.status == 200);
    const auto frame = co_await open("iframe", "/");
    CHECK(frame.status == 403);
    const auto data = co_await open("document", "/api/v1/state");
    CHECK(data.status == 403);
    const auto policy = std::string(net::find_header(link.headers, "Content-Security-Policy"));
    CHECK(policy.find("default-src 'none'") != std::string::npos);
    CHECK(policy.find("unsafe") == std::string::npos);
    CHECK(net::find_header(link.headers, "X-Frame-Options") == "DENY");
  });
}

TEST_CASE("dashboard: paths that climb, unknown ones and wrong methods are told apart") {
  run_sim([](SimLoop& loop) -> Task<void> {
    World world(loop);
    for (const char* target :
         {"/../state.db", "/assets/%2e%2e/state.db", "/%00", "no-slash", "//x"}) {
      const auto response = co_await world.ask({Method::get, target});
      CHECK_MESSAGE(response.status == 400, target);
    }
    const auto absent = co_await world.ask({Method::get, "/state.db"});
    CHECK(absent.status == 404);
    const auto method = co_await world.ask({Method::post, "/api/v1/state", "{}"});
    CHECK(method.status == 405);
    CHECK(net::find_header(method.headers, "Allow") == "GET");
  });
}

TEST_CASE("dashboard: the page is the same packed and unpacked, and not sent twice") {
  run_sim([](SimLoop& loop) -> Task<void> {
    World world(loop);
    world.settings.base_path = "/bubble";
    const auto plain = co_await world.ask({Method::get, "/"});
    CHECK(plain.body.find("<title>Bubble Buster</title>") != std::string::npos);
    Asked under{Method::get, "/bubble/"};
    under.more = {{"Accept-Encoding", "gzip, br"}};
    const auto packed = co_await world.ask(under);
    CHECK(net::find_header(packed.headers, "Content-Encoding") == "gzip");
    CHECK(packed.body.size() < plain.body.size());
    under.more = {{"If-None-Match", std::string(net::find_header(packed.headers, "ETag"))}};
    const auto again = co_await world.ask(under);
    CHECK(again.status == 304);
    std::size_t all = 0;
    for (const auto& file : page_files())
      all += file.gzipped.size();
    CHECK(all < 300'000);
  });
}

TEST_CASE("dashboard: it listens beyond this machine only with a password and TLS in front") {
  Settings settings;
  CHECK(check_address(settings, "127.0.0.1").empty());
  CHECK(check_address(settings, "::1").empty());
  auto faults = check_address(settings, "0.0.0.0");
  REQUIRE(faults.size() == 2);
  CHECK(faults[0].find("--hash-password") != std::string::npos);
  CHECK(faults[1].find("TLS") != std::string::npos);
  settings.password_hash = Secret(owner_hash());
  CHECK(check_address(settings, "0.0.0.0").size() == 1);
  settings.behind_tls_proxy = true;
  CHECK(check_address(settings, "0.0.0.0").empty());
}

}  // namespace
}  // namespace bb::dashboard::test
