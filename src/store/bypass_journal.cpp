#include "store/bypass_journal.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <map>
#include <optional>

#include "store/durable_file.h"

namespace bb::store {

namespace {

constexpr int kLargestSet = 32;
constexpr int kTriesMax = 4;
constexpr std::size_t kBytesMax = 16u << 20;
constexpr std::string_view kCommand = "command";
constexpr std::string_view kOrder = "order";
constexpr std::size_t kCommandFields = 5;
constexpr std::size_t kOrderFields = 20;

std::string journal_file(const std::string& directory) { return directory + "/bypass.journal"; }
std::string taken_file(const std::string& directory) { return directory + "/bypass.journal.taken"; }

std::unexpected<Error> failed(const std::string& path, const char* what) {
  return fail(ErrorKind::storage,
              fmt::format("cannot {} '{}': {}", what, path, std::strerror(errno)));
}

// Fields are parted by tabs, records by newlines.
std::string field(std::string text) {
  std::ranges::replace_if(text, [](char c) { return c == '\t' || c == '\n' || c == '\r'; }, ' ');
  return text;
}

std::string line_of(const BypassCommand& command) {
  return fmt::format("{}\t{}\t{}\t{}\t{}\n", kCommand, field(command.id), field(command.kind),
                     field(command.who), to_ms(command.made_at));
}

std::string line_of(const Intent& i) {
  return fmt::format(
      "{}\t{}\t{}\t{}\t{}\t{}\t{}\t{}\t{}\t{}\t{}\t{}\t{}\t{}\t{}\t{}\t{}\t{}\t{}\t{}\n", kOrder,
      field(i.client_order_id.str()), field(i.trade_day), str(i.job), str(i.kind), i.attempt,
      field(i.symbol.str()), str(i.side), str(i.position_side), str(i.type), i.qty.str(),
      i.price.str(), i.trigger_price.str(), i.reduce_only ? 1 : 0, i.close_position ? 1 : 0,
      to_ms(i.sent_at), str(i.state), i.order_id, i.executed_qty.str(), field(i.evidence));
}

std::vector<std::string_view> split(std::string_view line) {
  std::vector<std::string_view> fields;
  for (;;) {
    const auto tab = line.find('\t');
    fields.push_back(line.substr(0, tab));
    if (tab == std::string_view::npos) return fields;
    line.remove_prefix(tab + 1);
  }
}

/// Reads fields from left to right; the first that is not what it should be makes all unreadable.
class Fields {
 public:
  explicit Fields(std::vector<std::string_view> fields) : fields_(std::move(fields)) {}

  bool ok() const { return ok_; }
  std::string text() { return std::string(fields_[at_++]); }
  std::int64_t number() {
    const std::string_view in = fields_[at_++];
    std::int64_t value = 0;
    const auto read = std::from_chars(in.data(), in.data() + in.size(), value);
    ok_ = ok_ && read.ec == std::errc() && read.ptr == in.data() + in.size();
    return value;
  }
  template <class A>
  A amount() {
    const auto value = A::parse(fields_[at_++]);
    ok_ = ok_ && value.has_value();
    return value.value_or(A());
  }
  template <class E>
  E word() {
    const std::string_view in = fields_[at_++];
    for (int i = 0; i < kLargestSet; ++i)
      if (str(static_cast<E>(i)) == in) return static_cast<E>(i);
    ok_ = false;
    return E{};
  }

 private:
  std::vector<std::string_view> fields_;
  std::size_t at_ = 1;  // behind the record's name
  bool ok_ = true;
};

std::optional<BypassCommand> parse_command(Fields in) {
  BypassCommand command;
  command.id = in.text();
  command.kind = in.text();
  command.who = in.text();
  command.made_at = from_ms(in.number());
  if (!in.ok() || command.id.empty()) return std::nullopt;
  return command;
}

std::optional<Intent> parse_intent(Fields in) {
  Intent intent;
  intent.client_order_id = ClientOrderId(in.text());
  intent.trade_day = in.text();
  intent.job = in.word<Job>();
  intent.kind = in.word<OrderKind>();
  intent.attempt = static_cast<int>(in.number());
  intent.symbol = Symbol(in.text());
  intent.side = in.word<Side>();
  intent.position_side = in.word<PositionSide>();
  intent.type = in.word<OrderType>();
  intent.qty = in.amount<Qty>();
  intent.price = in.amount<Price>();
  intent.trigger_price = in.amount<Price>();
  intent.reduce_only = in.number() != 0;
  intent.close_position = in.number() != 0;
  intent.sent_at = from_ms(in.number());
  intent.state = in.word<IntentState>();
  intent.order_id = in.number();
  intent.executed_qty = in.amount<Qty>();
  intent.evidence = in.text();
  if (!in.ok() || intent.client_order_id.empty()) return std::nullopt;
  return intent;
}

void read_line(std::string_view line, BypassContent& content) {
  const auto fields = split(line);
  if (fields.front() == kCommand && fields.size() == kCommandFields) {
    if (auto command = parse_command(Fields(fields))) {
      content.commands.push_back(std::move(*command));
      return;
    }
  }
  if (fields.front() == kOrder && fields.size() == kOrderFields) {
    if (auto intent = parse_intent(Fields(fields))) {
      const auto known =
          std::ranges::find(content.intents, intent->client_order_id, &Intent::client_order_id);
      if (known == content.intents.end())
        content.intents.push_back(std::move(*intent));
      else
        *known = std::move(*intent);
      return;
    }
  }
  ++content.unreadable;
}

Status read_into(const std::string& path, BypassContent& content) {
  const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0 && errno == ENOENT) return {};
  if (fd < 0) return failed(path, "read");
  std::string text;
  std::string chunk(64u << 10, '\0');
  ssize_t got = 0;
  while ((got = ::read(fd, chunk.data(), chunk.size())) != 0) {
    if (got < 0 && errno == EINTR) continue;
    if (got < 0 || text.size() > kBytesMax) break;
    text.append(chunk, 0, static_cast<std::size_t>(got));
  }
  ::close(fd);
  if (got != 0) return failed(path, "read");
  std::string_view rest = text;
  for (auto end = rest.find('\n'); end != std::string_view::npos; end = rest.find('\n')) {
    // A torn line before it ended in a newline of its own when the next process began.
    if (end > 0) read_line(rest.substr(0, end), content);
    rest.remove_prefix(end + 1);
  }
  return {};
}

bool is_still_at(int fd, const std::string& path) {
  struct stat held{};
  struct stat there{};
  return ::fstat(fd, &held) == 0 && ::stat(path.c_str(), &there) == 0 &&
         held.st_ino == there.st_ino && held.st_dev == there.st_dev;
}

}  // namespace

BypassJournal::BypassJournal(const std::string& directory) : file_(journal_file(directory)) {}

// The file may be set aside at any moment. A line that went to the file that was set aside may have
// been read before it was there, so it is written again to the new one.
Status BypassJournal::append_line(std::string line) const {
  for (int tries = 0; tries < kTriesMax; ++tries) {
    int fd = ::open(file_.c_str(), O_WRONLY | O_APPEND | O_CLOEXEC);
    const bool is_new = fd < 0 && errno == ENOENT;
    if (is_new) fd = ::open(file_.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600);
    if (fd < 0) return failed(file_, "write");
    if (is_new) give_to_owner(fd, file_);
    // The newline in front ends a line that a dead process left torn.
    const std::string bytes = "\n" + line;
    const bool written =
        ::write(fd, bytes.data(), bytes.size()) == static_cast<ssize_t>(bytes.size()) &&
        ::fsync(fd) == 0;
    const auto why = written ? Status() : Status(failed(file_, "write"));
    const bool stays = is_still_at(fd, file_);
    ::close(fd);
    if (!why) return why;
    if (stays) return is_new ? sync_folder(file_) : Status();
  }
  return fail(ErrorKind::storage,
              fmt::format("'{}' was set aside {} times while a line was written; nobody knows "
                          "whether it was read",
                          file_, kTriesMax));
}

Status BypassJournal::append(const BypassCommand& command) const {
  return append_line(line_of(command));
}

Status BypassJournal::append(const Intent& intent) const { return append_line(line_of(intent)); }

Result<BypassContent> read_bypass(const std::string& directory) {
  BypassContent content;
  for (const auto& file : {taken_file(directory), journal_file(directory)})
    if (auto read = read_into(file, content); !read) return std::unexpected(read.error());
  return content;
}

bool is_bypass_order(const std::string& directory, const ClientOrderId& id) {
  const auto content = read_bypass(directory);
  return content && std::ranges::find(content->intents, id, &Intent::client_order_id) !=
                        content->intents.end();
}

Result<BypassContent> take_bypass(const std::string& directory) {
  const std::string taken = taken_file(directory);
  if (::access(taken.c_str(), F_OK) != 0 &&
      ::rename(journal_file(directory).c_str(), taken.c_str()) != 0 && errno != ENOENT)
    return failed(taken, "write");
  BypassContent content;
  if (auto read = read_into(taken, content); !read) return std::unexpected(read.error());
  return content;
}

Status drop_bypass(const std::string& directory) { return remove_durably(taken_file(directory)); }

}  // namespace bb::store
