// The paper exchange in a thread of its own, 50 ms away over real sockets: half of that before it
// acts, half before it answers; and a client of it. For the benchmarks that count round trips.
#pragma once

#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "binance/account.h"
#include "binance/market_data.h"
#include "binance/venue.h"
#include "desk/desk.h"
#include "net/dialer.h"
#include "paper/server.h"

namespace bb::bench {

inline constexpr Millis kRoundTrip{50};
inline constexpr const char* kAlias = "bench";

struct PaperTrial {
  Millis ahead{0};           // of our clock: a scheduled moment may come sooner
  double lost_answers = 0;   // this part of all commands is done, and its answer lost
  std::uint64_t seed = 1;    // which ones
  bool loses_reads = false;  // answers to reads, too
  int accounts = 1;          // more than one: named kAlias-0, kAlias-1, ..
  int shorts = 0;            // that each of them holds from the beginning
};

/// The keys of one of the paper's accounts.
struct PaperKeys {
  std::string alias, key, secret;
};
PaperKeys paper_keys(const PaperTrial& trial, int account);

class PaperThread {
 public:
  explicit PaperThread(const PaperTrial& trial = {});
  ~PaperThread() { stop(); }
  PaperThread(const PaperThread&) = delete;
  PaperThread& operator=(const PaperThread&) = delete;

  void stop();
  int port() const { return port_; }
  /// Valid after stop().
  const std::vector<sim::JournalEntry>& journal() const { return journal_; }
  const std::vector<paper::RequestRecord>& requests() const { return requests_; }
  int lost_answers() const { return lost_answers_; }
  /// Positions of each account at the end.
  const std::vector<int>& open_positions() const { return open_positions_; }

 private:
  struct Ready;
  void serve(Ready& ready, const PaperTrial& trial);

  boost::asio::io_context io_{1};
  Stop* stop_ = nullptr;
  std::vector<sim::JournalEntry> journal_;
  std::vector<paper::RequestRecord> requests_;
  std::vector<int> open_positions_;
  int port_ = 0;
  int lost_answers_ = 0;
  std::thread thread_;
};

/// A folder that goes when it does.
class Folder {
 public:
  Folder();
  ~Folder();
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;
  std::string file(const std::string& name) const { return path_ + "/" + name; }

 private:
  std::string path_;
};

/// The program's side up to the desk.
struct Client {
  Task<void> connect(boost::asio::io_context& io, Clock& clock, int port, std::string database,
                     PaperKeys keys = paper_keys({}, 0));

  Log log{LogLevel::warn, stderr_sink()};
  std::unique_ptr<net::Dialer> dialer;
  std::unique_ptr<binance::Venue> venue;
  std::unique_ptr<exchange::MarketData> market;
  std::unique_ptr<exchange::TradingAccount> account;
  std::unique_ptr<store::Store> store;
  std::unique_ptr<desk::Desk> desk;
};

}  // namespace bb::bench
