// One scheduled entry of ten symbols over real sockets against a paper exchange that adds 50 ms to
// every round trip: half before it acts, half before it answers. All instants are the exchange's.
#pragma once

namespace bb::bench {

struct RoundTrips {
  double scheduled_to_last_stop = 0;  // in round trips of 50 ms
  double fill_to_stop_worst = 0;
  int positions = 0;
};

/// Runs the service against the paper exchange, each in a thread with its own loop; takes up to two
/// minutes, because the entry is due at a full minute. Throws when not all positions stand.
RoundTrips measure_entry();

}  // namespace bb::bench
