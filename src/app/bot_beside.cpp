#include "app/bot_beside.h"

#include <fmt/format.h>

#include <boost/asio/post.hpp>
#include <mutex>
#include <optional>
#include <thread>

#include "app/service_command.h"

namespace bb::app {

namespace {

constexpr Seconds kAgain{60};

Task<int> pause(Session& session) {
  (void)co_await session.stop().sleep_until(session.clock().after(kAgain));
  co_return 0;
}

}  // namespace

struct BotBeside::State {
  State(const Config& c, Log l) : config(c), log(std::move(l)) {}

  const Config& config;
  Log log;
  std::mutex mutex;  // of the two below
  Session* session = nullptr;
  bool ending = false;
  std::thread thread;  // det-ok: what the bot does is nobody else's

  // A fault of the bot stops its session, so each try has one of its own.
  // Why it failed; nothing after a stop. Nothing is thrown: it would take the service along.
  std::optional<std::string> attempt(const std::function<Task<int>(Session&)>& body) {
    try {
      Session own(config, log, true);
      {
        const std::lock_guard lock(mutex);
        if (ending) return {};
        session = &own;
      }
      const Shown shown(*this);
      const int code = own.run(body, AfterStop::own_code);
      if (code == 0) return {};
      return fmt::format("it ended with code {}", code);
    } catch (const std::exception& error) {
      return error.what();
    }
  }

  /// Takes the session out of reach before it goes.
  struct Shown {
    explicit Shown(State& s) : state(s) {}
    ~Shown() {
      const std::lock_guard lock(state.mutex);
      state.session = nullptr;
    }
    Shown(const Shown&) = delete;
    Shown& operator=(const Shown&) = delete;
    State& state;
  };

  bool is_ending() {
    const std::lock_guard lock(mutex);
    return ending;
  }

  void run() {
    while (!is_ending()) {
      const auto why = attempt(serve_bot);
      if (is_ending()) return;
      if (why)
        log.error("the bot ended, the service goes on", {{"why", *why}});
      else
        log.info("the bot ended", {});
      (void)attempt(pause);
    }
  }
};

BotBeside::BotBeside(const Config& config, Log log)
    : state_(std::make_unique<State>(config, std::move(log))) {
  state_->thread = std::thread([raw = state_.get()] { raw->run(); });  // det-ok: joined below
}

BotBeside::~BotBeside() {
  {
    const std::lock_guard lock(state_->mutex);
    state_->ending = true;
    if (auto* session = state_->session)
      boost::asio::post(session->io(), [session] { session->stop().request(); });
  }
  state_->thread.join();
}

}  // namespace bb::app
