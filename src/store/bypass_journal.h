// The bypass journal: what another process sent past a holder that did not answer, in the account's
// directory (design §3.8). That process writes each reduce-only order here, synced, before its
// bytes leave; the holder takes it over before it judges orders of its own form that it does not
// know.
//
// Any number of processes may append while the holder takes: a line is read once or twice, never
// not at all, and is known by its ids. One line per record; a torn last line is not read.
#pragma once

#include <string>
#include <vector>

#include "store/records.h"

namespace bb::store {

/// A command that was carried out past the holder, which must not carry it out again.
struct BypassCommand {
  std::string id;
  std::string kind;  // "flatten"
  std::string who;
  TimePoint made_at{};
};

struct BypassContent {
  std::vector<BypassCommand> commands;
  std::vector<Intent> intents;  // as last written, in the order of their first line
  int unreadable = 0;           // lines that no version of ours wrote
  bool empty() const { return commands.empty() && intents.empty() && unreadable == 0; }
};

/// The writing side.
class BypassJournal {
 public:
  /// Of the account whose directory this is; the directory exists.
  explicit BypassJournal(const std::string& directory);
  /// On the device before it returns.
  Status append(const BypassCommand& command) const;
  /// The order before it is sent, and again with what became of it.
  Status append(const Intent& intent) const;

 private:
  Status append_line(std::string line) const;
  std::string file_;
};

/// What stands there now, also what a holder has set aside; nothing is changed.
Result<BypassContent> read_bypass(const std::string& directory);

/// Whether that order stands in the journal: then it is ours, though no intent knows it yet.
bool is_bypass_order(const std::string& directory, const ClientOrderId& id);

/// The holder's side: sets what stands there aside and reads it. The same content comes again until
/// drop_bypass(), which follows when it is in the database.
Result<BypassContent> take_bypass(const std::string& directory);
Status drop_bypass(const std::string& directory);

}  // namespace bb::store
