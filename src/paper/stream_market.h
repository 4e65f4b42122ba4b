// The market's side of the streams: what is subscribed is produced on its ticks, once for all
// subscribers, and handed over as text. Without subscribers nothing is done.
//
// Ticks follow the given clock; what they tell is exchange time. Where exchange time runs faster
// than the clock, every bar that closed since the last tick is told, each as closed (of a long step
// of the clock the newest 500); trades are the newest ones. What lies inside a jump of exchange
// time is not told: as after an outage, a client finds it over REST.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "paper/shown_book.h"
#include "paper/stream_names.h"
#include "paper/stream_payloads.h"
#include "paper/venue.h"

namespace bb::paper {

class MarketStreams {
 public:
  struct Parts {
    Venue& venue;
    Clock& ticks;
    std::function<TimePoint()> now;
    std::function<bool()> is_jumping;  // nothing is told while exchange time jumps
    std::function<void()> advance;     // where liquidations are listened for
    std::function<void(const std::string& stream, const std::string& payload)> deliver;
  };
  explicit MarketStreams(Parts parts);
  ~MarketStreams();
  MarketStreams(const MarketStreams&) = delete;
  MarketStreams& operator=(const MarketStreams&) = delete;

  /// A stream has its first subscriber, or lost its last one.
  void open(const std::string& name, const StreamSpec& spec);
  void close(const std::string& name);
  std::size_t open_streams() const { return channels_.size(); }
  /// Exchange time has jumped: from here on the present is told, whatever was missed.
  void skip_to_present();
  /// Every entry of the exchange's journal: liquidations are public.
  void on_journal(const sim::JournalEntry& entry);

 private:
  struct Channel {
    std::string name;
    StreamSpec spec;
    TimePoint told{};  // everything up to here
    std::map<Symbol, std::string> seen{};
    std::optional<ShownBook> book{};
    std::int64_t last_update = 0;
    std::map<Symbol, SymbolStatus> statuses{};
    std::uint64_t forced_told = 0;  // how many forced trades were there
  };
  /// Channels with the same period tick together.
  struct Group {
    SteadyTime next{};
    std::vector<Channel*> channels;  // as they were opened: the same run tells the same order
  };

  SteadyTime next_tick(Millis period) const;
  void arm();
  void on_timer();
  void tick(Channel& channel, TimePoint now);
  void emit(const Channel& channel, const std::string& payload);
  /// Whether the figures differ from what this channel told last of the symbol.
  bool is_news(Channel& channel, Symbol symbol, const payload::Stamped& text);

  void tick_trades(Channel& channel, const Contract& contract, TimePoint now);
  void tick_klines(Channel& channel, const Contract& contract, TimePoint now);
  void tick_depth(Channel& channel, const Contract& contract, TimePoint now);
  void tick_partial_depth(Channel& channel, const Contract& contract, TimePoint now);
  void tick_symbol(Channel& channel, const Contract& contract, TimePoint now);
  void tick_all(Channel& channel, TimePoint now);
  void tick_mark_prices(Channel& channel, TimePoint now);
  void tick_contract_info(Channel& channel, TimePoint now);
  void tick_forced(Channel& channel, TimePoint now);
  void tick_other(Channel& channel, TimePoint now);

  Parts parts_;
  std::map<std::string, Channel> channels_;
  std::map<Millis, Group> groups_;
  struct Forced {
    Symbol symbol;
    payload::ForcedTrade trade;
  };
  std::vector<Forced> forced_;  // while somebody listens
  std::uint64_t forced_dropped_ = 0;
  std::optional<TimerId> timer_;
};

}  // namespace bb::paper
