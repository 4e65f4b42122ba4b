#include "bot/audit.h"

#include <fmt/format.h>

#include "net/crypto.h"

namespace bb::bot {

namespace {

constexpr std::int64_t kPage = 1000;

// Lengths before texts: no two rows write the same bytes.
std::string hash_of(const store::AuditRow& row) {
  return net::sha256_hex(fmt::format("{}|{}|{}|{}|{}|{}:{}|{}:{}|{}", row.seq, to_ms(row.at),
                                     row.user_id, row.chat_id, row.update_id, row.action.size(),
                                     row.action, row.result.size(), row.result, row.previous));
}

}  // namespace

Audit::Audit(store::OpsStore& ops, Clock& clock, const Log& log)
    : ops_(ops), clock_(clock), log_(log) {}

void Audit::add(const AuditEntry& entry) {
  log_.info("bot heard", {{"user", entry.user},
                          {"chat", entry.chat},
                          {"update", entry.update},
                          {"action", entry.action},
                          {"result", entry.result}});
  const auto last = ops_.last_audit();
  if (!last) return log_.error("audit not written", {{"why", last.error().text}});
  store::AuditRow row;
  row.seq = *last ? (*last)->seq + 1 : 1;
  row.at = clock_.utc_now();
  row.user_id = entry.user;
  row.chat_id = entry.chat;
  row.update_id = entry.update;
  row.action = entry.action;
  row.result = entry.result;
  row.previous = *last ? (*last)->hash : std::string();
  row.hash = hash_of(row);
  if (const auto added = ops_.add_audit(row); !added)
    log_.error("audit not written", {{"why", added.error().text}});
}

Audit::Verdict Audit::verify() const {
  Verdict verdict;
  for (std::int64_t from = 1;;) {
    const auto rows = ops_.load_audit(from, kPage);
    if (!rows) {
      verdict.problem = rows.error().text;
      return verdict;
    }
    for (const auto& row : *rows) {
      if (row.seq != verdict.rows + 1 || row.previous != verdict.head || row.hash != hash_of(row)) {
        verdict.broken = row.seq;
        return verdict;
      }
      verdict.rows = row.seq;
      verdict.head = row.hash;
    }
    if (static_cast<std::int64_t>(rows->size()) < kPage) return verdict;
    from = verdict.rows + 1;
  }
}

}  // namespace bb::bot
