// Where a stream socket connects to: the paths and queries of reference §2.1.
#pragma once

#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "paper/stream_names.h"

namespace bb::paper {

/// A listen key, and the events that are wanted of it; none named = all.
struct UserSubscription {
  std::string key;
  std::vector<std::string> events{};

  bool wants(std::string_view event) const;
};

struct StreamAddress {
  StreamRoot root = StreamRoot::public_;
  bool combined = false;
  std::vector<std::string> streams{};     // /public and /market
  std::vector<UserSubscription> users{};  // /private
};

/// Nothing for a path where no streams are.
std::optional<StreamAddress> parse_stream_address(std::string_view path, std::string_view query);

/// "<key>" or "<key>@<EVENT>", as SUBSCRIBE names it on /private.
UserSubscription parse_user_stream(std::string_view name);
/// As LIST_SUBSCRIPTIONS names them: the key, or one "<key>@<EVENT>" for each event.
void list_user_stream(const UserSubscription& user, std::vector<std::string>& names);

}  // namespace bb::paper
