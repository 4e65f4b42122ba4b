// A client of stream sockets and of the WebSocket API, in virtual time: it keeps what comes.
#pragma once

#include <deque>
#include <memory>
#include <string>
#include <vector>

#include "net/websocket.h"
#include "paper/world.h"

namespace bb::paper::test {

class StreamClient {
 public:
  /// Connects to "/public/ws/..." of the world's server.
  static Task<std::unique_ptr<StreamClient>> open(World& world, std::string target);

  void send(std::string text) { socket_->send_text(text); }
  /// The next text that came or comes within `limit`; "(silence)", or "(ended <code> <reason>)".
  Task<std::string> next(Micros limit = Seconds(10));
  /// Sends and returns the next text.
  Task<std::string> ask(std::string text);
  /// Everything that comes in that time.
  Task<std::vector<std::string>> collect(Micros span);
  /// The next text with this in it; others before it are forgotten.
  Task<std::string> next_with(std::string part, Micros limit = Seconds(10));
  net::WsConnection& socket() { return *socket_; }
  int pings() const { return heard_->pings; }
  Task<void> close();

 private:
  /// Outlives a client that a failed test leaves behind.
  struct Heard {
    std::deque<std::string> texts;
    int pings = 0;
    bool ended = false;
    Event news;
  };
  StreamClient(SimLoop& loop, std::shared_ptr<net::WsConnection> socket)
      : loop_(loop), socket_(std::move(socket)), group_(loop.io.get_executor()) {}
  static Task<void> read(std::shared_ptr<net::WsConnection> socket, std::shared_ptr<Heard> heard);

  SimLoop& loop_;
  std::shared_ptr<net::WsConnection> socket_;
  std::shared_ptr<Heard> heard_ = std::make_shared<Heard>();
  TaskGroup group_;
};

/// A member of an object by path, "o.X" or "k.x", as text or raw JSON; "(absent)".
std::string member(const std::string& json, std::string_view path);

/// How an object differs from a recorded one: members that only one of them has, and members whose
/// values are of another kind (text, number written as text, number, flag, object, array). Arrays
/// are compared by their first elements. Sorted, "-x" (missing), "+x" (not in the recording),
/// "x: number, not text"; empty = alike.
std::vector<std::string> differences(const std::string& ours, const std::string& recorded);
/// The same as one text, joined by blanks.
std::string difference(const std::string& ours, const std::string& recorded);

/// A recorded message by its id, from one of the files in tests/paper/data.
std::string recorded(const std::string& file, const std::string& id);

}  // namespace bb::paper::test
