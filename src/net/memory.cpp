#include "net/memory.h"

#include <algorithm>
#include <boost/asio/error.hpp>
#include <boost/asio/post.hpp>
#include <cstring>
#include <deque>
#include <optional>

#include "base/check.h"

namespace bb::net {

namespace asio = boost::asio;
using boost::system::error_code;

namespace {

/// One direction: bytes in flight, bytes that have arrived, and at most one waiting reader.
class Pipe : public std::enable_shared_from_this<Pipe> {
 public:
  Pipe(asio::any_io_executor executor, Clock& clock, Latency latency, std::optional<Random> jitter)
      : executor_(std::move(executor)), clock_(clock), latency_(latency), jitter_(jitter) {}

  void send(std::string bytes) { depart(std::move(bytes)); }
  /// After everything sent before, the reader sees end of file.
  void send_end() { depart({}); }

  void read(asio::mutable_buffer into, IoHandler done) {
    BB_CHECK(!reader_, "a stream has one reader at a time");
    if (abandoned_) return complete(std::move(done), asio::error::operation_aborted, 0);
    if (taken_ < arrived_.size() || into.size() == 0)
      return complete(std::move(done), {}, take(into));
    if (ended_) return complete(std::move(done), asio::error::eof, 0);
    into_ = into;
    reader_ = std::move(done);
  }

  /// The reading side closed: what still arrives is nobody's.
  void abandon() {
    abandoned_ = true;
    arrived_.clear();
    taken_ = 0;
    if (reader_) complete(std::exchange(reader_, nullptr), asio::error::operation_aborted, 0);
  }

  bool ended() const { return ended_; }

  void complete(IoHandler done, error_code error, std::size_t bytes) const {
    asio::post(executor_, [call = std::move(done), error, bytes]() mutable { call(error, bytes); });
  }

 private:
  void depart(std::string bytes) {
    Micros delay = latency_.each_way;
    if (jitter_ && latency_.jitter.count() > 0)
      delay += Micros(jitter_->below(static_cast<std::uint64_t>(latency_.jitter.count()) + 1));
    last_arrival_ = std::max(last_arrival_, clock_.after(delay));
    in_flight_.push_back(std::move(bytes));
    clock_.call_at(last_arrival_, [pipe = shared_from_this()] { pipe->arrive(); });
  }

  void arrive() {
    const std::string bytes = std::move(in_flight_.front());
    in_flight_.pop_front();
    if (abandoned_) return;
    if (bytes.empty()) ended_ = true;
    arrived_ += bytes;
    if (!reader_) return;
    auto done = std::exchange(reader_, nullptr);
    if (bytes.empty()) return done(asio::error::eof, 0);
    done({}, take(into_));
  }

  std::size_t take(asio::mutable_buffer into) {
    const std::size_t count = std::min(into.size(), arrived_.size() - taken_);
    if (count > 0) std::memcpy(into.data(), arrived_.data() + taken_, count);
    taken_ += count;
    if (taken_ == arrived_.size()) {
      arrived_.clear();
      taken_ = 0;
    }
    return count;
  }

  asio::any_io_executor executor_;
  Clock& clock_;
  Latency latency_;
  std::optional<Random> jitter_;
  SteadyTime last_arrival_{};
  std::deque<std::string> in_flight_;  // an empty one is the end
  std::string arrived_;
  std::size_t taken_ = 0;
  bool ended_ = false;
  bool abandoned_ = false;
  asio::mutable_buffer into_;
  IoHandler reader_;
};

class MemoryLayer final : public StreamLayer {
 public:
  MemoryLayer(asio::any_io_executor executor, std::shared_ptr<Pipe> in, std::shared_ptr<Pipe> out)
      : executor_(std::move(executor)), in_(std::move(in)), out_(std::move(out)) {}
  ~MemoryLayer() override { MemoryLayer::close(); }

  asio::any_io_executor executor() override { return executor_; }

  void read_some(asio::mutable_buffer into, IoHandler done) override {
    in_->read(into, std::move(done));
  }

  void write_some(asio::const_buffer from, IoHandler done) override {
    if (!open_) return out_->complete(std::move(done), asio::error::operation_aborted, 0);
    if (in_->ended()) return out_->complete(std::move(done), asio::error::broken_pipe, 0);
    if (from.size() > 0)
      out_->send(std::string(static_cast<const char*>(from.data()), from.size()));
    out_->complete(std::move(done), {}, from.size());
  }

  void close() override {
    if (!std::exchange(open_, false)) return;
    in_->abandon();
    // Posted: a stream that dies with its loop must not touch the clock, which may be gone.
    asio::post(executor_, [out = out_] { out->send_end(); });
  }

  bool is_open() const override { return open_; }

 private:
  asio::any_io_executor executor_;
  std::shared_ptr<Pipe> in_;
  std::shared_ptr<Pipe> out_;
  bool open_ = true;
};

std::string name_of(const Endpoint& endpoint) {
  return endpoint.host + ":" + std::to_string(endpoint.port);
}

}  // namespace

StreamPair make_memory_pair(asio::any_io_executor executor, Clock& clock, Latency latency,
                            Random* jitter) {
  const auto pipe = [&] {
    std::optional<Random> random;
    if (jitter != nullptr) random.emplace(jitter->next());
    return std::make_shared<Pipe>(executor, clock, latency, random);
  };
  const auto there = pipe();
  const auto back = pipe();
  return {AnyStream(std::make_unique<MemoryLayer>(executor, back, there)),
          AnyStream(std::make_unique<MemoryLayer>(executor, there, back))};
}

MemoryDialer::MemoryDialer(asio::any_io_executor executor, Clock& clock, Latency latency,
                           Accept accept, std::uint64_t seed)
    : executor_(std::move(executor)),
      clock_(clock),
      latency_(latency),
      accept_(std::move(accept)),
      random_(seed) {}

Task<Result<AnyStream>> MemoryDialer::connect(Endpoint endpoint, SteadyTime deadline) {
  Status allowed;
  if (gate_) allowed = gate_(endpoint);
  const SteadyTime connected = clock_.after(2 * latency_.each_way);
  co_await sleep_until(clock_, std::min(connected, deadline));
  if (connected > deadline)
    co_return fail(ErrorKind::unreachable, name_of(endpoint) + ": no connection by the deadline");
  if (!allowed) co_return std::unexpected(allowed.error());
  auto pair = make_memory_pair(executor_, clock_, latency_, &random_);
  accept_(std::move(pair.far));
  co_return std::move(pair.near);
}

}  // namespace bb::net
