#include "supervise/impl/dbus_client.h"

#include <fmt/format.h>
#include <unistd.h>

#include <array>
#include <map>

namespace bb::supervise {

namespace {

constexpr std::size_t kPiece = 32u << 10;
constexpr std::size_t kSignalsMax = 1024;
constexpr const char* kBus = "org.freedesktop.DBus";

/// Closes the stream when time is up.
class Limit {
 public:
  Limit(Clock& clock, net::AnyStream& stream, SteadyTime deadline)
      : clock_(clock), timer_(clock.call_at(deadline, [this, &stream] {
          passed_ = true;
          stream.close();
        })) {}
  ~Limit() { clock_.cancel(timer_); }
  Limit(const Limit&) = delete;
  Limit& operator=(const Limit&) = delete;
  bool passed() const { return passed_; }

 private:
  Clock& clock_;
  TimerId timer_;
  bool passed_ = false;
};

std::unexpected<Error> hung() {
  return fail(ErrorKind::unreachable, "the bus does not answer: its daemon or systemd hangs");
}

}  // namespace

Task<Result<std::unique_ptr<DbusClient>>> DbusClient::open(net::Dialer& dialer, Clock& clock,
                                                           SteadyTime deadline) {
  auto stream = co_await dialer.connect({}, deadline);
  if (!stream) co_return std::unexpected(stream.error());
  auto client = std::unique_ptr<DbusClient>(new DbusClient(std::move(*stream), clock));
  const auto limit = std::make_unique<Limit>(clock, client->stream_, deadline);
  const auto logged_in = co_await client->log_in();
  if (limit->passed()) co_return hung();
  if (!logged_in) co_return std::unexpected(logged_in.error());
  std::vector<DbusCall> hello;
  hello.push_back({kBus, "/org/freedesktop/DBus", kBus, "Hello", {}});
  const auto greeted = co_await client->call_now(std::move(hello));
  if (limit->passed()) co_return hung();
  if (!greeted) co_return std::unexpected(greeted.error());
  co_return std::move(client);
}

Task<Status> DbusClient::log_in() {
  std::string hex;
  for (const char c : std::to_string(::geteuid()))
    hex += fmt::format("{:02x}", static_cast<unsigned>(c));
  const std::string hello = std::string(1, '\0') + "AUTH EXTERNAL " + hex + "\r\n";
  if (const auto written = co_await net::write_all(stream_, hello); written.error)
    co_return fail(ErrorKind::unreachable, "the bus: " + written.error.message());
  std::string line;
  while (!line.ends_with("\r\n")) {
    std::array<char, 1> byte{};  // a byte at a time: what follows the line is binary
    const auto heard = co_await net::read_some(stream_, boost::asio::buffer(byte));
    if (heard.error || line.size() > 512)
      co_return fail(ErrorKind::unreachable, "the bus broke off: " + heard.error.message());
    line += byte[0];
  }
  if (!line.starts_with("OK "))
    co_return fail(ErrorKind::configuration, "the bus does not let this user in");
  const auto written = co_await net::write_all(stream_, "BEGIN\r\n");
  if (written.error) co_return fail(ErrorKind::unreachable, "the bus: " + written.error.message());
  co_return Status{};
}

Task<Result<DbusMessage>> DbusClient::next_message() {
  const auto buffer = std::make_unique<std::array<char, kPiece>>();
  for (;;) {
    auto message = reader_.next();
    if (!message) co_return std::unexpected(message.error());
    if (*message) co_return std::move(**message);
    const auto heard = co_await net::read_some(stream_, boost::asio::buffer(*buffer));
    reader_.feed({buffer->data(), heard.bytes});
    if (heard.error && heard.bytes == 0)
      co_return fail(ErrorKind::unreachable, "the bus went away: " + heard.error.message());
  }
}

Task<Result<std::vector<DbusMessage>>> DbusClient::call(std::vector<DbusCall> calls,
                                                        SteadyTime deadline) {
  const auto limit = std::make_unique<Limit>(clock_, stream_, deadline);
  auto answers = co_await call_now(std::move(calls));
  if (limit->passed()) co_return hung();
  co_return answers;
}

Task<Result<std::vector<DbusMessage>>> DbusClient::call_now(std::vector<DbusCall> calls) {
  std::string bytes;
  std::map<std::uint32_t, std::size_t> places;
  for (std::size_t i = 0; i < calls.size(); ++i) {
    const auto& call = calls[i];
    DbusMessage message;
    message.serial = ++serial_;
    message.destination = call.destination;
    message.path = call.path;
    message.interface = call.interface;
    message.member = call.member;
    message.signature = call.arguments.signature();
    message.body = call.arguments.body();
    places.emplace(message.serial, i);
    bytes += encode(message);
  }
  if (const auto written = co_await net::write_all(stream_, bytes); written.error)
    co_return fail(ErrorKind::unreachable, "the bus: " + written.error.message());
  std::vector<DbusMessage> out(calls.size());
  while (!places.empty()) {
    auto message = co_await next_message();
    if (!message) co_return std::unexpected(message.error());
    if (message->type == DbusMessage::Type::signal) {
      if (signals_.size() < kSignalsMax) signals_.push_back(std::move(*message));
      continue;
    }
    const auto place = places.find(message->reply_serial);
    if (place == places.end()) continue;
    out[place->second] = std::move(*message);
    places.erase(place);
  }
  co_return out;
}

Task<Result<DbusMessage>> DbusClient::next_signal() {
  if (!signals_.empty()) {
    auto first = std::move(signals_.front());
    signals_.erase(signals_.begin());
    co_return first;
  }
  for (;;) {
    auto message = co_await next_message();
    if (!message || message->type == DbusMessage::Type::signal) co_return message;
  }
}

}  // namespace bb::supervise
