// Secret: text that cannot be logged, compared or copied by accident. reveal() is the only way out,
// and a search for it shows every place that uses a secret.
#pragma once

#include <string>
#include <string_view>
#include <utility>

namespace bb {

class Secret {
 public:
  Secret() = default;
  explicit Secret(std::string text) : text_(std::move(text)) {}
  ~Secret();
  Secret(Secret&& other) noexcept : text_(std::exchange(other.text_, {})) {}
  Secret& operator=(Secret&& other) noexcept;
  Secret(const Secret&) = delete;
  Secret& operator=(const Secret&) = delete;

  std::string_view reveal() const { return text_; }
  bool empty() const { return text_.empty(); }
  Secret clone() const { return Secret(text_); }

 private:
  void wipe();
  std::string text_;
};

}  // namespace bb
