// Stream sockets: subscribing, silence, and who is disconnected when.
#include <doctest/doctest.h>

#include <algorithm>

#include "paper/stream_client.h"

using namespace bb;
using namespace bb::paper;
using namespace bb::paper::test;

namespace {

std::string subscribe(const std::string& name, int id = 1) {
  return R"({"method":"SUBSCRIBE","params":[")" + name + R"("],"id":)" + std::to_string(id) + "}";
}

}  // namespace

TEST_CASE("stream sockets: subscribe, list, unsubscribe") {
  run_sim([](SimLoop& loop) -> Task<void> {
    World world(loop);
    auto client = co_await StreamClient::open(world, "/market/ws");
    auto text = co_await client->ask(
        R"({"method":"SUBSCRIBE","params":["aaausdt@aggTrade","aaausdt@markPrice@1s"],"id":1})");
    CHECK(text == R"({"result":null,"id":1})");
    text = co_await client->next_with("aggTrade");
    CHECK(member(text, "s") == "AAAUSDT");
    text = co_await client->next_with("markPriceUpdate");
    CHECK(member(text, "p") == "100.00000000");
    CHECK(std::stoll(member(text, "E")) % 1000 == 0);
    client->send(R"({"method":"UNSUBSCRIBE","params":["aaausdt@aggTrade"],"id":2})");
    text = co_await client->next_with("result");
    CHECK(text == R"({"result":null,"id":2})");
    client->send(R"({"method":"LIST_SUBSCRIPTIONS","id":3})");
    text = co_await client->next_with("result");
    CHECK(text == R"({"result":["aaausdt@markPrice@1s"],"id":3})");
    const auto rest = co_await client->collect(Seconds(3));
    CHECK(std::ranges::none_of(
        rest, [](const auto& t) { return t.find("aggTrade") != std::string::npos; }));
    CHECK((rest.size() == 2 || rest.size() == 3));
    co_await client->close();
    co_await world.close();
  });
}

TEST_CASE("stream sockets: the wrong root and unknown names are acknowledged and silent") {
  run_sim([](SimLoop& loop) -> Task<void> {
    World world(loop);
    struct Case {
      const char* path;
      const char* stream;
    };
    for (const auto& [path, stream] :
         {Case{"/public/ws", "aaausdt@aggTrade"}, Case{"/ws", "aaausdt@markPrice"},
          Case{"/market/ws", "aaausdt@bookTicker"}, Case{"/market/ws", "nosuchusdt@aggTrade"},
          Case{"/market/ws", "aaausdt@noSuchStream"}, Case{"/private/ws", "aaausdt@aggTrade"}}) {
      CAPTURE(stream);
      auto client = co_await StreamClient::open(world, path);
      auto text = co_await client->ask(subscribe(stream, 7));
      CHECK(text == R"({"result":null,"id":7})");
      text = co_await client->next(Minutes(2));
      CHECK(text == "(silence)");
      co_await client->close();
    }
    co_await world.close();
  });
}

TEST_CASE("stream sockets: raw and combined, by path, by query, and by property") {
  run_sim([](SimLoop& loop) -> Task<void> {
    World world(loop);
    auto raw = co_await StreamClient::open(world, "/ws/aaausdt@trade/bbbusdt@trade");
    auto text = co_await raw->next_with("BBBUSDT");
    CHECK(member(text, "e") == "trade");
    auto combined = co_await StreamClient::open(
        world, "/market/stream?streams=aaausdt@aggTrade/bbbusdt@aggTrade");
    text = co_await combined->next_with("BBBUSDT");
    CHECK(member(text, "stream") == "bbbusdt@aggTrade");
    CHECK(member(text, "data.e") == "aggTrade");
    // As the official SDK begins, with hex ids.
    auto sdk = co_await StreamClient::open(world, "/market/stream?streams=");
    text = co_await sdk->ask(R"({"method":"SUBSCRIBE","params":["aaausdt@aggTrade"],)"
                             R"("id":"0a1b2c3d4e5f60718293a4b5c6d7e8f9"})");
    CHECK(text == R"({"result":null,"id":"0a1b2c3d4e5f60718293a4b5c6d7e8f9"})");
    text = co_await sdk->next();
    CHECK(member(text, "stream") == "aaausdt@aggTrade");

    sdk->send(R"({"method":"GET_PROPERTY","params":["combined"],"id":1})");
    text = co_await sdk->next_with("result");
    CHECK(text == R"({"result":true,"id":1})");
    sdk->send(R"({"method":"SET_PROPERTY","params":["combined",false],"id":2})");
    text = co_await sdk->next_with("result");
    CHECK(text == R"({"result":null,"id":2})");
    text = co_await sdk->next();
    CHECK(member(text, "e") == "aggTrade");
    for (auto* client : {raw.get(), combined.get(), sdk.get()})
      co_await client->close();
    co_await world.close();
  });
}

TEST_CASE("stream sockets: every subscriber is told the same at the same time") {
  run_sim([](SimLoop& loop) -> Task<void> {
    World world(loop);
    auto a = co_await StreamClient::open(world, "/market/ws/aaausdt@aggTrade");
    auto b = co_await StreamClient::open(world, "/market/ws/aaausdt@aggTrade");
    co_await a->collect(Millis(10));
    co_await b->collect(Millis(0));
    const auto first = co_await a->collect(Seconds(20));
    const auto second = co_await b->collect(Micros(0));
    CHECK(first.size() > 25);
    CHECK((first == second));
    co_await a->close();
    co_await b->close();
    co_await world.close();
  });
}

TEST_CASE("stream sockets: the eleventh message in a second ends the connection") {
  run_sim([](SimLoop& loop) -> Task<void> {
    World world(loop);
    auto client = co_await StreamClient::open(world, "/market/ws");
    for (int round = 0; round < 3; ++round) {
      for (int i = 0; i < 10; ++i)
        client->send(R"({"method":"LIST_SUBSCRIPTIONS","id":1})");
      const auto answers = co_await client->collect(Millis(1001));
      CHECK(answers.size() == 10);
    }
    for (int i = 0; i < 11; ++i)
      client->socket().ping("x");
    const auto end = co_await client->next();
    CHECK(end == "(ended 1008 Too many requests)");
    co_await client->close();
    co_await world.close();
  });
}

TEST_CASE("stream sockets: an address that floods again and again is banned, over REST too") {
  run_sim([](SimLoop& loop) -> Task<void> {
    World world(loop);
    for (int socket = 1; socket <= 4; ++socket) {
      const auto before = co_await world.get("/fapi/v1/time");
      CHECK(before.status == 200);
      auto client = co_await StreamClient::open(world, "/market/ws");
      for (int i = 0; i < 30; ++i)
        client->socket().ping("x");
      const auto end = co_await client->next();
      CHECK(end == "(ended 1008 Too many requests)");
      co_await client->close();
      co_await sleep_for(loop.clock, Seconds(10));
    }
    const auto until = to_ms(some_day() + Seconds(30 + 120));
    const auto banned = co_await world.get("/fapi/v1/time");
    CHECK(banned.status == 418);
    CHECK(banned.body ==
          R"({"code":-1003,"msg":"Way too many requests; IP(127.0.0.1) banned until )" +
              std::to_string(until) +
              R"(. Please use the websocket for live updates to avoid bans."})");
    CHECK(banned.header("Retry-After") == "110");
    for (const char* path : {"/market/ws", "/private/ws", "/ws-fapi/v1"}) {
      const auto refused = co_await world.get(path);
      CHECK(refused.body == banned.body);
    }
    co_await sleep_for(loop.clock, Seconds(111));
    const auto free = co_await world.get("/fapi/v1/time");
    CHECK(free.status == 200);
    co_await world.close();
  });
}

TEST_CASE("stream sockets: a ping every three minutes, and the end after 24 hours") {
  run_sim([](SimLoop& loop) -> Task<void> {
    World world(loop);
    auto client = co_await StreamClient::open(world, "/market/ws");
    co_await sleep_for(loop.clock, Minutes(9) + Seconds(1));
    CHECK(client->pings() == 3);
    const auto begin = loop.clock.steady_now() - Minutes(9) - Seconds(1);
    const auto end = co_await client->next(Hours(30));
    CHECK(end == "(ended 1001 24 hours)");
    CHECK((loop.clock.steady_now() - begin < Hours(24) + Seconds(2)));
    CHECK((loop.clock.steady_now() - begin >= Hours(24)));
    co_await client->close();
    co_await world.close();
  });
}

TEST_CASE("stream sockets: 1024 streams, not one more") {
  run_sim([](SimLoop& loop) -> Task<void> {
    World world(loop);
    auto client = co_await StreamClient::open(world, "/market/ws");
    std::string names;
    for (int i = 0; i < 1024; ++i)
      names += (i ? "," : "") + ("\"x" + std::to_string(i) + "@aggTrade\"");
    auto text =
        co_await client->ask(R"({"method":"SUBSCRIBE","params":[)" + names + R"(],"id":1})");
    CHECK(text == R"({"result":null,"id":1})");
    text = co_await client->ask(subscribe("x5@aggTrade"));
    CHECK(text == R"({"result":null,"id":1})");
    text = co_await client->ask(subscribe("one@aggTrade"));
    CHECK(text == R"({"code":2,"msg":"Invalid request: too many subscriptions"})");
    co_await client->close();
    co_await world.close();
  });
}

TEST_CASE("stream sockets: a stream address without a handshake is answered with 426") {
  run_sim([](SimLoop& loop) -> Task<void> {
    World world(loop);
    for (const auto* path : {"/ws", "/market/stream?streams=", "/private/ws", "/ws-fapi/v1"}) {
      const auto answer = co_await world.get(path);
      CHECK(answer.status == 426);
    }
    co_await world.close();
  });
}

TEST_CASE("stream sockets: planted faults cut and silence them") {
  run_sim([](SimLoop& loop) -> Task<void> {
    World world(loop);
    auto client = co_await StreamClient::open(world, "/market/ws/aaausdt@markPrice@1s");
    auto text = co_await client->next();
    CHECK(member(text, "e") == "markPriceUpdate");
    world.server().set_stream_faults({.market = {.silent = true}});
    text = co_await client->next(Minutes(1));
    CHECK(text == "(silence)");
    world.server().set_stream_faults({.market = {.drop = 2}});
    const auto at = loop.clock.steady_now();
    text = co_await client->next();
    CHECK((loop.clock.steady_now() - at >= Seconds(2)));
    CHECK(world.server().stream_faults().market.drop == 0);
    world.server().disconnect_streams();
    text = co_await client->next();
    CHECK(text.starts_with("(ended 1006"));
    co_await client->close();
    co_await world.close();
  });
}
