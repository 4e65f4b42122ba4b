#include "base/plant.h"

#ifdef BB_PLANTS
#include <cstdlib>

namespace bb {

bool planted(std::string_view name) {
  static const char* const chosen = std::getenv("BB_PLANT");
  return chosen != nullptr && name == chosen;
}

}  // namespace bb
#endif
