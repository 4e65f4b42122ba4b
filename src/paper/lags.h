// What the real exchange shows late, and what planted faults hide or show as it was: cancelled algo
// orders, fresh positions, forgotten orders, old position answers. Fed from the exchange's journal.
#pragma once

#include <deque>
#include <map>
#include <optional>
#include <string>
#include <tuple>
#include <vector>

#include "paper/options.h"

namespace bb::paper {

class Lags {
 public:
  Lags(const sim::Exchange& exchange, Millis algo_lag, Millis position_lag);

  /// Takes up what the journal has gained; called before and after every act. With `keep_history`
  /// positions are kept for old answers.
  void read_journal(bool keep_history);

  /// An algo order was cancelled by request; `before` is what it was.
  void canceled(int account, const exchange::OrderView& before, TimePoint now);
  /// The order as it was before its cancel, while that is not visible yet.
  std::optional<exchange::OrderView> not_yet_canceled(int account, const exchange::OrderRef& order,
                                                      TimePoint now) const;
  /// -4130: a cancelled closePosition order of this kind still counts.
  bool still_blocks(int account, const exchange::OrderRequest& order, TimePoint now) const;
  /// -4509: the position is too fresh for closePosition.
  bool is_position_unseen(int account, const exchange::OrderRequest& order, TimePoint now) const;

  /// From now until `until` single-order queries do not find this client id (empty: any).
  void hide(int account, std::string client_id, TimePoint now, TimePoint until);
  bool is_hidden(int account, const exchange::OrderView& order, TimePoint now) const;

  /// How late closePosition orders see a position from now on.
  void set_position_lag(Millis lag);
  Millis position_lag() const { return position_lag_; }
  /// Cancelled algo orders that are still listed as open.
  std::vector<exchange::OrderView> lingering(int account, TimePoint now) const;

  /// Positions of the account as of `when`, or nothing when no change has happened since.
  const std::vector<sim::Exchange::PositionRow>* positions_at(int account, TimePoint when) const;

 private:
  struct Cancel {
    int account = 0;
    exchange::OrderView order;
    TimePoint visible_from{};
  };
  struct Hidden {
    int account = 0;
    std::string client_id;
    TimePoint until{};
  };
  struct Snapshot {
    TimePoint until{};  // the rows held before this instant
    std::vector<sim::Exchange::PositionRow> rows;
  };
  struct History {
    std::vector<sim::Exchange::PositionRow> current;
    std::deque<Snapshot> past;  // ascending
  };
  using Leg = std::tuple<int, Symbol, PositionSide>;

  const sim::Exchange& exchange_;
  Millis algo_lag_;
  Millis position_lag_;
  std::size_t read_ = 0;  // journal entries taken up, counted from its beginning
  std::deque<Cancel> cancels_;
  std::map<Leg, TimePoint> opened_;
  std::vector<Hidden> hidden_;
  std::map<int, History> history_;
};

}  // namespace bb::paper
