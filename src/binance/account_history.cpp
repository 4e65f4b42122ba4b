// Lists of the past, complete or an error: the exchange answers in windows of less than seven days
// and pages of a thousand rows.
#include <fmt/format.h>

#include <algorithm>
#include <tuple>

#include "base/async.h"
#include "binance/binance_account.h"
#include "binance/parse.h"

namespace bb::binance {

using exchange::Fill;
using exchange::Income;
using exchange::OrderView;
using net::Method;

namespace {

constexpr std::size_t kPage = 1000;
constexpr int kPagesMax = 1000;       // a million rows: something is wrong
constexpr Hours kWindow{7 * 24 - 1};  // less than seven days
constexpr Hours kKept{24 * 93};       // the exchange keeps three months
constexpr Millis kTick{1};
constexpr std::int64_t kCrowd = 1'000'000;  // ids of one symbol in one millisecond at most

Status check_since(TimePoint since, TimePoint now) {
  if (now - since <= kKept) return {};
  return fail(ErrorKind::invalid_input,
              "the exchange keeps three months of history; ask for a time after " +
                  iso_seconds(now - kKept));
}

/// Everything from `since` on, at least one window. The last one has no end on the wire: what
/// happens while it is asked for belongs to it.
std::vector<Window> windows(TimePoint since, TimePoint now) {
  std::vector<Window> out;
  for (TimePoint from = since; out.empty() || from <= now; from += kWindow + kTick)
    out.push_back({from, std::min(from + kWindow, now), from + kWindow >= now});
  return out;
}

bool lies_in(const Window& window, TimePoint time) {
  return time >= window.from && (window.is_last || time <= window.to);
}

std::unexpected<Error> not_asked_for(std::string_view what) {
  return fail(ErrorKind::malformed,
              fmt::format("the exchange answered with {} of another time than asked", what));
}

std::unexpected<Error> too_many(std::string_view what) {
  return fail(ErrorKind::malformed,
              fmt::format("the exchange's {} do not end after {} pages", what, kPagesMax));
}

}  // namespace

Task<Result<std::vector<Fill>>> BinanceAccount::fills_of(Symbol symbol, Window window) {
  auto call = signed_call(Method::get, "/fapi/v1/userTrades", 5);
  call.params.add("symbol", symbol.str()).add("startTime", window.from);
  if (!window.is_last) call.params.add("endTime", window.to);
  call.params.add("limit", std::int64_t{kPage});
  auto page = co_await ask(std::move(call), parse_fills);
  if (page && !std::ranges::all_of(*page, [&](const Fill& f) { return lies_in(window, f.time); }))
    co_return not_asked_for("fills");
  co_return page;
}

Task<Result<std::vector<Fill>>> BinanceAccount::fills_from(Symbol symbol, std::int64_t id) {
  auto call = signed_call(Method::get, "/fapi/v1/userTrades", 5);
  call.params.add("symbol", symbol.str())
      .add("fromId", std::max<std::int64_t>(id, 0))
      .add("limit", std::int64_t{kPage});
  return ask(std::move(call), parse_fills);
}

/// Whether a full page begins with the first fill of its window. Nobody documents which end of a
/// window the exchange keeps when it has more rows than fit.
Task<Result<bool>> BinanceAccount::begins_its_window(Symbol symbol, Window window,
                                                     std::vector<Fill> page) {
  const Fill& first = page.front();
  if (first.time > window.from) {
    const auto before = co_await fills_of(symbol, {window.from, first.time - kTick, false});
    if (!before) co_return std::unexpected(before.error());
    if (!before->empty()) co_return false;
  }
  if (first.time != page.back().time) co_return true;
  // All of one millisecond, perhaps cut at its begin.
  const auto near = co_await fills_from(symbol, first.trade_id - kCrowd);
  if (!near) co_return std::unexpected(near.error());
  co_return !std::ranges::any_of(*near, [&](const Fill& fill) {
    return fill.trade_id < first.trade_id && fill.time == first.time;
  });
}

/// The first fills at or after `since`; from them on it goes by id. Empty = there is none.
Task<Result<BinanceAccount::FirstFills>> BinanceAccount::first_fills(Symbol symbol,
                                                                     TimePoint since) {
  auto open = windows(since, venue_.exchange_now());
  std::ranges::reverse(open);  // the earliest is last
  for (int pages = 0; !open.empty(); ++pages) {
    if (pages == kPagesMax) co_return too_many("fills");
    const Window window = open.back();
    open.pop_back();
    auto page = co_await fills_of(symbol, window);
    if (!page) co_return std::unexpected(page.error());
    if (page->empty()) continue;
    std::ranges::sort(*page, {}, &Fill::trade_id);
    if (page->size() < kPage) co_return FirstFills{std::move(*page), window.is_last};
    const auto whole = co_await begins_its_window(symbol, window, *page);
    if (!whole) co_return std::unexpected(whole.error());
    if (*whole) co_return FirstFills{std::move(*page), false};
    if (window.from >= window.to)
      co_return fail(ErrorKind::malformed, "more fills in one millisecond than can be told apart");
    const TimePoint middle = window.from + (window.to - window.from) / 2;
    open.push_back({middle + kTick, window.to, window.is_last});
    open.push_back({window.from, middle, false});
  }
  co_return FirstFills{{}, true};
}

Task<Result<std::vector<Fill>>> BinanceAccount::fetch_fills(Symbol symbol, TimePoint since) {
  if (const auto ok = check_since(since, venue_.exchange_now()); !ok)
    co_return std::unexpected(ok.error());
  auto begin = co_await first_fills(symbol, since);
  if (!begin) co_return std::unexpected(begin.error());
  auto& all = begin->fills;
  bool is_last = begin->are_all;
  for (int pages = 0; !is_last; ++pages) {
    if (pages == kPagesMax) co_return too_many("fills");
    auto page = co_await fills_from(symbol, all.back().trade_id + 1);
    if (!page) co_return page;
    std::ranges::sort(*page, {}, &Fill::trade_id);
    if (!page->empty() && page->front().trade_id <= all.back().trade_id)
      co_return fail(ErrorKind::malformed, "the exchange's fills go back behind fromId");
    is_last = page->size() < kPage;
    all.insert(all.end(), page->begin(), page->end());
  }
  std::ranges::sort(all, {}, [](const Fill& f) { return std::pair(f.time, f.trade_id); });
  co_return std::move(all);
}

Task<Result<std::vector<OrderView>>> BinanceAccount::fetch_orders(Symbol symbol, TimePoint since) {
  const TimePoint now = venue_.exchange_now();
  if (const auto ok = check_since(since, now); !ok) co_return std::unexpected(ok.error());
  auto [regular, conditional] =
      co_await both(orders_of(symbol, since, false), orders_of(symbol, since, true));
  if (!regular) co_return regular;
  if (!conditional) co_return conditional;
  regular->insert(regular->end(), conditional->begin(), conditional->end());
  std::ranges::sort(*regular, {}, [](const OrderView& order) {
    return std::tuple(order.create_time, order.conditional, order.order_id);
  });
  co_return regular;
}

/// Windows that come back full are halved, so the answer does not depend on which end of a window
/// the exchange keeps when it has more rows than fit.
Task<Result<std::vector<OrderView>>> BinanceAccount::orders_of(Symbol symbol, TimePoint since,
                                                               bool conditional) {
  auto open = windows(since, venue_.exchange_now());
  std::ranges::reverse(open);  // the earliest is last
  std::vector<OrderView> all;
  for (int pages = 0; pages < kPagesMax; ++pages) {
    if (open.empty()) co_return all;
    const Window window = open.back();
    open.pop_back();
    auto call = conditional ? signed_call(Method::get, "/fapi/v1/allAlgoOrders", 5)
                            : signed_call(Method::get, "/fapi/v1/allOrders", 5);
    call.params.add("symbol", symbol.str()).add("startTime", window.from);
    if (!window.is_last) call.params.add("endTime", window.to);
    call.params.add("limit", std::int64_t{kPage});
    auto page = co_await ask(std::move(call), conditional ? parse_algo_orders : parse_orders);
    if (!page) co_return page;
    if (page->size() < kPage) {
      all.insert(all.end(), page->begin(), page->end());
      continue;
    }
    if (window.from >= window.to)
      co_return fail(ErrorKind::malformed, "more orders in one millisecond than a page holds");
    const TimePoint middle = window.from + (window.to - window.from) / 2;
    open.push_back({middle + kTick, window.to, window.is_last});
    open.push_back({window.from, middle, false});
  }
  co_return too_many("orders");
}

Task<Result<std::vector<Income>>> BinanceAccount::income_page(Window window, int page) {
  auto call = signed_call(Method::get, "/fapi/v1/income", 30);
  call.params.add("startTime", window.from);
  if (!window.is_last) call.params.add("endTime", window.to);
  if (page > 1) call.params.add("page", std::int64_t{page});
  call.params.add("limit", std::int64_t{kPage});
  auto rows = co_await ask(std::move(call), parse_income);
  if (rows && !std::ranges::all_of(*rows, [&](const Income& r) { return lies_in(window, r.time); }))
    co_return not_asked_for("money movements");
  co_return rows;
}

Task<Result<std::vector<Income>>> BinanceAccount::income_of_millisecond(TimePoint when) {
  std::vector<Income> all;
  for (int number = 1; number <= kPagesMax; ++number) {
    auto page = co_await income_page({when, when, false}, number);
    if (!page) co_return page;
    all.insert(all.end(), page->begin(), page->end());
    if (page->size() < kPage) co_return all;
  }
  co_return too_many("money movements of one millisecond");
}

Task<Result<std::vector<Income>>> BinanceAccount::income_of(Window window) {
  std::vector<Income> all;
  std::vector<Window> later;  // what a window was cut to; the next one is last
  for (int pages = 0; pages < kPagesMax; ++pages) {
    auto page = co_await income_page(window, 1);
    if (!page) co_return page;
    std::ranges::sort(*page, {}, [](const Income& row) {
      return std::tie(row.time, row.type, row.transaction_id, row.symbol);
    });
    if (page->size() < kPage) {
      all.insert(all.end(), page->begin(), page->end());
      if (later.empty()) co_return all;
      window = later.back();
      later.pop_back();
      continue;
    }
    const TimePoint first = page->front().time;
    if (first > window.from) {  // is it the first page of the window?
      const auto before = co_await income_page({window.from, first - kTick, false}, 1);
      if (!before) co_return before;
      if (!before->empty()) {
        const TimePoint middle = window.from + (window.to - window.from) / 2;
        later.push_back({middle + kTick, window.to, window.is_last});
        window = {window.from, middle, false};
        continue;
      }
    }
    // Rows of the last millisecond may be cut off: they are fetched again with the next page.
    const TimePoint last = page->back().time;
    if (page->front().time < last) {
      all.insert(all.end(), page->begin(), std::ranges::find(*page, last, &Income::time));
      window.from = last;
      continue;
    }
    auto crowd = co_await income_of_millisecond(last);
    if (!crowd) co_return crowd;
    all.insert(all.end(), crowd->begin(), crowd->end());
    window.from = last + kTick;
    if (window.is_last || window.from <= window.to) continue;
    if (later.empty()) co_return all;
    window = later.back();
    later.pop_back();
  }
  co_return too_many("money movements");
}

Task<Result<std::vector<Income>>> BinanceAccount::fetch_income(TimePoint since) {
  const TimePoint now = venue_.exchange_now();
  if (const auto ok = check_since(since, now); !ok) co_return std::unexpected(ok.error());
  std::vector<Income> all;
  for (const Window window : windows(since, now)) {
    auto part = co_await income_of(window);
    if (!part) co_return part;
    all.insert(all.end(), part->begin(), part->end());
  }
  co_return all;
}

}  // namespace bb::binance
