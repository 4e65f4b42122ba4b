#include "app/paper_accounts.h"

#include <doctest/doctest.h>
#include <sys/stat.h>

#include <fstream>

#include "support/keys.h"
#include "support/run.h"

namespace bb::app::test {
namespace {

using bb::test::TempDir;

using Loaded = std::expected<std::vector<paper::PaperAccount>, std::vector<std::string>>;

Loaded load(const TempDir& dir, const std::string& text, mode_t mode = 0600) {
  const std::string path = dir.file("accounts.ini");
  std::ofstream(path) << text;
  chmod(path.c_str(), mode);
  return load_paper_accounts(path);
}

/// Whether exactly one fault has this text, as "…accounts.ini:LINE: …" where a line is given.
bool has_fault(const Loaded& loaded, const std::string& text) {
  if (loaded) return false;
  int found = 0;
  for (const auto& fault : loaded.error())
    found += fault.find(text) != std::string::npos ? 1 : 0;
  return found == 1;
}

const std::string kTwoAccounts = R"([account alice]
balance = 2500.50
hedge = true
default_leverage = 7
default_margin = isolated
maker_fee = 0.0001
taker_fee = 0.0004
rpi_fee = 0.00005
api_key = key1
api_secret = secret1

[account bob]

[key bob-rsa]
account = bob
api_key = key2
public_key = file:rsa.pem
permissions = read
addresses = 10.0.0.5, 10.0.0.6

[key bob-ed]
account = bob
api_key = key3
public_key = MCowBQYDK2VwAyEA6kpsY+KcUgq+9VB7Ey7F+ZVHdq6+vnuSQh7qaRRG0iw=
permissions = read, trade, withdraw
)";

TEST_CASE("paper accounts: a file with accounts and their keys") {
  const TempDir dir;
  std::ofstream(dir.file("rsa.pem")) << bb::test::kRsaPublicPem;
  const auto loaded = load(dir, kTwoAccounts);
  REQUIRE(loaded.has_value());
  REQUIRE(loaded->size() == 2);
  const auto& alice = loaded->front();
  CHECK(alice.alias == "alice");
  CHECK(alice.balance.str() == "2500.5");
  CHECK(alice.hedge);
  CHECK(alice.default_leverage == 7);
  CHECK(alice.default_margin == MarginType::isolated);
  CHECK(alice.fees.maker.str() == "0.0001");
  CHECK(alice.fees.taker.str() == "0.0004");
  CHECK(alice.fees.rpi.str() == "0.00005");
  CHECK(alice.api_secret == "secret1");
  const auto& bob = loaded->back();
  CHECK(bob.balance.str() == "10000");
  REQUIRE(bob.keys.size() == 2);
  CHECK(bob.keys[0].public_key == bb::test::kRsaPublicPem);
  CHECK_FALSE(bob.keys[0].can_trade);
  CHECK(bob.keys[0].addresses == std::vector<std::string>{"10.0.0.5", "10.0.0.6"});
  CHECK(bob.keys[1].can_trade);
  CHECK(bob.keys[1].can_withdraw);
}

TEST_CASE(
    "paper accounts: secrets in a file that others may read are refused; public keys are not") {
  const TempDir dir;
  std::ofstream(dir.file("rsa.pem")) << bb::test::kRsaPublicPem;
  CHECK(has_fault(load(dir, kTwoAccounts, 0640), "it holds secrets and others may read it"));
  const std::string without = "[account a]\n[key k]\naccount = a\napi_key = x\npublic_key = " +
                              std::string(bb::test::kEd25519Public) + "\n";
  CHECK(load(dir, without, 0644).has_value());
}

TEST_CASE("paper accounts: every mistake is reported, with its line") {
  const TempDir dir;
  const auto loaded = load(dir, R"([account a]
balance = much
default_leverage = 500
colour = red
[account b]
api_key = k1
api_secret = s1
[key one]
account = nobody
api_key = k1
api_secret = s2
[key two]
account = b
api_key = k2
permissions = read, fly
[key three]
account = b
api_key = k3
api_secret = s
public_key = file:missing.pem
[wallet]
)");
  REQUIRE_FALSE(loaded.has_value());
  CHECK(has_fault(loaded, "accounts.ini:2: [account a] balance: "));
  CHECK(has_fault(loaded, "accounts.ini:3: [account a] default_leverage: 500 is outside"));
  CHECK(has_fault(loaded, "accounts.ini:4: [account a] colour: unknown key"));
  CHECK(has_fault(loaded, "[account a] has no key"));
  CHECK(has_fault(loaded, "accounts.ini:9: [key one] names the account 'nobody'"));
  CHECK(has_fault(loaded, "accounts.ini:10: [key one] api_key stands here a second time"));
  CHECK(has_fault(loaded, "accounts.ini:13: [key two] needs an api_secret"));
  CHECK(has_fault(loaded, "accounts.ini:15: [key two] permission 'fly'"));
  CHECK(has_fault(loaded, "accounts.ini:20: [key three] public_key: cannot read the key file"));
  CHECK(has_fault(loaded, "unknown section [wallet]"));
}

TEST_CASE("paper accounts: a missing or empty file is said so") {
  const TempDir dir;
  CHECK(has_fault(load_paper_accounts(dir.file("no.ini")), "cannot read the accounts file"));
  CHECK(has_fault(load(dir, ""), "there is no [account NAME] in it"));
}

}  // namespace
}  // namespace bb::app::test
