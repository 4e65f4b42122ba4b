// What the Engine API says of containers and services, in the words of all runners. Pure.
#pragma once

#include <string>

#include "net/json.h"
#include "supervise/process.h"

namespace bb::supervise {

/// The full ids of `GET /containers/json`.
Result<std::vector<std::string>> parse_container_ids(net::JsonView list);
/// `GET /containers/{id}/json`. Config.Env is not read.
Result<Process> parse_container(net::JsonView inspect);
bool has_tty(net::JsonView inspect);

/// Running totals of one moment; a share of a core needs two.
struct CpuTotals {
  double used = 0;    // ns
  double system = 0;  // ns of all cores
  double cores = 0;
};
struct ContainerStats {
  CpuTotals cpu;
  std::optional<std::int64_t> memory_bytes, memory_limit_bytes;
};
Result<ContainerStats> parse_container_stats(net::JsonView stats);
/// Percent of one core between two moments; nothing when no time passed between them.
std::optional<double> cpu_percent(const CpuTotals& before, const CpuTotals& now);

/// A service of `GET /services` and the tasks of it in `GET /tasks`.
Result<Process> parse_service(net::JsonView service, net::JsonView tasks);

}  // namespace bb::supervise
