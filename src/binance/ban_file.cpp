#include "binance/ban_file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <array>
#include <cctype>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <filesystem>

#include "base/plant.h"
#include "binance/venue.h"
#include "net/stream.h"

namespace bb::binance {

namespace {

constexpr Hours kLongest{3 * 24 + 1};
constexpr std::string_view kMark = "banned until ";

Status fault(const std::string& path, const char* what) {
  return fail(ErrorKind::storage,
              fmt::format("cannot {} '{}': {}", what, path, std::strerror(errno)));
}

bool write_all(int file, std::string_view text) {
  while (!text.empty()) {
    const auto written = ::write(file, text.data(), text.size());
    if (written < 0) return false;
    text.remove_prefix(static_cast<std::size_t>(written));
  }
  return true;
}

}  // namespace

std::string ban_file_name(std::string_view base_url, std::string_view proxy) {
  const auto url = net::parse_base_url(base_url);
  std::string name = url ? url->endpoint.host + "_" + std::to_string(url->endpoint.port) : "none";
  if (!proxy.empty()) name += "_by_" + std::string(proxy);
  for (char& c : name)
    if (!std::isalnum(static_cast<unsigned char>(c)) && c != '.' && c != '-') c = '_';
  return name + ".ban";
}

std::optional<TimePoint> BanFile::load(TimePoint now) const {
  if (path_.empty() || planted("ban_forgotten")) return std::nullopt;
  const int file = ::open(path_.c_str(), O_RDONLY | O_CLOEXEC);
  if (file < 0) return std::nullopt;
  std::array<char, 64> bytes{};
  const auto got = ::read(file, bytes.data(), bytes.size());
  ::close(file);
  const std::string_view text(bytes.data(), got > 0 ? static_cast<std::size_t>(got) : 0);
  if (!text.starts_with(kMark)) return std::nullopt;
  const auto digits = text.substr(kMark.size());
  std::int64_t ms = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), ms);
  if (error != std::errc() || ms <= to_ms(now) || ms > to_ms(now + kLongest)) return std::nullopt;
  return from_ms(ms);
}

Status BanFile::save(TimePoint until) const {
  if (path_.empty()) return {};
  std::error_code ignored;
  const auto folder = std::filesystem::path(path_).parent_path();
  if (!folder.empty()) std::filesystem::create_directories(folder, ignored);
  if (const auto known = load(until - Millis(1)); known && *known > until) return {};
  const auto fresh = fmt::format("{}.{}.new", path_, ::getpid());
  const int file = ::open(fresh.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  if (file < 0) return fault(fresh, "write");
  const auto text = fmt::format("{}{} ({})\n", kMark, to_ms(until), iso_seconds(until));
  const bool is_written = write_all(file, text) && ::fsync(file) == 0;
  const int why = errno;
  ::close(file);
  errno = why;
  if (!is_written) return fault(fresh, "write");
  if (std::rename(fresh.c_str(), path_.c_str()) != 0) return fault(path_, "replace");
  return {};
}

}  // namespace bb::binance
