// Bytes that no well-behaved peer sends: to the client, and to the server.
#include <doctest/doctest.h>
#include <zlib.h>

#include <array>

#include "net/world.h"

namespace bb::net::test {
namespace {

using Pieces = std::vector<std::string>;

/// Reads the request, then writes the pieces 10 ms apart, then closes if asked to.
Task<void> serve_raw(AnyStream stream, Clock& clock, Pieces pieces, bool close) {
  std::array<char, 4096> buffer;
  co_await read_some(stream, boost::asio::buffer(buffer));
  for (const auto& piece : pieces) {
    co_await write_all(stream, piece);
    co_await sleep_for(clock, Millis(10));
  }
  if (close) stream.close();
  IoResult read;
  while (!read.error)
    read = co_await read_some(stream, boost::asio::buffer(buffer));
}

struct RawOptions {
  bool close = false;
  std::size_t max_body_bytes = 1u << 20;
};

/// What the client makes of these bytes; "+" at the end when it kept the connection.
std::string answer_to(Pieces pieces, RawOptions options = {}) {
  std::string text;
  run_sim([&](SimLoop& loop) -> Task<void> {
    TaskGroup group(loop.io.get_executor());
    int connections = 0;
    MemoryDialer dialer(loop.io.get_executor(), loop.clock, {}, [&](AnyStream stream) {
      ++connections;
      group.spawn(serve_raw(std::move(stream), loop.clock, pieces, options.close));
    });
    HttpClient client(dialer, loop.clock, some_endpoint(),
                      {.max_body_bytes = options.max_body_bytes});
    const auto answer = co_await client.send(get("/x?s=1"), loop.clock.after(Seconds(1)));
    text = summary(answer);
    co_await sleep_for(loop.clock, Seconds(2));
    // A kept connection gets the second request, which the raw server reads and ignores.
    co_await client.send(get("/y"), loop.clock.after(Seconds(1)));
    if (connections == 1) text += "+";
    client.close_idle();
    co_await group.join();
  });
  return text;
}

std::string gzipped(const std::string& text) {
  z_stream stream{};
  deflateInit2(&stream, 6, Z_DEFLATED, 16 + MAX_WBITS, 8, Z_DEFAULT_STRATEGY);
  std::string out(deflateBound(&stream, text.size()), '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(text.data()));
  stream.avail_in = static_cast<uInt>(text.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  deflate(&stream, Z_FINISH);
  out.resize(stream.total_out);
  deflateEnd(&stream);
  return out;
}

std::string answer_with(const std::string& fields, const std::string& body) {
  return "HTTP/1.1 200 OK\r\n" + fields + "Content-Length: " + std::to_string(body.size()) +
         "\r\n\r\n" + body;
}

TEST_CASE("http wire: an answer in single bytes is whole") {
  const auto text = answer_with("", "hello");
  Pieces bytes;
  for (const char c : text)
    bytes.emplace_back(1, c);
  CHECK(answer_to(bytes) == "200 hello+");
}

TEST_CASE("http wire: bodies by chunks, by length, by end of stream, and none") {
  CHECK(answer_to({"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhel",
                   "lo\r\n1;x=y\r\n!\r\n0\r\nTrailer: t\r\n\r\n"}) == "200 hello!+");
  CHECK(answer_to({"HTTP/1.1 200 OK\r\n\r\nuntil ", "the end"}, {.close = true}) ==
        "200 until the end");
  CHECK(answer_to({"HTTP/1.1 204 No Content\r\n\r\n"}) == "204 +");
  CHECK(answer_to({"HTTP/1.1 503 \r\nContent-Length: 0\r\n\r\n"}) == "503 +");
}

TEST_CASE("http wire: interim answers are passed over") {
  CHECK(answer_to({"HTTP/1.1 100 Continue\r\n\r\n", "HTTP/1.1 103 Early Hints\r\nA: b\r\n\r\n",
                   answer_with("", "x")}) == "200 x+");
}

TEST_CASE("http wire: a connection that may not or cannot be kept is closed") {
  CHECK(answer_to({answer_with("Connection: close\r\n", "x")}) == "200 x");
  CHECK(answer_to({"HTTP/1.0 200 OK\r\nContent-Length: 1\r\n\r\nx"}) == "200 x");
  CHECK(answer_to({answer_with("", "x") + "surplus"}) == "200 x");
}

TEST_CASE("http wire: what is not HTTP, or breaks off, is a failure after sending") {
  for (const char* text :
       {"garbage\r\n\r\n", "HTTP/9.9 200 OK\r\n\r\n", "HTTP/1.1 2x0 OK\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n", "HTTP/1.1 200 OK\r\nbad name: x\r\n\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n-1\r\nx\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nxyz\r\n0\r\n\r\n"})
    CHECK(answer_to({text}) == "sent: GET /x: a bad answer: not HTTP");
  CHECK(answer_to({"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf"}, {.close = true}) ==
        "sent: GET /x: the answer broke off (End of file)");
  CHECK(answer_to({"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n"},
                  {.close = true}) == "sent: GET /x: the answer broke off (End of file)");
  CHECK(answer_to({"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf"}) ==
        "sent: GET /x: the answer broke off by the deadline");
}

TEST_CASE("http wire: an answer above its limits is a failure") {
  const RawOptions small{.max_body_bytes = 1000};
  CHECK(answer_to({answer_with("", std::string(1000, 'x'))}, small) ==
        "200 " + std::string(1000, 'x') + "+");
  CHECK(answer_to({answer_with("", std::string(1001, 'x'))}, small) ==
        "sent: GET /x: a bad answer: the body is too large");
  CHECK(answer_to({"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3e8\r\n" +
                   std::string(1000, 'x') + "\r\n1\r\nx\r\n0\r\n\r\n"},
                  small) == "sent: GET /x: a bad answer: the body is too large");
  CHECK(answer_to({"HTTP/1.1 200 OK\r\nA: " + std::string(200'000, 'x') + "\r\n\r\n"}) ==
        "sent: GET /x: a bad answer: the header is too large");
}

TEST_CASE("http wire: a body far larger than the reading buffer arrives whole") {
  std::string body;
  for (int i = 0; i < 100'000; ++i)
    body += std::to_string(i) + ",";
  CHECK(answer_to({answer_with("", body)}) == "200 " + body + "+");
}

TEST_CASE("http wire: gzip bodies are decoded, within the limit") {
  std::string body;
  for (int i = 0; i < 10'000; ++i)
    body += std::to_string(i) + ",";
  const std::string field = "Content-Encoding: gzip\r\n";
  CHECK(answer_to({answer_with(field, gzipped(body))}) == "200 " + body + "+");
  CHECK(answer_to({answer_with(field, gzipped(""))}) == "200 +");
  CHECK(answer_to({answer_with(field, gzipped(body))}, {.max_body_bytes = body.size()}) ==
        "200 " + body + "+");
  CHECK(answer_to({answer_with(field, gzipped(body))}, {.max_body_bytes = body.size() - 1}) ==
        "sent: GET /x: a bad answer: the gzip body is too large");
}

TEST_CASE("F70: a gzip bomb is put away at the limit") {
  const auto bomb = gzipped(std::string(50u << 20, '\0'));
  REQUIRE(bomb.size() < 100'000);
  CHECK(
      answer_to({answer_with("Content-Encoding: gzip\r\n", bomb)}, {.max_body_bytes = 1u << 20}) ==
      "sent: GET /x: a bad answer: the gzip body is too large");
}

TEST_CASE("http wire: a broken gzip body is a failure after sending") {
  const std::string field = "Content-Encoding: gzip\r\n";
  const auto whole = gzipped("some text");
  for (const auto& bad :
       {whole.substr(0, whole.size() - 3), std::string("plain"), std::string(), whole + "x"})
    CHECK(answer_to({answer_with(field, bad)}) ==
          "sent: GET /x: a bad answer: the gzip body is broken");
}

/// The server's bytes for these bytes, until it closes or 5 s have passed.
Task<std::string> server_says(MemoryServer& server, Clock& clock, Pieces pieces) {
  const auto stream = co_await server.dialer().connect(some_endpoint(), clock.after(Seconds(1)));
  for (const auto& piece : pieces) {
    co_await write_all(*stream, piece);
    co_await sleep_for(clock, Millis(1));
  }
  const auto timer = clock.call_at(clock.after(Seconds(5)), [&] { stream->close(); });
  std::string said;
  std::array<char, 4096> buffer;
  for (;;) {
    const auto read = co_await read_some(*stream, boost::asio::buffer(buffer));
    if (read.error) break;
    said.append(buffer.data(), read.bytes);
  }
  if (stream->is_open()) said += "<closed>";
  clock.cancel(timer);
  co_return said;
}

std::string says(Pieces pieces, HttpServerOptions options = {}, HttpHandler handler = echo) {
  std::string said;
  run_sim([&](SimLoop& loop) -> Task<void> {
    MemoryServer server(loop, handler, options);
    said = co_await server_says(server, loop.clock, pieces);
    co_await server.join();
  });
  return said;
}

TEST_CASE("http wire: the server answers requests in pieces, and several in one piece") {
  CHECK(says({"GET /a HTTP/1.1\r\nHo", "st: x\r\n", "\r\n"}) ==
        "HTTP/1.1 200 OK\r\nContent-Length: 7\r\n\r\nGET /a ");
  CHECK(says({"POST /a HTTP/1.1\r\nContent-Length: 2\r\n\r\nxyGET /b HTTP/1.1\r\n\r\n"}) ==
        "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nPOST /a xy"
        "HTTP/1.1 200 OK\r\nContent-Length: 7\r\n\r\nGET /b ");
}

TEST_CASE("http wire: the server closes where the client says so, or is of version 1.0") {
  const std::string answer =
      "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 7\r\n\r\nGET /a <closed>";
  CHECK(says({"GET /a HTTP/1.1\r\nConnection: close\r\n\r\nGET /b HTTP/1.1\r\n\r\n"}) == answer);
  CHECK(says({"GET /a HTTP/1.0\r\n\r\n"}) == answer);
}

TEST_CASE("http wire: the server says what is wrong with a request, and closes") {
  const HttpServerOptions small{.max_header_bytes = 1000, .max_body_bytes = 100};
  const auto status_of = [&](const std::string& bytes) {
    const auto said = says({bytes}, small);
    return said.substr(9, 3) + (said.ends_with("<closed>") ? " closed" : "");
  };
  CHECK(status_of("hello\r\n\r\n") == "400 closed");
  CHECK(status_of("\x16\x03\x01\x02\x00\x01") == "400 closed");
  CHECK(status_of("GET /a HTTP/1.1\r\nbroken\r\n\r\n") == "400 closed");
  CHECK(status_of("GET /a HTTP/1.1\r\nA: " + std::string(1000, 'x') + "\r\n\r\n") == "431 closed");
  CHECK(status_of("POST /a HTTP/1.1\r\nContent-Length: 101\r\n\r\n") == "413 closed");
  CHECK(status_of("BREW /a HTTP/1.1\r\n\r\n") == "501 closed");
  CHECK(status_of("POST /a HTTP/1.1\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n") ==
        "400 closed");
}

TEST_CASE("http wire: a request that does not end is dropped after the idle limit") {
  const HttpServerOptions impatient{.idle_limit = Seconds(2)};
  CHECK(says({"GET /a HTTP/1.1\r\n"}, impatient) == "<closed>");
  CHECK(says({}, impatient) == "<closed>");
}

Task<ServerReply> slow_echo(Clock& clock, HttpRequest request) {
  co_await sleep_for(clock, Seconds(4));
  co_return co_await echo(std::move(request));
}

TEST_CASE("http wire: the idle limit does not run while a request is answered") {
  run_sim([](SimLoop& loop) -> Task<void> {
    MemoryServer server(loop, [&](HttpRequest r) { return slow_echo(loop.clock, std::move(r)); },
                        {.idle_limit = Seconds(1)});
    const auto said = co_await server_says(server, loop.clock, {"GET /a HTTP/1.1\r\n\r\n"});
    CHECK(said.find("GET /a") != std::string::npos);
    co_await server.join();
  });
}

Task<ServerReply> throwing(HttpRequest) {
  throw std::runtime_error("handler failed");
  co_return ServerReply{};
}

TEST_CASE("http wire: an exception of the handler answers 500 and reaches the owner") {
  run_sim([](SimLoop& loop) -> Task<void> {
    MemoryServer server(loop, throwing);
    const auto said = co_await server_says(server, loop.clock, {"GET /a HTTP/1.1\r\n\r\n"});
    CHECK(said ==
          "HTTP/1.1 500 Internal Server Error\r\nConnection: close\r\n"
          "Content-Length: 0\r\n\r\n<closed>");
    std::string what;
    try {
      co_await server.join();
    } catch (const std::runtime_error& error) {
      what = error.what();
    }
    CHECK(what == "handler failed");
  });
}

Task<ServerReply> stopping(Stop& stop, HttpRequest request) {
  stop.request();
  co_return co_await echo(std::move(request));
}

TEST_CASE("http wire: after a stop the answer in the making is the last one") {
  run_sim([](SimLoop& loop) -> Task<void> {
    Stop* stop = nullptr;
    MemoryServer server(loop, [&](HttpRequest r) { return stopping(*stop, std::move(r)); });
    stop = &server.stop();
    const auto said = co_await server_says(server, loop.clock,
                                           {"GET /a HTTP/1.1\r\n\r\nGET /b HTTP/1.1\r\n\r\n"});
    CHECK(said ==
          "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 7\r\n\r\nGET /a <closed>");
    co_await server.join();
  });
}

}  // namespace
}  // namespace bb::net::test
