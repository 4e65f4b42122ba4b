// Streams: the stream sockets of the exchange (reference §2.1, §14, §15): who is connected, what
// each has subscribed, and what it is told.
//
// A stream subscribed at the wrong root, or one that does not exist, is acknowledged and silent.
// Sockets that send more than 10 messages in a second, do not answer pings for 10 minutes, read too
// slowly or are 24 h old are disconnected; an address whose sockets flood again and again is
// banned.
//
// While somebody listens to an account, the exchange is moved on by itself, to the instant of what
// happens next.
#pragma once

#include <functional>
#include <list>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "net/http_server.h"
#include "paper/stream_address.h"
#include "paper/stream_control.h"
#include "paper/stream_faults.h"
#include "paper/stream_line.h"
#include "paper/stream_market.h"
#include "paper/timeline.h"
#include "paper/user_feed.h"

namespace bb::paper {

class Streams {
 public:
  struct Parts {
    Venue& venue;
    Clock& clock;             // of connections, ticks and delays
    Timeline& exchange_time;  // of listen keys, of the 24 h, and of what the exchange does next
    std::function<TimePoint()> now;  // exchange time
    std::function<bool()> advance;   // moves the exchange to it, if that can be done
  };
  /// Watches the exchange from now on; it is not moved on any more once this is destroyed.
  explicit Streams(Parts parts);
  ~Streams();
  Streams(const Streams&) = delete;
  Streams& operator=(const Streams&) = delete;

  /// The answer to a request for a stream socket; nothing for other paths.
  std::optional<net::ServerReply> accept(const net::HttpRequest& request);

  void set_faults(const StreamFaults& faults);
  StreamFaults faults() const { return {user_line_.fault, market_line_.fault}; }
  /// Cuts all stream sockets, without a word.
  void disconnect_all();
  std::size_t connections() const { return clients_.size(); }
  std::size_t market_streams() const { return market_.open_streams(); }

 private:
  struct Client;
  struct MarketEvent {
    std::string stream;
    std::string payload;
  };

  Task<void> serve(std::shared_ptr<net::WsConnection> socket, std::string peer,
                   StreamAddress address);
  void obey(Client& client, std::string_view text);
  std::string answer(Client& client, const ControlMessage& message);
  bool subscribe(Client& client, const std::string& name);
  void unsubscribe(Client& client, const std::string& name);
  bool listen(Client& client, UserSubscription user);
  void leave(Client& client);

  /// Keeps listeners_ right when a client's user subscriptions have changed.
  void note_listener(Client& client);

  std::string heard_by(int account) const;
  void tell_market(const MarketEvent& event);
  void tell_user(const UserEvent& event);
  void push_user(UserEvent event);
  void tell_expired(const std::string& key);
  void watch_keys();
  void pump();
  void stop_pump();

  Parts parts_;
  std::list<Client> clients_;
  std::vector<Client*> listeners_;                         // those with user data
  std::map<std::string, std::vector<Client*>> audiences_;  // of streams that exist
  StreamLine<MarketEvent> market_line_;
  StreamLine<UserEvent> user_line_;
  MarketStreams market_;
  UserFeed users_;
  std::optional<TimerId> key_timer_;
  std::optional<TimerId> due_timer_;
  std::optional<TimerId> look_timer_;
};

}  // namespace bb::paper
