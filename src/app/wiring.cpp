#include "app/wiring.h"

#include <sys/stat.h>
#include <algorithm>

#include <filesystem>
#include <stdexcept>

#include "app/aside.h"
#include "app/proxy.h"
#include "base/join.h"
#include "base/plant.h"
#include "binance/account.h"
#include "binance/market_data.h"
#include "binance/settings.h"
#include "binance/venue.h"
#include "net/crypto.h"
#include "store/durable_file.h"

namespace bb::app {

namespace {

constexpr const char* kLockAdvice = "give each instance its own [runtime] lock_file";
constexpr const char* kMemoryUrl = "http://paper.exchange:80";

Status make_parent(const std::string& file) {
  const auto parent = std::filesystem::path(file).parent_path();
  std::error_code error;
  if (!parent.empty()) std::filesystem::create_directories(parent, error);
  if (error)
    return fail(ErrorKind::configuration,
                "cannot make the folder '" + parent.string() + "': " + error.message());
  return {};
}

// What a database is told to belong to.
std::string account_name(const exchange::AccountIdentity& identity) {
  return identity.environment + "-" + identity.alias;
}

std::string environment_name(const Config& config) {
  return std::string(binance::environment_of(config.binance.base_url));
}

// One file per key and exchange, beside the accounts: the directory's name.
std::string key_file(const Config& config) {
  const std::string text =
      config.binance.base_url + "\n" + std::string(config.binance.api_key.reveal());
  constexpr std::size_t kDigits = 32;
  const std::string accounts = store::AccountHome::path_of(config.runtime.state_dir, "x", "x");
  return std::filesystem::path(accounts).parent_path().string() + "/key-" +
         net::sha256_hex(text).substr(0, kDigits);
}

std::string database_note(const std::string& directory) { return directory + "/database"; }

void remember_home(Ground ground, const std::string& directory) {
  const std::string file = key_file(ground.config);
  const std::string name = std::filesystem::path(directory).filename().string() + "\n";
  const auto known = store::read_small_file(file);
  if (known && known->has_value() && **known == name) return;
  if (const auto written = store::write_durably(file, name); !written)
    ground.log.warn("account's directory not remembered", {{"why", written.error().text}});
}

// Whoever acts for this account later and is told no database takes this one: ids of orders are
// functions of account and day, so one account must not have two.
void remember_database(Ground ground, const std::string& directory) {
  const std::string file = database_note(directory);
  const std::string text = std::filesystem::absolute(ground.config.runtime.db_path).string() + "\n";
  const auto known = store::read_small_file(file);
  if (known && known->has_value() && **known == text) return;
  if (const auto written = store::write_durably(file, text); !written)
    ground.log.warn("account's database not remembered", {{"why", written.error().text}});
}

}  // namespace

std::shared_ptr<binance::Venue> venue_for(const Ground& ground) {
  if (ground.venues != nullptr) return ground.venues->of(ground);
  return std::make_shared<binance::Venue>(ground.dialer, ground.clock, ground.log,
                                          ground.config.binance, venue_options(ground.config));
}

std::shared_ptr<binance::Venue> Venues::of(const Ground& ground) {
  constexpr std::int64_t kConnectionsMax = 512;
  auto options = venue_options(ground.config);
  auto& venue = venues_[ground.config.binance.base_url + " " + options.ban_file];
  if (venue == nullptr) {
    auto settings = binance::without_keys(ground.config.binance);
    settings.http_pool_maxsize = std::min(
        kConnectionsMax, settings.http_pool_maxsize *
                             static_cast<std::int64_t>(std::max<std::size_t>(1, accounts_)));
    venue = std::make_shared<binance::Venue>(ground.dialer, ground.clock, ground.log, settings,
                                             std::move(options));
  }
  return venue;
}

Millis Venues::waited_longest() const {
  Millis longest{0};
  for (const auto& [key, venue] : venues_)
    longest = std::max(longest, venue->health().waited_longest);
  return longest;
}

std::string find_database(const std::string& directory) {
  const auto known = store::read_small_file(database_note(directory));
  if (known && known->has_value() && (*known)->ends_with('\n'))
    return (*known)->substr(0, (*known)->size() - 1);
  return directory + "/state.db";
}

std::optional<std::string> known_home(const Config& config) {
  const std::string file = key_file(config);
  const auto known = store::read_small_file(file);
  if (!known || !known->has_value() || !(*known)->starts_with(environment_name(config)) ||
      (*known)->find('/') != std::string::npos || !(*known)->ends_with('\n'))
    return std::nullopt;
  const auto name = (*known)->substr(0, (*known)->size() - 1);
  return (std::filesystem::path(file).parent_path() / name).string();
}

Task<Result<std::string>> find_home(Ground ground) {
  if (auto known = known_home(ground.config)) co_return std::move(*known);
  const auto venue = venue_for(ground);
  const auto account = binance::make_account(*venue, ground.config.binance);
  const auto identity = co_await account->fetch_identity();
  if (!identity) co_return std::unexpected(identity.error());
  co_return store::AccountHome::path_of(ground.config.runtime.state_dir, identity->environment,
                                        identity->alias);
}

Task<Status> settle_files(Ground ground, Config& config) {
  auto& runtime = config.runtime;
  if (!runtime.db_path.empty() && !runtime.lock_file.empty()) co_return Status{};
  const auto home = co_await find_home(ground);
  if (!home) co_return std::unexpected(home.error());
  // As its first holder would.
  std::error_code ignored;
  std::filesystem::create_directories(std::filesystem::path(*home).parent_path(), ignored);
  (void)::mkdir(home->c_str(), S_IRWXU);
  if (runtime.db_path.empty()) runtime.db_path = find_database(*home);
  if (runtime.lock_file.empty()) runtime.lock_file = *home + "/instance.lock";
  co_return Status{};
}

binance::VenueOptions venue_options(const Config& config) {
  if (config.binance.base_url == kMemoryUrl) return {};
  const auto proxy = read_proxy(config.notify);
  std::string way;
  if (proxy && proxy->has_value())
    way = (*proxy)->endpoint.host + "_" + std::to_string((*proxy)->endpoint.port);
  const std::filesystem::path home(store::AccountHome::path_of(config.runtime.state_dir, "-", "-"));
  const auto name = binance::ban_file_name(config.binance.base_url, way);
  return {(home.parent_path().parent_path() / "bans" / name).string()};
}

PublicSide::PublicSide(Ground ground)
    : venue_(venue_for(ground)), market_(binance::make_market_data(*venue_)) {}
PublicSide::~PublicSide() = default;

Account::Account(Ground ground)
    : venue_(venue_for(ground)),
      market_(binance::make_market_data(*venue_)),
      account_(binance::make_account(*venue_, ground.config.binance)) {}
Account::~Account() = default;

std::string Account::name() const { return account_name(identity_); }

Task<Status> Account::meet() {
  auto [identity, modes] = co_await both(account_->fetch_identity(), account_->fetch_modes());
  if (!identity) co_return std::unexpected(identity.error());
  identity_ = std::move(*identity);
  if (!modes) co_return std::unexpected(modes.error());
  modes_ = *modes;
  co_return Status{};
}

namespace {

// Opening waits for the disk several times: beside the loop, where several accounts are opened.
Task<Result<std::unique_ptr<store::Store>>> open_store(Ground ground, store::StoreOptions files,
                                                       std::string name) {
  const auto executor = co_await boost::asio::this_coro::executor;
  if (!files.threaded)
    co_return store::Store::open(std::move(files), std::move(name), executor, ground.clock,
                                 ground.log);
  co_return co_await run_aside<Result<std::unique_ptr<store::Store>>>(
      [files = std::move(files), name = std::move(name), executor, &clock = ground.clock,
       log = ground.log] { return store::Store::open(files, name, executor, clock, log); });
}

}  // namespace

Task<Result<std::unique_ptr<Account>>> Account::open(Ground ground, AccountOptions options) {
  const auto& runtime = ground.config.runtime;
  std::unique_ptr<Account> account(new Account(ground));
  const std::string holder =
      options.command + " on " + binance::environment_of(ground.config.binance.base_url);
  for (const auto& file : {runtime.lock_file, runtime.db_path})
    if (const auto made = make_parent(file); !made) co_return std::unexpected(made.error());
  if (options.locks) {
    auto lock = co_await store::FileLock::acquire(runtime.lock_file, holder, options.lock_wait,
                                                  ground.clock, kLockAdvice);
    if (!lock) co_return std::unexpected(lock.error());
    account->lock_ = std::make_unique<store::FileLock>(std::move(*lock));
  }
  std::optional<Status> met;
  TaskGroup looking(co_await boost::asio::this_coro::executor);
  if (options.looks) looking.spawn(account->look());
  co_await join_after(looking, detail::store_result(account->meet(), met));
  if (!*met) co_return std::unexpected(met->error());
  const auto& identity = account->identity_;
  if (options.locks) {
    auto home =
        co_await store::AccountHome::take(runtime.state_dir, identity.environment, identity.alias,
                                          holder, options.lock_wait, ground.clock);
    if (!home) co_return std::unexpected(home.error());
    account->home_ = std::make_unique<store::AccountHome>(std::move(*home));
    remember_home(ground, account->home_->path());
    remember_database(ground, account->home_->path());
  }
  store::StoreOptions files{runtime.db_path, options.threaded_store};
  files.checks_pages = !options.looks;
  auto store = co_await open_store(ground, std::move(files), account_name(identity));
  if (!store) co_return std::unexpected(store.error());
  account->store_ = std::move(*store);
  if (planted("secret_logged"))
    ground.log.info("account opened", {{"with", ground.config.binance.api_secret.reveal()}});
  account->desk_ = std::make_unique<desk::Desk>(
      desk::Parts{*account->account_, *account->market_, *account->store_, ground.clock, ground.log,
                  identity, account->modes_, ground.stop, account->home_.get()});
  if (account->first_rules_) account->desk_->book().adopt(std::move(*account->first_rules_));
  co_return account;
}

// What it does not find, whoever closes reads for himself.
Task<void> Account::look() {
  auto [positions, rules] = co_await both(account_->fetch_positions(), market_->fetch_rules());
  if (positions) first_look_ = std::move(*positions);
  if (rules) first_rules_ = std::move(*rules);
}

AccountView::AccountView(Ground ground)
    : ground_(ground),
      venue_(venue_for(ground)),
      market_(binance::make_market_data(*venue_)),
      account_(binance::make_account(*venue_, ground.config.binance)) {}
AccountView::~AccountView() = default;

Task<Result<std::unique_ptr<AccountView>>> AccountView::open(Ground ground) {
  std::unique_ptr<AccountView> view(new AccountView(ground));
  const auto identity = co_await view->account_->fetch_identity();
  if (!identity) co_return std::unexpected(identity.error());
  view->name_ = account_name(*identity);
  co_return view;
}

Result<std::unique_ptr<const store::Store>> AccountView::open_store() const {
  return store::Store::open_for_reading(ground_.config.runtime.db_path, name_, ground_.clock);
}

MemoryExchange::MemoryExchange(boost::asio::any_io_executor executor, Clock& clock,
                               const sim::Market& market, paper::ServerOptions options,
                               net::Latency latency, std::uint64_t seed)
    : stop_(clock),
      server_(clock, market, std::move(options)),
      counted_([this](net::HttpRequest request) {
        ++requests_;
        return server_.handle(std::move(request));
      }),
      streams_(executor),
      dialer_(
          executor, clock, latency,
          [this, &clock](net::AnyStream stream) {
            streams_.spawn(net::serve_http(std::move(stream), clock, counted_, {}, stop_));
          },
          seed) {}

MemoryExchange::~MemoryExchange() = default;

Task<void> MemoryExchange::close() {
  stop_.request();
  co_await streams_.join();
}

std::unique_ptr<net::Dialer> wire_network(boost::asio::io_context& io, Clock& clock,
                                          const Config& config) {
  net::DialerOptions options;
  if (auto proxy = read_proxy(config.notify)) options.proxy = std::move(*proxy);
  return net::make_network_dialer(io, clock, std::move(options));
}

std::unique_ptr<net::Dialer> wire_telegram(boost::asio::io_context& io, Clock& clock,
                                           const Config& config) {
  auto proxy = read_telegram_proxy(config.notify);
  if (!proxy || !*proxy) return nullptr;
  net::DialerOptions options;
  options.proxy = std::move(*proxy);
  return net::make_network_dialer(io, clock, std::move(options));
}

void point_at_memory(Config& config, const paper::PaperAccount& account) {
  config.binance.base_url = kMemoryUrl;
  config.binance.environment = "paper";
  config.binance.api_key = Secret(account.api_key);
  config.binance.api_secret = Secret(account.api_secret);
}

}  // namespace bb::app
