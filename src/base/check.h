// BB_CHECK(condition, "why"): an invariant that stays on in release builds.
// A false condition prints file, line and reason to stderr and aborts: a corrupted program must not
// trade. It is for programmer errors only; what an operator or the exchange can cause is a Result.
#pragma once

namespace bb {
[[noreturn]] void check_failed(const char* condition, const char* why, const char* file, int line);
}  // namespace bb

#define BB_CHECK(condition, why)                                               \
  do {                                                                         \
    if (!(condition)) ::bb::check_failed(#condition, why, __FILE__, __LINE__); \
  } while (false)
