#include "supervise/exposure.h"

#include <doctest/doctest.h>

using namespace bb::supervise;
using Weight = Exposure::Weight;

TEST_CASE("exposure: a Docker socket is judged by who may write to it, and whose it is") {
  CHECK(judge_docker_socket("d", "/s", {0666, 0, true}).weight == Weight::fault);
  CHECK(judge_docker_socket("d", "/s", {0660, 0, true}).weight == Weight::warning);
  CHECK(judge_docker_socket("d", "/s", {0660, 0, false}).weight == Weight::warning);
  CHECK(judge_docker_socket("d", "/s", {0660, 1000, true}).weight == Weight::fine);
}

TEST_CASE("exposure: an engine over TCP needs certificates") {
  CHECK(judge_docker_tcp("d", "tcp://b:2376", true).weight == Weight::fine);
  CHECK(judge_docker_tcp("d", "tcp://b:2375", false).weight == Weight::fault);
}

TEST_CASE("exposure: a PM2 of root's, or one that everybody may command") {
  CHECK(judge_pm2_socket("p", "/h", {0775, 1000, true}).weight == Weight::fine);
  CHECK(judge_pm2_socket("p", "/h", {0775, 0, true}).weight == Weight::warning);
  CHECK(judge_pm2_socket("p", "/h", {0777, 1000, true}).weight == Weight::fault);
}

TEST_CASE("exposure: a polkit rule should name its units") {
  const std::string rule = "if (action.id == 'org.freedesktop.systemd1.manage-units'";
  CHECK(judge_polkit_rule("s", "/r", rule + ") return YES").weight == Weight::warning);
  CHECK(judge_polkit_rule("s", "/r", rule + " && action.lookup(\"unit\") == 'a.service')").weight ==
        Weight::fine);
}

TEST_CASE("exposure: where nothing is declared nothing is judged") {
  SuperviseSettings settings;
  CHECK(find_exposures(settings).empty());
  settings.environment["PM2_HOME"] = "/nowhere";
  settings.strategies = {"grid"};
  const auto found = find_exposures(settings);
  REQUIRE(found.size() == 1);
  CHECK(found[0].found.find("does not exist") != std::string::npos);
}
