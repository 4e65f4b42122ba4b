#include "app/perform.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <utility>

#include "app/delivery.h"
#include "app/detour.h"
#include "app/holding.h"
#include "app/report_commands.h"
#include "control/caller.h"
#include "store/bypass_journal.h"

namespace bb::app {

namespace {

using control::closes;
using control::Command;
using control::CommandKind;
using control::is_repeatable;
using control::Reply;
using control::Report;

constexpr Micros kCloserPatience{5'000'000};
constexpr Micros kSlice{2'000'000};

class Performance {
 public:
  Performance(Session& session, Command command, Tell tell)
      : session_(session), command_(std::move(command)), tell_(std::move(tell)) {}

  Task<Report> run() {
    Report report = co_await find_way();
    // Nothing is opened while somebody believes that everything was closed.
    const bool could_not = report.failed && report.exit_code != kUsage;
    if (could_not && has_directory_ && command_.kind == CommandKind::flatten) {
      latch();
      if (latched_) report.text += "  entries are paused until `bubble-buster resume`\n";
    }
    tell(report);
    co_return report;
  }

 private:
  void tell(const Report& report) {
    if (const auto once = std::exchange(tell_, {})) once(report);
  }

  Task<Report> find_way() {
    auto home = co_await find_home(session_.ground());
    if (!home) co_return render(service::CommandResult(home.error()));
    directory_ = std::move(*home);
    std::error_code ignored;
    has_directory_ = std::filesystem::is_directory(directory_, ignored);
    if (has_directory_ && command_.kind == CommandKind::pause) latch();
    auto reply = co_await ask();
    const SteadyTime limit = session_.clock().after(patience());
    while (reply.kind == Reply::Kind::no_holder) {
      const Micros left = limit - session_.clock().steady_now();
      auto own = co_await take(std::clamp(left, Micros(0), kSlice));
      if (own) co_return std::move(*own);
      // A holder that just starts has no door yet, and a moment later it has one.
      reply = co_await ask();
      if (session_.clock().steady_now() >= limit) break;
    }
    co_return co_await conclude(std::move(reply));
  }

  // Before anything else: this works however sick the holder is.
  void latch() {
    const std::string why =
        command_.reason.empty() ? std::string(str(command_.kind)) : command_.reason;
    const auto set = store::Latch(directory_)
                         .set({store::LatchKind::paused, command_.who, why, command_.made_at});
    if (!set) session_.log().error("entries not paused", {{"why", set.error().text}});
    latched_ = set.has_value();
  }

  /// For a lock that somebody has who listens to nobody: a holder that starts or ends, or one of
  /// another version.
  Micros patience() const {
    const Micros configured = session_.config().runtime.lock_wait();
    const bool hurries =
        command_.kind == CommandKind::flatten || command_.kind == CommandKind::preview;
    return hurries ? std::min(configured, kCloserPatience) : configured;
  }

  Task<Reply> ask() {
    // Whoever wakes up late must know that this command is no longer his.
    const auto give_up = [this] {
      if (command_.kind == CommandKind::preview) return;
      const auto noted =
          store::BypassJournal(directory_)
              .append(store::BypassCommand{command_.id, std::string(str(command_.kind)),
                                           command_.who, command_.made_at});
      withdrawn_ = noted.has_value();
      if (!noted) session_.log().error("command not withdrawn", {{"why", noted.error().text}});
    };
    return control::hand_over(session_.io(), session_.clock(), directory_, command_, give_up);
  }

  /// By this process, if the account can be had; nothing when somebody else has it.
  Task<std::optional<Report>> take(Micros patience) {
    const std::string name(str(command_.kind));
    AccountOptions options{name, true, false, patience};
    // Who closes several accounts at once must not wait for the disk of each.
    options.looks = options.threaded_store = command_.kind == CommandKind::flatten;
    auto account = co_await Account::open(session_.ground(), std::move(options));
    if (!account) {
      busy_ = account.error();
      if (busy_.kind == ErrorKind::busy) co_return std::nullopt;
      session_.log().error("command failed", {{"why", busy_.text}});
      // A database that is damaged must not keep anybody from closing.
      const bool by_files =
          busy_.kind == ErrorKind::storage || busy_.kind == ErrorKind::configuration;
      if (by_files && closes(command_.kind)) co_return co_await act_without_records();
      co_return render(service::CommandResult(busy_));
    }
    // Nobody else has heard of it, so waiting did not make it old.
    command_.made_at = session_.clock().utc_now();
    co_return co_await carry_out(**account, name);
  }

  Task<Report> act_without_records() {
    auto report =
        co_await act_past_holder(session_, directory_, command_, "records that cannot be used");
    const control::Holder self{std::string(str(command_.kind)), static_cast<int>(::getpid())};
    report = signed_by(std::move(report), self, "done past the account's records, by");
    report.text += "  they cannot be used: " + busy_.text + "\n";
    co_return report;
  }

  Task<Report> carry_out(Account& account, std::string name) {
    const auto executor = co_await boost::asio::this_coro::executor;
    const auto& config = session_.config();
    Delivery delivery(session_, account, executor);
    service::Jobs jobs({account.desk(), config.strategy, config.runtime});
    Holding holding(session_, account, jobs, std::move(name));
    Stop let_go(session_.clock());
    TaskGroup door(executor);
    door.spawn(holding.run(let_go));
    std::exception_ptr fault;
    Report report;
    try {
      report = co_await holding.commands().carry_out(command_, account.take_first_look());
      // The verdict does not wait for a slow messenger.
      tell(report);
      co_await holding.commands().finish();
    } catch (...) {
      fault = std::current_exception();
    }
    // Whatever fails, the door ends before what it serves.
    try {
      co_await delivery.finish(command_.kind != CommandKind::preview);
    } catch (...) {
      if (!fault) fault = std::current_exception();
    }
    let_go.request();
    co_await door.join();
    if (fault) std::rethrow_exception(fault);
    co_return report;
  }

  Task<Report> conclude(Reply reply) {
    switch (reply.kind) {
      case Reply::Kind::answered:
        co_return signed_by(std::move(reply.answer.report), reply.answer.by, "done by");
      case Reply::Kind::refused:
        co_return failure(ErrorKind::conflict, reply.text);
      case Reply::Kind::no_holder:
        co_return co_await without_answer(false);
      case Reply::Kind::silent:
        // Withdrawn in the journal, it is ours alone; else he may still do it, too.
        if (withdrawn_ || is_repeatable(command_)) co_return co_await without_answer(true);
        break;
      case Reply::Kind::lost:
        if (is_repeatable(command_)) co_return co_await without_answer(true);
        break;
    }
    auto report =
        failure(ErrorKind::conflict, reply.text +
                                         "; what it did is not known: look at `bubble-buster "
                                         "status` before you ask again");
    report.exit_code = kUnknown;
    co_return report;
  }

  /// Somebody has the account and does not answer, or had it until now.
  Task<Report> without_answer(bool try_to_take) {
    if (try_to_take) {
      // Made anew: the holder may have the old one in its records.
      command_.id = control::make_command_id();
      command_.made_at = session_.clock().utc_now();
      auto own = co_await take(Micros(0));
      if (own) co_return std::move(*own);
    }
    if (closes(command_.kind) && has_directory_) {
      auto report =
          co_await act_past_holder(session_, directory_, command_, "a holder that did not answer");
      const control::Holder self{std::string(str(command_.kind)), static_cast<int>(::getpid())};
      co_return signed_by(std::move(report), self, "done past a holder that does not answer, by");
    }
    if (command_.kind == CommandKind::preview && has_directory_)
      co_return co_await preview_past_holder(session_, directory_, command_);
    if (command_.kind == CommandKind::pause && latched_) co_return paused_alone();
    co_return failure(ErrorKind::busy, busy_.text.empty()
                                           ? "the process that holds the account does not answer"
                                           : busy_.text + " (it does not answer)");
  }

  Report paused_alone() const {
    service::LatchDone done;
    done.now = store::Latch(directory_).read();
    auto report = render(service::CommandResult(done));
    report.text += "  the holder does not answer; it looks at this before every order\n";
    return report;
  }

  static Report failure(ErrorKind kind, std::string text) {
    return render(service::CommandResult(Error{kind, std::move(text), 0}));
  }

  Session& session_;
  Command command_;
  std::string directory_;
  bool has_directory_ = false;
  bool latched_ = false;
  bool withdrawn_ = false;
  Tell tell_;
  Error busy_;
};

}  // namespace

std::string describe_caller() { return fmt::format("shell of uid {}", ::getuid()); }

Command make_command(Session& session, CommandKind kind) {
  Command command;
  command.id = control::make_command_id();
  command.kind = kind;
  command.made_at = session.clock().utc_now();
  command.who = describe_caller();
  return command;
}

Task<int> perform(Session& session, Command command) {
  const bool json = session.json();
  const auto report = co_await carry_out(session, std::move(command),
                                         [json](const Report& each) { (void)print(each, json); });
  co_return report.exit_code;
}

Task<Report> carry_out(Session& session, Command command, Tell tell) {
  Performance performance(session, std::move(command), std::move(tell));
  co_return co_await performance.run();
}

}  // namespace bb::app
