#include "net/keys.h"

#include <doctest/doctest.h>

#include "support/keys.h"

namespace bb::net::test {
namespace {

using namespace bb::test;

TEST_CASE("keys: RSA and Ed25519 signatures made elsewhere are verified, altered ones are not") {
  const auto rsa = PublicKey::parse(kRsaPublicPem);
  REQUIRE(rsa.has_value());
  CHECK(rsa->type() == KeyType::rsa);
  CHECK(rsa->verifies(kPayloadV1, kRsaSignatureOfV1));
  CHECK_FALSE(rsa->verifies(std::string(kPayloadV1) + "0", kRsaSignatureOfV1));
  const auto ed = PublicKey::parse(kEd25519Public);
  REQUIRE(ed.has_value());
  CHECK(ed->type() == KeyType::ed25519);
  CHECK(ed->verifies(kPayloadV1, kEd25519SignatureOfV1));
  CHECK_FALSE(ed->verifies("symbol=ETHUSDT", kEd25519SignatureOfV1));
  // One key's signature is nothing to the other, and neither is what is not base64.
  CHECK_FALSE(ed->verifies(kPayloadV1, kRsaSignatureOfV1));
  CHECK_FALSE(ed->verifies(kPayloadV1, ""));
  CHECK_FALSE(ed->verifies(kPayloadV1, "d8e74c77abf24d04"));
  CHECK_FALSE(ed->verifies(kPayloadV1, "8UXNsvKY XgKK"));
}

TEST_CASE("keys: Ed25519 signs the known payload with the known signature") {
  const auto key = PrivateKey::parse(Secret(kEd25519Private));
  REQUIRE(key.has_value());
  CHECK(key->sign(kPayloadV1) == kEd25519SignatureOfV1);
  CHECK(key->public_pem().find("MCowBQYDK2VwAyEA6kpsY+KcUgq+9VB7Ey7F+ZVHdq6+vnuSQh7qaRRG0iw=") !=
        std::string::npos);
}

TEST_CASE("keys: what a fresh key signs, its public half verifies") {
  for (const auto type : {KeyType::rsa, KeyType::ed25519}) {
    const auto key = PrivateKey::generate(type);
    const auto verifier = PublicKey::parse(key.public_pem());
    REQUIRE(verifier.has_value());
    CHECK(verifier->type() == type);
    const auto signature = key.sign("timestamp=1");
    CHECK(verifier->verifies("timestamp=1", signature));
    CHECK_FALSE(verifier->verifies("timestamp=2", signature));
  }
}

TEST_CASE("keys: what is no key is said so") {
  CHECK(PublicKey::parse("").error().text == "this is not a public key in PEM");
  CHECK(PublicKey::parse("-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n")
            .error()
            .text == "this is not a public key in PEM");
  CHECK(PublicKey::parse("-----BEGIN RSA "
                         "PRIVATE KEY-----")
            .error()
            .text == "this is a private key; the exchange needs the public one");
  CHECK(PrivateKey::parse(Secret("nonsense")).error().text == "this is not a private key in PEM");
  CHECK(PrivateKey::parse(Secret("-----BEGIN ENCRYPTED "
                                 "PRIVATE KEY-----"))
            .error()
            .text == "the private key is encrypted; store it without a passphrase");
}

TEST_CASE("keys: base64 both ways, and only in its strict form") {
  CHECK(base64_encode("") == "");
  CHECK(base64_encode("f") == "Zg==");
  CHECK(base64_encode("fo") == "Zm8=");
  CHECK(base64_encode("foo") == "Zm9v");
  CHECK(base64_encode("foobar") == "Zm9vYmFy");
  for (const std::string text : {"", "f", "fo", "foo", "foob", "fooba", "foobar"})
    CHECK(base64_decode(base64_encode(text)) == text);
  for (const auto* bad : {"Z", "Zg", "Zg=", "Zg===", "Z===", "====", "Zm9v Zg==", "Zm-_", "=Zm8"})
    CHECK_FALSE(base64_decode(bad).has_value());
}

}  // namespace
}  // namespace bb::net::test
