#include "dashboard/impl/params.h"

#include <doctest/doctest.h>

#include "dashboard/site.h"

namespace bb::dashboard::test {
namespace {

Request request_of(const std::string& target) {
  net::HttpRequest http;
  http.target = target;
  return read_request(std::move(http), "", false).value();
}

TEST_CASE("params: what is in range is taken, what is absent has its default") {
  const auto request = request_of("/x?limit=7&hours=0.5&live=true&since=2025-10-10&text=a%20b");
  Params params(request);
  CHECK(params.integer("limit", 1, 1, 10) == 7);
  CHECK(params.integer("points", 600, 100, 5000) == 600);
  CHECK(params.number("hours", 24, 0, 8784) == doctest::Approx(0.5));
  CHECK(params.flag("live", false));
  CHECK(params.time("since").value() == from_ms(1'760'054'400'000));
  CHECK(params.text("text", 10) == "a b");
  CHECK_FALSE(params.refusal().has_value());
}

TEST_CASE("params: what is out of range is refused with the range, nothing is clamped") {
  for (const char* value : {"0", "11", "-1", "1.5", "ten", "", "99999999999999999999"}) {
    const auto request = request_of(std::string("/x?limit=") + value);
    Params params(request);
    CHECK(params.integer("limit", 5, 1, 10) == 5);
    const auto refusal = params.refusal();
    REQUIRE(refusal.has_value());
    CHECK(refusal->response.status == 422);
    CHECK(refusal->response.body.find("a whole number from 1 to 10") != std::string::npos);
  }
  for (const char* value : {"0", "nan", "inf", "8784.1", "-1"}) {
    const auto request = request_of(std::string("/x?hours=") + value);
    Params params(request);
    (void)params.number("hours", 24, 0, 8784);
    CHECK(params.refusal().has_value());
  }
}

TEST_CASE("params: a name that nobody reads is a fault, with the names that are read") {
  const auto request = request_of("/x?limmit=7");
  Params params(request);
  (void)params.integer("limit", 5, 1, 10);
  const auto refusal = params.refusal();
  REQUIRE(refusal.has_value());
  CHECK(refusal->response.body.find("one of the names limit") != std::string::npos);
}

TEST_CASE("request: the path of a proxy is taken off, only where it is a whole segment") {
  const auto path = [](const char* target) {
    net::HttpRequest http;
    http.target = target;
    return read_request(std::move(http), "/bubble", false).value().path;
  };
  CHECK(path("/bubble/api/v1/runs") == "/api/v1/runs");
  CHECK(path("/bubble") == "/");
  CHECK(path("/bubble/") == "/");
  CHECK(path("/bubbles") == "/bubbles");
  CHECK(path("/healthz") == "/healthz");
}

TEST_CASE("request: behind a proxy the last address that it forwards is the client") {
  net::HttpRequest http;
  http.target = "/";
  http.peer = "127.0.0.1";
  http.headers = {{"X-Forwarded-For", "6.6.6.6, 203.0.113.7"}};
  CHECK(read_request(http, "", false).value().client == "127.0.0.1");
  CHECK(read_request(http, "", true).value().client == "203.0.113.7");
}

}  // namespace
}  // namespace bb::dashboard::test
