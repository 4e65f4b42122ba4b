#include "paper/streams.h"

#include <algorithm>
#include "paper/socket_life.h"

namespace bb::paper {

namespace {

using net::WsConnection;
using net::WsEvent;
using Method = ControlMessage::Method;

constexpr std::size_t kStreamsMax = 1024;
constexpr std::size_t kMessagesPerSecond = 10;  // pings and pongs among them
// How long the exchange is left alone when nothing is due: a wall clock may jump, and a market be
// changed.
constexpr Millis kLookAgain{1000};

constexpr net::WsOptions kSocketOptions{
    .max_message_bytes = 256u << 10, .ping_every = Minutes(3), .pong_within = Minutes(10)};

std::string wrapped(std::string_view stream, std::string_view payload) {
  net::JsonWriter json;
  json.begin_object().field("stream", stream).key("data").raw(payload).end_object();
  return json.take();
}

}  // namespace

struct Streams::Client {
  std::shared_ptr<WsConnection> socket;
  StreamRoot root = StreamRoot::public_;
  bool combined = false;
  std::vector<std::string> streams{};  // as subscribed, silent ones too
  std::vector<UserSubscription> users{};
  Pace messages{kMessagesPerSecond};

  std::size_t count() const { return streams.size() + users.size(); }
};

Streams::Streams(Parts parts)
    : parts_(std::move(parts)),
      market_line_(
          parts_.clock, [this](const MarketEvent& event) { tell_market(event); },
          [](MarketEvent& event) { event.payload.resize(event.payload.size() / 2); }),
      user_line_(
          parts_.clock, [this](const UserEvent& event) { tell_user(event); },
          [](UserEvent& event) { event.text.resize(event.text.size() / 2); }),
      market_({parts_.venue, parts_.clock, parts_.now,
               [this] { return parts_.exchange_time.is_jumping(); }, parts_.advance,
               [this](const std::string& stream, const std::string& payload) {
                 market_line_.push({stream, payload}, Micros(0));
               }}),
      users_({parts_.venue, parts_.clock, parts_.now,
              [this](int account) { return heard_by(account); },
              [this](UserEvent event) { push_user(std::move(event)); }, [this] { pump(); }}) {
  parts_.venue.exchange().on_journal([this](const sim::JournalEntry& entry) {
    market_.on_journal(entry);
    users_.on_journal(entry);
  });
  parts_.venue.listen_keys().on_change([this] { watch_keys(); });
  parts_.venue.on_multi_assets(
      [this](int account, bool multi_assets) { users_.on_multi_assets(account, multi_assets); });
  parts_.exchange_time.on_jump([this] { market_.skip_to_present(); });
}

Streams::~Streams() {
  parts_.venue.listen_keys().on_change({});
  parts_.venue.on_multi_assets({});
  parts_.exchange_time.on_jump({});
  if (key_timer_) parts_.exchange_time.cancel(*key_timer_);
  stop_pump();
}

std::optional<net::ServerReply> Streams::accept(const net::HttpRequest& request) {
  const std::string_view target = request.target;
  const auto path = target.substr(0, target.find('?'));
  const auto query = path.size() < target.size() ? target.substr(path.size() + 1) : "";
  auto address = parse_stream_address(path, query);
  if (!address) return std::nullopt;
  net::ServerReply refused;
  if (const auto ban = parts_.venue.limits().find_ban(request.peer, parts_.now())) {
    refused.response = {
        ban->status,
        {{"Content-Type", "application/json"}, {"Retry-After", std::to_string(ban->retry_after_s)}},
        refuse(ban->rejection).body};
    return refused;
  }
  if (address->streams.size() + address->users.size() > kStreamsMax) {
    refused.response = {400, {{"Content-Type", "text/plain"}}, "too many streams\n"};
    return refused;
  }
  return net::accept_websocket(
      request, kSocketOptions,
      [this, peer = request.peer, wanted = std::move(*address)](
          std::shared_ptr<WsConnection> socket) { return serve(std::move(socket), peer, wanted); });
}

Task<void> Streams::serve(std::shared_ptr<WsConnection> socket, std::string peer,
                          StreamAddress address) {
  const RateLimits& limits = parts_.venue.options().limits;
  auto& client = clients_.emplace_back(socket, address.root, address.combined);
  const auto place = std::prev(clients_.end());
  SocketLife life(parts_.exchange_time, socket);
  std::exception_ptr failure;
  try {
    for (const auto& stream : address.streams)
      subscribe(client, stream);
    for (auto& user : address.users)
      listen(client, std::move(user));
    while (const auto event = co_await socket->receive()) {
      if (!client.messages.take(parts_.clock.steady_now()) && limits.enabled) {
        if (socket->is_open()) parts_.venue.limits().note_flood(peer, parts_.now());
        socket->close(net::ws_code::kPolicy, "Too many requests");
        continue;
      }
      if (event->kind == WsEvent::Kind::text || event->kind == WsEvent::Kind::binary)
        obey(client, event->data);
    }
  } catch (...) {
    failure = std::current_exception();
  }
  life.end();
  leave(client);
  clients_.erase(place);
  if (failure) std::rethrow_exception(failure);
}

void Streams::obey(Client& client, std::string_view text) {
  const auto message = parse_control(text);
  client.socket->send_text(message ? answer(client, *message) : message.error());
}

std::string Streams::answer(Client& client, const ControlMessage& message) {
  switch (message.method) {
    case Method::subscribe:
      for (const auto& name : message.streams)
        if (!subscribe(client, name))
          return control_error(2, "Invalid request: too many subscriptions");
      return control_result("null", message.id);
    case Method::unsubscribe:
      for (const auto& name : message.streams)
        unsubscribe(client, name);
      return control_result("null", message.id);
    case Method::list: {
      auto names = client.streams;
      for (const auto& user : client.users)
        list_user_stream(user, names);
      return control_result(json_list(names), message.id);
    }
    case Method::set_property:
      client.combined = message.combined;
      return control_result("null", message.id);
    case Method::get_property:
      return control_result(client.combined ? "true" : "false", message.id);
  }
  return control_error(2, "Invalid request");
}

/// False when the connection has as many as it may have.
bool Streams::subscribe(Client& client, const std::string& name) {
  if (client.root == StreamRoot::private_) return listen(client, parse_user_stream(name));
  if (std::ranges::find(client.streams, name) != client.streams.end()) return true;
  if (client.count() >= kStreamsMax) return false;
  client.streams.push_back(name);
  const auto spec = parse_stream(name, client.root);
  if (!spec) return true;
  auto& audience = audiences_[name];
  audience.push_back(&client);
  if (audience.size() == 1) market_.open(name, *spec);
  return true;
}

void Streams::unsubscribe(Client& client, const std::string& name) {
  std::erase(client.streams, name);
  if (client.root == StreamRoot::private_) {
    const auto gone = parse_user_stream(name);
    for (auto& user : client.users)
      if (user.key == gone.key && !gone.events.empty()) std::erase(user.events, gone.events[0]);
    std::erase_if(client.users, [&](const UserSubscription& user) {
      return user.key == gone.key && (gone.events.empty() || user.events.empty());
    });
    note_listener(client);
  }
  const auto found = audiences_.find(name);
  if (found == audiences_.end()) return;
  std::erase(found->second, &client);
  if (!found->second.empty()) return;
  audiences_.erase(found);
  market_.close(name);
}

bool Streams::listen(Client& client, UserSubscription user) {
  const auto known = std::ranges::find(client.users, user.key, &UserSubscription::key);
  if (known != client.users.end()) {
    if (user.events.empty()) known->events.clear();
    if (!known->events.empty())
      for (auto& event : user.events)
        if (!known->wants(event)) known->events.push_back(std::move(event));
    return true;
  }
  if (client.count() >= kStreamsMax) return false;
  client.users.push_back(std::move(user));
  note_listener(client);
  parts_.advance();
  pump();
  return true;
}

void Streams::leave(Client& client) {
  for (const auto& name : std::vector(client.streams))
    unsubscribe(client, name);
  client.users.clear();
  note_listener(client);
}

void Streams::note_listener(Client& client) {
  std::erase(listeners_, &client);
  if (!client.users.empty()) listeners_.push_back(&client);
}

std::string Streams::heard_by(int account) const {
  if (listeners_.empty()) return {};
  auto key = parts_.venue.listen_keys().key_of(account, parts_.now());
  if (key.empty()) return {};
  for (const auto* client : listeners_)
    if (std::ranges::find(client->users, key, &UserSubscription::key) != client->users.end())
      return key;
  return {};
}

/// Encoded at most once for all raw and once for all combined subscribers.
void Streams::tell_market(const MarketEvent& event) {
  const auto audience = audiences_.find(event.stream);
  if (audience == audiences_.end()) return;
  net::WsFrame raw, combined;
  for (const auto* client : audience->second) {
    auto& frame = client->combined ? combined : raw;
    if (!frame)
      frame = net::ws_text_frame(client->combined ? wrapped(event.stream, event.payload)
                                                  : event.payload);
    client->socket->send(frame);
  }
}

/// Also where the key has died on the way: what happened before is told, and then that it expired.
void Streams::tell_user(const UserEvent& event) {
  for (const auto* client : listeners_)
    for (const auto& user : client->users)
      if (user.key == event.key && user.wants(event.type))
        client->socket->send_text(client->combined ? wrapped(user.key, event.text) : event.text);
}

void Streams::push_user(UserEvent event) {
  user_line_.push(std::move(event), parts_.venue.options().delay_after);
}

/// The socket stays open, but its key is dead.
void Streams::tell_expired(const std::string& key) {
  users_.flush();
  push_user({key, "listenKeyExpired", user_event::listen_key_expired(key, parts_.now())});
}

void Streams::watch_keys() {
  if (key_timer_) parts_.exchange_time.cancel(*std::exchange(key_timer_, std::nullopt));
  const auto next = parts_.venue.listen_keys().next_expiry();
  if (!next) return;
  const auto wait = std::max(Millis(0), *next - parts_.now());
  key_timer_ = parts_.exchange_time.call_at(parts_.exchange_time.after(wait), [this] {
    key_timer_.reset();
    for (const auto& key : parts_.venue.listen_keys().take_expired(parts_.now()))
      tell_expired(key);
    watch_keys();
  });
}

/// Moves the exchange to what happens next, as long as somebody would hear of it.
void Streams::pump() {
  stop_pump();
  if (listeners_.empty()) return;
  const auto look = [this] {
    const bool can_move = parts_.advance();
    pump();
    // What is due stays due, and would be looked at without end.
    if (!can_move && due_timer_) parts_.exchange_time.cancel(*std::exchange(due_timer_, {}));
  };
  look_timer_ = parts_.clock.call_at(parts_.clock.after(kLookAgain), look);
  const auto due = parts_.venue.exchange().quiet_until();
  if (due == TimePoint::max()) return;
  const auto wait = std::max(due - parts_.now(), Millis(1));
  due_timer_ = parts_.exchange_time.call_at(parts_.exchange_time.after(wait), look);
}

void Streams::stop_pump() {
  if (look_timer_) parts_.clock.cancel(*std::exchange(look_timer_, std::nullopt));
  if (due_timer_) parts_.exchange_time.cancel(*std::exchange(due_timer_, std::nullopt));
}

void Streams::set_faults(const StreamFaults& faults) {
  user_line_.fault = faults.user;
  market_line_.fault = faults.market;
}

void Streams::disconnect_all() {
  for (const auto& client : clients_)
    client.socket->drop("cut");
}

}  // namespace bb::paper
