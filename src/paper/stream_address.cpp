#include "paper/stream_address.h"

#include <algorithm>
#include <array>
#include <utility>

#include "net/http.h"

namespace bb::paper {

namespace {

std::string decoded(std::string_view text) {
  auto plain = net::percent_decode(text, false);
  return plain ? std::move(*plain) : std::string(text);
}

std::vector<std::string> split(std::string_view text, char separator) {
  std::vector<std::string> parts;
  while (!text.empty()) {
    const auto end = text.find(separator);
    const auto part = text.substr(0, end);
    text = end == std::string_view::npos ? std::string_view() : text.substr(end + 1);
    if (!part.empty()) parts.emplace_back(part);
  }
  return parts;
}

void add_name(StreamAddress& address, std::string_view name) {
  if (address.root == StreamRoot::private_) {
    address.users.push_back(parse_user_stream(name));
  } else {
    address.streams.emplace_back(name);
  }
}

void read_query(StreamAddress& address, std::string_view query) {
  for (const auto& pair : split(query, '&')) {
    const auto equals = pair.find('=');
    if (equals == std::string::npos) continue;
    const auto name = std::string_view(pair).substr(0, equals);
    const auto value = decoded(std::string_view(pair).substr(equals + 1));
    if (name == "streams") {
      for (const auto& stream : split(value, '/'))
        add_name(address, stream);
    } else if (address.root == StreamRoot::private_ && name == "listenKey" && !value.empty()) {
      address.users.push_back({value});
    } else if (name == "events" && !address.users.empty()) {
      address.users.back().events = split(value, '/');
    }
  }
}

}  // namespace

bool UserSubscription::wants(std::string_view event) const {
  return events.empty() || std::ranges::find(events, event) != events.end();
}

std::optional<StreamAddress> parse_stream_address(std::string_view path, std::string_view query) {
  static constexpr std::array<std::pair<std::string_view, StreamRoot>, 3> kRoots = {
      {{"/public", StreamRoot::public_},
       {"/market", StreamRoot::market},
       {"/private", StreamRoot::private_}}};
  StreamAddress address;
  for (const auto& [word, root] : kRoots) {
    if (!path.starts_with(word)) continue;
    address.root = root;
    path.remove_prefix(word.size());
    break;
  }
  constexpr std::string_view kRaw = "/ws";
  constexpr std::string_view kCombined = "/stream";
  if (path == kCombined || path == "/stream/") {
    address.combined = true;
  } else if (path == kRaw || path.starts_with("/ws/")) {
    for (const auto& name : split(path.substr(kRaw.size()), '/'))
      add_name(address, decoded(name));
  } else {
    return std::nullopt;
  }
  read_query(address, query);
  return address;
}

UserSubscription parse_user_stream(std::string_view name) {
  const auto at = name.find('@');
  UserSubscription user{std::string(name.substr(0, at))};
  if (at != std::string_view::npos) user.events.emplace_back(name.substr(at + 1));
  return user;
}

void list_user_stream(const UserSubscription& user, std::vector<std::string>& names) {
  if (user.events.empty()) names.push_back(user.key);
  for (const auto& event : user.events)
    names.push_back(user.key + "@" + event);
}

}  // namespace bb::paper
