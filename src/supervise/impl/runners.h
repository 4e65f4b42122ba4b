// The bodies of Supervisor, one factory each.
#pragma once

#include <memory>

#include "supervise/supervisor.h"

namespace bb::supervise {

std::unique_ptr<Supervisor> make_pm2(boost::asio::io_context& io, Clock& clock,
                                     const RunnerSettings& settings);
std::unique_ptr<Supervisor> make_docker(boost::asio::io_context& io, Clock& clock,
                                        const RunnerSettings& settings);
std::unique_ptr<Supervisor> make_swarm(boost::asio::io_context& io, Clock& clock,
                                       const RunnerSettings& settings);
std::unique_ptr<Supervisor> make_systemd(boost::asio::io_context& io, Clock& clock,
                                         const RunnerSettings& settings);

}  // namespace bb::supervise
