#include "binance/order_socket.h"

#include <algorithm>
#include <map>
#include <stdexcept>
#include <utility>

#include "base/async.h"
#include "base/park.h"
#include "base/random.h"
#include "binance/venue.h"
#include "net/websocket.h"

namespace bb::binance {

namespace {

using HttpAnswer = std::expected<net::HttpResponse, net::HttpFailure>;

constexpr int kHandshakeWeight = 5;  // reference §16
constexpr Seconds kConnectWithin{5};
constexpr Hours kRotateAfter{23};  // the exchange cuts at 24 h
constexpr Millis kBackoffFirst{500};
constexpr Millis kBackoffMax{30'000};
constexpr net::WsOptions kSocketOptions{
    .max_message_bytes = 1u << 20, .ping_every = Seconds(30), .pong_within = Seconds(15)};

net::BaseUrl parsed(const std::string& url) {
  auto base = net::parse_base_url(url);
  if (!base) throw std::invalid_argument("[binance] ws_api_url: " + base.error().text);
  return *base;
}

std::uint64_t seed_of(const Clock& clock) {
  return static_cast<std::uint64_t>(to_ms(clock.utc_now())) * 7919 + 1;
}

bool is_limit(int status) { return status == 418 || status == 429; }

net::HttpFailure lost(std::string text) { return {net::HttpFailure::Stage::sent, std::move(text)}; }

}  // namespace

struct OrderSocket::State : std::enable_shared_from_this<State> {
  State(Venue& the_venue, const std::string& url)
      : venue(the_venue),
        clock(the_venue.clock()),
        log(the_venue.log()),
        address(parsed(url)),
        random(seed_of(the_venue.clock())) {}

  struct Waiting {
    const net::WsConnection* on = nullptr;
    Resume resume;
    std::optional<HttpAnswer> answer;

    void settle(HttpAnswer with) {
      if (answer) return;
      answer = std::move(with);
      if (resume) resume();
    }
  };

  Task<Status> dial(SteadyTime deadline);
  Task<void> dial_beside();
  Task<void> read(std::shared_ptr<net::WsConnection> from);
  void blame_the_only_one(const net::WsConnection& on);
  void close_if_idle(const std::shared_ptr<net::WsConnection>& old) const;
  bool is_open() const { return socket && socket->is_open(); }

  Venue& venue;
  Clock& clock;
  const Log& log;
  net::BaseUrl address;
  Random random;
  std::unique_ptr<TaskGroup> group;  // its children own themselves: nobody joins it
  std::shared_ptr<net::WsConnection> socket;
  bool closed = false;
  bool dialing = false;
  int failures = 0;
  SteadyTime try_at{};
  SteadyTime rotate_at{};
  std::int64_t number = 0;
  std::map<std::string, std::shared_ptr<Waiting>> waiting;
};

OrderSocket::OrderSocket(Venue& venue, const std::string& url)
    : state_(std::make_shared<State>(venue, url)) {}

OrderSocket::~OrderSocket() {
  state_->closed = true;
  if (state_->socket) state_->socket->drop("the account is closed");
}

std::string OrderSocket::next_id() { return "bb-" + std::to_string(++state_->number); }

Task<Status> OrderSocket::State::dial(SteadyTime deadline) {
  const auto self = shared_from_this();
  if (auto why = venue.obstacle()) co_return fail(ErrorKind::rate_limited, std::move(*why));
  dialing = true;
  net::WsRequest request;
  request.endpoint = address.endpoint;
  request.target = address.prefix.empty() ? "/" : address.prefix;
  request.options = kSocketOptions;
  request.mask_seed = random.next() | 1;
  auto made = co_await net::connect_websocket(venue.dialer(), clock, std::move(request), deadline);
  dialing = false;
  if (!closed) venue.note_handshake(kHandshakeWeight, made ? nullptr : &made.error());
  if (closed) {
    if (made) (*made)->drop("stopped");
    co_return fail(ErrorKind::unreachable, "the account is closed");
  }
  if (!made) {
    const Micros wait =
        std::min<Micros>(kBackoffMax, kBackoffFirst * (1 << std::min(failures++, 10)));
    try_at = clock.after(wait);
    log.warn("order connection not opened", {{"why", made.error().text}});
    co_return std::unexpected(made.error());
  }
  failures = 0;
  // An older connection lives until the last answer that is due there.
  const auto old = std::exchange(socket, std::move(*made));
  close_if_idle(old);
  rotate_at = clock.after(kRotateAfter);
  log.info("order connection opened");
  group->spawn(read(socket));
  co_return Status{};
}

void OrderSocket::State::close_if_idle(const std::shared_ptr<net::WsConnection>& old) const {
  if (!old) return;
  const bool is_awaited =
      std::ranges::any_of(waiting, [&](const auto& each) { return each.second->on == old.get(); });
  if (!is_awaited) old->close(net::ws_code::kNormal, "");
}

Task<void> OrderSocket::State::dial_beside() { (void)co_await dial(clock.after(kConnectWithin)); }

Task<void> OrderSocket::State::read(std::shared_ptr<net::WsConnection> from) {
  const auto self = shared_from_this();
  while (const auto event = co_await from->receive()) {
    if (closed || event->kind != net::WsEvent::Kind::text) continue;
    auto answer = read_socket_answer(event->data);
    if (!answer || answer->id.empty()) {
      const auto why = answer ? answer->response.body : answer.error().text;
      log.warn("order connection said", {{"text", printable(why, {})}});
      if (answer && is_limit(answer->response.status)) venue.note_refusal(answer->response.status);
      blame_the_only_one(*from);
      continue;
    }
    const auto found = waiting.find(answer->id);
    if (found == waiting.end() || found->second->on != from.get()) continue;
    found->second->settle(std::move(answer->response));
    waiting.erase(found);
    if (from != socket) close_if_idle(from);
  }
  for (const auto& [id, each] : waiting)
    if (each->on == from.get())
      each->settle(std::unexpected(lost("the order connection was lost before the answer came")));
  if (socket == from) socket = nullptr;
  if (!closed) log.warn("order connection lost", {{"why", from->end().reason}});
}

// What names no request can only mean the one that is on its way, if there is but one; what became
// of that is unknown at once.
void OrderSocket::State::blame_the_only_one(const net::WsConnection& on) {
  const auto is_here = [&](const auto& each) { return each.second->on == &on; };
  if (std::ranges::count_if(waiting, is_here) != 1) return;
  const auto found = std::ranges::find_if(waiting, is_here);
  found->second->settle(std::unexpected(lost("the answer names no request")));
  waiting.erase(found);
}

Task<bool> OrderSocket::is_ready() {
  const auto state = state_;
  auto& s = *state;
  if (!s.group) s.group = std::make_unique<TaskGroup>(co_await boost::asio::this_coro::executor);
  const auto now = s.clock.steady_now();
  const bool is_open = s.is_open();
  if ((!is_open || now >= s.rotate_at) && !s.dialing && now >= s.try_at)
    s.group->spawn(s.dial_beside());
  co_return is_open;
}

Task<Status> OrderSocket::connect(SteadyTime deadline) {
  const auto state = state_;
  auto& s = *state;
  if (!s.group) s.group = std::make_unique<TaskGroup>(co_await boost::asio::this_coro::executor);
  // One that is due for its end must not meet it in the minute that this is called for.
  const bool is_fresh = s.is_open() && s.clock.steady_now() < s.rotate_at;
  if (is_fresh || s.dialing) co_return Status{};
  co_return co_await s.dial(deadline);
}

Task<HttpAnswer> OrderSocket::send(std::string id, std::string frame, SteadyTime deadline) {
  const auto state = state_;
  auto& s = *state;
  const auto not_sent = [](std::string why) {
    return std::unexpected(net::HttpFailure{net::HttpFailure::Stage::not_sent, std::move(why)});
  };
  if (!s.is_open()) co_return not_sent("the order connection is not open");
  if (s.clock.steady_now() >= deadline) co_return not_sent("the deadline has passed");
  const auto mine = std::make_shared<State::Waiting>();
  mine->on = s.socket.get();
  s.waiting[id] = mine;
  s.socket->send_text(frame);
  // A connection that lets a command die may be a black hole: the next one goes another way.
  const auto timer = s.clock.call_at(deadline, [mine, state] {
    mine->settle(std::unexpected(lost("no answer came by the deadline")));
    if (state->socket && state->socket.get() == mine->on)
      std::exchange(state->socket, nullptr)->drop("no answer came by the deadline");
  });
  if (!mine->answer) co_await park([&](Resume resume) { mine->resume = std::move(resume); });
  s.clock.cancel(timer);
  s.waiting.erase(id);
  co_return std::move(*mine->answer);
}

}  // namespace bb::binance
