#include "control/impl/line_reader.h"

#include <array>

#include "base/park.h"

namespace bb::control {

namespace {

constexpr std::size_t kChunk = 4096;

}  // namespace

// Outlives the reader while a read is pending.
struct LineReader::State {
  void wake() {
    if (waiter) std::exchange(waiter, {})();
  }

  std::array<char, kChunk> chunk{};
  std::string unread;
  bool is_reading = false;
  bool is_over = false;
  Resume waiter;
};

LineReader::LineReader(const net::AnyStream& stream, Clock& clock, std::size_t bytes_max)
    : stream_(stream), clock_(clock), bytes_max_(bytes_max), state_(std::make_shared<State>()) {}

void LineReader::read_more() {
  if (state_->is_reading) return;
  state_->is_reading = true;
  stream_.layer().read_some(boost::asio::buffer(state_->chunk),
                            [state = state_](boost::system::error_code error, std::size_t bytes) {
                              state->is_reading = false;
                              state->unread.append(state->chunk.data(), bytes);
                              state->is_over = static_cast<bool>(error);
                              state->wake();
                            });
}

Task<LineReader::Line> LineReader::next(SteadyTime deadline) {
  State& state = *state_;
  for (;;) {
    const auto end = state.unread.find('\n');
    if (end != std::string::npos && end <= bytes_max_) {
      Line line{End::line, state.unread.substr(0, end)};
      state.unread.erase(0, end + 1);
      co_return line;
    }
    if (state.unread.size() > bytes_max_) co_return Line{End::too_long, {}};
    if (state.is_over || !stream_.is_open()) co_return Line{End::closed, {}};
    if (clock_.steady_now() >= deadline) co_return Line{End::silence, {}};
    read_more();
    const TimerId timer = clock_.call_at(deadline, [kept = state_] { kept->wake(); });
    co_await park([&state](Resume resume) { state.waiter = std::move(resume); });
    clock_.cancel(timer);
  }
}

Task<bool> write_within(const net::AnyStream& stream, Clock& clock, std::string text,
                        Micros limit) {
  if (!stream.is_open()) co_return false;
  const TimerId timer = clock.call_at(clock.after(limit), [&stream] { stream.close(); });
  const auto written = co_await net::write_all(stream, text);
  clock.cancel(timer);
  co_return !written.error;
}

}  // namespace bb::control
