// Secrets that a container or systemd hands over as files: each as the environment variable that it
// stands for, so that everything after reads one way.
//
//   NAME_FILE=/path                      of a variable NAME that the program knows
//   $CREDENTIALS_DIRECTORY/binance.api_key   systemd's LoadCredential=; NAME works, too
//   /run/secrets/TELEGRAM_TOKEN          Docker's and Swarm's secrets, by either kind of name
//
// A variable that is set wins; then NAME_FILE, systemd, Docker.
#pragma once

#include <expected>
#include <string>
#include <vector>

#include "base/settings.h"

namespace bb::app {

/// `environment` and what those files say; line ends at their end are dropped. Faults: a file that
/// a NAME_FILE names and that cannot be read, or is larger than 64 kB.
std::expected<Environment, std::vector<std::string>> with_secret_files(
    Environment environment, const std::string& docker_secrets = "/run/secrets");

}  // namespace bb::app
