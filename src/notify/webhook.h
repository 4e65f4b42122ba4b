// Webhook: messages posted to a service or a receiver of one's own, in the form it understands.
// Forms and judgements follow the vendors' manuals as of 2026.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "notify/notifier.h"

namespace bb::notify {

/// generic, custom, feishu, dingtalk, wecom, discord, slack, ntfy, bark, gotify.
std::vector<std::string> webhook_templates();
/// What is wrong with the webhook's settings; each a fault.
std::vector<std::string> check_webhook(const NotifySettings& settings);

/// What is posted. `query` is appended to the address.
struct WebhookPost {
  std::string body;  // JSON
  std::vector<std::pair<std::string, std::string>> headers;
  std::string query = {};
};

/// Pure: the same letter, settings and time make the same bytes.
WebhookPost make_post(const NotifySettings& settings, const Letter& letter, TimePoint now);
/// Whether the service took it: several answer HTTP 200 with an error inside.
DeliveryResult judge_post(std::string_view form, int status, std::string_view body);

}  // namespace bb::notify
