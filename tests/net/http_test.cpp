#include <doctest/doctest.h>

#include "net/world.h"

namespace bb::net::test {
namespace {

TEST_CASE("http: requests and answers travel, and the connection is kept") {
  run_sim([](SimLoop& loop) -> Task<void> {
    MemoryServer server(loop, echo);
    HttpClient client(server.dialer(), loop.clock, some_endpoint(), {});
    const auto first = co_await client.send(get("/a?b=1"), loop.clock.after(Seconds(1)));
    const auto second = co_await client.send(post("/c", "body"), loop.clock.after(Seconds(1)));
    CHECK(summary(first) == "200 GET /a?b=1 ");
    CHECK(summary(second) == "200 POST /c body");
    CHECK(server.connections() == 1);
    // One round trip to connect, one per request.
    CHECK(loop.clock.steady_now() == SteadyTime(Millis(150)));
    client.close_idle();
    co_await server.join();
  });
}

}  // namespace
}  // namespace bb::net::test
