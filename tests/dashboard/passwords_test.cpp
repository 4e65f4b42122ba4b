#include "dashboard/passwords.h"

#include <doctest/doctest.h>

#include "dashboard/settings.h"
#include "dashboard/site.h"

namespace bb::dashboard::test {
namespace {

TEST_CASE("passwords: a hash fits its password alone, and two hashes of one differ") {
  const std::string& hash = owner_hash();
  CHECK(hash.starts_with("$argon2id$v=19$m=65536,t=2,p=1$"));
  CHECK(is_password_hash(hash));
  CHECK(is_password("correct horse battery", hash));
  CHECK_FALSE(is_password("correct horse batterY", hash));
  CHECK_FALSE(is_password("", hash));
  CHECK(hash_password("correct horse battery").value() != hash);
}

TEST_CASE("passwords: short and long ones, and hashes that are none, are refused") {
  CHECK_FALSE(hash_password("short").has_value());
  CHECK_FALSE(hash_password(std::string(300, 'x')).has_value());
  for (const char* hash : {"", "correct horse battery", "$2b$12$abcdefghijklmnopqrstuv",
                           "$argon2id$v=19$m=99999999,t=2,p=1$c2FsdA$aGFzaA", "$argon2id$v=19$m="})
    CHECK_FALSE(is_password_hash(hash));
}

TEST_CASE("settings: a password in clear text, a bad path and a host with a port are faults") {
  Settings settings;
  CHECK(validate(settings).empty());
  settings.password_hash = Secret("hunter2hunter2");
  settings.base_path = "bubble/";
  settings.allowed_hosts = {"bubble.example", "bubble.example:443", "*.example"};
  const auto faults = validate(settings);
  REQUIRE(faults.size() == 4);
  CHECK(faults[0].find("hunter2") == std::string::npos);
}

}  // namespace
}  // namespace bb::dashboard::test
