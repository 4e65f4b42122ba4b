#include "app/version.h"

namespace bb::app {

std::string version_text() {
  const std::string build = BB_BUILD;
  return std::string(BB_VERSION) + (build.empty() ? "" : " (build " + build + ")");
}

}  // namespace bb::app
