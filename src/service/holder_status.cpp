// What a holder tells about itself, without a request to the exchange.
#include "service/commands.h"

namespace bb::service {

HolderStatus Commands::status() const {
  HolderStatus out;
  out.self = parts_.self;
  out.started = started_;
  out.latch = parts_.home.latch().read();
  out.fence_ours = parts_.home.is_fence_ours();
  out.store_healthy = desk().store.healthy();
  out.last_patrol = parts_.jobs.last_patrol();
  // Others than a service patrol when they are told to.
  if (parts_.self.command == "service")
    out.patrol_every = parts_.jobs.settings().manager_interval();
  out.holdings = desk().store.open_holdings();
  out.unresolved = desk().store.unresolved_intents();
  out.messages_pending = desk().store.pending_messages().size();
  return out;
}

std::vector<control::Counter> Commands::counters() const {
  std::vector<control::Counter> out;
  for (const auto& [name, count] : desk().store.change_counts())
    out.push_back({std::string(name), count});
  return out;
}

}  // namespace bb::service
