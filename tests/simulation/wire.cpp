#include "simulation/wire.h"

#include <algorithm>
#include <boost/asio/error.hpp>
#include <boost/asio/post.hpp>
#include <cstring>
#include <deque>

#include "base/check.h"

namespace bb::simulation {

namespace asio = boost::asio;
using boost::system::error_code;
using net::IoHandler;

namespace {

constexpr Micros kClogMax{20'000'000};
constexpr Micros kDrip{1'000};
constexpr std::size_t kDrops = 8;

/// One direction: what is on its way to `reader`, what is there, at most one read that waits.
struct Pipe {
  explicit Pipe(Actor& who) : reader(&who) {}
  Actor* reader;
  SteadyTime last_arrival{};
  std::string arrived;
  std::size_t taken = 0;
  error_code end;          // how it ended, once that has arrived
  bool abandoned = false;  // the reader has closed
  asio::mutable_buffer into;
  IoHandler waiting;
};

void complete(Actor& actor, IoHandler done, error_code error, std::size_t bytes) {
  asio::post(actor.io(), [call = std::move(done), error, bytes]() mutable { call(error, bytes); });
}

}  // namespace

/// One connection.
class Link : public std::enable_shared_from_this<Link> {
 public:
  Link(Wire& wire, Actor& near, Actor& far, net::Endpoint endpoint)
      : wire_(wire), near_(near), endpoint_(std::move(endpoint)), pipes_{Pipe(near), Pipe(far)} {}

  Actor& near() { return near_; }
  Actor& reader_of(int pipe) { return *pipes_[pipe].reader; }

  void read(int pipe, asio::mutable_buffer into, IoHandler done) {
    Pipe& p = pipes_[pipe];
    BB_CHECK(!p.waiting, "a stream has one reader at a time");
    if (p.abandoned) return complete(*p.reader, std::move(done), asio::error::operation_aborted, 0);
    if (p.taken < p.arrived.size() || into.size() == 0)
      return complete(*p.reader, std::move(done), {}, take(p, into));
    if (p.end) return complete(*p.reader, std::move(done), p.end, 0);
    p.into = into;
    p.waiting = std::move(done);
  }

  /// From the program (to pipe 1), or from the exchange (to pipe 0).
  void send(int pipe, std::string bytes) {
    Wire& wire = wire_;
    wire.bytes_ += bytes.size();
    wire.trace_.fold(pipe == 1 ? ">" : "<", bytes);
    if (swallows_) return;
    auto& faults = wire.faults_;
    if (pipe == 1 && wire.on_point) wire.on_point("request leaves", near_, bytes);
    if (pipe == 1 && !near_.alive()) return;
    if (pipe == 1 && faults.draw(Site::request_reset)) return reset();
    if (pipe == 0 && faults.draw(Site::answer_reset)) return reset();
    if (faults.draw(Site::wire_swallowed)) {
      swallows_ = true;
      return;
    }
    Micros extra{0};
    if (faults.draw(Site::wire_clogged))
      extra = Micros(faults.detail(Site::wire_clogged, kClogMax.count()));
    if (bytes.size() > kDrops && faults.draw(Site::wire_dripping)) {
      const std::size_t size = bytes.size() / kDrops + 1;
      for (std::size_t at = 0; at < bytes.size(); at += size, extra += kDrip)
        depart(pipe, bytes.substr(at, size), extra, {});
      return;
    }
    depart(pipe, std::move(bytes), extra, {});
    if (pipe == 0 && faults.draw(Site::connection_closed)) {
      depart(0, {}, extra, asio::error::eof);
      depart(1, {}, extra, asio::error::eof);
    }
  }

  /// What one end closes, the other reads after everything before it.
  void close(int reading) {
    Pipe& p = pipes_[reading];
    if (p.abandoned) return;
    p.abandoned = true;
    p.arrived.clear();
    p.taken = 0;
    if (p.waiting)
      complete(*p.reader, std::exchange(p.waiting, nullptr), asio::error::operation_aborted, 0);
    if (!swallows_) depart(1 - reading, {}, Micros(0), asio::error::eof);
  }

  bool ended(int pipe) const { return static_cast<bool>(pipes_[pipe].end); }

  /// The near end's process is gone.
  void hang_up(bool silently) {
    if (silently)
      swallows_ = true;
    else
      depart(1, {}, Micros(0), asio::error::connection_reset);
  }

 private:
  void reset() {
    depart(0, {}, Micros(0), asio::error::connection_reset);
    depart(1, {}, Micros(0), asio::error::connection_reset);
    swallows_ = true;
  }

  void depart(int pipe, std::string bytes, Micros extra, error_code end) {
    Pipe& p = pipes_[pipe];
    Micros delay = wire_.options_.each_way + extra;
    if (wire_.options_.jitter > Micros(0))
      delay += Micros(blend(wire_.bytes_, wire_.connections_, 7) %
                      static_cast<std::uint64_t>(wire_.options_.jitter.count()));
    const SteadyTime healed = wire_.parted_until(endpoint_.host);
    const SteadyTime leaves = std::max(wire_.queue_.now(), healed);
    p.last_arrival = std::max(p.last_arrival, leaves + delay);
    // Order within a connection is kept whatever the queue does with ties.
    p.last_arrival += Micros(1);
    wire_.queue_.call_at(p.last_arrival, *p.reader,
                         [self = shared_from_this(), pipe, text = std::move(bytes), end]() mutable {
                           self->arrive(pipe, std::move(text), end);
                         });
  }

  void arrive(int pipe, std::string bytes, error_code end) {
    Pipe& p = pipes_[pipe];
    if (p.abandoned || p.end) return;
    if (pipe == 0 && !bytes.empty() && wire_.on_point)
      wire_.on_point("answer arrives", near_, bytes);
    if (!p.reader->alive()) return;
    p.end = end;
    p.arrived += bytes;
    if (!p.waiting) return;
    auto done = std::exchange(p.waiting, nullptr);
    if (p.taken == p.arrived.size()) return done(p.end, 0);
    done({}, take(p, p.into));
  }

  static std::size_t take(Pipe& p, asio::mutable_buffer into) {
    const std::size_t count = std::min(into.size(), p.arrived.size() - p.taken);
    if (count > 0) std::memcpy(into.data(), p.arrived.data() + p.taken, count);
    p.taken += count;
    if (p.taken == p.arrived.size()) {
      p.arrived.clear();
      p.taken = 0;
    }
    return count;
  }

  Wire& wire_;
  Actor& near_;
  net::Endpoint endpoint_;
  Pipe pipes_[2];  // 0: to the program, 1: to the exchange
  bool swallows_ = false;
};

class Wire::End final : public net::StreamLayer {
 public:
  End(std::shared_ptr<Link> link, int reads) : link_(std::move(link)), reads_(reads) {}
  ~End() override { End::close(); }
  asio::any_io_executor executor() override { return link_->reader_of(reads_).io().get_executor(); }
  void read_some(asio::mutable_buffer into, IoHandler done) override {
    link_->read(reads_, into, std::move(done));
  }
  void write_some(asio::const_buffer from, IoHandler done) override {
    Actor& self = link_->reader_of(reads_);
    if (!open_) return complete(self, std::move(done), asio::error::operation_aborted, 0);
    if (link_->ended(reads_)) return complete(self, std::move(done), asio::error::broken_pipe, 0);
    if (from.size() > 0 && self.alive())
      link_->send(1 - reads_, std::string(static_cast<const char*>(from.data()), from.size()));
    complete(self, std::move(done), {}, from.size());
  }
  void close() override {
    if (!std::exchange(open_, false) || !link_->reader_of(reads_).alive()) return;
    link_->close(reads_);
  }
  bool is_open() const override { return open_; }

 private:
  std::shared_ptr<Link> link_;
  int reads_;
  bool open_ = true;
};

class Port final : public net::Dialer {
 public:
  Port(Wire& wire, Actor& actor) : wire_(wire), actor_(actor) {}
  Task<Result<net::AnyStream>> connect(net::Endpoint endpoint, SteadyTime deadline) override {
    return wire_.connect(actor_, std::move(endpoint), deadline);
  }

 private:
  Wire& wire_;
  Actor& actor_;
};

Wire::Wire(Queue& queue, Actor& exchange, Faults& faults, Trace& trace, WireOptions options)
    : queue_(queue), exchange_(exchange), faults_(faults), trace_(trace), options_(options) {}
Wire::~Wire() = default;

std::unique_ptr<net::Dialer> Wire::dialer_for(Actor& actor) {
  return std::make_unique<Port>(*this, actor);
}

void Wire::hang_up(Actor& actor, bool silently) {
  for (auto& weak : links_)
    if (const auto link = weak.lock(); link && &link->near() == &actor) link->hang_up(silently);
}

void Wire::part(const std::string& host, SteadyTime until) { parted_.emplace_back(host, until); }

void Wire::mend() { parted_.clear(); }

SteadyTime Wire::parted_until(const std::string& host) const {
  SteadyTime until{};
  for (const auto& [name, end] : parted_)
    if (host.find(name) != std::string::npos) until = std::max(until, end);
  return until;
}

Task<Result<net::AnyStream>> Wire::connect(Actor& actor, net::Endpoint endpoint,
                                           SteadyTime deadline) {
  const std::string name = endpoint.host + ":" + std::to_string(endpoint.port);
  const bool refused = faults_.draw(Site::connect_refused);
  const bool hangs =
      faults_.draw(Site::connect_hangs) || parted_until(endpoint.host) > queue_.now();
  const SteadyTime connected = queue_.now() + 2 * options_.each_way;
  if (hangs || connected > deadline) {
    co_await sleep_until(actor.clock(), deadline);
    co_return fail(ErrorKind::unreachable, name + ": no connection by the deadline");
  }
  co_await sleep_until(actor.clock(), connected);
  if (refused) co_return fail(ErrorKind::unreachable, name + ": connection refused");
  ++connections_;
  std::erase_if(links_, [](const auto& weak) { return weak.expired(); });
  const auto link = std::make_shared<Link>(*this, actor, exchange_, endpoint);
  links_.push_back(link);
  // The other end is the other party's, and runs there.
  asio::post(exchange_.io(), [this, link, endpoint] {
    accept_(net::AnyStream(std::make_unique<End>(link, 1)), endpoint);
  });
  co_return net::AnyStream(std::make_unique<End>(link, 0));
}

}  // namespace bb::simulation
