// Several symbols without typing: one press each, on and off.
#include <algorithm>
#include <set>

#include "bot/deeds.h"
#include "bot/readings.h"

namespace bb::bot {

namespace {

constexpr std::size_t kPerRow = 3;
constexpr std::size_t kPerPage = 18;
constexpr std::size_t kChosenMost = 20;  // that a line may carry
constexpr Millis kLife{600'000};

constexpr Phrase kAsk{"Which symbols? Press each once; again takes it out.",
                      "选择合约：点击选中，再次点击取消。"};
constexpr Phrase kNone{"There is nothing to choose from.", "没有可选的合约。"};
constexpr Phrase kFull{"{} are the most at once.", "一次最多 {} 个。"};
constexpr Phrase kOn{"Go on with {0} symbol{0:s}", "继续（已选 {0} 个合约）"};
constexpr Phrase kAll{"All symbols", "全部合约"};

void add_symbols(const Request& request, const std::vector<PositionRow>& rows,
                 std::set<std::string>& symbols) {
  for (const auto& row : rows) {
    const bool is_short = row.side == PositionSide::short_ || row.qty < Qty();
    const bool is_meant = request.pick == Pick::longs    ? !is_short
                          : request.pick == Pick::shorts ? is_short
                                                         : true;
    if (is_meant) symbols.insert(row.symbol.str());
  }
}

Task<void> read_symbols(Person person, const Request& request, AccountPort* account,
                        std::set<std::string>& symbols, std::string& excuses) {
  Error problem;
  if (request.verb == Verb::cancel) {
    const auto orders = co_await guarded(account->orders());
    for (const auto& order : orders ? *orders : std::vector<OrderRow>())
      if (!order.reduces_only) symbols.insert(order.symbol.str());
    if (orders) co_return;
    problem = orders.error();
  } else {
    const auto positions = co_await guarded(account->positions());
    if (positions) {
      add_symbols(request, *positions, symbols);
      co_return;
    }
    problem = positions.error();
  }
  excuses += "\n" + Screens::head(*account) + " " + excuse(person, problem);
}

/// The line with the symbol put in or taken out; the same where it cannot be said in a line.
Request toggled(const Request& request, const std::string& symbol,
                const std::vector<std::string>& accounts) {
  Request other = request;
  if (const auto at = std::ranges::find(other.symbols, symbol); at != other.symbols.end()) {
    other.symbols.erase(at);
    return other;
  }
  if (other.symbols.size() >= kChosenMost) return request;
  other.symbols.push_back(symbol);
  const auto back = parse_request(line_of(other), "", accounts);
  return back && *back && (*back)->symbols == other.symbols ? other : request;
}

}  // namespace

Task<Screen> symbol_screen(Person person, std::vector<AccountPort*> accounts, Request request) {
  const Language in = person.language;
  std::set<std::string> found(request.symbols.begin(), request.symbols.end());
  std::string excuses;
  std::vector<std::string> names;
  TaskGroup readings(co_await boost::asio::this_coro::executor);
  for (auto* account : accounts) {
    names.push_back(account->name);
    readings.spawn(read_symbols(person, request, account, found, excuses));
  }
  co_await readings.join();
  const std::vector<std::string> symbols(found.begin(), found.end());
  Screen screen;
  screen.life = kLife;
  screen.is_private = true;
  screen.html =
      "<b>" + title_of(in, request) + "</b>\n" + say(in, symbols.empty() ? kNone : kAsk) + excuses;
  if (request.symbols.size() >= kChosenMost) screen.html += "\n" + say(in, kFull, kChosenMost);
  const auto pages = std::max<std::size_t>(1, (symbols.size() + kPerPage - 1) / kPerPage);
  const auto page = std::min(static_cast<std::size_t>(std::max(0, request.page)), pages - 1);
  std::vector<Button> row;
  for (auto i = page * kPerPage; i < std::min(symbols.size(), (page + 1) * kPerPage); ++i) {
    const bool is_chosen = std::ranges::find(request.symbols, symbols[i]) != request.symbols.end();
    const auto line = line_of(toggled(request, symbols[i], names));
    row.push_back({(is_chosen ? "☑ " : "") + symbols[i],
                   write_action({Action::Kind::open, line, static_cast<int>(page)})});
    if (row.size() == kPerRow) screen.rows.push_back(std::exchange(row, {}));
  }
  if (!row.empty()) screen.rows.push_back(std::move(row));
  if (pages > 1) screen.rows.push_back(page_row(line_of(request), page, pages));
  Request done = request;
  done.chooses_symbols = false;
  if (!request.symbols.empty()) {
    screen.rows.push_back(
        {{say(in, kOn, counted(request.symbols.size())), line_of(done), Button::Style::primary}});
    done.symbols.clear();
  }
  screen.rows.push_back({{say(in, kAll), line_of(done)}});
  screen.rows.push_back({dismiss_button(in)});
  co_return screen;
}

}  // namespace bb::bot
