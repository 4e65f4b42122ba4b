// multipart/form-data (RFC 7578): how files travel to Telegram.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "notify/bot_api.h"

namespace bb::notify {

struct MultipartBody {
  std::string content_type;
  std::string text;
};

/// The boundary occurs in no part.
MultipartBody make_multipart(const std::vector<std::pair<std::string, std::string>>& fields,
                             const std::vector<BotFile>& files);

}  // namespace bb::notify
