#include "supervise/exposure.h"

#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <optional>
#include <sstream>

#include "supervise/impl/docker_client.h"
#include "supervise/impl/selection.h"

namespace bb::supervise {

namespace fs = std::filesystem;

namespace {

using Weight = Exposure::Weight;

constexpr const char* kSeeDocs = "see \"The least power\" of docs/strategies.md";
constexpr unsigned kPolicy = S_IRWXG | S_IRWXO;

std::optional<SocketFacts> facts_of(const std::string& path) {
  struct stat info{};
  if (::stat(path.c_str(), &info) != 0) return std::nullopt;
  return SocketFacts{info.st_mode & 07777u, info.st_uid, ::access(path.c_str(), W_OK) == 0};
}

Exposure absent(const std::string& runner, const std::string& path) {
  return {Weight::warning, runner,
          path + " does not exist: the runner is not running, or elsewhere",
          "start it, or correct its section"};
}

void look_at_docker(const RunnerSettings& runner, std::vector<Exposure>& out) {
  const auto address = parse_engine_address(runner.address, !runner.tls_folder.empty());
  if (!address) {
    out.push_back({Weight::fault, runner.name, address.error().text, "correct its address"});
    return;
  }
  if (address->socket.empty()) {
    out.push_back(judge_docker_tcp(runner.name, runner.address, address->endpoint.tls));
    const auto key = runner.tls_folder + "/key.pem";
    const auto facts = facts_of(key);
    if (address->endpoint.tls && facts && (facts->mode & kPolicy) != 0)
      out.push_back({Weight::fault, runner.name,
                     fmt::format("others may read {}, which is root on that host", key),
                     "chmod 600 " + key});
    return;
  }
  const auto facts = facts_of(address->socket);
  out.push_back(facts ? judge_docker_socket(runner.name, address->socket, *facts)
                      : absent(runner.name, address->socket));
}

void look_at_pm2(const RunnerSettings& runner, std::vector<Exposure>& out) {
  const auto facts = facts_of(runner.home + "/rpc.sock");
  out.push_back(facts ? judge_pm2_socket(runner.name, runner.home, *facts)
                      : absent(runner.name, runner.home + "/rpc.sock"));
  const auto dump = runner.home + "/dump.pm2";
  // PM2 writes it with mode 0644, and every environment variable of every process in it.
  if (const auto saved = facts_of(dump); saved && (saved->mode & kPolicy) != 0)
    out.push_back({Weight::warning, runner.name,
                   fmt::format("others may read {}, which holds the environment (keys) of all "
                               "strategies in clear text",
                               dump),
                   fmt::format("chmod 600 {0} {0}.bak, after each `pm2 save`", dump)});
}

void look_at_polkit(const RunnerSettings& runner, std::vector<Exposure>& out) {
  if (::geteuid() == 0) {
    out.push_back({Weight::warning, runner.name,
                   "this program runs as root, and may do anything with every unit", kSeeDocs});
    return;
  }
  std::error_code error;
  bool found = false;
  for (const auto* folder : {"/etc/polkit-1/rules.d", "/usr/share/polkit-1/rules.d"})
    for (fs::directory_iterator at(folder, error), end; !error && at != end; at.increment(error)) {
      std::ifstream in(at->path());
      std::ostringstream text;
      text << in.rdbuf();
      if (text.str().find("org.freedesktop.systemd1.manage-units") == std::string::npos) continue;
      found = true;
      out.push_back(judge_polkit_rule(runner.name, at->path().string(), text.str()));
    }
  if (!found)
    out.push_back({Weight::warning, runner.name,
                   "no polkit rule about units can be read here: without one, start and stop are "
                   "refused",
                   kSeeDocs});
}

}  // namespace

Exposure judge_docker_socket(const std::string& runner, const std::string& path,
                             const SocketFacts& facts) {
  const auto found = fmt::format("{}, mode {:04o}, owner {}", path, facts.mode, facts.owner);
  if ((facts.mode & S_IWOTH) != 0)
    return {Weight::fault, runner, found + ": everybody on this machine is root through it",
            "chmod 660 " + path};
  if (facts.owner == 0 && facts.may_write)
    return {Weight::warning, runner,
            found + ": whoever may use it is root, and so is this program while it may", kSeeDocs};
  if (!facts.may_write)
    return {Weight::warning, runner, found + ": this user may not use it", kSeeDocs};
  return {Weight::fine, runner, found + ": an engine without root", ""};
}

Exposure judge_docker_tcp(const std::string& runner, const std::string& address, bool tls) {
  if (tls) return {Weight::fine, runner, address + " with certificates on both sides", ""};
  return {Weight::fault, runner,
          address + " without TLS: whoever reaches that port commands the engine",
          "set tls_folder, or let it be a socket proxy that nobody else reaches"};
}

Exposure judge_pm2_socket(const std::string& runner, const std::string& home,
                          const SocketFacts& facts) {
  const auto found =
      fmt::format("{}/rpc.sock, mode {:04o}, owner {}", home, facts.mode, facts.owner);
  if ((facts.mode & S_IWOTH) != 0)
    return {Weight::fault, runner, found + ": everybody may run programs as its owner",
            fmt::format("chmod 770 {0}/rpc.sock {0}/pub.sock", home)};
  if (facts.owner == 0)
    return {Weight::warning, runner,
            found + ": the daemon runs as root, and so does every strategy under it",
            "run PM2 as a user of its own"};
  return {Weight::fine, runner, found, ""};
}

Exposure judge_polkit_rule(const std::string& runner, const std::string& path,
                           const std::string& text) {
  const bool names_units = text.find("lookup(\"unit\")") != std::string::npos ||
                           text.find("lookup('unit')") != std::string::npos;
  if (names_units) return {Weight::fine, runner, path + " names the units it allows", ""};
  return {Weight::warning, runner, path + " allows every unit of this machine",
          "compare action.lookup(\"unit\") with the names of your strategies in it"};
}

std::vector<Exposure> find_exposures(const SuperviseSettings& settings) {
  std::vector<Exposure> out;
  if (shows_all(settings) && settings.strategies.empty()) return out;
  for (const auto& runner : runners_of(settings)) {
    switch (runner.kind) {
      case RunnerKind::pm2:
        look_at_pm2(runner, out);
        break;
      case RunnerKind::docker:
      case RunnerKind::swarm:
        look_at_docker(runner, out);
        break;
      case RunnerKind::systemd:
        look_at_polkit(runner, out);
        break;
      case RunnerKind::systemd_user:
        break;  // nothing but the user's own units
    }
  }
  return out;
}

}  // namespace bb::supervise
