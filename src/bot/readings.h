// Readings of accounts: what one of them throws is its own excuse, not the end of all.
#pragma once

#include <exception>

#include "base/async.h"
#include "base/result.h"

namespace bb::bot {

template <class T>
Task<Result<T>> guarded(Task<Result<T>> reading) {
  try {
    co_return co_await std::move(reading);
  } catch (const std::exception& error) {
    co_return fail(ErrorKind::conflict, std::string("it broke off: ") + error.what());
  }
}

}  // namespace bb::bot
