#include "service_run.h"

#include <fmt/format.h>
#include <unistd.h>

#include <ctime>
#include <filesystem>
#include <fstream>
#include <stdexcept>

namespace bb::bench {

namespace {

constexpr int kSymbols = 550;
constexpr int kPositions = 10;

void write_private(const std::string& path, const std::string& text) {
  std::ofstream(path) << text;
  std::filesystem::permissions(path, std::filesystem::perms(0600));
}

// The entry and the loss cut lie far away from now.
int far_hour() {
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(
                           std::chrono::system_clock::now().time_since_epoch())
                           .count();
  return static_cast<int>((seconds / 3600 + 12) % 24);
}

}  // namespace

ServiceRun::ServiceRun(std::chrono::microseconds round_trip) {
  std::string name = (std::filesystem::temp_directory_path() / "bb-bench-XXXXXX").string();
  if (mkdtemp(name.data()) == nullptr) throw std::runtime_error("no temporary folder");
  folder_ = name;
  paper_ = std::make_unique<TlsPaper>(kSymbols, round_trip);
  // Beside the authorities that a real connection would be checked against.
  const std::string system = "/etc/ssl/certs/ca-certificates.crt";
  if (std::filesystem::exists(system)) std::filesystem::copy_file(system, folder_ + "/ca.pem");
  std::ofstream(folder_ + "/ca.pem", std::ios::app) << paper_->certificate();
  write_private(folder_ + "/config.ini",
                fmt::format("[binance]\n"
                            "api_key = {}\n"
                            "api_secret = {}\n"
                            "base_url = https://localhost:{}\n"
                            "environment = paper\n"
                            "[strategy]\n"
                            "top_n = {}\n"
                            "allocation_splits = {}\n"
                            "[runtime]\n"
                            "timezone = UTC\n"
                            "entry_hour = {}\n"
                            "daily_loss_cut_hour = {}\n"
                            "state_dir = state\n"
                            "[notify]\n"
                            "enabled = false\n",
                            TlsPaper::kKey, TlsPaper::kSecret, paper_->port(), kPositions,
                            kPositions, far_hour(), far_hour()));
}

ServiceRun::~ServiceRun() {
  paper_.reset();
  std::error_code ignored;
  std::filesystem::remove_all(folder_, ignored);
}

std::unique_ptr<Process> ServiceRun::start_service() const {
  return std::make_unique<Process>(
      std::vector<std::string>{BB_PROGRAM, "service", "--config", folder_ + "/config.ini"},
      std::vector<std::string>{"SSL_CERT_FILE=" + folder_ + "/ca.pem"});
}

void ServiceRun::enter() {
  Process entry({BB_PROGRAM, "entry", "--config", folder_ + "/config.ini"},
                {"SSL_CERT_FILE=" + folder_ + "/ca.pem"});
  const int code = entry.join();
  if (code != 0 || positions() != kPositions)
    throw std::runtime_error(
        fmt::format("the entry ended with {} and {} positions", code, positions()));
}

int ServiceRun::symbols() const { return kSymbols; }
int ServiceRun::positions() const { return paper_->positions(); }

}  // namespace bb::bench
