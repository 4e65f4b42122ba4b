#include "base/join.h"

#include <exception>

namespace bb {

Task<void> join_after(TaskGroup& group, Task<void> body) {
  std::exception_ptr failure;
  try {
    co_await std::move(body);
  } catch (...) {
    failure = std::current_exception();
  }
  try {
    co_await group.join();
  } catch (...) {
    if (!failure) failure = std::current_exception();
  }
  if (failure) std::rethrow_exception(failure);
}

}  // namespace bb
