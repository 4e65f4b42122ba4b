// Inbox: the bytes a connection has received and nobody has parsed yet.
#pragma once

#include <boost/asio/buffer.hpp>
#include <cstring>
#include <memory>
#include <string_view>

namespace bb::net {

class Inbox {
 public:
  explicit Inbox(std::size_t size)
      : bytes_(std::make_unique_for_overwrite<char[]>(size)), size_(size) {}

  bool empty() const { return begin_ == end_; }
  std::string_view text() const { return {bytes_.get() + begin_, end_ - begin_}; }
  void consume(std::size_t count) { begin_ += count; }

  /// Room for the next read; empty when the unparsed bytes fill the whole inbox. It must not be
  /// called while a read into earlier room is pending.
  boost::asio::mutable_buffer room() {
    if (begin_ == end_) {
      begin_ = end_ = 0;
    } else if (end_ == size_ && begin_ > 0) {
      std::memmove(bytes_.get(), bytes_.get() + begin_, end_ - begin_);
      end_ -= begin_;
      begin_ = 0;
    }
    return {bytes_.get() + end_, size_ - end_};
  }
  void received(std::size_t count) { end_ += count; }

 private:
  std::unique_ptr<char[]> bytes_;
  std::size_t size_;
  std::size_t begin_ = 0;
  std::size_t end_ = 0;
};

}  // namespace bb::net
