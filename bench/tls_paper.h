// A paper exchange behind TLS, in a thread of this process: a random market, one account, a
// certificate made on the spot for "localhost".
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>

namespace bb::bench {

class TlsPaper {
 public:
  // Words of the benchmark's own paper account.
  static constexpr const char* kKey = "bench-paper-key";
  static constexpr const char* kSecret = "bench-paper-word";

  TlsPaper(int symbols, std::chrono::microseconds round_trip);
  ~TlsPaper();
  TlsPaper(const TlsPaper&) = delete;
  TlsPaper& operator=(const TlsPaper&) = delete;

  std::uint16_t port() const;
  /// PEM; whoever trusts it as an authority can connect.
  const std::string& certificate() const;
  int positions() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace bb::bench
