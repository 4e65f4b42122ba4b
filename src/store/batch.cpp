#include "store/batch.h"

namespace bb::store {

Batch::Batch() : content_(std::make_unique<Content>()) {}
Batch::~Batch() = default;
Batch::Batch(Batch&&) noexcept = default;
Batch& Batch::operator=(Batch&&) noexcept = default;

Batch& Batch::put(const Run& run) {
  content_->rows.emplace_back(run);
  return *this;
}

Batch& Batch::put(const Holding& holding) {
  content_->rows.emplace_back(holding);
  return *this;
}

Batch& Batch::put(const Intent& intent) {
  content_->rows.emplace_back(intent);
  return *this;
}

Batch& Batch::put(const Slot& slot) {
  content_->rows.emplace_back(slot);
  return *this;
}

Batch& Batch::put(const OutboxMessage& message) {
  content_->rows.emplace_back(message);
  return *this;
}

Batch& Batch::put(const Delivery& delivery) {
  content_->rows.emplace_back(delivery);
  return *this;
}

Batch& Batch::add(const OrderEvent& event) {
  content_->rows.emplace_back(event);
  return *this;
}

Batch& Batch::add(const FillRecord& fill) {
  content_->rows.emplace_back(fill);
  return *this;
}

Batch& Batch::add(const WalletSnapshot& snapshot) {
  content_->rows.emplace_back(snapshot);
  return *this;
}

Batch& Batch::add(const IncomeRecord& income) {
  content_->rows.emplace_back(income);
  return *this;
}

Batch& Batch::add(const JournalRow& row) {
  content_->rows.emplace_back(row);
  return *this;
}

Batch& Batch::put(const CommandRecord& command) {
  content_->rows.emplace_back(command);
  return *this;
}

bool Batch::empty() const { return content_->rows.empty(); }

}  // namespace bb::store
