// PM2 over its own sockets: rpc.sock to read and to act by pm_id, pub.sock for events. Connecting
// never starts a daemon, and no command line is involved: an id is a number that PM2 listed.
#include <fmt/format.h>

#include <array>
#include <boost/asio/error.hpp>
#include <charconv>

#include "net/json.h"
#include "net/unix_dialer.h"
#include "supervise/impl/amp.h"
#include "supervise/impl/log_file.h"
#include "supervise/impl/pm2_list.h"
#include "supervise/impl/runners.h"
#include "supervise/text.h"

namespace bb::supervise {

namespace {

constexpr std::size_t kPiece = 64u << 10;

std::string call_json(std::string_view method, std::string_view argument) {
  return fmt::format(R"(j:{{"type":"call","method":"{}","args":[{}]}})", method, argument);
}

/// The id as PM2 listed it, or nothing when it is none.
std::optional<std::int64_t> pm_id_of(const std::string& id) {
  std::int64_t out = 0;
  const auto [end, error] = std::from_chars(id.data(), id.data() + id.size(), out);
  if (error != std::errc() || end != id.data() + id.size() || out < 0) return std::nullopt;
  return out;
}

/// Topics that say a state may have changed; log traffic comes through the same socket.
bool is_event(const AmpMessage& message) {
  if (message.empty()) return false;
  const std::string_view topic = message[0];
  return topic == "s:process:event" || topic == "s:pm2:kill";
}

class Pm2 final : public Supervisor {
 public:
  Pm2(boost::asio::io_context& io, Clock& clock, const RunnerSettings& settings)
      : clock_(clock),
        home_(settings.home),
        rpc_(net::make_unix_dialer(io, home_ + "/rpc.sock")),
        pub_(net::make_unix_dialer(io, home_ + "/pub.sock")) {}

  std::string describe() const override { return "PM2 at " + home_; }

  Task<Result<std::vector<Process>>> list(SteadyTime deadline) override {
    auto answer = co_await call("getMonitorData", "{}", deadline);
    if (!answer) co_return std::unexpected(answer.error());
    co_return parse_pm2_list(*answer);
  }

  Task<Result<Process>> look(std::string id, SteadyTime deadline) override {
    auto all = co_await list(deadline);
    if (!all) co_return std::unexpected(all.error());
    for (auto& process : *all)
      if (process.id == id) co_return std::move(process);
    co_return fail(ErrorKind::conflict,
                   fmt::format("PM2 has no process {} any more", quote_word(id)));
  }

  Task<Status> order(Process process, Action action, Millis, SteadyTime deadline) override {
    const auto id = pm_id_of(process.id);
    if (!id) co_return fail(ErrorKind::invalid_input, quote_word(process.id) + " is no pm_id");
    std::string method;
    std::string argument = std::to_string(*id);
    switch (action) {
      case Action::start:
        method = "startProcessId";  // unlike `pm2 start` it never restarts one that runs
        break;
      case Action::stop:
        method = "stopProcessId";
        break;
      case Action::restart:
        method = "restartProcessId";
        argument = fmt::format(R"({{"id":{}}})", *id);
        break;
    }
    const auto answer = co_await call(method, argument, deadline);
    if (!answer) co_return std::unexpected(answer.error());
    co_return Status{};
  }

  Task<Result<std::string>> read_log(Process process, LogRequest request, SteadyTime) override {
    auto out = read_log_file(process.out_log, request);
    if (process.err_log.empty() || process.err_log == process.out_log) co_return out;
    auto err = read_log_file(process.err_log, request);
    if (!out || !err) co_return out ? err : out;
    if (err->empty()) co_return out;
    if (!out->empty() && !out->ends_with('\n')) *out += '\n';
    co_return *out + "--- standard error ---\n" + *err;
  }

  Task<Result<std::optional<TimePoint>>> last_log_at(Process process, SteadyTime) override {
    co_return std::max(log_file_written_at(process.out_log), log_file_written_at(process.err_log));
  }

  Task<Status> watch(std::function<void()> changed) override {
    constexpr Millis kConnect{2000};
    auto stream = co_await pub_->connect({}, clock_.after(kConnect));
    if (!stream) co_return std::unexpected(explain(stream.error()));
    watched_ = std::move(*stream);
    AmpReader reader;
    const auto buffer = std::make_unique<std::array<char, kPiece>>();
    for (;;) {
      const auto heard = co_await net::read_some(watched_, boost::asio::buffer(*buffer));
      if (heard.error) co_return fail(ErrorKind::unreachable, "PM2 closed its events at " + home_);
      reader.feed({buffer->data(), heard.bytes});
      for (;;) {
        auto message = reader.next();
        if (!message) co_return std::unexpected(message.error());
        if (!*message) break;
        if (is_event(**message)) changed();
      }
    }
  }

  void cancel_watch() override { watched_.close(); }

 private:
  Error explain(const Error& error) const {
    std::string text = fmt::format("PM2 does not run at {} ({})", home_, error.text);
    if (error.kind == ErrorKind::configuration)
      text = fmt::format(
          "not allowed to speak to PM2 at {} ({}); run as its user, or share its sockets by "
          "PM2_SOCKET_GROUP",
          home_, error.text);
    if (error.kind == ErrorKind::busy) text = fmt::format("PM2 at {} hangs: {}", home_, error.text);
    return {error.kind == ErrorKind::busy ? ErrorKind::unreachable : error.kind, text, 0};
  }

  /// The JSON of the answer. A connection per call: it costs 0.1 ms, and a daemon that died and
  /// came back is simply there.
  Task<Result<std::string>> call(std::string method, std::string argument, SteadyTime deadline) {
    auto stream = co_await rpc_->connect({}, deadline);
    if (!stream) co_return std::unexpected(explain(stream.error()));
    bool timed_out = false;
    const auto timer = clock_.call_at(deadline, [&] {
      timed_out = true;
      stream->close();
    });
    auto answer = co_await exchange(*stream, method, argument);
    clock_.cancel(timer);
    if (timed_out)
      co_return fail(ErrorKind::unreachable,
                     fmt::format("PM2 at {} does not answer ({}): its daemon hangs; see "
                                 "`ps` for it, and {}/pm2.log",
                                 home_, method, home_));
    co_return answer;
  }

  Task<Result<std::string>> exchange(const net::AnyStream& stream, std::string method,
                                     std::string argument) {
    const auto frame = amp_frame({call_json(method, argument), "s:bubble-buster:1"});
    if (const auto written = co_await net::write_all(stream, frame); written.error)
      co_return fail(ErrorKind::unreachable, "PM2 at " + home_ + ": " + written.error.message());
    AmpReader reader;
    const auto buffer = std::make_unique<std::array<char, kPiece>>();
    for (;;) {
      auto message = reader.next();
      if (!message) co_return std::unexpected(message.error());
      if (*message && !(*message)->empty()) {
        std::string json(amp_json((**message)[0]));
        if (const auto error = pm2_error_of(json); !error.empty())
          co_return fail(ErrorKind::conflict, "PM2 refuses: " + clean_text(error));
        co_return json;
      }
      const auto heard = co_await net::read_some(stream, boost::asio::buffer(*buffer));
      reader.feed({buffer->data(), heard.bytes});
      if (heard.error && heard.bytes == 0)
        co_return fail(ErrorKind::unreachable,
                       "PM2 at " + home_ + " broke off: " + heard.error.message());
    }
  }

  Clock& clock_;
  std::string home_;
  std::unique_ptr<net::Dialer> rpc_, pub_;
  net::AnyStream watched_;
};

}  // namespace

std::unique_ptr<Supervisor> make_pm2(boost::asio::io_context& io, Clock& clock,
                                     const RunnerSettings& settings) {
  return std::make_unique<Pm2>(io, clock, settings);
}

}  // namespace bb::supervise
