#include "paper/streams.h"

#include <algorithm>
#include <deque>

namespace bb::paper {

namespace {

using net::WsConnection;
using net::WsEvent;
using Method = ControlMessage::Method;

constexpr std::size_t kStreamsMax = 1024;
constexpr std::size_t kMessagesPerSecond = 10;
constexpr Hours kLife{24};
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
  std::deque<SteadyTime> messages{};  // of the last second
  std::optional<TimerId> end_of_life{};

  std::size_t count() const { return streams.size() + users.size(); }
};

Streams::Streams(Parts parts)
    : parts_(std::move(parts)),
      market_line_(parts_.clock, [this](const MarketEvent& event) { tell_market(event); }),
      user_line_(parts_.clock, [this](const UserEvent& event) { tell_user(event); }),
      market_(parts_.venue, parts_.clock, parts_.now, parts_.advance,
              [this](const std::string& stream, const std::string& payload) {
                market_line_.push({stream, payload}, Micros(0));
              }),
      users_({parts_.venue, parts_.clock, parts_.now,
              [this](int account) { return is_heard(account); },
              [this](UserEvent event) {
                user_line_.push(std::move(event), parts_.venue.options().delay_after);
              },
              [this] { pump(); }}) {
  parts_.venue.exchange().on_journal([this](const sim::JournalEntry& entry) {
    market_.on_journal(entry);
    users_.on_journal(entry);
  });
  parts_.venue.listen_keys().on_change([this] { watch_keys(); });
}

Streams::~Streams() {
  parts_.venue.listen_keys().on_change({});
  if (key_timer_) parts_.exchange_time.cancel(*key_timer_);
  stop_pump();
}

std::optional<net::ServerReply> Streams::accept(const net::HttpRequest& request) {
  const std::string_view target = request.target;
  const auto path = target.substr(0, target.find('?'));
  const auto query = path.size() < target.size() ? target.substr(path.size() + 1) : "";
  auto address = parse_stream_address(path, query);
  if (!address) return std::nullopt;
  if (address->streams.size() + address->users.size() > kStreamsMax) {
    net::ServerReply refused;
    refused.response = {400, {{"Content-Type", "text/plain"}}, "too many streams\n"};
    return refused;
  }
  return net::accept_websocket(
      request, kSocketOptions,
      [this, wanted = std::move(*address)](std::shared_ptr<WsConnection> socket) {
        return serve(std::move(socket), wanted);
      });
}

Task<void> Streams::serve(std::shared_ptr<WsConnection> socket, StreamAddress address) {
  auto& client = clients_.emplace_back(socket, address.root, address.combined);
  const auto place = std::prev(clients_.end());
  client.end_of_life = parts_.exchange_time.call_at(
      parts_.exchange_time.after(kLife), [weak = std::weak_ptr(socket)] {
        if (const auto old = weak.lock()) old->close(net::ws_code::kGoingAway, "24 hours");
      });
  std::exception_ptr failure;
  try {
    for (const auto& stream : address.streams)
      subscribe(client, stream);
    for (auto& user : address.users)
      listen(client, std::move(user));
    while (const auto event = co_await socket->receive()) {
      if (!may_speak(client)) {
        socket->close(net::ws_code::kPolicy, "Too many requests");
        continue;
      }
      if (event->kind == WsEvent::Kind::text || event->kind == WsEvent::Kind::binary)
        obey(client, event->data);
    }
  } catch (...) {
    failure = std::current_exception();
  }
  leave(client);
  clients_.erase(place);
  if (failure) std::rethrow_exception(failure);
}

/// Ten messages in any second, pings and pongs among them.
bool Streams::may_speak(Client& client) const {
  const auto now = parts_.clock.steady_now();
  while (!client.messages.empty() && client.messages.front() <= now - Seconds(1))
    client.messages.pop_front();
  client.messages.push_back(now);
  return client.messages.size() <= kMessagesPerSecond;
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
  if (client.end_of_life) parts_.exchange_time.cancel(*client.end_of_life);
  for (const auto& name : std::vector(client.streams))
    unsubscribe(client, name);
  client.users.clear();
  note_listener(client);
}

void Streams::note_listener(Client& client) {
  std::erase(listeners_, &client);
  if (!client.users.empty()) listeners_.push_back(&client);
}

bool Streams::is_heard(int account) const {
  if (listeners_.empty()) return false;
  const auto now = parts_.now();
  for (const auto* client : listeners_)
    for (const auto& user : client->users)
      if (parts_.venue.listen_keys().account_of(user.key, now) == account) return true;
  return false;
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

void Streams::tell_user(const UserEvent& event) {
  const auto now = parts_.now();
  for (const auto* client : listeners_)
    for (const auto& user : client->users) {
      if (!user.wants(event.type)) continue;
      if (parts_.venue.listen_keys().account_of(user.key, now) != event.account) continue;
      client->socket->send_text(client->combined ? wrapped(user.key, event.text) : event.text);
    }
}

/// The socket stays open, but its key is dead.
void Streams::tell_expired(const std::string& key) {
  const auto text = user_event::listen_key_expired(key, parts_.now());
  for (const auto* client : listeners_)
    for (const auto& user : client->users)
      if (user.key == key && user.wants("listenKeyExpired") && !user_line_.fault.silent)
        client->socket->send_text(client->combined ? wrapped(key, text) : text);
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
    parts_.advance();
    pump();
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
