#include "net/world.h"

namespace bb::net::test {

MemoryServer::MemoryServer(SimLoop& loop, HttpHandler handler, HttpServerOptions options,
                           Latency latency, std::uint64_t seed)
    : MemoryServer(loop.io, loop.clock, std::move(handler), options, latency, seed) {}

MemoryServer::MemoryServer(boost::asio::io_context& io, Clock& clock, HttpHandler handler,
                           HttpServerOptions options, Latency latency, std::uint64_t seed)
    : clock_(clock),
      handler_(std::move(handler)),
      options_(options),
      stop_(clock),
      group_(io.get_executor()),
      dialer_(
          io.get_executor(), clock, latency,
          [this](AnyStream stream) { accept(std::move(stream)); }, seed) {}

void MemoryServer::accept(AnyStream stream) {
  ++connections_;
  group_.spawn(serve_http(std::move(stream), clock_, handler_, options_, stop_));
}

HttpRequest get(std::string target) { return {Method::get, std::move(target), {}, {}}; }

HttpRequest post(std::string target, std::string body) {
  return {Method::post, std::move(target), {}, std::move(body)};
}

ServerReply reply(int status, std::string body) {
  ServerReply answer;
  answer.response = {status, {}, std::move(body)};
  return answer;
}

Task<ServerReply> echo(HttpRequest request) {
  co_return reply(200,
                  std::string(str(request.method)) + " " + request.target + " " + request.body);
}

std::string summary(const Answer& answer) {
  if (answer) return std::to_string(answer->status) + " " + answer->body;
  const bool sent = answer.error().stage == HttpFailure::Stage::sent;
  return (sent ? "sent: " : "not sent: ") + answer.error().text;
}

}  // namespace bb::net::test
