// Flattening ten accounts of twenty shorts each against a paper exchange 50 ms away, over real
// sockets, from the way in that shell and bot use; and the original's way to do it.
#pragma once

namespace bb::bench {

struct FlattenTrial {
  bool revokes_a_key = false;  // of one account, between the preview and the flatten
  double lost_answers = 0;     // to any request
};

struct FlattenFigures {
  double until_proved = 0;  // round trips from the call to the last account's proving read
  double until_told = 0;    // and until every record of it is kept
  double limited_ms = 0;    // the longest that the exchange's limits made a query wait
  int flat = 0, partial = 0, unknown = 0;
  int untrue = 0;  // accounts that were told flat and are not, or the other way round
  int answers_lost = 0;
};

FlattenFigures measure_flatten(const FlattenTrial& trial);

struct OriginalFigures {
  double round_trips = 0;  // until the last order was answered; nothing is proved
  int open = 0;            // positions that stand afterwards
};

/// One account after another, one limit order after another, 1.5 % off the last price.
OriginalFigures measure_original();

}  // namespace bb::bench
