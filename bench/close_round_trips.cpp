// Twenty positions of one account, from the command to the read that proves them closed, in round
// trips to the exchange. The floor of this design: 3 (read, close, read).
#include <fmt/format.h>

#include "account_round_trips.h"

int main() {
  const auto figures = bb::bench::measure_close();
  fmt::print(
      "{{\"name\":\"close_round_trips\",\"value\":{:.3f},\"unit\":\"round trips\","
      "\"positions\":{},\"recorded\":{:.3f},\"floor\":3.0}}\n",
      figures.until_proved, figures.positions, figures.until_recorded);
}
