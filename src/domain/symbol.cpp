#include "domain/symbol.h"

#include <mutex>
#include <set>

namespace bb {

namespace {

// Names are never forgotten: an exchange lists some hundreds, and pointers to them stay valid.
const std::string* intern(std::string_view text) {
  static std::mutex mutex;
  static std::set<std::string, std::less<>> names;
  const std::lock_guard lock(mutex);
  const auto found = names.find(text);
  return found != names.end() ? &*found : &*names.emplace(text).first;
}

}  // namespace

Symbol::Symbol() {
  static const std::string* const empty = intern("");
  text_ = empty;
}
Symbol::Symbol(std::string_view text) : text_(intern(text)) {}

}  // namespace bb
