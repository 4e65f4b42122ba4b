#include "app/secret_files.h"

#include <doctest/doctest.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <filesystem>
#include <fstream>

#include "app/session.h"
#include "support/run.h"

namespace bb::app::test {
namespace {

using bb::test::TempDir;

void write(const std::string& path, const std::string& text) {
  std::filesystem::create_directories(std::filesystem::path(path).parent_path());
  std::ofstream(path) << text;
}

TEST_CASE("secrets: systemd's credentials and Docker's files are the variables they stand for") {
  const TempDir dir;
  write(dir.file("credentials/binance.api_key"), "key-of-systemd\n");
  write(dir.file("credentials/TELEGRAM_TOKEN"), "token-of-systemd");
  write(dir.file("credentials/somebody_elses"), "not mine");
  write(dir.file("docker/binance.api_key"), "key-of-docker");
  write(dir.file("docker/bubble_buster_binance_api_secret"), "secret-of-docker\r\n");
  write(dir.file("chat"), "42\n");
  const auto all = with_secret_files({{"CREDENTIALS_DIRECTORY", dir.file("credentials")},
                                      {"TELEGRAM_CHAT_ID_FILE", dir.file("chat")},
                                      {"ENABLED_USERS", "7"},
                                      {"ENABLED_USERS_FILE", dir.file("chat")},
                                      {"MYSQL_PASSWORD_FILE", "/nowhere"}},
                                     dir.file("docker"));
  REQUIRE(all.has_value());
  CHECK(all->at("BUBBLE_BUSTER_BINANCE_API_KEY") == "key-of-systemd");
  CHECK(all->at("TELEGRAM_TOKEN") == "token-of-systemd");
  CHECK(all->at("BUBBLE_BUSTER_BINANCE_API_SECRET") == "secret-of-docker");
  CHECK(all->at("TELEGRAM_CHAT_ID") == "42");
  CHECK(all->at("ENABLED_USERS") == "7");  // what is said outright wins
  CHECK(!all->contains("MYSQL_PASSWORD"));
  for (const auto& [name, value] : *all)
    CHECK(value != "not mine");
  // The lock's file is a setting, and no secret's name.
  CHECK(with_secret_files({{"BUBBLE_BUSTER_RUNTIME_LOCK_FILE", "/nowhere"}}, "").has_value());
}

TEST_CASE("secrets: a named file that cannot be read is an error that names it, not its content") {
  const auto none = with_secret_files({{"TELEGRAM_TOKEN_FILE", "/nowhere/token"}}, "");
  REQUIRE(!none.has_value());
  CHECK(none.error().front().find("TELEGRAM_TOKEN_FILE") != std::string::npos);
  const TempDir dir;
  write(dir.file("large"), std::string(70'000, 'x'));
  CHECK(!with_secret_files({{"TELEGRAM_TOKEN_FILE", dir.file("large")}}, "").has_value());
}

/// What systemd would hear.
class Ear {
 public:
  explicit Ear(const std::string& path) : fd_(socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0)) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::strncpy(address.sun_path, path.c_str(), sizeof(address.sun_path) - 1);
    REQUIRE(bind(fd_, reinterpret_cast<sockaddr*>(&address), sizeof(address)) == 0);
  }
  ~Ear() { close(fd_); }
  std::vector<std::string> heard() const {
    std::vector<std::string> all;
    char buffer[512];
    for (ssize_t size = 0; (size = recv(fd_, buffer, sizeof(buffer), 0)) > 0;)
      all.emplace_back(buffer, static_cast<std::size_t>(size));
    return all;
  }

 private:
  int fd_;
};

TEST_CASE("systemd: it hears of a session that is ready, that lives, and that ends") {
  const TempDir dir;
  const Ear ear(dir.file("notify"));
  const auto config =
      default_config({{"NOTIFY_SOCKET", dir.file("notify")}, {"WATCHDOG_USEC", "200000"}});
  REQUIRE(config.has_value());
  Session session(**config, Log(LogLevel::error, null_sink()), false);
  const int code = session.run(
      [](Session& s) -> Task<int> {
        s.notice().ready("a test");
        co_await sleep_for(s.clock(), Millis(200));
        co_return 7;
      },
      AfterStop::own_code);
  CHECK(code == 7);
  const auto heard = ear.heard();
  CHECK(std::ranges::count(heard, "READY=1\nSTATUS=a test") == 1);
  CHECK(std::ranges::count(heard, "WATCHDOG=1") >= 1);
  CHECK(std::ranges::count(heard, "STOPPING=1") == 1);
}

TEST_CASE("systemd: without one, and with an impossible one, nothing is sent and nothing fails") {
  for (const char* socket : {"", "relative", "/nowhere/at/all"}) {
    const auto config = default_config({{"NOTIFY_SOCKET", socket}, {"WATCHDOG_USEC", "x"}});
    REQUIRE(config.has_value());
    Session session(**config, Log(LogLevel::error, null_sink()), false);
    const auto body = [](Session& s) -> Task<int> {
      s.notice().ready("a test");
      co_return 3;
    };
    CHECK(session.run(body, AfterStop::own_code) == 3);
  }
}

}  // namespace
}  // namespace bb::app::test
