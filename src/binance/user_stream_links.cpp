#include <algorithm>
#include <utility>

#include "binance/user_stream_state.h"

namespace bb::binance {

using exchange::Gap;

namespace {

constexpr Minutes kRenewEvery{30};      // the key lives for 60
constexpr Minutes kRenewAgainAfter{1};  // a renewal that failed
constexpr Hours kRotateAfter{23};       // the exchange cuts at 24 h
constexpr Minutes kRotateAgainAfter{1};
constexpr Seconds kOpenWithin{10};
constexpr Seconds kStable{60};  // a connection that lived so long was worth having
constexpr Millis kBackoffFirst{500};
constexpr Millis kBackoffMax{30'000};
constexpr std::string_view kProof = "overlap";

// Half-open connections are noticed within 45 s; the exchange's own pings come every 3 minutes.
constexpr net::WsOptions kSocketOptions{
    .max_message_bytes = 4u << 20, .ping_every = Seconds(30), .pong_within = Seconds(15)};

}  // namespace

/// Old and new connection are read: when does the old one have nothing left to say?
void UserStream::State::overlap() {
  const auto now = clock.steady_now();
  if (successor->ended || successor->expired) {
    successor->socket->drop("it is no better than the old one");
    successor = nullptr;
    rotate_at = now + kRotateAgainAfter;
    return;
  }
  const bool is_proved = link->proved.has_value();
  const bool is_over = link->ended || link->expired;
  if (!is_over && !(is_proved && now >= *link->proved + Link::kOverlap)) return;
  if (!is_over) link->socket->close(net::ws_code::kNormal, "");
  const auto heard = link->heard;
  link = std::exchange(successor, nullptr);
  log.info("account stream rotated", {{"gap", !is_proved}});
  if (is_proved) return;
  hole_since = exchange_time_of(heard);
  push_gap("the old connection ended before the new one had taken over");
}

/// The connection is no good any more.
void UserStream::State::lose(SteadyTime deaf_since, std::string why) {
  log.warn("account stream lost", {{"why", why}});
  const auto now = clock.steady_now();
  if (link->opened + kStable <= now) failures = 0;
  link->socket->drop(why);
  if (successor) successor->socket->drop(why);
  link = successor = nullptr;
  if (hole_why.empty()) {
    hole_since = exchange_time_of(deaf_since);
    hole_why = std::move(why);
  }
  failed({});
}

/// After so many failures in a row: at once, then 0.5, 1, 2 .. 30 s, less up to a quarter.
void UserStream::State::failed(const Error& error) {
  Micros wait{0};
  if (failures > 0) {
    wait = std::min<Micros>(kBackoffMax, kBackoffFirst * (1 << std::min(failures - 1, 10)));
    wait -= Micros(
        static_cast<std::int64_t>(random.below(static_cast<std::uint64_t>(wait.count() / 4))));
  }
  ++failures;
  try_at = clock.after(wait);
  if (error.text.empty()) return;
  log.warn("account stream not opened",
           {{"why", error.text}, {"failures", failures - 1}, {"again_ms", wait.count() / 1000}});
  if (std::exchange(told_down, true)) return;
  const auto why = hole_why + ", and cannot be heard: " + error.text;
  push(Gap{hole_since, why});
}

Task<Result<std::string>> ask_listen_key(Venue& venue, const Credentials& credentials,
                                         net::Method method) {
  Call call;
  call.method = method;
  call.path = "/fapi/v1/listenKey";
  call.signer = &credentials;
  call.key_only = true;
  const auto answer = co_await venue.query(std::move(call));
  if (!answer) co_return std::unexpected(answer.error());
  auto key = read_answer(answer->document, "/fapi/v1/listenKey", [](net::JsonView root) {
    return std::string(root.at("listenKey").text());
  });
  if (key && net::percent_encode(*key) != *key)
    co_return fail(ErrorKind::malformed, "the listen key has characters that no key has");
  co_return key;
}

Task<Result<std::shared_ptr<UserStream::Link>>> UserStream::State::connect(std::string with_key) {
  if (auto why = venue.obstacle()) co_return fail(ErrorKind::rate_limited, std::move(*why));
  net::WsRequest request;
  request.endpoint = root.endpoint;
  request.target = root.prefix + "/private/ws/" + with_key;
  request.options = kSocketOptions;
  request.mask_seed = random.next() | 1;
  auto socket = co_await net::connect_websocket(venue.dialer(), clock, std::move(request),
                                                clock.after(kOpenWithin));
  venue.note_handshake(0, socket ? nullptr : &socket.error());
  if (!socket) co_return std::unexpected(socket.error());
  const auto now = clock.steady_now();
  co_return std::make_shared<Link>(Link{std::move(*socket), std::move(with_key), now, now});
}

/// The key is asked for each time: that extends the one there is, or makes a new one.
Task<void> UserStream::State::open() {
  const auto self = shared_from_this();
  auto key = co_await ask_listen_key(venue, credentials, net::Method::post);
  Result<std::shared_ptr<Link>> made = std::unexpected(key ? Error{} : key.error());
  if (key && !closed) made = co_await connect(std::move(*key));
  working = false;
  wake();
  if (closed) {
    if (made) (*made)->socket->drop("stopped");
    co_return;
  }
  if (!made) {
    failed(made.error());
    co_return;
  }
  link = std::move(*made);
  renew_at = clock.after(kRenewEvery);
  rotate_at = clock.after(kRotateAfter);
  watch.reset();
  push_gap(std::exchange(hole_why, {}));
  log.info("account stream opened", {{"failures", failures}});
  group->spawn(read(link));
}

Task<void> UserStream::State::renew() {
  const auto self = shared_from_this();
  const auto mine = link;
  auto key = co_await ask_listen_key(venue, credentials, net::Method::put);
  working = false;
  wake();
  if (closed || link != mine) co_return;
  constexpr int kNoSuchKey = -1125;
  if (key && *key == mine->key) {
    renew_at = clock.after(kRenewEvery);
  } else if (key || key.error().code == kNoSuchKey) {
    mine->expired = true;
  } else {
    renew_at = clock.after(kRenewAgainAfter);
    log.warn("listen key not renewed", {{"why", key.error().text}});
  }
}

Task<void> UserStream::State::rotate() {
  const auto self = shared_from_this();
  const auto mine = link;
  auto made = co_await connect(mine->key);
  working = false;
  wake();
  if (closed || link != mine) {
    if (made) (*made)->socket->drop("not needed any more");
    co_return;
  }
  if (!made) {
    rotate_at = clock.after(kRotateAgainAfter);
    log.warn("account stream not rotated", {{"why", made.error().text}});
    co_return;
  }
  successor = std::move(*made);
  rotate_at = clock.after(kRotateAfter);
  group->spawn(read(successor));
  // What the exchange sent on the old connection before the answer to this came here with it.
  mine->socket->ping(kProof);
}

Task<void> UserStream::State::read(std::shared_ptr<Link> from) {
  const auto self = shared_from_this();
  while (const auto event = co_await from->socket->receive()) {
    if (closed) continue;  // only the end is waited for
    from->heard = clock.steady_now();
    if (event->kind == net::WsEvent::Kind::text) {
      take(*from, event->data);
    } else if (event->kind == net::WsEvent::Kind::pong && event->data == kProof) {
      from->proved = from->heard;
    } else {
      continue;
    }
    wake();
  }
  from->ended = true;
  wake();
}

}  // namespace bb::binance
