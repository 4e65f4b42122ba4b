#include "notify/webhook.h"

#include <doctest/doctest.h>

#include "net/crypto.h"
#include "net/json.h"
#include "net/world.h"

namespace bb::notify {
namespace {

using net::HttpRequest;
using net::ServerReply;
using net::test::MemoryServer;
using test::run_sim;
using test::SimLoop;
using Fate = DeliveryResult::Fate;

Letter a_letter() {
  Letter letter;
  letter.title = "[paper] \"stop\" 缺失";
  letter.body = "| 合约 | BTCUSDT |\n";
  letter.kind = "protection";
  letter.urgency = Urgency::critical;
  letter.account = "paper-one";
  letter.written_at = from_ms(1'599'360'473'000);
  return letter;
}

NotifySettings a_webhook(const std::string& form, const std::string& secret = {},
                         const std::string& body = {}) {
  NotifySettings settings;
  settings.webhook_url = Secret("http://hook.test/secret/path?key=K");
  settings.webhook_template = form;
  settings.webhook_secret = Secret(secret);
  settings.webhook_body = body;
  return settings;
}

WebhookPost post_of(const std::string& form, const std::string& secret = {},
                    const std::string& body = {}, TimePoint now = from_ms(1'599'360'473'000)) {
  return make_post(a_webhook(form, secret, body), a_letter(), now);
}

TEST_CASE("webhook: the signatures are the vendors' own test vectors") {
  const auto feishu = post_of("feishu", "demo-secret");
  const auto document = net::JsonDocument::parse(feishu.body);
  REQUIRE(document.has_value());
  CHECK(document->root().at("timestamp").text() == "1599360473");
  CHECK(document->root().at("sign").text() == "3/MaVZ8JLIy4TUG+7KSFJqvUkTKd+HWY8g+56DZWq8s=");

  const auto dingtalk = post_of("dingtalk", "demo-secret", {}, from_ms(1'577'262'236'757));
  CHECK(dingtalk.query ==
        "timestamp=1577262236757&sign=ZiKfpM8mRFX%2Baug%2Bjm62G9QWhExCBt8wm7cFAmXd%2B6Y%3D");

  const auto generic = post_of("generic", "s3cret");
  REQUIRE(generic.headers.size() == 2);
  CHECK(generic.headers[0].second == "1599360473");
  CHECK(generic.headers[1].second ==
        "sha256=" + net::hmac_sha256_hex("s3cret", "1599360473." + generic.body));
}

TEST_CASE("webhook: every form is JSON that holds the title and the text") {
  for (const auto& form : webhook_templates()) {
    CAPTURE(form);
    const auto post = post_of(form, "secret", R"({"a":"{title}","b":"{text}"})");
    CHECK(net::JsonDocument::parse(post.body).has_value());
    CHECK(post.body.find("缺失") != std::string::npos);
    CHECK(post.body.find("BTCUSDT") != std::string::npos);
  }
}

TEST_CASE("webhook: a form of one's own is filled in, and stays JSON whatever stands in the text") {
  const auto post =
      post_of("custom", {}, R"({"m":"{kind} {urgency} {account} {time}: {title}","n":"{other}"})");
  CHECK(post.body ==
        "{\"m\":\"protection critical paper-one 2020-09-06T02:47:53.000Z: [paper] "
        "\\\"stop\\\" 缺失\",\"n\":\"{other}\"}");
}

TEST_CASE("webhook: success needs the status and the service's own word") {
  CHECK(judge_post("generic", 204, "").delivered());
  CHECK(judge_post("slack", 200, "ok").delivered());
  CHECK(judge_post("feishu", 200, R"({"code":0,"msg":"success"})").delivered());
  CHECK(judge_post("feishu", 200, R"({"code":19021,"msg":"sign match fail"})").fate ==
        Fate::refused);
  CHECK(judge_post("wecom", 200, R"({"errcode":45009,"errmsg":"freq"})").fate == Fate::later);
  CHECK(judge_post("dingtalk", 200, "<html>").fate == Fate::later);
  CHECK(judge_post("generic", 302, "").fate == Fate::refused);
  CHECK(judge_post("generic", 404, "").fate == Fate::broken);
  CHECK(judge_post("generic", 429, "").fate == Fate::later);
  CHECK(judge_post("generic", 503, "").fate == Fate::later);
}

struct Script {
  ServerReply answer = net::test::reply(200, "");
  std::vector<HttpRequest> seen;
};
Task<ServerReply> play(Script& script, HttpRequest request) {
  script.seen.push_back(std::move(request));
  co_return script.answer;
}

TEST_CASE("webhook: it is posted to its address, follows nowhere, and its key is never told") {
  run_sim([](SimLoop& loop) -> Task<void> {
    Script script;
    MemoryServer server(loop,
                        [&](HttpRequest request) { return play(script, std::move(request)); });
    std::string lines;
    const Log log{LogLevel::debug, [&](LogLevel, std::string_view line) { lines += line; }};
    auto hook = make_webhook(a_webhook("dingtalk", "s"), server.dialer(), loop.clock, log);
    REQUIRE(hook != nullptr);
    script.answer.response.headers.emplace_back("Location", "http://169.254.169.254/");
    script.answer.response.status = 302;
    auto result = co_await hook->send(a_letter());
    CHECK(result.fate == Fate::refused);
    REQUIRE(script.seen.size() == 1);
    CHECK(script.seen[0].target.starts_with("/secret/path?key=K&timestamp="));
    script.answer = net::test::reply(500, "http://hook.test/secret/path?key=K");
    result = co_await hook->send(a_letter());
    CHECK(result.fate == Fate::later);
    CHECK(result.problem.find("secret") == std::string::npos);
    script.answer.delivery = ServerReply::Delivery::truncated;
    result = co_await hook->send(a_letter());
    CHECK(result.problem.find("secret") == std::string::npos);
    script.answer = net::test::reply(429, "");
    script.answer.response.headers.emplace_back("Retry-After", "17");
    result = co_await hook->send(a_letter());
    CHECK(result.retry_after == Seconds(17));
    hook.reset();
    co_await server.join();
  });
}

TEST_CASE("webhook: settings that cannot work are faults before anything is sent") {
  CHECK(check_webhook(a_webhook("generic")).empty());
  CHECK(check_webhook(a_webhook("custom", {}, R"({"text":"{title}"})")).empty());
  CHECK(check_webhook(a_webhook("custom", {}, "text={title}")).size() == 1);
  CHECK(check_webhook(a_webhook("bark")).size() == 1);
  auto bad = a_webhook("generic");
  bad.webhook_url = Secret("hook.test/path");
  CHECK(check_webhook(bad).size() == 1);
  CHECK(check_webhook(NotifySettings{}).empty());
}

}  // namespace
}  // namespace bb::notify
