#include "app/config.h"

#include <doctest/doctest.h>
#include <sys/stat.h>

#include <fstream>

#include "app/proxy.h"
#include "support/run.h"

namespace bb::app::test {
namespace {

using bb::test::TempDir;

/// Writes a config file that only its owner can read, as the program wants it.
std::string write_config(const TempDir& dir, const std::string& text, mode_t mode = 0600) {
  const std::string path = dir.file("config.ini");
  std::ofstream(path) << text;
  chmod(path.c_str(), mode);
  return path;
}

Faults faults_of(const std::string& text, const Environment& environment = {}, mode_t mode = 0600) {
  const TempDir dir;
  const auto config = load_config(write_config(dir, text, mode), environment);
  return config ? Faults{} : config.error();
}

bool mentions(const Faults& faults, const std::string& text) {
  for (const auto& fault : faults)
    if (fault.find(text) != std::string::npos) return true;
  return false;
}

TEST_CASE("config: the live exchange needs the owner's word, and only for commands that trade") {
  const auto check = [](const std::string& text) {
    const TempDir dir;
    const auto config = load_config(write_config(dir, "[binance]\n" + text), {});
    REQUIRE(config.has_value());
    return check_environment(**config);
  };
  const auto unsaid = check("base_url = https://fapi.binance.com\n");
  REQUIRE(unsaid.size() == 1);
  CHECK(mentions(unsaid, "config.ini"));
  CHECK(mentions(unsaid, "section [binance]"));
  CHECK(mentions(unsaid, "\n    environment = live\n"));
  CHECK(check("").size() == 1);  // the default is live
  CHECK(check("environment = live\n").empty());
  CHECK(check("environment = LIVE\n").empty());
  CHECK(check("base_url = https://demo-fapi.binance.com\n").empty());
  CHECK(check("base_url = http://127.0.0.1:8900\n").empty());
}

TEST_CASE("config: orders and streams go where base_url goes") {
  const auto of = [](const std::string& text) { return faults_of("[binance]\n" + text); };
  CHECK(mentions(of("base_url = https://demo-fapi.binance.com\n"
                    "ws_api_url = wss://ws-fapi.binance.com/ws-fapi/v1\n"),
                 "ws_api_url: wss://ws-fapi.binance.com/ws-fapi/v1 is live, but base_url"));
  CHECK(mentions(of("stream_url = ws://127.0.0.1:8790\n"), "stream_url: ws://127.0.0.1:8790 is"));
  CHECK(of("base_url = https://demo-fapi.binance.com\n"
           "ws_api_url = wss://testnet.binancefuture.com/ws-fapi/v1\n"
           "stream_url = wss://demo-fstream.binance.com\n")
            .empty());
}

TEST_CASE("config: what is said about the environment must be so") {
  const auto of = [](const std::string& text) { return faults_of("[binance]\n" + text); };
  CHECK(mentions(of("environment = live\nbase_url = https://demo-fapi.binance.com\n"),
                 "it says live, but base_url https://demo-fapi.binance.com is testnet"));
  CHECK(mentions(of("environment = paper\n"), "it says paper, but base_url"));
  CHECK(mentions(of("environment = testnet\nbase_url = http://127.0.0.1:1\n"), "is paper"));
  CHECK(mentions(of("environment = real\n"), "use live, testnet or paper"));
  CHECK(of("environment = testnet\nbase_url = https://testnet.binancefuture.com\n").empty());
  CHECK(of("environment = paper\nbase_url = http://127.0.0.1:1\n").empty());
  CHECK(
      faults_of("[binance]\nenvironment = paper\n", {{"BUBBLE_BUSTER_BINANCE_ENVIRONMENT", "live"}})
          .empty());
}

// Every key of the original's example, in its own words.
const std::string kOriginal = R"([binance]
api_key = paperkey1
api_secret = papersecret1
base_url = https://fapi.binance.com/
timeout_sec = 10
retry_count = 3
retry_delay_sec = 1
recv_window = 5000
http_pool_maxsize = 64

[strategy]
leverage = 2
top_n = 10
volume_threshold = 0
tp_price_drop_pct = 20
sl_liq_buffer_pct = 1
max_hold_hours = 47.5
trigger_price_type = CONTRACT_PRICE
allocation_splits = 10
entry_fee_buffer_pct = 1.0
entry_shrink_retry_count = 3
entry_shrink_step_pct = 10.0
entry_rank_fetch_multiplier = 3
ranker_max_workers = 24
ranker_weight_limit_per_minute = 1000
ranker_min_request_interval_ms = 20
rebalance_enabled = false
rebalance_pre_entry_reduce = true
rebalance_after_entry = true
rebalance_utilization = 0.98
rebalance_deadband_pct = 0.03
rebalance_min_adjust_notional_usdt = 1.0
rebalance_max_single_adjust_pct = 0.80
rebalance_max_adjust_orders = 30
rebalance_mode = equal_risk
rebalance_age_decay_half_life_hours = 36

[runtime]
timezone = Asia/Shanghai
entry_hour = 7
entry_minute = 40
entry_misfire_grace_min = 120
entry_catchup_enabled = false
daily_loss_cut_enabled = true
daily_loss_cut_hour = 11
daily_loss_cut_minute = 55
daily_loss_cut_scope = Tracked
manager_interval_sec = 60
manager_max_catch_up_runs = 3
service_loop_sleep_sec = 1.0
run_manage_on_startup = true
wallet_snapshot_asset = USDT
sync_cashflows = true
cashflow_income_types = TRANSFER,WELCOME_BONUS
dashboard_host = 127.0.0.1
dashboard_port = 8787
dashboard_refresh_sec = 5
dashboard_curve_points = 1200
run_service_with_dashboard = true
lock_file = runtime.lock
lock_wait_sec = 30
db_path = state.db
log_dir = logs
log_level = INFO

[notify]
enabled = true
serverchan_sendkey = 50%off
http_proxy =
https_proxy =

[Settings]
SERVERCHAN_SENDKEY = YOUR_SERVERCHAN_SENDKEY
VOLUME_THRESHOLD = 0
HTTP_PROXY =
HTTPS_PROXY =
ANYTHING_ELSE = is accepted here
)";

TEST_CASE("config: every key of the original's file is read") {
  const TempDir dir;
  const auto config = load_config(write_config(dir, kOriginal), {});
  if (!config)
    for (const auto& fault : config.error())
      MESSAGE(fault);
  REQUIRE(config.has_value());
  const Config& c = **config;
  CHECK(c.binance.base_url == "https://fapi.binance.com");
  CHECK(c.notify.serverchan_sendkey.reveal() == "50%off");
  CHECK_FALSE(c.runtime.entry_catchup_enabled);
  CHECK(c.runtime.daily_loss_cut_scope == "tracked");
  CHECK(c.runtime.dashboard_curve_points == 1200);
  CHECK(c.legacy.volume_threshold == "0");
  CHECK(check_credentials(c).empty());
}

TEST_CASE("config: relative paths are taken from the config file's folder") {
  const TempDir dir;
  const auto config = load_config(
      write_config(dir, "[runtime]\ndb_path = data/state.db\nlog_dir = /var/log/bb\n"), {});
  REQUIRE(config.has_value());
  CHECK((*config)->runtime.db_path == dir.file("data/state.db"));
  CHECK((*config)->runtime.lock_file == dir.file("runtime.lock"));
  CHECK((*config)->runtime.log_dir == "/var/log/bb");
}

TEST_CASE("config: all faults are reported at once, with line and nearest key") {
  const auto faults = faults_of(
      "[strategy]\nleverge = 3\ntop_n = 60\nmax_hold_hours = 48\nrebalance_enabled = true\n"
      "[runtime]\nentry_hour = 25\ntimezone = Mars/Base\n");
  CHECK(mentions(faults, ":2: [strategy] leverge: unknown key; did you mean 'leverage'?"));
  CHECK(mentions(faults, ":7: [runtime] entry_hour: 25 is outside the range 0 to 23"));
  CHECK(mentions(faults, "rebalance_enabled"));
  CHECK(mentions(faults, "180"));
  CHECK(mentions(faults, "Mars/Base"));
  CHECK(faults.size() == 5);
}

TEST_CASE("config: more conditional orders than the exchange allows are refused") {
  CHECK(faults_of("[strategy]\ntop_n = 30\nmax_hold_hours = 47.5\n").empty());
  CHECK_FALSE(faults_of("[strategy]\ntop_n = 31\nmax_hold_hours = 47.5\n").empty());
}

TEST_CASE("config: secrets that others may read are refused, and the sentence says chmod") {
  const std::string text = "[binance]\napi_key = k1k1k1\napi_secret = s1s1s1\n";
  CHECK(faults_of(text).empty());
  for (const mode_t mode : {0640u, 0604u, 0620u, 0666u}) {
    const auto faults = faults_of(text, {}, mode);
    REQUIRE(faults.size() == 1);
    CHECK(faults[0].find("chmod 600") != std::string::npos);
  }
  CHECK(faults_of("[strategy]\nleverage = 2\n", {}, 0644).empty());
}

TEST_CASE("config: secrets may come from files and from the environment") {
  const TempDir dir;
  std::ofstream(dir.file("key")) << "key-in-a-file\n";
  const auto config =
      load_config(write_config(dir, "[binance]\napi_key = file:" + dir.file("key") + "\n", 0644),
                  {{"BUBBLE_BUSTER_BINANCE_API_SECRET", "word-in-the-environment"}});
  REQUIRE(config.has_value());
  CHECK((*config)->binance.api_key.reveal() == "key-in-a-file");
  CHECK((*config)->binance.api_secret.reveal() == "word-in-the-environment");
}

TEST_CASE("config: absent and placeholder keys are told apart, each with a sentence") {
  const auto empty = default_config({});
  REQUIRE(empty.has_value());
  const auto absent = check_credentials(**empty);
  REQUIRE(absent.size() == 2);
  CHECK(absent[0].find("it is empty") != std::string::npos);
  const TempDir dir;
  const auto example = load_config(write_config(dir,
                                                "[binance]\napi_key = YOUR_BINANCE_API_KEY\n"
                                                "api_secret = REPLACE_WITH_ACCOUNT_B_API_SECRET\n"),
                                   {});
  REQUIRE(example.has_value());
  const auto placeholders = check_credentials(**example);
  REQUIRE(placeholders.size() == 2);
  CHECK(placeholders[1].find("example") != std::string::npos);
  CHECK(is_placeholder("xxxxxxxx"));
  CHECK(is_placeholder("<key>"));
  CHECK_FALSE(is_placeholder("vmPUZE6mv9SD5VNHk4HlWFsOr6aKE2zvsw0MuIgwCIPy6utIco14y7Ju91duEh8A"));
  CHECK_FALSE(is_placeholder("paper-key"));
}

TEST_CASE("config: a file that is not there says how to name one") {
  const auto config = load_config("/nowhere/config.ini", {});
  REQUIRE_FALSE(config.has_value());
  CHECK(config.error()[0].find("--config") != std::string::npos);
}

TEST_CASE("config: the proxy is used only when both keys are set, and checked") {
  notify::NotifySettings settings;
  settings.https_proxy = "http://user:word@proxy.example:3128";
  CHECK_FALSE(read_proxy(settings)->has_value());
  settings.http_proxy = "http://proxy.example:3128";
  const auto proxy = read_proxy(settings);
  REQUIRE((proxy && proxy->has_value()));
  CHECK((*proxy)->endpoint.host == "proxy.example");
  CHECK((*proxy)->endpoint.port == 3128);
  CHECK((*proxy)->user == "user");
  CHECK((*proxy)->password.reveal() == "word");
  CHECK((*proxy)->kind == net::ProxyOptions::Kind::http_connect);
  settings.https_proxy = "socks5://user:word@proxy.example:1080";
  const auto socks = read_proxy(settings);
  REQUIRE((socks && socks->has_value()));
  CHECK((*socks)->kind == net::ProxyOptions::Kind::socks5);
  CHECK((*socks)->endpoint.port == 1080);
  settings.https_proxy = "socks5://proxy";
  CHECK_FALSE(read_proxy(settings).has_value());
  CHECK(mentions(faults_of("[notify]\nhttp_proxy = x\nhttps_proxy = ftp://y\n"), "https_proxy"));
}

TEST_CASE("config: the board reads the old section where the new ones say nothing") {
  const TempDir dir;
  const auto config = load_config(
      write_config(dir,
                   "[Settings]\nVOLUME_THRESHOLD = 5000000\nSERVERCHAN_SENDKEY = SCT123abcdef\n"
                   "HTTP_PROXY = http://p:1\nHTTPS_PROXY = http://p:1\n"),
      {});
  REQUIRE(config.has_value());
  CHECK((*config)->strategy.volume_threshold.is_zero());
  use_legacy(**config);
  CHECK((*config)->strategy.volume_threshold.str() == "5000000");
  CHECK((*config)->notify.serverchan_sendkey.reveal() == "SCT123abcdef");
  CHECK((*config)->notify.https_proxy == "http://p:1");
}

TEST_CASE("config: what is printed holds no secret") {
  const TempDir dir;
  const auto config = load_config(write_config(dir, kOriginal), {});
  REQUIRE(config.has_value());
  const auto text = print_settings((*config)->sections);
  CHECK(text.find("papersecret1") == std::string::npos);
  CHECK(text.find("paperkey1") == std::string::npos);
  CHECK(text.find("api_key = (set)") != std::string::npos);
  CHECK(text.find("entry_hour = 7") != std::string::npos);
}

}  // namespace
}  // namespace bb::app::test
