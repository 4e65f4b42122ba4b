#include "app/bot_strategies.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/join.h"

namespace bb::app {

namespace {

constexpr const char* kAccount = "strategies";  // whose alerts these are

struct Words {
  std::string_view kind;
  const char* chinese;
  const char* english;
  bool is_critical;
};
constexpr std::array<Words, 13> kWords{{
    {"failed", "策略异常退出", "strategy failed", true},
    {"stopped", "策略被他人停止", "strategy stopped by somebody else", true},
    {"crash_loop", "策略反复崩溃", "strategy keeps crashing", true},
    {"unhealthy", "策略不健康", "strategy unhealthy", true},
    {"stalled", "策略无输出", "strategy stalled", true},
    {"cpu", "策略 CPU 过高", "strategy above its CPU limit", true},
    {"memory", "策略内存过高", "strategy above its memory limit", true},
    {"vanished", "策略消失", "strategy vanished", true},
    {"runner_down", "进程管理器无响应", "runner does not answer", true},
    {"gave_up", "已放弃重启策略", "restarting was given up", true},
    {"crashed", "策略崩溃并已重启", "strategy crashed, its runner restarted it", false},
    {"recovered", "策略已恢复", "strategy is well again", false},
    {"restarted", "策略已由本程序重启", "strategy was started again", false},
}};

bool may_touch_something(const supervise::SuperviseSettings& settings) {
  return !settings.declared.empty() || !settings.strategies.empty() ||
         std::ranges::any_of(settings.runners,
                             [](const auto& each) { return !each.second->strategies.empty(); });
}

}  // namespace

bool has_strategies(const Config& config) {
  return may_touch_something(config.supervise) || !config.supervise.runners.empty() ||
         config.environment.contains("CTRL_MODE");
}

std::vector<Secret> secrets_of(const Config& config) {
  std::vector<Secret> out;
  const auto add = [&](const Secret& secret) {
    if (!secret.empty()) out.push_back(secret.clone());
  };
  add(config.binance.api_key);
  add(config.binance.api_secret);
  for (const auto& account : config.accounts) {
    add(account.api_key);
    add(account.api_secret);
  }
  add(config.notify.serverchan_sendkey);
  add(config.notify.webhook_url);
  add(config.notify.webhook_secret);
  add(config.notify.telegram.token);
  for (const auto& user : config.bot.sections)
    add(user.totp_secret);
  return out;
}

store::OutboxMessage message_of(const std::string& kind, const std::string& text, TimePoint now) {
  const auto found = std::ranges::find(kWords, kind, &Words::kind);
  store::OutboxMessage message;
  message.topic = found != kWords.end() && found->is_critical ? "strategy_down" : "strategy";
  message.title = found == kWords.end() ? std::string("策略 / strategies")
                                        : fmt::format("{} / {}", found->chinese, found->english);
  message.body = text;
  message.created_at = message.next_attempt = now;
  return message;
}

Result<std::unique_ptr<BotStrategies>> BotStrategies::open(Session& session,
                                                           boost::asio::any_io_executor executor) {
  const auto& config = session.config();
  std::unique_ptr<BotStrategies> own(new BotStrategies(session));
  own->strategies_ = std::make_unique<supervise::Strategies>(supervise::Strategies::Parts{
      session.io(), session.clock(), session.log(), config.supervise, secrets_of(config)});
  if (!config.supervise.watch || !may_touch_something(config.supervise)) return own;
  auto post = BotPost::open(session, std::move(executor), config.bot.ops_db + ".alerts", kAccount);
  // What the chat commands must be possible with a damaged file of alerts, too.
  if (post)
    own->post_ = std::move(*post);
  else
    session.log().error("alerts about strategies are only logged",
                        {{"file", config.bot.ops_db + ".alerts"}, {"why", post.error().text}});
  own->watch_ = std::make_unique<supervise::Watch>(supervise::Watch::Parts{
      session.io(), session.clock(), session.log(), config.supervise, *own->strategies_,
      [raw = own.get()](const std::string& kind, const std::string& text) {
        raw->alert(kind, text);
      }});
  return own;
}

BotStrategies::~BotStrategies() = default;

Task<void> BotStrategies::run() {
  if (!watch_) co_return;
  if (!post_) co_return co_await watch_->run(session_.stop());
  TaskGroup group(co_await boost::asio::this_coro::executor);
  group.spawn(watch_->run(session_.stop()));
  co_await join_after(group, post_->run());
}

void BotStrategies::alert(const std::string& kind, const std::string& text) {
  if (!post_) {
    session_.log().error("alert not delivered", {{"kind", kind}, {"what", text}});
    return;
  }
  post_->put(message_of(kind, text, session_.clock().utc_now()));
}

Task<Result<bool>> BotStrategies::acknowledge(std::string data, std::string who) {
  if (!post_) co_return false;
  co_return co_await post_->acknowledge(std::move(data), std::move(who));
}

}  // namespace bb::app
