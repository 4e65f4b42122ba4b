// A program that is run to its end: an argument vector, never a shell.
#pragma once

#include <boost/asio/io_context.hpp>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/result.h"

namespace bb::supervise {

/// What it wrote to standard output and error, at most `bytes_max` (the first ones). `program` is
/// an absolute path; its environment is PATH, LANG and what `environment` names ("NAME=VALUE"); its
/// input is empty. At the deadline it is killed and the result is `unreachable`; a program that
/// ends with another code than 0 is `rejected`, with the end of its output.
Task<Result<std::string>> run_child(boost::asio::io_context& io, Clock& clock, std::string program,
                                    std::vector<std::string> arguments,
                                    std::vector<std::string> environment, SteadyTime deadline,
                                    std::size_t bytes_max);

}  // namespace bb::supervise
