// News: whether somebody holds the account, and what changed; pushed to every open event stream.
// One text per change, made once, whoever reads it.
#pragma once

#include <boost/asio/io_context.hpp>
#include <functional>
#include <string>
#include <vector>

#include "base/async.h"
#include "control/caller.h"
#include "net/http_server.h"

namespace bb::dashboard {

class News {
 public:
  /// `is_here`: the holder is this process and has no door; a replay moves all the time.
  News(boost::asio::io_context& io, Clock& clock, std::string directory, bool is_here);

  struct HolderState {
    enum class Kind { unknown, answers, absent, silent } kind = Kind::unknown;
    control::Holder who;  // with `answers`
    std::string text;     // otherwise: one sentence
    TimePoint asked{};
  };
  const HolderState& holder() const { return holder_; }
  bool holder_answers() const { return holder_.kind == HolderState::Kind::answers; }
  const std::vector<control::Counter>& counters() const { return counters_; }

  /// Something else changed that pages show: `live` counts the looks at the exchange.
  void note_live();
  /// Grows with everything that is told.
  std::uint64_t version() const { return version_; }
  std::size_t listeners() const { return listeners_; }

  /// Asks the holder every two seconds, and hears from it between.
  Task<void> run(Stop& stop);
  /// Writes events until the client is gone, may not hear any more, or `stop` is requested.
  Task<void> stream(net::HttpBodyWriter& writer, std::function<bool()> may_hear, Stop& stop);

 private:
  Task<void> ask_loop(Stop& stop);
  Task<void> watch_loop(Stop& stop);
  Task<void> beat_loop(Stop& stop);
  Task<void> tell_loop(Stop& stop);
  Task<void> move_loop(Stop& stop);
  void changed();
  std::string make_text() const;

  boost::asio::io_context& io_;
  Clock& clock_;
  std::string directory_;
  bool is_here_;
  HolderState holder_;
  std::vector<control::Counter> counters_;
  std::uint64_t live_ = 0;
  std::uint64_t version_ = 1;
  std::string text_;  // of version_
  Event event_;       // for streams: there is something to write
  Event changed_;     // for tell_loop()
  std::size_t listeners_ = 0;
};

std::string_view str(News::HolderState::Kind kind);

}  // namespace bb::dashboard
