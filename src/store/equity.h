// The equity identity: between two readings a wallet changed by exactly what the exchange booked,
// to the last decimal and per asset (reliability I20). Pure.
#pragma once

#include <string>
#include <vector>

#include "store/records.h"

namespace bb::store {

/// A wallet as the exchange reported it somewhere between these two instants of its clock.
struct WalletPoint {
  std::string asset;  // amounts are in its units
  Usdt wallet;
  TimePoint asked{};
  TimePoint answered{};
};

/// As a row of the journal, the first one of each asset and hour; and back.
JournalRow journal_row(const WalletPoint& point);
std::vector<WalletPoint> wallet_points(const std::vector<JournalRow>& rows);

/// Sentences, one per asset whose wallet moved by something that no income explains, with the first
/// interval where it did; empty = the identity holds. What was booked while a wallet was being read
/// may lie on either side of the reading. `income` reaches back to the first point.
std::vector<std::string> check_equity(std::vector<WalletPoint> points,
                                      std::vector<IncomeRecord> income);

}  // namespace bb::store
