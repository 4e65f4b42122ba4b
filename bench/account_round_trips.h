// Closing a whole account, and watching over one, against a paper exchange 50 ms away.
#pragma once

namespace bb::bench {

struct CloseRoundTrips {
  double until_proved = 0;    // round trips of 50 ms from the call to the read that proves it
  double until_recorded = 0;  // and until every record of it is on the disk
  int positions = 0;
};

/// Shorts twenty symbols, then closes them all. Throws when the account does not end flat.
CloseRoundTrips measure_close();

struct PatrolRequests {
  double per_round = 0;  // requests that one round of the patrol sends when all is well
  int positions = 0;
};

PatrolRequests measure_patrol();

}  // namespace bb::bench
