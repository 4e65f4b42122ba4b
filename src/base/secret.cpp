#include "base/secret.h"

#include <cstring>

namespace bb {

void Secret::wipe() {
  if (!text_.empty()) explicit_bzero(text_.data(), text_.size());
}

Secret::~Secret() { wipe(); }

Secret& Secret::operator=(Secret&& other) noexcept {
  if (this != &other) {
    wipe();
    text_ = std::exchange(other.text_, {});
  }
  return *this;
}

}  // namespace bb
