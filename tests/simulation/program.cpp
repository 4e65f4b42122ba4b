#include "simulation/program.h"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/post.hpp>
#include <stdexcept>

#include "app/exit_codes.h"
#include "app/mailroom.h"
#include "app/report_commands.h"
#include "service/service.h"

namespace bb::simulation {

namespace {

constexpr Micros kReconnect{1'000'000};

std::unique_ptr<app::Config> config_of(const AccountPlan& plan) {
  Environment environment = plan.settings;
  const std::string folder = "/sim/" + plan.alias;
  environment["BUBBLE_BUSTER_BINANCE_BASE_URL"] = "http://requests.paper:80";
  environment["BUBBLE_BUSTER_BINANCE_STREAM_URL"] = "http://streams.paper:80";
  environment["BUBBLE_BUSTER_BINANCE_WS_API_URL"] = "http://requests.paper:80/ws-fapi/v1";
  environment["BUBBLE_BUSTER_BINANCE_ENVIRONMENT"] = "paper";
  environment["BUBBLE_BUSTER_BINANCE_API_KEY"] = plan.key;
  environment["BUBBLE_BUSTER_BINANCE_API_SECRET"] = plan.secret;
  environment["BUBBLE_BUSTER_RUNTIME_STATE_DIR"] = "/sim/state";
  environment["BUBBLE_BUSTER_RUNTIME_DB_PATH"] = folder + "/state.db";
  environment["BUBBLE_BUSTER_RUNTIME_LOCK_FILE"] = folder + "/runtime.lock";
  // What asks the schedule anew after at most so long: its longest, to have more days per hour.
  environment.try_emplace("BUBBLE_BUSTER_RUNTIME_SERVICE_LOOP_SLEEP_SEC", "30");
  auto config = app::default_config(environment);
  if (!config) {
    std::string faults;
    for (const auto& fault : config.error())
      faults += fault + "\n";
    throw std::runtime_error(faults);
  }
  return std::move(*config);
}

}  // namespace

Program::Program(Parts parts)
    : parts_(std::move(parts)),
      actor_(parts_.queue, parts_.plan.alias),
      config_(config_of(parts_.plan)),
      log_(LogLevel::info,
           [this](LogLevel level, std::string_view line) {
             if (actor_.alive()) parts_.on_line(level, line);
           }),
      stop_(actor_.clock()),
      dialer_(parts_.wire.dialer_for(actor_)),
      started_(parts_.queue.now()) {
  actor_.process = parts_.process;
}

Program::~Program() = default;

void Program::start() {
  boost::asio::co_spawn(actor_.io(), run(), [this](std::exception_ptr error) {
    ended_ = true;
    if (!error) return;
    try {
      std::rethrow_exception(error);
    } catch (const std::exception& e) {
      actor_.failure = e.what();
    }
  });
}

Task<void> Program::run() {
  Micros pause = kReconnect;
  for (;;) {
    auto account = co_await app::Account::open({*dialer_, actor_.clock(), log_, *config_, &stop_},
                                               {"service", true, false, Micros(0)});
    if (account) {
      account_ = std::move(*account);
      break;
    }
    log_.warn("account not opened", {{"why", account.error().text}});
    if (app::exit_code_of(account.error()) != app::kUnreachable) co_return;
    if (!co_await stop_.sleep_until(actor_.clock().after(pause))) co_return;
    pause = std::min<Micros>(pause * 2, Seconds(60));
  }
  co_await serve();
  account_.reset();
}

Task<void> Program::serve() {
  const app::Ground ground{*dialer_, actor_.clock(), log_, *config_, &stop_};
  app::Mailroom mailroom(ground, *account_);
  service::Service service({account_->desk(), config_->strategy, config_->runtime});
  service::Commands commands(
      {service.jobs(),
       account_->home(),
       {"service", parts_.process},
       [](const service::CommandResult& result) { return app::render(result); }});
  co_await commands.begin();
  asked_ = std::make_unique<TaskGroup>(actor_.io().get_executor());
  commands_ = &commands;
  TaskGroup parts(actor_.io().get_executor());
  parts.spawn(service.run(stop_));
  parts.spawn(mailroom.pump().run(stop_));
  co_await parts.join();
  commands_ = nullptr;
  co_await asked_->join();
  co_await commands.finish();
}

Task<void> Program::keep(control::Command command, Told told) {
  const auto report = co_await commands_->carry_out(std::move(command));
  told(report);
}

bool Program::carry_out(control::Command command, Told told) {
  if (commands_ == nullptr || !actor_.alive() || actor_.frozen() || stopping()) return false;
  boost::asio::post(actor_.io(),
                    [this, wish = std::move(command), tell = std::move(told)]() mutable {
                      if (commands_ != nullptr)
                        asked_->spawn(keep(std::move(wish), std::move(tell)));
                    });
  return true;
}

}  // namespace bb::simulation
