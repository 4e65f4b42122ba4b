// Client order ids are pure functions of what they name, so a restart computes the same id again
// and can ask the exchange about it. 25 characters of Crockford base32, lower case:
//
//   v A A A D D D D J S S S S S S S K N N N M M M M M
//   version, account, slot day since 2020-01-01, job, symbol hash, kind, attempt, MAC
//
// The MAC is keyed by account identity and environment: ids of people, of other programs and of
// other environments do not decode, and are never touched.
// Exchange rule: ^[\.A-Z\:/a-z0-9_-]{1,36}$, unique among OPEN orders only (reference §7, §8).
#pragma once

#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/time.h"
#include "domain/symbol.h"

namespace bb {

class ClientOrderId {
 public:
  ClientOrderId() = default;
  explicit ClientOrderId(std::string text) : text_(std::move(text)) {}
  const std::string& str() const { return text_; }
  bool empty() const { return text_.empty(); }
  friend auto operator<=>(const ClientOrderId&, const ClientOrderId&) = default;

 private:
  std::string text_;
};

/// What the order is for; the letter in the id.
enum class OrderKind {
  entry,         // e  opens the day's short
  redistribute,  // d  adds the notional that other entries could not place
  stop,          // b  resting closePosition stop (C)
  moving_stop,   // s  quantity stop that covers while C moves (Q)
  take_profit,   // t
  close,         // c  time-out or external request
  loss_cut,      // l
  risk_off,      // x  protection failed: close now
};

/// Which job of the schedule caused it.
enum class Job { entry, loss_cut, patrol, manual };

struct OrderKey {
  TimePoint day;  // UTC midnight of the slot's date
  Job job = Job::patrol;
  Symbol symbol;
  OrderKind kind = OrderKind::entry;
  int attempt = 0;  // 0..32767
};

/// Makes and recognises the ids of one account in one environment.
class ClientOrderIds {
 public:
  /// `identity` is the account's own name at the exchange, `environment` "live", "testnet",
  /// "paper".
  ClientOrderIds(std::string identity, std::string environment);
  ClientOrderId make(const OrderKey& key) const;

  struct Decoded {
    TimePoint day;
    Job job;
    OrderKind kind;
    int attempt;
  };
  /// Nothing unless the id was made by this account in this environment for this symbol.
  std::optional<Decoded> decode(const ClientOrderId& id, Symbol symbol) const;

 private:
  std::string mac(std::string_view body) const;
  std::string key_;
  std::uint32_t account_ = 0;
};

std::string_view str(OrderKind kind);
std::string_view str(Job job);

}  // namespace bb
