#include "simulation/campaign.h"

#include <fmt/format.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstring>
#include <sstream>

#include "simulation/guard.h"

namespace bb::simulation {

namespace {

struct Sum {
  std::uint64_t seeds = 0, failed = 0, twice = 0;
  double account_days = 0;
  std::uint64_t requests = 0, faults = 0, crashes = 0, restarts = 0, events = 0, checks = 0;
  std::uint64_t fills = 0, writes = 0, syncs = 0;
  Micros longest{0};
  std::array<std::uint64_t, kSites> hits{};
};

void add(Sum& sum, const Verdict& verdict) {
  ++sum.seeds;
  sum.account_days += verdict.account_days;
  sum.requests += verdict.requests;
  sum.faults += verdict.faults;
  sum.crashes += verdict.crashes;
  sum.restarts += verdict.restarts;
  sum.events += verdict.events;
  sum.checks += verdict.checks;
  sum.fills += verdict.fills;
  sum.writes += verdict.disk_writes;
  sum.syncs += verdict.disk_syncs;
  sum.longest = std::max(sum.longest, verdict.longest_unprotected);
  for (std::size_t i = 0; i < kSites; ++i)
    sum.hits[i] += verdict.hits[i];
}

// A verdict on its way through a pipe: one line per fact.
std::string write_verdict(const Verdict& v) {
  std::string text =
      fmt::format("{} {} {} {} {} {} {} {} {} {} {} {} {}\n", v.hash, v.account_days, v.requests,
                  v.faults, v.crashes, v.restarts, v.events, v.checks, v.fills, v.disk_writes,
                  v.disk_syncs, v.wire_bytes, v.longest_unprotected.count());
  for (const auto hits : v.hits)
    text += fmt::format("{} ", hits);
  text += fmt::format("\n{}", v.hit_list.size());
  for (const auto& [site, number] : v.hit_list)
    text += fmt::format(" {} {}", static_cast<int>(site), number);
  text += '\n';
  for (const auto& violation : v.violations)
    text += fmt::format("{} {} {}\n", violation.invariant, to_ms(violation.at), violation.text);
  return text;
}

Verdict read_verdict(const std::string& text) {
  Verdict v;
  std::istringstream in(text);
  std::int64_t longest = 0;
  in >> v.hash >> v.account_days >> v.requests >> v.faults >> v.crashes >> v.restarts >> v.events >>
      v.checks >> v.fills >> v.disk_writes >> v.disk_syncs >> v.wire_bytes >> longest;
  v.longest_unprotected = Micros(longest);
  for (auto& hits : v.hits)
    in >> hits;
  std::size_t count = 0;
  in >> count;
  for (std::size_t i = 0; i < count; ++i) {
    int site = 0;
    std::uint64_t number = 0;
    in >> site >> number;
    v.hit_list.emplace_back(static_cast<Site>(site), number);
  }
  std::string invariant, rest;
  std::int64_t at = 0;
  while (in >> invariant >> at && std::getline(in, rest))
    v.violations.push_back({invariant, from_ms(at), rest.substr(1)});
  return v;
}

Plan plan_of(const CampaignOptions& options, std::uint64_t seed) {
  if (options.standard_days > 0)
    return standard_plan(seed, options.standard_days, options.accounts);
  return options.is_short ? short_plan(seed) : draw_plan(seed);
}

void tell(std::uint64_t seed, const Verdict& verdict) {
  for (const auto& violation : verdict.violations)
    fmt::print("seed {} {} {} {}\n", seed, violation.invariant, iso_millis(violation.at),
               violation.text);
  std::fflush(stdout);
}

// Fewer and fewer faults, as long as the same invariant is violated.
void shrink(const Plan& plan, const Verdict& found) {
  const std::string wanted = found.violations.front().invariant;
  std::vector<Hit> kept = found.hit_list;
  const auto still_fails = [&](const std::vector<Hit>& hits) {
    RunOptions options;
    options.only.emplace(hits.begin(), hits.end());
    const auto verdict = run_apart(plan, options);
    return std::ranges::any_of(verdict.violations,
                               [&](const auto& v) { return v.invariant == wanted; });
  };
  for (std::size_t size = std::max<std::size_t>(1, kept.size() / 2); size > 0 && !kept.empty();
       size = size == 1 ? 0 : size / 2)
    for (std::size_t at = 0; at < kept.size();) {
      auto fewer = kept;
      const auto begin = fewer.begin() + static_cast<std::ptrdiff_t>(at);
      fewer.erase(begin, begin + static_cast<std::ptrdiff_t>(std::min(size, kept.size() - at)));
      if (still_fails(fewer))
        kept = std::move(fewer);
      else
        at += size;
    }
  fmt::print("seed {} {} needs {} of {} faults:", plan.seed, wanted, kept.size(),
             found.hit_list.size());
  for (const auto& [site, number] : kept)
    fmt::print(" {}:{}", name_of(site), number);
  fmt::print("\n");
}

void print_sum(const Sum& sum, double cpu) {
  const double days_per_second = cpu > 0 ? sum.account_days / cpu : 0;
  fmt::print(
      "{{\"seeds\":{},\"failed\":{},\"run_twice\":{},\"account_years\":{:.3f},\"requests\":{},"
      "\"faults\":{},\"crashes\":{},\"restarts\":{},\"fills\":{},\"checks\":{},\"events\":{},"
      "\"disk_writes\":{},\"disk_syncs\":{},\"longest_unprotected_s\":{:.1f},\"cpu_s\":{:.1f},"
      "\"account_days_per_s\":{:.3f},\"account_years_per_core_day\":{:.0f}}}\n",
      sum.seeds, sum.failed, sum.twice, sum.account_days / 365.25, sum.requests, sum.faults,
      sum.crashes, sum.restarts, sum.fills, sum.checks, sum.events, sum.writes, sum.syncs,
      static_cast<double>(sum.longest.count()) / 1e6, cpu, days_per_second,
      days_per_second * 86'400 / 365.25);
}

double children_seconds() {
  rusage use{};
  ::getrusage(RUSAGE_CHILDREN, &use);
  return static_cast<double>(use.ru_utime.tv_sec + use.ru_stime.tv_sec) +
         static_cast<double>(use.ru_utime.tv_usec + use.ru_stime.tv_usec) / 1e6;
}

}  // namespace

Verdict run_apart(const Plan& plan, const RunOptions& options) {
  (void)market_of(plan.market);  // shared by all children
  int ends[2];
  if (::pipe(ends) != 0) throw std::runtime_error("no pipe");
  std::fflush(stdout);
  const pid_t child = ::fork();
  if (child == 0) {
    ::close(ends[0]);
    std::string text;
    try {
      World world(plan, options);
      text = write_verdict(world.run());
    } catch (const std::exception& error) {
      fmt::print(stderr, "seed {}: {}\n", plan.seed, error.what());
      _exit(3);
    }
    for (std::size_t at = 0; at < text.size();) {
      const auto done = ::write(ends[1], text.data() + at, text.size() - at);
      if (done <= 0) _exit(4);
      at += static_cast<std::size_t>(done);
    }
    std::fflush(stdout);
    _exit(0);
  }
  ::close(ends[1]);
  std::string text;
  char chunk[4096];
  for (ssize_t got = 0; (got = ::read(ends[0], chunk, sizeof chunk)) > 0;)
    text.append(chunk, static_cast<std::size_t>(got));
  ::close(ends[0]);
  int status = 0;
  ::waitpid(child, &status, 0);
  if (status == 0 && !text.empty()) return read_verdict(text);
  Verdict verdict;
  verdict.violations.push_back({"crash", TimePoint{},
                                WIFSIGNALED(status)
                                    ? fmt::format("ended by {}", strsignal(WTERMSIG(status)))
                                    : fmt::format("ended with code {}", WEXITSTATUS(status))});
  return verdict;
}

int run_campaign(const CampaignOptions& options) {
  Sum sum;
  const double begin = real_seconds();
  for (std::uint64_t seed = options.first; seed < options.first + options.count; ++seed) {
    if (options.seconds > 0 && real_seconds() - begin > options.seconds) break;
    const Plan plan = plan_of(options, seed);
    if (options.plan) {
      fmt::print("{}\n", describe(plan));
      continue;
    }
    RunOptions run;
    if (options.trace) run.on_trace = [](std::string_view line) { fmt::print("{}\n", line); };
    auto verdict = run_apart(plan, run);
    if (options.twice > 0 && seed % static_cast<std::uint64_t>(options.twice) == 0) {
      ++sum.twice;
      const auto again = run_apart(plan, {});
      if (again.hash != verdict.hash)
        verdict.violations.push_back({"I38", TimePoint{}, "another trace: " + again.hash});
    }
    add(sum, verdict);
    tell(seed, verdict);
    if (verdict.violations.empty()) continue;
    ++sum.failed;
    if (options.shrink) shrink(plan, verdict);
    if (options.stops_at_first) break;
  }
  if (options.plan) return 0;
  if (options.table)
    for (std::size_t i = 0; i < kSites; ++i)
      fmt::print("{:26} {}\n", name_of(static_cast<Site>(i)), sum.hits[i]);
  print_sum(sum, children_seconds());
  return sum.failed == 0 ? 0 : 1;
}

}  // namespace bb::simulation
