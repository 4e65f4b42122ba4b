// Symbol: the exchange's name of a contract ("BTCUSDT"; UTF-8, may be non-ASCII since 2025-10-09).
// A small interned value: cheap to copy and compare; ordered by its text, so iteration over a map
// of symbols is the same in every run.
#pragma once

#include <compare>
#include <cstddef>
#include <functional>
#include <string>
#include <string_view>

namespace bb {

class Symbol {
 public:
  /// The empty symbol; it names nothing.
  Symbol();
  explicit Symbol(std::string_view text);
  const std::string& str() const { return *text_; }
  bool empty() const { return text_->empty(); }

  friend bool operator==(Symbol a, Symbol b) { return a.text_ == b.text_; }
  friend std::strong_ordering operator<=>(Symbol a, Symbol b) {
    return a.text_ == b.text_ ? std::strong_ordering::equal : *a.text_ <=> *b.text_;
  }

 private:
  friend struct std::hash<Symbol>;
  const std::string* text_;
};

}  // namespace bb

template <>
struct std::hash<bb::Symbol> {
  std::size_t operator()(bb::Symbol s) const noexcept {
    return std::hash<const std::string*>()(s.text_);
  }
};
