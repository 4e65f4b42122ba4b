#include "net/keys.h"

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include <algorithm>
#include <vector>

#include "base/check.h"

namespace bb::net {

namespace {

struct Free {
  void operator()(EVP_PKEY* key) const { EVP_PKEY_free(key); }
  void operator()(EVP_MD_CTX* context) const { EVP_MD_CTX_free(context); }
  void operator()(BIO* bio) const { BIO_free(bio); }
};
using Key = std::unique_ptr<EVP_PKEY, Free>;
using Context = std::unique_ptr<EVP_MD_CTX, Free>;
using Bio = std::unique_ptr<BIO, Free>;

constexpr int kRsaBitsMin = 2048;

const unsigned char* bytes_of(std::string_view text) {
  return reinterpret_cast<const unsigned char*>(text.empty() ? "" : text.data());
}

std::unexpected<Error> bad_key(std::string text) {
  ERR_clear_error();
  return fail(ErrorKind::configuration, std::move(text));
}

Bio bio_of(std::string_view text) {
  Bio bio(BIO_new_mem_buf(text.data(), static_cast<int>(text.size())));
  BB_CHECK(bio != nullptr, "memory for a key");
  return bio;
}

/// Only the two kinds the exchange knows.
Result<KeyType> type_of(const EVP_PKEY* key) {
  const int id = EVP_PKEY_get_base_id(key);
  if (id == EVP_PKEY_ED25519) return KeyType::ed25519;
  if (id != EVP_PKEY_RSA) return bad_key("the key is neither RSA nor Ed25519");
  if (EVP_PKEY_get_bits(key) < kRsaBitsMin) return bad_key("the RSA key is shorter than 2048 bits");
  return KeyType::rsa;
}

/// Ed25519 takes the message itself, without a digest.
const EVP_MD* digest_of(KeyType type) { return type == KeyType::rsa ? EVP_sha256() : nullptr; }

int refuse_passphrase(char*, int, int, void*) { return -1; }

constexpr std::string_view kAlphabet =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

}  // namespace

struct PublicKey::Impl {
  Key key;
  KeyType type = KeyType::rsa;
};
struct PrivateKey::Impl {
  Key key;
  KeyType type = KeyType::rsa;
};

PublicKey::PublicKey(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
PublicKey::PublicKey(PublicKey&&) noexcept = default;
PublicKey& PublicKey::operator=(PublicKey&&) noexcept = default;
PublicKey::~PublicKey() = default;

Result<PublicKey> PublicKey::parse(std::string_view text) {
  Key key;
  if (text.find("-----BEGIN") != std::string_view::npos) {
    if (text.find("PRIVATE KEY") != std::string_view::npos)
      return bad_key("this is a private key; the exchange needs the public one");
    key.reset(PEM_read_bio_PUBKEY(bio_of(text).get(), nullptr, refuse_passphrase, nullptr));
  } else if (const auto der = base64_decode(text)) {
    const unsigned char* at = bytes_of(*der);
    key.reset(d2i_PUBKEY(nullptr, &at, static_cast<long>(der->size())));
  }
  if (!key) return bad_key("this is not a public key in PEM");
  const auto type = type_of(key.get());
  if (!type) return std::unexpected(type.error());
  return PublicKey(std::make_unique<Impl>(std::move(key), *type));
}

KeyType PublicKey::type() const { return impl_->type; }

bool PublicKey::verifies(std::string_view message, std::string_view signature) const {
  const auto raw = base64_decode(signature);
  if (!raw) return false;
  const Context context(EVP_MD_CTX_new());
  BB_CHECK(context != nullptr, "memory for a signature");
  bool valid = EVP_DigestVerifyInit(context.get(), nullptr, digest_of(impl_->type), nullptr,
                                    impl_->key.get()) == 1;
  valid = valid && EVP_DigestVerify(context.get(), bytes_of(*raw), raw->size(), bytes_of(message),
                                    message.size()) == 1;
  if (!valid) ERR_clear_error();
  return valid;
}

PrivateKey::PrivateKey(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
PrivateKey::PrivateKey(PrivateKey&&) noexcept = default;
PrivateKey& PrivateKey::operator=(PrivateKey&&) noexcept = default;
PrivateKey::~PrivateKey() = default;

Result<PrivateKey> PrivateKey::parse(const Secret& secret) {
  const auto text = secret.reveal();
  if (text.find("ENCRYPTED") != std::string_view::npos)
    return bad_key("the private key is encrypted; store it without a passphrase");
  Key key;
  if (text.find("-----BEGIN") != std::string_view::npos) {
    key.reset(PEM_read_bio_PrivateKey(bio_of(text).get(), nullptr, refuse_passphrase, nullptr));
  } else if (const auto der = base64_decode(text)) {
    const unsigned char* at = bytes_of(*der);
    key.reset(d2i_AutoPrivateKey(nullptr, &at, static_cast<long>(der->size())));
  }
  if (!key) return bad_key("this is not a private key in PEM");
  const auto type = type_of(key.get());
  if (!type) return std::unexpected(type.error());
  return PrivateKey(std::make_unique<Impl>(std::move(key), *type));
}

PrivateKey PrivateKey::generate(KeyType type) {
  Key key(type == KeyType::rsa
              ? EVP_PKEY_Q_keygen(nullptr, nullptr, "RSA", std::size_t{kRsaBitsMin})
              : EVP_PKEY_Q_keygen(nullptr, nullptr, "ED25519"));
  BB_CHECK(key != nullptr, "the TLS library makes a key");
  return PrivateKey(std::make_unique<Impl>(std::move(key), type));
}

KeyType PrivateKey::type() const { return impl_->type; }

std::string PrivateKey::sign(std::string_view message) const {
  const Context context(EVP_MD_CTX_new());
  BB_CHECK(context != nullptr, "memory for a signature");
  std::size_t length = 0;
  bool done = EVP_DigestSignInit(context.get(), nullptr, digest_of(impl_->type), nullptr,
                                 impl_->key.get()) == 1;
  done = done &&
         EVP_DigestSign(context.get(), nullptr, &length, bytes_of(message), message.size()) == 1;
  std::string signature(length, '\0');
  done = done && EVP_DigestSign(context.get(), reinterpret_cast<unsigned char*>(signature.data()),
                                &length, bytes_of(message), message.size()) == 1;
  BB_CHECK(done, "the TLS library signs with a key that it has read");
  signature.resize(length);
  return base64_encode(signature);
}

std::string PrivateKey::public_pem() const {
  const Bio bio(BIO_new(BIO_s_mem()));
  BB_CHECK(bio != nullptr && PEM_write_bio_PUBKEY(bio.get(), impl_->key.get()) == 1,
           "the TLS library writes the public half of a key");
  char* text = nullptr;
  const long size = BIO_get_mem_data(bio.get(), &text);
  return {text, static_cast<std::size_t>(size)};
}

std::string base64_encode(std::string_view bytes) {
  std::string text;
  text.reserve((bytes.size() + 2) / 3 * 4);
  for (std::size_t i = 0; i < bytes.size(); i += 3) {
    const auto byte = [&](std::size_t at) {
      return at < bytes.size() ? static_cast<unsigned>(static_cast<unsigned char>(bytes[at])) : 0u;
    };
    const unsigned group = byte(i) << 16 | byte(i + 1) << 8 | byte(i + 2);
    text += kAlphabet[group >> 18];
    text += kAlphabet[group >> 12 & 63];
    text += i + 1 < bytes.size() ? kAlphabet[group >> 6 & 63] : '=';
    text += i + 2 < bytes.size() ? kAlphabet[group & 63] : '=';
  }
  return text;
}

Result<std::string> base64_decode(std::string_view text) {
  const auto bad = [] { return fail(ErrorKind::invalid_input, "this is not base64"); };
  if (text.size() % 4 != 0) return bad();
  const auto end = text.find_last_not_of('=');
  const std::size_t digits = end == std::string_view::npos ? 0 : end + 1;
  if (text.size() - digits > 2) return bad();
  std::string bytes;
  bytes.reserve(text.size() / 4 * 3);
  unsigned group = 0;
  for (std::size_t i = 0; i < digits; ++i) {
    const auto value = kAlphabet.find(text[i]);
    if (value == std::string_view::npos) return bad();
    group = group << 6 | static_cast<unsigned>(value);
    if (i % 4 == 0) continue;
    // Four digits are three bytes: each digit after the first completes one.
    const unsigned spare = 6 - 2 * (i % 4);
    bytes += static_cast<char>(group >> spare & 0xff);
  }
  return bytes;
}

}  // namespace bb::net
