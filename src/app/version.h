// Which program this is: in --version and in the first line of each service's log.
#pragma once

#include <string>

namespace bb::app {

/// "0.1.0 (build 1a2b3c4)"; without the build where it was made outside a repository.
std::string version_text();

}  // namespace bb::app
