// Nemesis: what goes wrong beyond single requests, and who meddles: streams, clocks, disks, people
// with the account in their hand, the market, the owner with his commands.
#pragma once

#include <optional>

#include "simulation/world.h"

namespace bb::simulation {

class Nemesis {
 public:
  explicit Nemesis(World& world) : world_(world) {}

  /// Every few seconds of the simulation; draws once per half minute.
  void act();
  /// Everything that lasts ends now.
  void end();
  /// How long what the exchange decreed still holds: bans.
  Micros pardon() const;

  Disk::Answer of_disk(Disk::Deed deed, const std::string& path);
  /// The exchange is down, or the answer is somebody else's.
  std::optional<net::ServerReply> of_exchange(const net::HttpRequest& request);
  bool is_vendor(const net::HttpRequest& request) const;
  net::ServerReply vendor(const net::HttpRequest& request);
  Micros stopped_for(const Program& program) const;
  void ask(std::size_t account, control::Command command);

 private:
  void of_streams();
  Task<void> ask_as_neighbour();
  void of_network();
  void of_host();
  void of_others(std::size_t account);
  void of_market();
  void of_people(std::size_t account);
  void trade(std::size_t account, Symbol symbol, PositionSide side, Qty qty, Side direction);
  std::optional<sim::Exchange::PositionRow> some_position(std::size_t account, Site site);

  World& world_;
  SteadyTime next_{};
  SteadyTime silent_until_{}, down_until_{}, full_until_{}, skewed_until_{}, held_until_{};
  SteadyTime banned_until_{};
  std::map<const Program*, SteadyTime> stop_asked_;
  std::map<std::size_t, SteadyTime> resume_at_;
  std::vector<Symbol> held_;
  std::uint64_t hands_ = 0;
};

}  // namespace bb::simulation
