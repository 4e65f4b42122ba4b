#include "net/sha1.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>

#include "base/check.h"

namespace bb::net {

std::string hmac_sha1(std::string_view key, std::string_view message) {
  std::string hash(EVP_MAX_MD_SIZE, '\0');
  unsigned int size = 0;
  const auto* bytes = reinterpret_cast<const unsigned char*>(message.data());
  const unsigned char* made =
      HMAC(EVP_sha1(), key.data(), static_cast<int>(key.size()), bytes, message.size(),
           reinterpret_cast<unsigned char*>(hash.data()), &size);
  BB_CHECK(made != nullptr, "the TLS library computes HMAC-SHA1");
  hash.resize(size);
  return hash;
}

}  // namespace bb::net
