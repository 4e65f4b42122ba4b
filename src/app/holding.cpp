#include "app/holding.h"

#include <unistd.h>

#include "app/config_file.h"
#include "app/report_commands.h"

namespace bb::app {

Holding::Holding(Session& session, Account& account, service::Jobs& jobs, std::string name)
    : session_(session),
      account_(account),
      self_{std::move(name), static_cast<int>(::getpid())},
      commands_({jobs, account.home(), self_,
                 [](const service::CommandResult& result) { return render(result); },
                 [path = session.config().path](bool is_on) {
                   return write_setting(path, "runtime", "entry_catchup_enabled",
                                        is_on ? "true" : "false");
                 }}) {}

Task<void> Holding::run(Stop& stop) {
  co_await commands_.begin();
  control::Handlers handlers;
  handlers.self = self_;
  handlers.carry_out = [this](control::Command command) {
    return commands_.carry_out(std::move(command));
  };
  handlers.counters = [this] { return commands_.counters(); };
  auto door = control::Door::open(session_.io(), session_.clock(), session_.log(),
                                  account_.home().path(), std::move(handlers));
  if (!door) {
    // Without a door it still guards what it holds; others can stop its entries with the latch.
    session_.log().error("no commands can be taken", {{"why", door.error().text}});
    co_return;
  }
  co_await (*door)->run(stop);
  co_await commands_.finish();
}

}  // namespace bb::app
