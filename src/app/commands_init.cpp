// init: a first configuration.
#include "app/commands.h"

namespace bb::app {

int run_command(const CommandContext& context, const InitCommand&) {
  return report_error({ErrorKind::configuration, "init is not part of this build", 0},
                      context.json);
}

}  // namespace bb::app
