// Writer: the store's thread. It takes all batches that wait into one transaction, and posts each
// answer back to the loop.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <functional>
#include <memory>

#include "store/committer.h"

namespace bb::store {

class Writer {
 public:
  /// `committer` outlives the writer and is used by nobody else meanwhile.
  Writer(Committer& committer, boost::asio::any_io_executor executor);
  /// Writes what is queued, then ends the thread.
  ~Writer();
  Writer(const Writer&) = delete;
  Writer& operator=(const Writer&) = delete;

  /// On the loop. What is pushed in one turn of it is one transaction. `done` is called on the
  /// loop, which has work until then.
  using Done = std::function<void(Status, Condition)>;
  void push(Group group, Done done);

 private:
  struct Queue;
  std::shared_ptr<Queue> queue_;
};

}  // namespace bb::store
