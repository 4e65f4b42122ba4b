// Tokens: texts that cannot be guessed without the secret they are made with, and are the same
// again with it: listen keys, and the links of bulk exports.
#pragma once

#include <string>
#include <string_view>

namespace bb::paper {

class Tokens {
 public:
  explicit Tokens(std::string secret = {}) : secret_(std::move(secret)) {}
  /// 64 letters and digits; another text for another `name`.
  std::string make(std::string_view name) const;

 private:
  std::string secret_;
};

/// 256 bits of the operating system, as hex: the secret of a server that strangers can reach.
std::string make_secret();

}  // namespace bb::paper
