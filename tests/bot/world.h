// A bot in virtual time: Telegram in memory that takes every call, ops.db in a folder of its own,
// and accounts that remember what they were asked to do.
#pragma once

#include <deque>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "bot/bot.h"
#include "bot/lockdown.h"
#include "net/world.h"

namespace bb::bot::test {

using bb::test::SimLoop;
using bb::test::TempDir;

inline constexpr std::int64_t kBotId = 123456;
inline constexpr std::int64_t kOwner = 11;     // admin of everything
inline constexpr std::int64_t kOperator = 12;  // of alice alone
inline constexpr std::int64_t kViewer = 13;    // of everything
inline constexpr std::int64_t kPartner = 14;   // a second admin, with an authenticator
inline constexpr std::int64_t kStranger = 99;
inline constexpr std::int64_t kGroup = -1001;  // listed
inline constexpr std::int64_t kElsewhere = -1002;
inline constexpr const char* kSecret = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ";  // of RFC 6238

struct FakeAccount {
  std::string name;
  std::vector<PositionRow> positions;
  std::vector<control::Command> commands;  // what was handed over
  std::vector<OrderRow> orders;
  Micros delay{0};
  std::int64_t acknowledged = 0;  // of its alerts
  bool paused = true;
  control::Report answer;
  std::optional<Result<Preview>> preview;  // instead of one of its positions
};

/// A message as it stands in a chat.
struct Shown {
  std::int64_t chat = 0;
  std::int64_t message = 0;
  std::string text;                                          // HTML
  std::vector<std::pair<std::string, std::string>> buttons;  // label, callback_data
};

/// Virtual time, or the machine's where a test has sockets.
struct AnyLoop {
  boost::asio::io_context& io;
  Clock& clock;
};

class World {
 public:
  explicit World(AnyLoop loop, net::Latency to_telegram = {});
  ~World();

  /// Hears these updates as one answer of getUpdates and waits until all were answered.
  Task<void> hear(std::vector<std::string> updates);
  Task<void> type(std::int64_t user, std::string text, std::int64_t chat = 0);
  /// Presses the button with that label, of the newest message with it in the user's private chat.
  Task<void> press(std::int64_t user, std::string label, std::int64_t chat = 0);
  /// Another process on the same ops.db.
  void restart();
  Task<void> close();

  // Updates as JSON.
  std::string message(std::int64_t user, std::int64_t chat, const std::string& text,
                      const std::string& more = {});
  std::string press_of(std::int64_t user, const Shown& shown, const std::string& data,
                       const std::string& more = {});
  std::string edited(std::int64_t user, std::int64_t chat, const std::string& text);

  const Shown& newest(std::int64_t chat) const;
  bool says(std::int64_t chat, const std::string& text) const;
  /// Nothing can be pressed there but the way to the menu.
  static bool is_over(const Shown& shown);
  std::string data_of(const Shown& shown, const std::string& label) const;
  int performed() const;
  std::string audit() const;
  const std::string& log() const { return lines_; }
  FakeAccount& account(const std::string& name);

  AnyLoop loop;
  TempDir folder;
  Settings settings;
  std::deque<FakeAccount> accounts;
  std::vector<Shown> shown;
  std::vector<std::string> alerts;  // texts of answerCallbackQuery
  std::vector<std::string> methods;
  std::string fails_with;                    // answer of every call, when not empty
  std::map<std::string, std::string> fails;  // the same, by method
  std::vector<std::string> alarms;
  std::set<std::int64_t> lost_chats;  // the bot was thrown out
  std::string polled;                 // of the next getUpdates
  std::int64_t newest_offset = 0;     // that getUpdates asked for
  int state_reads = 0, pnl_reads = 0;
  bool long_doctor = false;
  bool is_blind = false;                        // every reading of the first account throws
  supervise::Strategies* strategies = nullptr;  // from the next restart() on
  std::unique_ptr<store::OpsStore> ops;
  std::unique_ptr<Bot> bot;

 private:
  Task<net::ServerReply> answer(net::HttpRequest request);
  std::string act(const std::string& method, const std::string& body);
  void open();
  AccountPort port_of(FakeAccount& account);

  net::test::MemoryServer server_;
  std::unique_ptr<notify::BotApi> api_;
  std::string lines_;
  Log log_;
  std::int64_t next_update_ = 1000;
  std::int64_t next_message_ = 100;
};

using WorldBody = std::function<Task<void>(World&)>;
void run_world(const WorldBody& body);

}  // namespace bb::bot::test
