#include "app/report.h"

#include <doctest/doctest.h>

#include "support/run.h"

namespace bb::app::test {
namespace {

TEST_CASE("board: what is not ranked for its price is listed apart, for people and machines") {
  trading::Board board;
  board.midnight = bb::test::some_day();
  board.rescaled = {Symbol("OLDUSDT"), Symbol("NEWUSDT")};
  const auto written = render(board, 10, bb::test::some_day());
  CHECK(written.text.find("five times away from the day's open: OLDUSDT, NEWUSDT\n") !=
        std::string::npos);
  CHECK(written.json.find(R"("rescaled":["OLDUSDT","NEWUSDT"])") != std::string::npos);
  board.rescaled.clear();
  const auto without = render(board, 10, bb::test::some_day());
  CHECK(without.text.find("five times") == std::string::npos);
  CHECK(without.json.find(R"("rescaled":[])") != std::string::npos);
}

}  // namespace
}  // namespace bb::app::test
