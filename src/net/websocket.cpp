#include "net/websocket.h"

#include <algorithm>
#include <cstring>

namespace bb::net {

namespace {

using boost::system::error_code;
using Kind = WsEvent::Kind;

constexpr std::size_t kInboxBytes = 16u << 10;
constexpr std::size_t kBatchBytes = 64u << 10;
constexpr std::size_t kPingsMax = 16;

Inbox filled_inbox(std::string_view text) {
  Inbox inbox(std::max(kInboxBytes, text.size()));
  if (!text.empty()) std::memcpy(inbox.room().data(), text.data(), text.size());
  inbox.received(text.size());
  return inbox;
}

}  // namespace

WsFrame ws_text_frame(std::string_view text) {
  return std::make_shared<const std::string>(ws_frame(WsOpcode::text, text));
}

std::shared_ptr<WsConnection> WsConnection::make(AnyStream stream, Clock& clock, Role role,
                                                 WsOptions options, std::string_view unread,
                                                 std::uint64_t mask_seed) {
  std::shared_ptr<WsConnection> made(
      new WsConnection(std::move(stream), clock, role, options, unread, mask_seed));
  made->arm();
  return made;
}

WsConnection::WsConnection(AnyStream stream, Clock& clock, Role role, WsOptions options,
                           std::string_view unread, std::uint64_t mask_seed)
    : stream_(std::move(stream)),
      clock_(clock),
      role_(role),
      options_(options),
      masks_(mask_seed),
      parser_(role == Role::server, options.max_message_bytes),
      inbox_(filled_inbox(unread)),
      heard_(clock.steady_now()),
      next_ping_(clock.after(options.ping_every)) {}

Task<std::optional<WsEvent>> WsConnection::receive() {
  const auto self = shared_from_this();
  while (!has_ended_) {
    auto text = inbox_.text();
    const auto before = text.size();
    auto event = parser_.next(text);
    inbox_.consume(before - text.size());
    if (!event) {
      answer_close(event.error().code, event.error().text);
      break;
    }
    if (*event) {
      if (take(**event)) co_return std::move(**event);
      continue;
    }
    const auto read = co_await read_some(stream_, inbox_.room());
    if (read.error) {
      ended(ws_code::kAbnormal, read.error.message());
      break;
    }
    inbox_.received(read.bytes);
    heard_ = clock_.steady_now();
  }
  co_return std::nullopt;
}

/// Says whether the event is the receiver's.
bool WsConnection::take(const WsEvent& event) {
  if (event.kind == Kind::close) {
    answer_close(event.code, event.data);
    return false;
  }
  if (closing_) return false;
  if (event.kind == Kind::ping) {
    send_frame(WsOpcode::pong, event.data);
  } else if (event.kind == Kind::pong) {
    const auto answered =
        std::ranges::find(pings_, event.data, &std::pair<std::string, SteadyTime>::first);
    if (answered != pings_.end()) pings_.erase(pings_.begin(), answered + 1);
  }
  return true;
}

/// The last frame of this end; the connection is over when it is written.
void WsConnection::answer_close(int code, std::string_view reason) {
  if (has_ended_) return;
  if (!closing_) {
    send_frame(WsOpcode::close, ws_close_payload(code, reason));
    closing_ = true;
    close_by_ = clock_.after(options_.close_within);
  }
  ends_when_written_ = true;
  end_ = {code, std::string(reason)};
  has_ended_ = true;
  if (!writing_) {
    clock_.cancel(timer_);
    stream_.close();
  } else {
    arm();
  }
}

void WsConnection::ended(int code, std::string_view reason) {
  if (!has_ended_) end_ = {code, std::string(reason)};
  has_ended_ = true;
  clock_.cancel(timer_);
  stream_.close();
}

void WsConnection::send_text(std::string_view text) {
  if (is_open()) send_frame(WsOpcode::text, text);
}

void WsConnection::send(WsFrame frame) {
  if (is_open()) enqueue(std::move(frame));
}

void WsConnection::ping(std::string_view payload) {
  if (!is_open()) return;
  const auto text = payload.substr(0, 125);
  if (options_.pong_within > Micros(0) && pings_.size() < kPingsMax)
    pings_.emplace_back(text, clock_.after(options_.pong_within));
  send_frame(WsOpcode::ping, text);
  arm();
}

void WsConnection::close(int code, std::string_view reason) {
  if (!is_open()) return;
  send_frame(WsOpcode::close, ws_close_payload(code, reason));
  closing_ = true;
  close_by_ = clock_.after(options_.close_within);
  arm();
}

void WsConnection::drop(std::string_view why) { ended(ws_code::kAbnormal, why); }

void WsConnection::send_frame(WsOpcode opcode, std::string_view payload) {
  std::optional<std::uint32_t> mask;
  if (role_ == Role::client) mask = static_cast<std::uint32_t>(masks_.next());
  enqueue(std::make_shared<const std::string>(ws_frame(opcode, payload, mask)));
}

void WsConnection::enqueue(WsFrame frame) {
  if (queued_ + frame->size() > options_.max_queued_bytes && queued_ > 0)
    return drop("the peer reads too slowly");
  queued_ += frame->size();
  queue_.push_back(std::move(frame));
  if (!writing_) write_next();
}

/// Small frames leave together.
void WsConnection::write_next() {
  if (!stream_.is_open()) return;
  if (written_ == batch_.size()) {
    batch_.clear();
    written_ = 0;
    while (!queue_.empty() &&
           (batch_.empty() || batch_.size() + queue_.front()->size() <= kBatchBytes)) {
      batch_ += *queue_.front();
      queue_.pop_front();
    }
  }
  writing_ = true;
  const boost::asio::const_buffer rest(batch_.data() + written_, batch_.size() - written_);
  stream_.layer().write_some(rest,
                             [self = shared_from_this()](error_code error, std::size_t bytes) {
                               self->on_written(error, bytes);
                             });
}

void WsConnection::on_written(error_code error, std::size_t bytes) {
  writing_ = false;
  written_ += bytes;
  queued_ -= bytes;
  if (error) return ended(ws_code::kAbnormal, error.message());
  if (written_ < batch_.size() || !queue_.empty()) return write_next();
  if (ends_when_written_) ended(ws_code::kNormal, {});
}

void WsConnection::arm() {
  clock_.cancel(timer_);
  if (!stream_.is_open()) return;
  auto next = SteadyTime::max();
  if (closing_) next = std::min(next, close_by_);
  if (!closing_ && options_.ping_every > Micros(0)) next = std::min(next, next_ping_);
  if (!pings_.empty()) next = std::min(next, pings_.front().second);
  if (options_.silence_limit > Micros(0)) next = std::min(next, heard_ + options_.silence_limit);
  if (next == SteadyTime::max()) return;
  timer_ = clock_.call_at(next, [weak = weak_from_this()] {
    if (const auto self = weak.lock()) self->on_timer();
  });
}

void WsConnection::on_timer() {
  const auto now = clock_.steady_now();
  if (closing_ && now >= close_by_) return drop("the close handshake was not finished");
  if (!pings_.empty() && now >= pings_.front().second) return drop("a ping was not answered");
  if (options_.silence_limit > Micros(0) && now >= heard_ + options_.silence_limit)
    return drop("nothing came for too long");
  if (!closing_ && options_.ping_every > Micros(0) && now >= next_ping_) {
    next_ping_ = now + options_.ping_every;
    return ping(std::to_string(to_ms(clock_.utc_now())));
  }
  arm();
}

}  // namespace bb::net
