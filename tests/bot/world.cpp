#include "world.h"

#include <doctest/doctest.h>

#include <algorithm>

#include "net/json.h"
#include "notify/text.h"

namespace bb::bot::test {

namespace {

control::Report flat_report() {
  return {0,
          R"({"command":"flatten","verdict":"FLAT","orders_left":0,"positions":[{"symbol":)"
          R"("AAAUSDT","side":"BOTH","before":"-10","target":"0","left":"0","text":""}],)"
          R"("text":"","entries":"paused","by":{"command":"service","pid":7}})",
          "flatten: FLAT, 1 positions, 0 orders left\n", false};
}

std::string chat_type(std::int64_t chat) { return chat > 0 ? "private" : "supergroup"; }

}  // namespace

World::World(AnyLoop l, net::Latency to_telegram)
    : loop(l),
      server_(
          l.io, l.clock, [this](net::HttpRequest request) { return answer(std::move(request)); },
          {}, to_telegram),
      log_(LogLevel::debug,
           [this](LogLevel, std::string_view line) { lines_ += std::string(line) + "\n"; }) {
  notify::BotApiOptions options;
  options.base_url = "http://telegram.test";
  auto api = notify::BotApi::make(Secret("123456:AAbb-cc_dd"), options, server_.dialer(), l.clock);
  REQUIRE(api.has_value());
  api_ = std::move(*api);
  settings.ops_db = folder.file("ops.db");
  settings.users = {kOwner};
  settings.chats = {kGroup};
  auto& one = settings.sections.emplace_back();
  one.id = kOperator;
  one.operates = {"alice"};
  auto& two = settings.sections.emplace_back();
  two.id = kViewer;
  two.viewer = {"*"};
  auto& three = settings.sections.emplace_back();
  three.id = kPartner;
  three.admin = {"*"};
  three.totp_secret = Secret(kSecret);
  for (const auto* name : {"alice", "bob@mail.example"}) {
    auto& account = accounts.emplace_back();
    account.name = name;
    account.answer = flat_report();
    PositionRow row;
    row.symbol = Symbol("AAAUSDT");
    row.qty = Qty(Decimal::from_int(-10));
    row.entry = row.mark = Price(Decimal::from_int(2));
    row.notional = Usdt(Decimal::from_int(20));
    row.has_stop = true;
    account.positions.push_back(row);
  }
  open();
}

World::~World() = default;

void World::open() {
  auto store = store::OpsStore::open(folder.file("ops.db"));
  REQUIRE(store.has_value());
  ops = std::move(*store);
  Parts parts{*api_, *ops, loop.clock, log_, settings, {}, {}, kBotId, "test", {}};
  parts.alarm = [this](std::string problem) { alarms.push_back(std::move(problem)); };
  for (auto& account : accounts)
    parts.accounts.push_back(port_of(account));
  parts.strategies = strategies;
  auto made = Bot::open(std::move(parts));
  REQUIRE(made.has_value());
  bot = std::move(*made);
  bot->set_username("bubble_test_bot");
}

void World::restart() {
  bot.reset();
  ops.reset();
  open();
}

Task<void> World::close() {
  bot.reset();
  api_.reset();
  co_await server_.join();
}

AccountPort World::port_of(FakeAccount& account) {
  AccountPort port;
  port.name = account.name;
  port.environment = "paper";
  port.positions = [&]() -> Task<Result<std::vector<PositionRow>>> { co_return account.positions; };
  port.orders = [&]() -> Task<Result<std::vector<OrderRow>>> { co_return account.orders; };
  port.balances = []() -> Task<Result<std::vector<BalanceRow>>> {
    co_return std::vector<BalanceRow>();
  };
  port.state = [&]() -> Task<Result<AccountState>> {
    if (is_blind && &account == &accounts.front()) throw std::runtime_error("no such thing");
    AccountState state;
    ++state_reads;
    if (account.paused)
      state.latch =
          store::LatchNote{store::LatchKind::paused, "shell", "holiday", loop.clock.utc_now(), 1};
    co_return state;
  };
  port.pnl = [&](TimePoint since) -> Task<Result<PnlFacts>> {
    ++pnl_reads;
    if (is_blind && &account == &accounts.front()) throw std::runtime_error("no such thing");
    PnlFacts facts;
    facts.since = since;
    co_return facts;
  };
  port.equity = [](bool) -> Task<Result<EquityFacts>> { co_return EquityFacts{}; };
  port.last_run = []() -> Task<Result<LastRunFacts>> { co_return LastRunFacts{}; };
  port.next = [] { return NextFacts{}; };
  port.doctor = [this]() -> Task<std::string> {
    co_return long_doctor ? std::string(5000, 'x') : "fine\n";
  };
  port.logs = [](int) -> Result<std::string> { return "a line\n"; };
  port.alerts = []() -> Task<Result<AlertFacts>> { co_return AlertFacts{}; };
  port.mute = [](TimePoint, std::string) -> Task<Status> { co_return Status{}; };
  port.set_level = [](std::string, std::string) -> Task<Status> { co_return Status{}; };
  port.acknowledge = [&](std::string data, std::string) -> Task<Result<bool>> {
    const auto id = notify::acknowledged_id(account.name, data);
    if (id) account.acknowledged = *id;
    co_return id.has_value();
  };
  port.preview = [&](control::Command) -> Task<Result<Preview>> {
    if (is_blind && &account == &accounts.front()) throw std::runtime_error("no such thing");
    if (account.preview) co_return *account.preview;
    Preview preview;
    for (const auto& position : account.positions) {
      PreviewRow row;
      row.symbol = position.symbol;
      row.held = row.closes = position.qty;
      row.notional = position.notional;
      preview.rows.push_back(row);
    }
    co_return preview;
  };
  port.perform = [&](control::Command command) -> Task<control::Report> {
    account.commands.push_back(std::move(command));
    co_await sleep_for(loop.clock, account.delay);
    co_return account.answer;
  };
  return port;
}

Task<net::ServerReply> World::answer(net::HttpRequest request) {
  const std::string method = request.target.substr(request.target.rfind('/') + 1);
  methods.push_back(method);
  if (!fails_with.empty()) co_return net::test::reply(400, fails_with);
  if (const auto found = fails.find(method); found != fails.end())
    co_return net::test::reply(400, found->second);
  if (const auto document = net::JsonDocument::parse(request.body);
      document && document->root().has("chat_id") &&
      lost_chats.contains(document->root().at("chat_id").integer()))
    co_return net::test::reply(403, R"({"ok":false,"error_code":403,"description":"Forbidden: )"
                                    R"(bot was kicked from the supergroup chat"})");
  if (method == "getMe")
    co_return net::test::reply(200, R"({"ok":true,"result":{"username":"bubble_test_bot"}})");
  if (method == "getUpdates") {
    const auto document = net::JsonDocument::parse(request.body);
    newest_offset = document->root().at("offset").integer();
    if (!polled.empty())
      co_return net::test::reply(200,
                                 R"({"ok":true,"result":[)" + std::exchange(polled, {}) + "]}");
    co_await sleep_for(loop.clock, Micros(50'000'000));
    co_return net::test::reply(200, R"({"ok":true,"result":[]})");
  }
  co_return net::test::reply(200, act(method, request.body));
}

std::string World::act(const std::string& method, const std::string& body) {
  const auto document = net::JsonDocument::parse(body);
  if (!document) return R"({"ok":true,"result":true})";  // an upload
  const auto root = document->root();
  if (method == "answerCallbackQuery") {
    alerts.push_back(root.has("text") ? std::string(root.at("text").text()) : "");
    return R"({"ok":true,"result":true})";
  }
  if (method != "sendMessage" && method != "editMessageText") return R"({"ok":true,"result":true})";
  Shown now;
  now.chat = root.at("chat_id").integer();
  now.message = method == "sendMessage" ? next_message_++ : root.at("message_id").integer();
  now.text = root.at("text").text();
  if (root.has("reply_markup")) {
    auto markup = root.at("reply_markup");
    std::string text = markup.is_string() ? std::string(markup.text()) : markup.raw();
    const auto keyboard = net::JsonDocument::parse(text);
    if (keyboard && keyboard->root().has("inline_keyboard"))
      keyboard->root().at("inline_keyboard").for_each([&](net::JsonView row) {
        row.for_each([&](net::JsonView button) {
          now.buttons.emplace_back(button.at("text").text(), button.at("callback_data").text());
        });
      });
  }
  shown.push_back(now);
  return fmt::format(R"({{"ok":true,"result":{{"message_id":{}}}}})", now.message);
}

std::string World::message(std::int64_t user, std::int64_t chat, const std::string& text,
                           const std::string& more) {
  net::JsonWriter json;
  json.begin_object().field("update_id", next_update_++).key("message").begin_object();
  json.field("message_id", next_message_++).field("date", to_ms(loop.clock.utc_now()) / 1000);
  json.key("chat").begin_object().field("id", chat).field("type", chat_type(chat)).end_object();
  json.key("from").begin_object().field("id", user).field("is_bot", false);
  json.field("first_name", "Somebody").end_object();
  json.field("text", text);
  std::string out = json.take();
  if (!more.empty()) out += "," + more;
  return out + "}}";
}

std::string World::edited(std::int64_t user, std::int64_t chat, const std::string& text) {
  std::string update = message(user, chat, text);
  update.replace(update.find("\"message\":"), 10, "\"edited_message\":");
  return update;
}

std::string World::press_of(std::int64_t user, const Shown& where, const std::string& data,
                            const std::string& more) {
  net::JsonWriter json;
  json.begin_object().field("update_id", next_update_++).key("callback_query").begin_object();
  json.field("id", std::to_string(next_update_)).field("data", data);
  json.key("from").begin_object().field("id", user).field("is_bot", false);
  json.field("first_name", "Somebody").end_object();
  json.key("message").begin_object().field("message_id", where.message).field("date", 1);
  json.key("chat").begin_object().field("id", where.chat);
  json.field("type", chat_type(where.chat)).end_object().end_object();
  std::string out = json.take();
  if (!more.empty()) out += "," + more;
  return out + "}}";
}

Task<void> World::hear(std::vector<std::string> updates) {
  std::string all;
  for (const auto& update : updates)
    all += (all.empty() ? "" : ",") + update;
  auto parsed = parse_updates("[" + all + "]");
  REQUIRE(parsed.has_value());
  TaskGroup group(co_await boost::asio::this_coro::executor);
  bot->hear(std::move(*parsed), group);
  co_await group.join();
}

Task<void> World::type(std::int64_t user, std::string text, std::int64_t chat) {
  co_await hear({message(user, chat == 0 ? user : chat, text)});
}

const Shown& World::newest(std::int64_t chat) const {
  for (auto each = shown.rbegin(); each != shown.rend(); ++each)
    if (each->chat == chat) return *each;
  FAIL("nothing was shown in chat ", chat);
  return shown.back();
}

bool World::says(std::int64_t chat, const std::string& text) const {
  return newest(chat).text.find(text) != std::string::npos;
}

bool World::is_over(const Shown& where) {
  return std::ranges::all_of(where.buttons,
                             [](const auto& button) { return button.first.find("Menu") < 9; });
}

std::string World::data_of(const Shown& where, const std::string& label) const {
  for (const auto& [text, data] : where.buttons)
    if (text.find(label) != std::string::npos) return data;
  FAIL("no button '", label, "' under: ", where.text);
  return {};
}

Task<void> World::press(std::int64_t user, std::string label, std::int64_t chat) {
  const Shown where = newest(chat == 0 ? user : chat);
  co_await hear({press_of(user, where, data_of(where, label))});
}

int World::performed() const {
  std::size_t count = 0;
  for (const auto& account : accounts)
    count += account.commands.size();
  return static_cast<int>(count);
}

std::string World::audit() const {
  std::string text;
  const auto rows = ops->load_audit(1, 100'000);
  REQUIRE(rows.has_value());
  for (const auto& row : *rows)
    text += fmt::format("{} {}: {}\n", row.user_id, row.action, row.result);
  return text;
}

FakeAccount& World::account(const std::string& name) {
  for (auto& account : accounts)
    if (account.name == name) return account;
  FAIL("no account ", name);
  return accounts.front();
}

void run_world(const WorldBody& body) {
  bb::test::run_sim([&](SimLoop& loop) -> Task<void> {
    World world({loop.io, loop.clock});
    co_await body(world);
    co_await world.close();
  });
}

}  // namespace bb::bot::test
