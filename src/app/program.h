// The program: command line, configuration, command, exit code.
#pragma once

#include <string>
#include <vector>

#include "base/settings.h"

namespace bb::app {

/// Everything main() does. `arguments` are those after the program's name.
int run_program(const std::vector<std::string>& arguments, const Environment& environment);

}  // namespace bb::app
