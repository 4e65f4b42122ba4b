// The caller's side of the door: hands one command to the process that holds an account, and waits
// for its result. It sends once and retries nothing.
#pragma once

#include <boost/asio/io_context.hpp>
#include <functional>
#include <string>

#include "base/async.h"
#include "control/command.h"

namespace bb::net {
class AnyStream;
}

namespace bb::control {

struct Reply {
  enum class Kind {
    answered,   // see `answer`
    refused,    // the holder did not understand it or may not take it, and did nothing; see `text`
    no_holder,  // nobody listens: nothing was done
    silent,     // somebody listens and has not said that he has the command; see GiveUp
    lost,       // he had the command, then fell silent or went away: what he did is not known
  } kind = Kind::no_holder;
  Answer answer;
  std::string text;  // one sentence, unless answered
};

struct CallLimits {
  Micros silence{2'000'000};  // without a sign of life
  Micros last_look{100'000};  // after GiveUp
};

/// Called when the holder was silent for too long and has not said that it has the command. What it
/// writes into the bypass journal is seen by a holder that wakes up later, so afterwards one of two
/// holds: the reply is `silent` and the holder will not act on this command, or it is `lost`.
using GiveUp = std::function<void()>;

/// Through the socket in the account's directory.
Task<Reply> hand_over(boost::asio::io_context& io, Clock& clock, std::string directory,
                      Command command, GiveUp give_up = {}, CallLimits limits = {});

/// The same over any stream.
Task<Reply> hand_over(net::AnyStream stream, Clock& clock, Command command, GiveUp give_up = {},
                      CallLimits limits = {});

/// Whether somebody listens and answers; nothing is asked of him.
Task<Reply> ping(boost::asio::io_context& io, Clock& clock, std::string directory,
                 CallLimits limits = {});

/// Hears what changes until `stop` is requested or the holder ends it.
Task<Reply> watch(boost::asio::io_context& io, Clock& clock, std::string directory, Stop& stop,
                  std::function<void(const std::vector<Counter>&)> changed);
Task<Reply> watch(net::AnyStream stream, Clock& clock, Stop& stop,
                  std::function<void(const std::vector<Counter>&)> changed);

}  // namespace bb::control
