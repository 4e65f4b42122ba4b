#include "base/plant.h"

#ifdef BB_PLANTS
#include <cstdlib>

namespace bb {

bool planted(std::string_view name) {
  const char* chosen = std::getenv("BB_PLANT");
  return chosen != nullptr && name == chosen;
}

}  // namespace bb
#endif
