// Audit: every command and every refusal, each row bound to all before it by its hash, so that a
// row that was changed or taken out later is seen (reliability §5 S22).
#pragma once

#include <optional>

#include "base/log.h"
#include "store/ops_store.h"

namespace bb::bot {

struct AuditEntry {
  std::int64_t user = 0;
  std::int64_t chat = 0;
  std::int64_t update = 0;
  std::string action;
  std::string result;
};

class Audit {
 public:
  Audit(store::OpsStore& ops, Clock& clock, const Log& log);
  /// A disk that takes nothing is logged; the command it is about has its own way to fail.
  void add(const AuditEntry& entry);

  struct Verdict {
    std::int64_t rows = 0;
    std::string head;                    // hash of the newest row
    std::optional<std::int64_t> broken;  // the first row that does not follow from the one before
    std::string problem;                 // it could not be read
  };
  Verdict verify() const;

 private:
  store::OpsStore& ops_;
  Clock& clock_;
  const Log& log_;
};

}  // namespace bb::bot
