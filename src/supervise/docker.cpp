// Containers of a Docker engine (or Podman's service of the same API).
#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "supervise/impl/docker_client.h"
#include "supervise/impl/docker_list.h"
#include "supervise/impl/runners.h"

namespace bb::supervise {

using net::Method;

namespace {

// An engine kills at the end of the grace and answers then.
constexpr Seconds kAfterGrace{10};

constexpr std::string_view kEvents =
    R"({"type":["container"],"event":["start","die","stop","restart","oom","health_status",)"
    R"("pause","unpause","destroy","create","rename"]})";

std::string path_of(const std::string& id) { return "/containers/" + net::percent_encode(id); }

class Docker final : public Supervisor {
 public:
  Docker(boost::asio::io_context& io, Clock& clock, const RunnerSettings& settings)
      : clock_(clock), client_(io, clock, settings) {}

  std::string describe() const override { return client_.describe(); }

  Task<Result<std::vector<Process>>> list(SteadyTime deadline) override {
    const auto document = co_await client_.get_json("/containers/json?all=1", deadline);
    if (!document) co_return std::unexpected(document.error());
    const auto ids = parse_container_ids(document->root());
    if (!ids) co_return std::unexpected(ids.error());
    std::vector<Task<Result<Process>>> looks;
    looks.reserve(ids->size());
    for (const auto& id : *ids)
      looks.push_back(look_with_stats(id, deadline));
    std::vector<Process> out;
    auto found = co_await gather(std::move(looks));
    for (auto& process : found) {
      if (process)
        out.push_back(std::move(*process));
      else if (process.error().code != 404)  // gone since it was listed
        co_return std::unexpected(process.error());
    }
    std::erase_if(totals_, [&](const auto& entry) {
      return std::ranges::find(*ids, entry.first) == ids->end();
    });
    co_return out;
  }

  Task<Result<Process>> look(std::string id, SteadyTime deadline) override {
    const auto document = co_await client_.get_json(path_of(id) + "/json", deadline);
    if (!document) co_return std::unexpected(document.error());
    co_return parse_container(document->root());
  }

  Task<Status> order(Process process, Action action, Millis grace, SteadyTime deadline) override {
    auto path = fmt::format("{}/{}", path_of(process.id), str(action));
    if (action != Action::start) {
      const auto seconds = std::chrono::ceil<Seconds>(grace);
      path += fmt::format("?t={}", seconds.count());
      deadline = std::max(deadline, clock_.after(seconds + kAfterGrace));
    }
    const auto answer = co_await client_.send(Method::post, std::move(path), "", deadline);
    if (!answer) co_return std::unexpected(answer.error());
    co_return client_.check(*answer);
  }

  Task<Result<std::string>> read_log(Process process, LogRequest request,
                                     SteadyTime deadline) override {
    const auto inspect = co_await client_.get_json(path_of(process.id) + "/json", deadline);
    if (!inspect) co_return std::unexpected(inspect.error());
    const auto path =
        fmt::format("{}/logs?stdout=1&stderr=1&tail={}", path_of(process.id), request.lines);
    auto answer = co_await client_.send(Method::get, path, "", deadline);
    if (!answer) co_return std::unexpected(answer.error());
    if (const auto status = client_.check(*answer); !status)
      co_return std::unexpected(status.error());
    auto text = has_tty(inspect->root()) ? std::move(answer->body) : unframe_log(answer->body);
    if (text.size() > request.bytes_max) text.erase(0, text.size() - request.bytes_max);
    co_return text;
  }

  Task<Result<std::optional<TimePoint>>> last_log_at(Process process,
                                                     SteadyTime deadline) override {
    const auto path = path_of(process.id) + "/logs?stdout=1&stderr=1&tail=1&timestamps=1";
    const auto answer = co_await client_.send(Method::get, path, "", deadline);
    if (!answer) co_return std::unexpected(answer.error());
    if (const auto status = client_.check(*answer); !status)
      co_return std::unexpected(status.error());
    co_return parse_engine_time(unframe_log(answer->body));
  }

  Task<Status> watch(std::function<void()> changed) override {
    const auto path = "/events?filters=" + net::percent_encode(kEvents);
    co_return co_await client_.follow(path, std::move(changed));
  }
  void cancel_watch() override { client_.cancel_follow(); }

 private:
  Task<Result<Process>> look_with_stats(std::string id, SteadyTime deadline) {
    auto process = co_await look(id, deadline);
    if (!process || process->state != State::running) co_return process;
    // Without one-shot the engine waits a second for a second sample; we keep the first ourselves.
    const auto document =
        co_await client_.get_json(path_of(id) + "/stats?stream=false&one-shot=true", deadline);
    if (!document) co_return process;  // it has just ended, or a proxy hides this: the rest stands
    const auto stats = parse_container_stats(document->root());
    if (!stats) co_return process;
    process->memory_bytes = stats->memory_bytes;
    process->memory_limit_bytes = stats->memory_limit_bytes;
    auto& before = totals_[id];
    process->cpu_percent = cpu_percent(before, stats->cpu);
    before = stats->cpu;
    co_return process;
  }

  Clock& clock_;
  DockerClient client_;
  std::map<std::string, CpuTotals> totals_;  // of the last look, by id
};

}  // namespace

std::unique_ptr<Supervisor> make_docker(boost::asio::io_context& io, Clock& clock,
                                        const RunnerSettings& settings) {
  return std::make_unique<Docker>(io, clock, settings);
}

}  // namespace bb::supervise
