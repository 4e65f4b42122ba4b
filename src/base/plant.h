// planted("name"): whether a known fault is switched on. Only builds with BB_PLANTS ask (the
// environment variable BB_PLANT names one fault); every other build compiles it away. Each plant
// restores one fault of the original program, and a test named after it must then fail.
#pragma once

#include <string_view>

namespace bb {

#ifdef BB_PLANTS
bool planted(std::string_view name);
#else
constexpr bool planted(std::string_view) { return false; }
#endif

}  // namespace bb
