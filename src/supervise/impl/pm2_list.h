// What PM2's list says, in the words of all runners. Pure.
#pragma once

#include <string_view>
#include <vector>

#include "base/result.h"
#include "supervise/process.h"

namespace bb::supervise {

/// The answer of getMonitorData ({"args":[[..]]}). Named fields only: the rest of an entry is the
/// environment of whoever started the process.
Result<std::vector<Process>> parse_pm2_list(std::string_view json);
/// {"error":"..."} of an answer, else nothing.
std::string pm2_error_of(std::string_view json);

}  // namespace bb::supervise
