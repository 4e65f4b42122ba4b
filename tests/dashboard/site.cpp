#include "dashboard/site.h"

#include <doctest/doctest.h>

#include "net/json.h"

namespace bb::dashboard::test {

const std::string& owner_hash() {
  static const std::string hash = hash_password("correct horse battery").value();
  return hash;
}

const std::string& viewer_hash() {
  static const std::string hash = hash_password("only looking around").value();
  return hash;
}

World::World(SimLoop& loop, bool with_password) : loop_(loop), stop_(loop.clock) {
  if (with_password) {
    settings.password_hash = Secret(owner_hash());
    settings.viewer_password_hash = Secret(viewer_hash());
  }
  store::StoreOptions options;
  options.path = folder.file("state.db");
  options.threaded = false;
  options.sync = false;
  auto opened = store::Store::open(options, "paper-one", loop.io.get_executor(), loop.clock, log);
  REQUIRE(opened.has_value());
  store = std::move(*opened);
  Options page{.settings = settings, .account = {}};
  page.account = {"paper-one", "paper", folder.path(), options.path, "USDT"};
  page.log_dir = folder.path();
  page.config_path = folder.file("config.ini");
  site_ = std::make_unique<Site>(loop.io, loop.clock, log, std::move(page));
  site_->stop = &stop_;
}

World::~World() = default;

Task<net::HttpResponse> World::ask(Asked asked) {
  net::HttpRequest request;
  request.method = asked.method;
  request.target = asked.target;
  request.body = asked.body;
  request.peer = "127.0.0.1";
  const auto add = [&](const std::string& name, const std::string& value) {
    if (net::find_header(asked.more, name).data() == nullptr && !value.empty())
      request.headers.emplace_back(name, value);
  };
  add("Host", "127.0.0.1:8787");
  add("Sec-Fetch-Site", "same-origin");
  add("Sec-Fetch-Mode", "cors");
  add("Sec-Fetch-Dest", "empty");
  if (asked.method == net::Method::post) {
    add("Origin", "http://127.0.0.1:8787");
    add("Content-Type", "application/json");
  }
  add("Cookie", asked.cookie);
  add("X-CSRF-Token", asked.csrf);
  for (auto& field : asked.more)
    request.headers.push_back(field);
  auto reply = co_await dispatch(*site_, std::move(request));
  co_return std::move(reply.response);
}

Task<Asked> World::signed_in(std::string password, net::Method method, std::string target,
                             std::string body) {
  Asked in{net::Method::post, "/api/v1/sign-in", "{\"password\":\"" + password + "\"}"};
  const auto response = co_await ask(std::move(in));
  REQUIRE(response.status == 200);
  const std::string field(net::find_header(response.headers, "Set-Cookie"));
  const auto document = net::JsonDocument::parse(response.body);
  REQUIRE(document.has_value());
  Asked next{method, std::move(target), std::move(body)};
  next.cookie = field.substr(0, field.find(';'));
  next.csrf = document->root().at("csrf").text();
  co_return next;
}

std::string error_of(const net::HttpResponse& response) {
  const auto document = net::JsonDocument::parse(response.body);
  if (!document || !document->root().has("error")) return response.body;
  return std::string(document->root().at("error").at("text").text());
}

}  // namespace bb::dashboard::test
