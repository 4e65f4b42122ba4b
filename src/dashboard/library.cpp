#include "dashboard/impl/library.h"

#include <sys/stat.h>

namespace bb::dashboard {

std::optional<Library::Identity> Library::identity() const {
  struct stat info{};
  if (stat(path_.c_str(), &info) != 0) return std::nullopt;
  return Identity{info.st_dev, info.st_ino};
}

Result<store::Reader*> Library::open() {
  const auto now = identity();
  if (reader_ && now && now == opened_) return &*reader_;
  reader_.reset();
  auto reader = store::Reader::open(path_, account_);
  if (!reader) return std::unexpected(reader.error());
  reader_.emplace(std::move(*reader));
  opened_ = now;
  return &*reader_;
}

std::string Library::problem() {
  auto reader = open();
  if (!reader) return reader.error().text;
  if (const auto version = (*reader)->data_version(); !version) {
    close();
    return version.error().text;
  }
  return {};
}

}  // namespace bb::dashboard
