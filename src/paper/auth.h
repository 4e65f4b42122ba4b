// Who a request is from: API key, signature over the raw bytes, and the time rule.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

#include "paper/options.h"
#include "paper/params.h"

namespace bb::paper {

enum class Security {
  none,     // public
  key,      // X-MBX-APIKEY
  signed_,  // key, timestamp, signature
};

/// The accept rule of reference §5, on arrival and again where the engine acts.
struct TimeWindow {
  TimePoint timestamp{};
  Millis recv_window{5000};
  /// -1021's two texts, or nothing. Near `wall` is as good as near `now`, where there is one.
  std::optional<Rejection> judge(TimePoint now, std::optional<TimePoint> wall = {}) const;
  bool holds(TimePoint now, std::optional<TimePoint> wall = {}) const { return !judge(now, wall); }
};

/// Query and body, one behind the other, without the `signature` pair wherever it stands.
std::string signed_payload(std::string_view query, std::string_view body);

class Auth {
 public:
  /// `accounts` have passed check_accounts().
  explicit Auth(const std::vector<PaperAccount>& accounts);
  ~Auth();

  struct Caller {
    int account = -1;
    const ApiKey* key = nullptr;  // lives as long as the Auth; nothing for public requests
    TimeWindow window;
  };
  /// A request as it came.
  struct Request {
    std::string_view api_key;
    std::string_view address;  // of the client
    std::string_view query;
    std::string_view body;
    bool acts = false;  // needs the permission to trade, where it is signed
  };
  sim::Answer<Caller> check(Security security, const Request& request, ParamReader& params,
                            TimePoint now, std::optional<TimePoint> wall = {}) const;

  /// The owner of a key: -2014, or -2015 for an unknown key, a foreign address, a missing
  /// permission (`reads`, `acts`).
  sim::Answer<Caller> identify(std::string_view api_key, std::string_view address, bool reads,
                               bool acts) const;
  /// Whether `signature` (hex of HMAC, base64 of RSA and Ed25519) is the caller's.
  bool is_signed(const Caller& caller, std::string_view payload, std::string_view signature) const;
  /// False for unknown keys, too.
  bool is_ed25519(std::string_view api_key) const;
  /// A request of a session that is logged on: it needs no signature, but it is held to the
  /// permissions of its key and to the time rule.
  static sim::Answer<Caller> resume(Caller caller, bool acts, ParamReader& params, TimePoint now,
                                    std::optional<TimePoint> wall = {});
  /// A revoked key is as one that nobody knows. False when there is no such key.
  bool set_revoked(std::string_view api_key, bool revoked);

 private:
  struct Key;
  struct Hash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const {
      return std::hash<std::string_view>()(text);
    }
  };
  std::unordered_map<std::string, std::unique_ptr<Key>, Hash, std::equal_to<>> keys_;
};

}  // namespace bb::paper
