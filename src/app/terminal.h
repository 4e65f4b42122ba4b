// Questions to a person at a terminal: asked on standard error, answered on standard input.
#pragma once

#include <string>

#include "base/result.h"
#include "base/secret.h"

namespace bb::app {

/// True when a person can be asked.
bool is_terminal();

/// One line without its end; `fallback` where it is empty. An end of input is an error.
Result<std::string> ask(const std::string& question, const std::string& fallback = {});

/// The same, and what is typed is not shown, where the input is a terminal.
Result<Secret> ask_secret(const std::string& question);

/// The first line of a file; "-" = the next line of standard input.
Result<Secret> read_secret_line(const std::string& path);

}  // namespace bb::app
