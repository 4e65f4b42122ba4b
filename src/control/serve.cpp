// One connection of the door, from its first byte to its last.
#include "control/door.h"
#include "control/impl/line_reader.h"
#include "control/wire.h"

namespace bb::control {

namespace {

using End = LineReader::End;

class Connection {
 public:
  Connection(net::AnyStream stream, Clock& clock, const Log& log, const Handlers& handlers,
             const DoorOptions& options)
      : stream_(std::move(stream)),
        clock_(clock),
        log_(log),
        handlers_(handlers),
        options_(options),
        reader_(stream_, clock, options.line_bytes_max) {}

  Task<void> serve(Stop& stop) {
    const auto line = co_await reader_.next(clock_.after(options_.request_limit));
    if (line.end == End::too_long) (void)co_await send(Failed{"the request is too long"});
    if (line.end != End::line || stop.requested()) co_return;
    const auto request = parse_request(line.text);
    if (!request) {
      log_.warn("request refused", {{"why", request.error().text}});
      (void)co_await send(Failed{request.error().text});
    } else if (const auto* command = std::get_if<Command>(&*request)) {
      co_await serve_command(*command);
    } else if (std::holds_alternative<Watch>(*request)) {
      co_await serve_watch(stop);
    } else {
      (void)co_await send(Answer{handlers_.self, {}});
    }
  }

 private:
  Task<bool> send(Message message) {
    co_return co_await write_within(stream_, clock_, write_message(message), options_.write_limit);
  }

  Task<void> carry_out(Command command, std::optional<Report>& report, Stop& done) {
    try {
      report = co_await handlers_.carry_out(std::move(command));
    } catch (const std::exception& error) {
      log_.error("command failed", {{"why", error.what()}});
    }
    done.request();
  }

  Task<void> serve_command(Command command) {
    // A caller that could not be told is gone, or is about to act itself: nothing is done for it.
    if (!co_await send(Accepted{})) co_return;
    std::optional<Report> report;
    Stop done(clock_);
    TaskGroup group(co_await boost::asio::this_coro::executor);
    group.spawn(carry_out(std::move(command), report, done));
    bool listens = true;
    while (!done.requested()) {
      const SteadyTime next = clock_.after(options_.working_interval);
      if (co_await done.sleep_until(next) && listens) listens = co_await send(Working{});
    }
    co_await group.join();
    Message message = Failed{
        "the command broke off inside the holder; look at its log and at "
        "`bubble-buster status`"};
    if (report) message = Answer{handlers_.self, std::move(*report)};
    if (listens) (void)co_await send(std::move(message));
  }

  Task<void> serve_watch(Stop& stop) {
    std::optional<std::vector<Counter>> told;
    while (!stop.requested()) {
      auto now = handlers_.counters();
      if (now != told) {
        told = now;
        if (!co_await send(std::move(now))) co_return;
      }
      // A watcher only listens: a word of it, or its end, ends this.
      const auto line = co_await reader_.next(clock_.after(options_.watch_interval));
      if (line.end != End::silence) co_return;
    }
  }

  net::AnyStream stream_;
  Clock& clock_;
  const Log& log_;
  const Handlers& handlers_;
  const DoorOptions& options_;
  LineReader reader_;
};

}  // namespace

Task<void> serve_connection(net::AnyStream stream, Clock& clock, const Log& log,
                            const Handlers& handlers, const DoorOptions& options, Stop& stop) {
  Connection connection(std::move(stream), clock, log, handlers, options);
  co_await connection.serve(stop);
}

}  // namespace bb::control
