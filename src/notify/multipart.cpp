#include "notify/multipart.h"

#include <algorithm>
#include <string_view>

namespace bb::notify {

namespace {

bool occurs(std::string_view boundary,
            const std::vector<std::pair<std::string, std::string>>& fields,
            const std::vector<BotFile>& files) {
  const auto holds = [&](std::string_view text) {
    return text.find(boundary) != std::string_view::npos;
  };
  return std::ranges::any_of(fields, [&](const auto& field) { return holds(field.second); }) ||
         std::ranges::any_of(files, [&](const auto& file) { return holds(file.bytes); });
}

std::string file_name(std::string_view name) {
  std::string out;
  for (const char c : name) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                       c == '.' || c == '_' || c == '-';
    out += plain ? c : '_';
  }
  return out.empty() ? "file" : out;
}

}  // namespace

MultipartBody make_multipart(const std::vector<std::pair<std::string, std::string>>& fields,
                             const std::vector<BotFile>& files) {
  std::string boundary = "bubble-buster-part";
  while (occurs(boundary, fields, files))
    boundary += "-x";
  const std::string start = "--" + boundary + "\r\nContent-Disposition: form-data; name=\"";
  MultipartBody body;
  body.content_type = "multipart/form-data; boundary=" + boundary;
  for (const auto& [name, value] : fields)
    body.text += start + name + "\"\r\n\r\n" + value + "\r\n";
  for (const auto& file : files)
    body.text += start + file.field + "\"; filename=\"" + file_name(file.name) +
                 "\"\r\nContent-Type: " + file.content_type + "\r\n\r\n" + file.bytes + "\r\n";
  body.text += "--" + boundary + "--\r\n";
  return body;
}

}  // namespace bb::notify
