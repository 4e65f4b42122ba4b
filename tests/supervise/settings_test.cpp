#include <doctest/doctest.h>

#include "supervise/impl/selection.h"
#include "supervise/settings.h"

using namespace bb;
using namespace bb::supervise;

namespace {

/// Faults of the text, or none.
std::vector<std::string> load(const std::string& text, SuperviseSettings& settings,
                              const Environment& environment = {}) {
  const auto file = parse_ini(text, "test.ini");
  REQUIRE(file.has_value());
  std::vector<SettingsSection> sections;
  sections.push_back(supervise_section(settings));
  for (auto& section : declared_sections(*file, settings))
    sections.push_back(std::move(section));
  const auto applied = apply_settings(*file, environment, sections);
  if (!applied) return applied.error();
  apply_environment(settings, environment);
  return validate(settings);
}

bool has(const std::vector<std::string>& faults, const std::string& text) {
  for (const auto& fault : faults)
    if (fault.find(text) != std::string::npos) return true;
  return false;
}

}  // namespace

TEST_CASE("settings: a declared strategy names its runner and target, or takes the usual ones") {
  SuperviseSettings settings;
  const auto faults = load(
      "[runner.box2]\nkind = Docker\naddress = tcp://box2:2376\ntls_folder = /certs\n"
      "[process.grid]\nrunner = box2\ntarget = live_grid_1\naccount = alice\n"
      "[process.maker]\n"
      "[process.unit]\nrunner = systemd\n",
      settings, {{"CTRL_MODE", "PM2"}, {"HOME", "/home/u"}});
  CHECK(faults.empty());
  CHECK(settings.declared.at("grid")->target == "live_grid_1");
  CHECK(settings.declared.at("maker")->target == "maker");
  CHECK(settings.declared.at("maker")->runner == "pm2");
  CHECK(settings.declared.at("unit")->target == "unit.service");
  const auto runners = runners_of(settings);
  REQUIRE(runners.size() == 3);
  CHECK(runners[0].tls_folder == "/certs");
  CHECK(runners[1].home == "/home/u/.pm2");
  CHECK(runners[2].units == std::vector<std::string>{"unit.service"});
  CHECK_FALSE(shows_all(settings));
}

TEST_CASE("settings: without a file the runner of CTRL_MODE is shown, in any letter case") {
  SuperviseSettings settings;
  CHECK(load("", settings, {{"CTRL_MODE", "DoCkEr"}, {"STRATEGIES", "a, namespace:live"}}).empty());
  CHECK(shows_all(settings));
  const auto runners = runners_of(settings);
  REQUIRE(runners.size() == 1);
  CHECK(runners[0].kind == RunnerKind::docker);
  CHECK(runners[0].address == "unix:///var/run/docker.sock");
  CHECK(runners[0].strategies == std::vector<std::string>{"a", "namespace:live"});
}

TEST_CASE("settings: DOCKER_HOST and its certificates are taken as Docker's own client does") {
  const Environment environment{{"DOCKER_HOST", "tcp://box:2376"}, {"DOCKER_CERT_PATH", "/certs"}};
  CHECK(default_runner(RunnerKind::docker, environment).tls_folder.empty());
  auto verified = environment;
  verified["DOCKER_TLS_VERIFY"] = "1";
  CHECK(default_runner(RunnerKind::docker, verified).tls_folder == "/certs");
  CHECK(default_runner(RunnerKind::systemd_user, {{"XDG_RUNTIME_DIR", "/run/user/7"}}).address ==
        "/run/user/7/bus");
}

TEST_CASE("settings: what cannot be meant is refused with its section") {
  SuperviseSettings settings;
  const auto faults = load(
      "[process.a]\nrunner = nobody\n"
      "[process.b]\nrunner = systemd\ntarget = live-*.service\n"
      "[process.c]\ntarget = same\n[process.d]\ntarget = same\n"
      "[process.-rf]\n"
      "[process.$(reboot)]\n"
      "[supervise]\nheartbeat_utc = 25:00\n",
      settings, {{"CTRL_MODE", "kubernetes"}});
  CHECK(has(faults, "[process.a] runner: 'nobody'"));
  CHECK(has(faults, "[process.b] target: 'live-*.service'"));
  CHECK(has(faults, "'-rf' is no name"));
  CHECK(has(faults, "'$(reboot)' is no name"));
  CHECK(has(faults, "heartbeat_utc"));
  CHECK(has(faults, "[process.c] and [process.d] mean the same target 'same'"));
  CHECK(has(faults, "CTRL_MODE: 'kubernetes'"));
}

TEST_CASE("settings: an unknown key of a declared strategy is an error with the nearest one") {
  SuperviseSettings settings;
  CHECK(has(load("[process.a]\ntargett = x\n", settings), "target"));
}

TEST_CASE("selection: a namespace, a label, a label's value, an exact name, and nothing near it") {
  RunnerSettings runner;
  Process process;
  process.name = "grid-1";
  process.group = "live";
  process.labels = {{"app", "strategy"}};
  const auto selects = [&](const std::string& selector) {
    runner.strategies = {selector};
    return is_selected(runner, process);
  };
  CHECK(selects("grid-1"));
  CHECK(selects("namespace:live"));
  CHECK(selects("label:app"));
  CHECK(selects("label:app=strategy"));
  CHECK_FALSE(selects("grid"));
  CHECK_FALSE(selects("Grid-1"));
  CHECK_FALSE(selects("namespace:"));
  CHECK_FALSE(selects("label:app=strat"));
  CHECK_FALSE(selects("all"));
  CHECK_FALSE(selects("/.*/"));
}
