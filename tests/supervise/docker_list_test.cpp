#include <doctest/doctest.h>

#include "supervise/impl/docker_client.h"
#include "supervise/impl/docker_list.h"

using namespace bb;
using namespace bb::supervise;

namespace {

Process container(const std::string& state, const std::string& more = "") {
  const auto document = net::JsonDocument::parse(
      R"({"Id":"8a6d","Name":"/grid-1","RestartCount":2,"State":{)" + state +
      R"(},"Config":{"Env":["BINANCE_KEY=canary"],"Labels":{"app":"strategy",)"
      R"("com.docker.compose.project":"live"}})" +
      more + "}");
  REQUIRE(document.has_value());
  const auto out = parse_container(document->root());
  REQUIRE(out.has_value());
  return *out;
}

std::string frame(char stream, const std::string& text) {
  return std::string(1, stream) + std::string("\0\0\0\0\0\0", 6) + static_cast<char>(text.size()) +
         text;
}

Process service(int replicas, const std::string& tasks) {
  const auto spec = net::JsonDocument::parse(
      R"({"ID":"s1","Spec":{"Name":"grid","Labels":{"app":"x"},"Mode":{"Replicated":{"Replicas":)" +
      std::to_string(replicas) + "}}}}");
  const auto list = net::JsonDocument::parse("[" + tasks + "]");
  REQUIRE(list.has_value());
  const auto out = parse_service(spec->root(), list->root());
  REQUIRE(out.has_value());
  return *out;
}

std::string task(const std::string& state, const std::string& stamp) {
  return R"({"ServiceID":"s1","Status":{"State":")" + state + R"(","Timestamp":")" + stamp +
         R"(","Err":")" + (state == "failed" ? "task: non-zero exit (3)" : "") +
         R"(","ContainerStatus":{"PID":77,"ExitCode":3}}})";
}

}  // namespace

TEST_CASE("docker: a running container with its health, labels and project") {
  const auto process = container(
      R"("Status":"running","Running":true,"Pid":55,"ExitCode":0,"Health":{"Status":"unhealthy"},)"
      R"("StartedAt":"2026-11-21T10:00:00.123456789Z","FinishedAt":"0001-01-01T00:00:00Z")");
  CHECK(process.name == "grid-1");
  CHECK(process.group == "live");
  CHECK(process.labels.at("app") == "strategy");
  CHECK(process.state == State::running);
  CHECK(process.health == Health::unhealthy);
  CHECK(process.pid == 55);
  CHECK(iso_millis(*process.started_at) == "2026-11-21T10:00:00.123Z");
  CHECK_FALSE(process.exit_code.has_value());
}

TEST_CASE("docker: a container in a crash loop is restarting though it calls itself running") {
  const auto process =
      container(R"("Status":"restarting","Running":true,"Restarting":true,"Pid":0,"ExitCode":1,)"
                R"("FinishedAt":"2026-11-21T10:00:00Z")");
  CHECK(process.state == State::restarting);
  CHECK(process.exit_code == 1);
}

TEST_CASE("docker: a stop's own codes are no failure, other codes and lack of memory are") {
  const auto ended = [](int code, bool oom) {
    return container(R"("Status":"exited","ExitCode":)" + std::to_string(code) +
                     R"(,"OOMKilled":)" + (oom ? "true" : "false") +
                     R"(,"FinishedAt":"2026-11-21T10:00:00Z")");
  };
  CHECK(ended(0, false).state == State::stopped);
  CHECK(ended(143, false).state == State::stopped);
  CHECK(ended(3, false).state == State::failed);
  CHECK(ended(137, true).state == State::failed);
  CHECK(ended(137, true).last_exit == "code 137, out of memory");
}

TEST_CASE("docker: the share of a core needs two moments") {
  CHECK_FALSE(cpu_percent({}, {100, 1000, 4}).has_value());
  CHECK(cpu_percent({100, 1000, 4}, {200, 2000, 4}) == doctest::Approx(40));
  CHECK_FALSE(cpu_percent({100, 1000, 4}, {50, 2000, 4}).has_value());
}

TEST_CASE("docker: memory is what is used without the cache, under cgroups of both versions") {
  const auto memory = [](const std::string& detail) {
    const auto document = net::JsonDocument::parse(
        R"({"memory_stats":{"usage":1000,"limit":9223372036854771712,"stats":{)" + detail + "}}}");
    return parse_container_stats(document->root()).value();
  };
  CHECK(memory(R"("total_inactive_file":300,"inactive_file":1)").memory_bytes == 700);
  CHECK(memory(R"("inactive_file":400)").memory_bytes == 600);
  CHECK(memory(R"("inactive_file":4000)").memory_bytes == 1000);
  CHECK_FALSE(memory("").memory_limit_bytes.has_value());
}

TEST_CASE("docker: both streams of a log come out in order; raw and cut ones too") {
  CHECK(unframe_log(frame(1, "a\n") + frame(2, "b\n") + frame(1, "c\n")) == "a\nb\nc\n");
  CHECK(unframe_log("plain text\n") == "plain text\n");
  CHECK(unframe_log(frame(1, "abcdef").substr(0, 11)) == "abc");
  CHECK(unframe_log("").empty());
}

TEST_CASE("docker: the newest version that both speak, or why there is none") {
  CHECK(negotiate_version("1.41", "1.12") == "v1.41");
  CHECK(negotiate_version("1.60", "1.44") == "v1.52");
  CHECK_FALSE(negotiate_version("1.70", "1.60").has_value());
  CHECK_FALSE(negotiate_version("1.10", "1.00").has_value());
  CHECK_FALSE(negotiate_version("", "").has_value());
}

TEST_CASE("docker: the forms of an engine's address") {
  CHECK(parse_engine_address("unix:///run/d.sock", false)->socket == "/run/d.sock");
  CHECK(parse_engine_address("/run/d.sock", false)->socket == "/run/d.sock");
  const auto remote = parse_engine_address("tcp://box2:2376", true);
  CHECK(remote->endpoint.host == "box2");
  CHECK(remote->endpoint.tls);
  CHECK_FALSE(parse_engine_address("tcp://box2:2375", false)->endpoint.tls);
  CHECK_FALSE(parse_engine_address("ssh://box2", false).has_value());
  CHECK_FALSE(parse_engine_address("unix://relative", false).has_value());
}

TEST_CASE("swarm: a service is what its tasks are") {
  CHECK(service(1, task("running", "2026-11-21T10:00:00Z")).state == State::running);
  CHECK(service(1, task("preparing", "2026-11-21T10:00:00Z")).state == State::starting);
  CHECK(service(0, task("running", "2026-11-21T10:00:00Z")).state == State::stopping);
  CHECK(service(0, task("shutdown", "2026-11-21T10:00:00Z")).state == State::stopped);
  const auto loop = service(
      1, task("failed", "2026-11-21T10:00:00Z") + "," + task("ready", "2026-11-21T10:00:01Z"));
  CHECK(loop.state == State::restarting);
  CHECK(loop.restarts == 1);
  CHECK(loop.last_exit == "task: non-zero exit (3), code 3");
  CHECK(service(1, task("failed", "2026-11-21T10:00:00Z")).state == State::failed);
}
