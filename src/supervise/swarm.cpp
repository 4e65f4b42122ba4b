// Services of a Swarm: a strategy is a replicated service with 0 or 1 replica.
#include <fmt/format.h>

#include "supervise/impl/docker_client.h"
#include "supervise/impl/docker_list.h"
#include "supervise/impl/runners.h"
#include "supervise/text.h"

namespace bb::supervise {

using net::JsonView;
using net::JsonWriter;
using net::Method;

namespace {

constexpr std::string_view kEvents = R"({"type":["service","container"]})";
// A spec that somebody else changed meanwhile is read again.
constexpr int kAttempts = 5;

struct Change {
  std::optional<std::int64_t> replicas;
  bool force = false;  // restart the tasks although nothing changed
};

/// TaskTemplate with the next ForceUpdate.
void write_template(JsonWriter& json, JsonView task) {
  std::int64_t force = 0;
  json.begin_object();
  task.for_each_member([&](std::string_view name, JsonView value) {
    if (name == "ForceUpdate")
      force = value.integer();
    else
      json.key(name).raw(value.raw());
  });
  json.field("ForceUpdate", force + 1).end_object();
}

/// The whole spec, as an update wants it, with one thing changed.
std::string changed_spec(JsonView spec, const Change& change) {
  JsonWriter json;
  json.begin_object();
  spec.for_each_member([&](std::string_view name, JsonView value) {
    json.key(name);
    if (name == "Mode" && change.replicas)
      json.begin_object()
          .key("Replicated")
          .begin_object()
          .field("Replicas", *change.replicas)
          .end_object()
          .end_object();
    else if (name == "TaskTemplate" && change.force)
      write_template(json, value);
    else
      json.raw(value.raw());
  });
  json.end_object();
  return json.take();
}

std::int64_t replicas_of(JsonView spec) {
  const auto replicated = spec.at("Mode").at("Replicated");
  return replicated.has("Replicas") ? replicated.at("Replicas").integer() : 1;
}

/// What to change; nothing when the service is as wanted.
std::optional<Change> change_for(JsonView spec, Action action) {
  const auto replicas = replicas_of(spec);
  switch (action) {
    case Action::start:
      if (replicas > 0) return std::nullopt;
      return Change{1, false};
    case Action::stop:
      if (replicas == 0) return std::nullopt;
      return Change{0, false};
    case Action::restart:
      if (replicas == 0) return Change{1, false};
      return Change{std::nullopt, true};
  }
  return std::nullopt;
}

class Swarm final : public Supervisor {
 public:
  Swarm(boost::asio::io_context& io, Clock& clock, const RunnerSettings& settings)
      : client_(io, clock, settings) {}

  std::string describe() const override { return "the Swarm of " + client_.describe(); }

  Task<Result<std::vector<Process>>> list(SteadyTime deadline) override {
    const auto services = co_await client_.get_json("/services", deadline);
    if (!services) co_return std::unexpected(explain(services.error()));
    const auto tasks = co_await client_.get_json("/tasks", deadline);
    if (!tasks) co_return std::unexpected(tasks.error());
    std::vector<Process> out;
    Status outcome;
    services->root().for_each([&](JsonView service) {
      auto process = parse_service(service, tasks->root());
      if (process)
        out.push_back(std::move(*process));
      else
        outcome = std::unexpected(process.error());
    });
    if (!outcome) co_return std::unexpected(outcome.error());
    co_return out;
  }

  Task<Result<Process>> look(std::string id, SteadyTime deadline) override {
    const auto service =
        co_await client_.get_json("/services/" + net::percent_encode(id), deadline);
    if (!service) co_return std::unexpected(explain(service.error()));
    JsonWriter filter;
    filter.begin_object().key("service").begin_array().value(id).end_array().end_object();
    const auto tasks =
        co_await client_.get_json("/tasks?filters=" + net::percent_encode(filter.str()), deadline);
    if (!tasks) co_return std::unexpected(tasks.error());
    co_return parse_service(service->root(), tasks->root());
  }

  Task<Status> order(Process process, Action action, Millis, SteadyTime deadline) override {
    const auto path = "/services/" + net::percent_encode(process.id);
    Status last;
    for (int attempt = 0; attempt < kAttempts; ++attempt) {
      const auto service = co_await client_.get_json(path, deadline);
      if (!service) co_return std::unexpected(explain(service.error()));
      const auto update = update_for(service->root(), action);
      if (!update) co_return std::unexpected(update.error());
      if (update->body.empty()) co_return Status{};
      const auto answer = co_await client_.send(
          Method::post, fmt::format("{}/update?version={}", path, update->version), update->body,
          deadline);
      if (!answer) co_return std::unexpected(answer.error());
      last = client_.check(*answer);
      if (last || answer->body.find("out of sequence") == std::string::npos) co_return last;
    }
    co_return last;
  }

  Task<Result<std::string>> read_log(Process process, LogRequest request,
                                     SteadyTime deadline) override {
    const auto path = fmt::format("/services/{}/logs?stdout=1&stderr=1&tail={}",
                                  net::percent_encode(process.id), request.lines);
    auto answer = co_await client_.send(Method::get, path, "", deadline);
    if (!answer) co_return std::unexpected(answer.error());
    if (const auto status = client_.check(*answer); !status)
      co_return std::unexpected(status.error());
    auto text = unframe_log(answer->body);
    if (text.size() > request.bytes_max) text.erase(0, text.size() - request.bytes_max);
    co_return text;
  }

  Task<Result<std::optional<TimePoint>>> last_log_at(Process process,
                                                     SteadyTime deadline) override {
    const auto path = "/services/" + net::percent_encode(process.id) +
                      "/logs?stdout=1&stderr=1&tail=1&timestamps=1";
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
  struct Update {
    std::int64_t version = 0;
    std::string body;
  };

  static Result<Update> update_for(JsonView service, Action action) {
    try {
      const auto spec = service.at("Spec");
      if (!spec.at("Mode").has("Replicated"))
        return fail(ErrorKind::conflict,
                    "this service is not replicated; a strategy is one with 0 or 1 replica");
      const auto change = change_for(spec, action);
      if (!change) return Update{};
      return Update{service.at("Version").at("Index").integer(), changed_spec(spec, *change)};
    } catch (const net::JsonError& error) {
      return fail(ErrorKind::malformed, std::string("Docker's service: ") + error.what());
    }
  }

  Error explain(Error error) const {
    if (error.code == 503)
      error.text = client_.describe() + " is no manager of a Swarm: " + error.text;
    return error;
  }

  DockerClient client_;
};

}  // namespace

std::unique_ptr<Supervisor> make_swarm(boost::asio::io_context& io, Clock& clock,
                                       const RunnerSettings& settings) {
  return std::make_unique<Swarm>(io, clock, settings);
}

}  // namespace bb::supervise
