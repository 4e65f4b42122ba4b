#include "app/secret_files.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <optional>
#include <sstream>

namespace bb::app {

namespace fs = std::filesystem;

namespace {

constexpr std::string_view kPrefix = "BUBBLE_BUSTER_";
constexpr std::string_view kSuffix = "_FILE";
constexpr std::string_view kPlain[] = {"TELEGRAM_TOKEN", "TELEGRAM_CHAT_ID", "ENABLED_USERS",
                                       "BINANCE_API_CONFIGS", "PROXY_URL"};
constexpr std::uintmax_t kLargest = 65'536;

bool is_known(std::string_view name) {
  return name.starts_with(kPrefix) || std::ranges::find(kPlain, name) != std::end(kPlain);
}

std::optional<std::string> read_secret(const fs::path& path) {
  std::error_code error;
  const auto size = fs::file_size(path, error);
  std::ifstream in(path, std::ios::binary);
  if (error || size > kLargest || !in) return std::nullopt;
  std::ostringstream text;
  text << in.rdbuf();
  std::string secret = text.str();
  while (secret.ends_with('\n') || secret.ends_with('\r'))
    secret.pop_back();
  return secret;
}

/// The variable that a file of that name stands for, or nothing: other people's secrets lie in the
/// same folder.
std::string variable_of(const std::string& file) {
  std::string name;
  for (const char c : file)
    name += c == '.' || c == '-' ? '_' : c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : c;
  if (is_known(name)) return name;
  return file.contains('.') ? std::string(kPrefix) + name : std::string();
}

void take_folder(const std::string& folder, Environment& environment) {
  std::error_code ignored;
  for (const auto& entry : fs::directory_iterator(folder, ignored)) {
    const auto name = variable_of(entry.path().filename().string());
    if (name.empty() || environment.contains(name)) continue;
    if (auto secret = read_secret(entry.path())) environment.emplace(name, std::move(*secret));
  }
}

}  // namespace

std::expected<Environment, std::vector<std::string>> with_secret_files(
    Environment environment, const std::string& docker_secrets) {
  std::vector<std::string> faults;
  Environment named;
  for (const auto& [key, path] : environment) {
    if (!key.ends_with(kSuffix) || path.empty()) continue;
    const std::string name = key.substr(0, key.size() - kSuffix.size());
    // Keys that end so themselves: lock_file is a file's name, and no secret's.
    if (!is_known(name) || name.ends_with("_LOCK") || environment.contains(name)) continue;
    if (auto secret = read_secret(path))
      named.emplace(name, std::move(*secret));
    else
      faults.push_back(fmt::format("environment {}: cannot read the secret file '{}'", key, path));
  }
  if (!faults.empty()) return std::unexpected(std::move(faults));
  environment.merge(named);
  if (const auto folder = environment.find("CREDENTIALS_DIRECTORY");
      folder != environment.end() && !folder->second.empty())
    take_folder(folder->second, environment);
  take_folder(docker_secrets, environment);
  return environment;
}

}  // namespace bb::app
