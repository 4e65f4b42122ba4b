#include "dashboard/impl/news.h"

#include <unistd.h>

#include "net/json.h"

namespace bb::dashboard {

namespace {

constexpr Micros kAskEvery{2'000'000};
constexpr Micros kSilence{2'000'000};
constexpr Micros kWatchAgain{1'000'000};
constexpr Micros kBeat{15'000'000};
constexpr Micros kTogether{200'000};
constexpr Micros kMove{1'000'000};
constexpr Micros kWriteLimit{10'000'000};
constexpr std::string_view kHeartbeat = ": still here\n\n";

using Kind = News::HolderState::Kind;

News::HolderState state_of(const control::Reply& reply, TimePoint now) {
  News::HolderState state;
  state.asked = now;
  state.text = reply.text;
  switch (reply.kind) {
    case control::Reply::Kind::answered:
      state.kind = Kind::answers;
      state.who = reply.answer.by;
      break;
    case control::Reply::Kind::no_holder:
      state.kind = Kind::absent;
      break;
    case control::Reply::Kind::refused:
    case control::Reply::Kind::silent:
    case control::Reply::Kind::lost:
      state.kind = Kind::silent;
      break;
  }
  return state;
}

}  // namespace

std::string_view str(Kind kind) {
  switch (kind) {
    case Kind::unknown:
      return "unknown";
    case Kind::answers:
      return "answers";
    case Kind::absent:
      return "absent";
    case Kind::silent:
      return "silent";
  }
  return "";
}

News::News(boost::asio::io_context& io, Clock& clock, std::string directory, bool is_here)
    : io_(io), clock_(clock), directory_(std::move(directory)), is_here_(is_here) {
  text_ = make_text();
}

void News::note_live() {
  ++live_;
  changed();
}

void News::changed() {
  ++version_;
  text_ = make_text();
  changed_.notify();
}

// An entry is a hundred changes, and each would be a write to every page.
Task<void> News::tell_loop(Stop& stop) {
  std::uint64_t told = 0;
  while (!stop.requested()) {
    if (told == version_) co_await changed_.wait();
    told = version_;
    event_.notify();
    (void)co_await stop.sleep_until(clock_.after(kTogether));
  }
}

std::string News::make_text() const {
  net::JsonWriter json;
  json.begin_object().field("version", version_).field("holder", str(holder_.kind));
  json.field("live", live_).key("counters").begin_object();
  for (const auto& counter : counters_)
    json.field(counter.name, counter.count);
  json.end_object().end_object();
  return "event: news\ndata: " + json.take() + "\n\n";
}

Task<void> News::ask_loop(Stop& stop) {
  while (!stop.requested()) {
    const SteadyTime next = clock_.after(kAskEvery);
    const auto reply = co_await control::ping(io_, clock_, directory_, {kSilence, Micros(0)});
    auto state = state_of(reply, clock_.utc_now());
    const bool differs = state.kind != holder_.kind || state.who.pid != holder_.who.pid;
    holder_ = std::move(state);
    if (differs) changed();
    (void)co_await stop.sleep_until(next);
  }
}

Task<void> News::watch_loop(Stop& stop) {
  while (!stop.requested()) {
    (void)co_await control::watch(io_, clock_, directory_, stop,
                                  [this](const std::vector<control::Counter>& counters) {
                                    counters_ = counters;
                                    changed();
                                  });
    (void)co_await stop.sleep_until(clock_.after(kWatchAgain));
  }
}

Task<void> News::beat_loop(Stop& stop) {
  while (co_await stop.sleep_until(clock_.after(kBeat)))
    event_.notify();
  event_.notify();
  changed_.notify();
}

Task<void> News::move_loop(Stop& stop) {
  do {
    holder_ = {Kind::answers, {"demo", static_cast<int>(::getpid())}, "", clock_.utc_now()};
    changed();
  } while (co_await stop.sleep_until(clock_.after(kMove)));
}

Task<void> News::run(Stop& stop) {
  TaskGroup group(co_await boost::asio::this_coro::executor);
  if (is_here_) {
    group.spawn(move_loop(stop));
  } else {
    group.spawn(ask_loop(stop));
    group.spawn(watch_loop(stop));
  }
  group.spawn(beat_loop(stop));
  group.spawn(tell_loop(stop));
  co_await group.join();
}

Task<void> News::stream(net::HttpBodyWriter& writer, std::function<bool()> may_hear, Stop& stop) {
  ++listeners_;
  std::uint64_t told = 0;
  while (!stop.requested() && may_hear()) {
    const bool is_new = told != version_;
    told = version_;
    // A copy: the text may be another one before this is written.
    const std::string piece = is_new ? text_ : std::string(kHeartbeat);
    if (!co_await writer.write(piece, clock_.after(kWriteLimit))) break;
    if (told == version_ && !stop.requested()) co_await event_.wait();
  }
  --listeners_;
}

}  // namespace bb::dashboard
