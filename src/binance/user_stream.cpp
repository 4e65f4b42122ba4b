#include "binance/user_stream.h"

#include <algorithm>
#include <stdexcept>
#include <utility>

#include "binance/parse_events.h"
#include "binance/user_stream_state.h"

namespace bb::binance {

using exchange::Gap;

namespace {

constexpr Millis kSlack{5000};  // how much earlier than known a hole is said to begin
constexpr Seconds kMisreadEvery{5};
constexpr std::size_t kQueueMax = 10'000;

net::BaseUrl parsed(const std::string& url) {
  auto base = net::parse_base_url(url);
  if (!base) throw std::invalid_argument("[binance] stream_url: " + base.error().text);
  return *base;
}

/// The same run has the same back-off; two runs of a service have not.
std::uint64_t seed_of(const Clock& clock) {
  return static_cast<std::uint64_t>(to_ms(clock.utc_now())) * 1'000'003 +
         static_cast<std::uint64_t>(clock.steady_now().time_since_epoch().count());
}

}  // namespace

UserStream::State::State(Venue& the_venue, const Credentials& the_credentials,
                         const std::string& url)
    : venue(the_venue),
      clock(the_venue.clock()),
      log(the_venue.log()),
      credentials(the_credentials),
      root(parsed(url)),
      random(seed_of(clock)) {}

TimePoint UserStream::State::exchange_time_of(SteadyTime when) const {
  return venue.exchange_now() - std::chrono::floor<Millis>(clock.steady_now() - when) - kSlack;
}

UserStream::UserStream(Venue& venue, const Credentials& credentials, const std::string& url)
    : state_(std::make_shared<State>(venue, credentials, url)) {}

UserStream::~UserStream() {
  state_->closed = true;
  for (const auto& each : {state_->link, state_->successor})
    if (each) each->socket->drop("the account is closed");
}

Task<std::optional<AccountEvent>> UserStream::next(Stop& stop) {
  const auto state = state_;
  if (!state->group) {
    const auto executor = co_await boost::asio::this_coro::executor;
    state->group = std::make_unique<TaskGroup>(executor);
    state->stops = std::make_unique<TaskGroup>(executor);
  }
  if (std::exchange(state->watched, &stop) != &stop) state->stops->spawn(state->watch_stop(stop));
  while (!stop.requested()) {
    state->step();
    if (!state->queue.empty()) {
      auto event = std::move(state->queue.front());
      state->queue.pop_front();
      co_return event;
    }
    co_await state->sleep_until(state->next_due());
  }
  co_await state->shut();
  co_return std::nullopt;
}

void UserStream::expect(const exchange::OrderRef& order, bool ended, SteadyTime sent) {
  auto& s = *state_;
  if (!s.link || s.link->opened > sent) return;
  s.watch.expect(order, ended, sent, s.clock.steady_now());
  s.wake();
}

void UserStream::witness(const std::vector<exchange::Position>& positions, SteadyTime asked) {
  auto& s = *state_;
  if (!s.link || s.link->opened > asked) return;
  s.watch.witness(positions, asked, s.clock.steady_now());
  s.wake();
}

Task<void> UserStream::State::watch_stop(Stop& stop) {
  const auto self = shared_from_this();
  while (co_await stop.sleep_until(clock.after(Hours(24)))) {
  }
  wake();
}

void UserStream::State::wake() {
  if (sleeper) sleeper();
}

Task<void> UserStream::State::sleep_until(SteadyTime when) {
  const auto self = shared_from_this();
  TimerId timer = 0;
  co_await park([&](Resume resume) {
    sleeper = std::move(resume);
    timer = clock.call_at(std::min(when, clock.after(Hours(24))), [self] { self->wake(); });
  });
  clock.cancel(timer);
}

Task<void> UserStream::State::shut() {
  closed = true;
  for (const auto& each : {link, successor})
    if (each) each->socket->close(net::ws_code::kNormal, "");
  co_await group->join();
  group.reset();
  watched = nullptr;
  link = successor = nullptr;
  queue.clear();
  watch.reset();
  failures = 0;
  try_at = {};
  hole_since = {};
  hole_why = "the stream begins";
  told_down = false;
  closed = false;
}

/// Does what is due, or starts it.
void UserStream::State::step() {
  const auto now = clock.steady_now();
  // A new kind of event may come a hundred times a second: one look covers all of them.
  if (is_misread && now >= misread_told + kMisreadEvery) {
    is_misread = false;
    misread_told = now;
    push_gap("an event was not understood: " + std::exchange(misread_why, {}));
  }
  if (successor) overlap();
  if (link && link->expired) lose(link->heard, "the listen key expired");
  if (link && link->ended) lose(link->heard, "the stream was cut: " + link->socket->end().reason);
  if (const auto deaf = watch.overdue(now); link && deaf)
    lose(deaf->since, "the stream is silent about " + deaf->what);
  if (working) return;
  const auto start = [&](Task<void> child) {
    working = true;
    group->spawn(std::move(child));
  };
  if (!link) {
    if (now >= try_at) start(open());
  } else if (now >= renew_at) {
    start(renew());
  } else if (!successor && now >= rotate_at) {
    start(rotate());
  }
}

SteadyTime UserStream::State::next_due() const {
  auto due = SteadyTime::max();
  if (is_misread) due = misread_told + kMisreadEvery;
  if (link)
    if (const auto deaf = watch.due()) due = std::min(due, *deaf);
  if (successor && link && link->proved) due = std::min(due, *link->proved + Link::kOverlap);
  if (working) return due;
  if (!link) return std::min(due, try_at);
  due = std::min(due, renew_at);
  return successor ? due : std::min(due, rotate_at);
}

void UserStream::State::take(Link& from, std::string_view text) {
  const auto document = net::JsonDocument::parse(text);
  Result<StreamMessage> message = StreamMessage{};
  if (document)
    message = read_answer(*document, "the stream", parse_stream_message);
  else
    message = std::unexpected(document.error());
  if (!message) {
    log.warn("stream event not understood", {{"why", message.error().text}});
    if (!std::exchange(is_misread, true)) hole_since = exchange_time_of(clock.steady_now());
    misread_why = message.error().text;
    return;
  }
  switch (message->kind) {
    case StreamMessage::Kind::event:
      watch_event(*message->event);
      push(std::move(*message->event));
      break;
    case StreamMessage::Kind::expired:
      if (message->key.empty() || message->key == from.key) from.expired = true;
      break;
    case StreamMessage::Kind::unknown:
      if (unknown_types.size() < 100 && unknown_types.insert(message->type).second)
        log.info("stream event ignored", {{"type", printable(message->type, {})}});
      break;
    case StreamMessage::Kind::seen:
    case StreamMessage::Kind::ignored:
      break;
  }
}

void UserStream::State::watch_event(const AccountEvent& event) {
  const auto now = clock.steady_now();
  if (const auto* changed = std::get_if<exchange::OrderChanged>(&event))
    watch.told(changed->order, now);
  if (const auto* moved = std::get_if<exchange::PositionsChanged>(&event))
    for (const auto& position : moved->positions)
      watch.told(position.symbol, now);
}

void UserStream::State::push(AccountEvent event) {
  if (queue.size() >= kQueueMax) {
    log.warn("account events dropped", {{"count", queue.size()}});
    queue.clear();
    hole_since = exchange_time_of(queued_since);
    push_gap("more events came than were read");
  }
  if (queue.empty()) queued_since = clock.steady_now();
  queue.push_back(std::move(event));
}

void UserStream::State::push_gap(std::string text) {
  told_down = false;
  // One look is enough for holes that come together.
  if (!queue.empty())
    if (auto* last = std::get_if<Gap>(&queue.back())) {
      last->since = std::min(last->since, hole_since);
      last->why += "; " + text;
      return;
    }
  queue.emplace_back(Gap{hole_since, std::move(text)});
}

}  // namespace bb::binance
