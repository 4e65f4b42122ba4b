#include "binance/venue.h"

#include <fmt/format.h>

#include <algorithm>
#include <stdexcept>
#include <vector>

#include "base/async.h"
#include "base/plant.h"
#include "binance/ban_file.h"
#include "binance/call.h"
#include "binance/fate.h"
#include "binance/order_socket.h"
#include "binance/server_time.h"
#include "binance/wire.h"

namespace bb::binance {

namespace {

constexpr int kTimeSamples = 5;
constexpr Seconds kMeasureAtMost{5};      // nothing waits longer for the exchange's clock
constexpr Seconds kMeasureAgainAfter{5};  // after a failed measurement
constexpr Minutes kFreshEnough{5};        // for prepare()
constexpr Seconds kAdmissionWaitMax{70};  // a whole window, and the pause after a second 429
constexpr Minutes kShortestBan{2};
// What a peer says of lengths is believed up to these: a typing error of somebody's firewall must
// not keep a position from being closed for a day (bans: reference §3).
constexpr Minutes kLongestPause{5};
constexpr Hours kLongestBan{3 * 24};
constexpr Seconds kConnectAtMost{5};  // for connections that orders can do without

net::BaseUrl base_url_of(const Settings& settings) {
  auto parsed = net::parse_base_url(settings.base_url);
  if (!parsed) throw std::invalid_argument("[binance] base_url: " + parsed.error().text);
  return *parsed;
}

Task<void> connect(std::shared_ptr<OrderSocket> socket, SteadyTime deadline) {
  (void)co_await socket->connect(deadline);  // it says in the log what failed
}

net::HttpClientOptions client_options(const Settings& settings) {
  net::HttpClientOptions options;
  options.max_connections = static_cast<std::size_t>(settings.http_pool_maxsize);
  options.connect_timeout =
      std::min(options.connect_timeout, Micros(Seconds(settings.timeout_sec)));
  return options;
}

}  // namespace

struct Venue::State {
  State(net::Dialer& the_dialer, Clock& the_clock, const Log& the_log, const Settings& settings,
        VenueOptions options)
      : dialer(the_dialer),
        clock(the_clock),
        log(the_log),
        url(base_url_of(settings)),
        environment(environment_of(settings.base_url)),
        timeout(Seconds(settings.timeout_sec)),
        retry_count(static_cast<int>(settings.retry_count)),
        retry_delay(settings.retry_delay_sec.raw() / (Decimal::kScale / 1'000'000)),
        http(the_dialer, the_clock, url.endpoint, client_options(settings)),
        time(the_clock),
        ban_file(std::move(options.ban_file)) {
    const auto until = ban_file.load(clock.utc_now());
    if (!until) return;
    banned_until = clock.after(*until - clock.utc_now());
    log.warn("exchange ban remembered", {{"until", *until}});
  }

  bool banned() const { return clock.steady_now() < banned_until; }
  Micros pause_left() const { return paused_until - clock.steady_now(); }
  std::string ban_text() const {
    return "this address is banned by the exchange until " +
           iso_millis(time.now() + std::chrono::ceil<Millis>(banned_until - clock.steady_now())) +
           "; nothing was sent";
  }
  void note_refusal_of_rate(const Call& call, const Reply& reply,
                            const net::HttpResponse& response);

  net::Dialer& dialer;
  Clock& clock;
  const Log& log;
  net::BaseUrl url;
  std::string environment;
  Micros timeout;
  int retry_count;
  Micros retry_delay;
  net::HttpClient http;
  ServerTime time;
  BanFile ban_file;
  WeightBudget budget;
  RateLimits limits;
  SteadyTime paused_until{};
  SteadyTime banned_until{};
  int refusals_in_a_row = 0;
  std::vector<std::weak_ptr<OrderSocket>> sockets;  // opened by prepare()
  bool measuring = false;
  SteadyTime measure_not_before{};
  Event measured;
};

/// While this lives the clock is being measured, and others wait for the result.
struct Venue::Measuring {
  explicit Measuring(State& the_state) : state(the_state) { state.measuring = true; }
  ~Measuring() {
    state.measuring = false;
    state.measured.notify();
  }
  Measuring(const Measuring&) = delete;
  Measuring& operator=(const Measuring&) = delete;
  State& state;
};

Venue::Venue(net::Dialer& dialer, Clock& clock, const Log& log, const Settings& settings,
             VenueOptions options)
    : state_(std::make_unique<State>(dialer, clock, log, settings, std::move(options))) {}
Venue::~Venue() = default;

TimePoint Venue::exchange_now() const { return state_->time.now(); }
const std::string& Venue::environment() const { return state_->environment; }
Clock& Venue::clock() const { return state_->clock; }
const Log& Venue::log() const { return state_->log; }
net::Dialer& Venue::dialer() const { return state_->dialer; }
const RateLimits& Venue::limits() const { return state_->limits; }

VenueHealth Venue::health() const {
  auto& s = *state_;
  VenueHealth health{s.time.error_bound(), s.budget.used(exchange_now()), s.budget.limit(),
                     s.budget.longest_wait()};
  if (s.banned())
    health.banned_until =
        exchange_now() + std::chrono::ceil<Millis>(s.banned_until - s.clock.steady_now());
  return health;
}

void Venue::adopt_limits(const RateLimits& limits) {
  state_->limits = limits;
  if (limits.weight_per_minute > 0) state_->budget.set_limit(limits.weight_per_minute);
}

Task<Status> Venue::prepare(std::size_t parallel_requests) {
  auto& s = *state_;
  if (s.banned()) co_return fail(ErrorKind::rate_limited, s.ban_text());
  const auto deadline = s.clock.after(s.timeout);
  if (s.time.unusable() || s.time.age() > kFreshEnough) {
    const auto measured = co_await measure_clock(s.clock.after(kMeasureAtMost));
    if (!measured) co_return measured;
  }
  std::erase_if(s.sockets, [](const auto& each) { return each.expired(); });
  TaskGroup beside(co_await boost::asio::this_coro::executor);
  for (const auto& each : s.sockets)
    if (auto socket = each.lock())
      beside.spawn(connect(std::move(socket), std::min(deadline, s.clock.after(kConnectAtMost))));
  auto warmed = co_await s.http.prewarm(parallel_requests, deadline);
  co_await beside.join();
  co_return warmed;
}

void Venue::keep_warm(std::weak_ptr<OrderSocket> socket) {
  state_->sockets.push_back(std::move(socket));
}

Task<Result<Answer>> Venue::query(Call call) {
  auto& s = *state_;
  auto deadline = s.clock.after(s.timeout);
  auto delay = s.retry_delay;
  bool clock_was_wrong = false;
  for (int attempt = 1;;) {
    const auto waited = co_await admit_query(call);
    if (!waited) co_return std::unexpected(waited.error());
    deadline += *waited;  // what the exchange's limits cost is not the network's fault
    Reply reply = co_await send_once(call, deadline);
    const Fate fate = fate_of(reply.evidence);
    if (fate == Fate::good) co_return Answer{std::move(*reply.document), reply.asked_at};
    if (fate == Fate::clock && !clock_was_wrong) {
      clock_was_wrong = true;
      continue;  // admission measures the clock first
    }
    const bool worth_it = fate == Fate::again || fate == Fate::pause;
    if (!worth_it || attempt >= s.retry_count) co_return error_of(call, reply, fate);
    ++attempt;
    if (fate == Fate::pause) continue;  // admission waits
    if (s.clock.after(delay) >= deadline) co_return error_of(call, reply, fate);
    s.log.warn("exchange query repeated",
               {{"path", call.path}, {"attempt", attempt}, {"why", reply.text}});
    co_await sleep_for(s.clock, delay);
    delay *= 2;
  }
}

Task<Reply> Venue::command(Call call) {
  auto& s = *state_;
  Reply nothing_sent;
  if (auto obstacle = co_await admit_command(call)) {
    nothing_sent.text = std::move(*obstacle);
    co_return nothing_sent;
  }
  if (call.pool != nullptr) call.pool->count(call.use, call.pool_symbol, exchange_now());
  Reply reply = co_await send_once(call, s.clock.after(s.timeout));
  reply.evidence.code = canonical_code(reply.evidence.code);
  co_return reply;
}

Task<Result<Micros>> Venue::admit_query(const Call& call) {
  auto& s = *state_;
  const auto begin = s.clock.steady_now();
  Micros measuring{0};
  for (bool measured = false;;) {
    if (s.banned()) co_return fail(ErrorKind::rate_limited, s.ban_text());
    const Micros full(s.budget.wait_for_query(call.weight, exchange_now(), call.proves));
    const Micros wait = std::max(s.pause_left(), full);
    if (wait <= Micros(0)) {
      if (measured || !s.time.aged()) break;
      // A failed measurement is no reason to give up: the wall clock may be good enough.
      measured = true;
      const auto before = s.clock.steady_now();
      (void)co_await measure_clock(s.clock.after(kMeasureAtMost));
      measuring = s.clock.steady_now() - before;
      continue;
    }
    if (s.clock.after(wait) - begin > kAdmissionWaitMax)
      co_return fail(ErrorKind::rate_limited,
                     fmt::format("{}: the exchange's rate limit leaves no room for {} s more",
                                 call.path, std::chrono::ceil<Seconds>(wait).count()));
    s.log.warn("exchange query waited", {{"path", call.path}, {"ms", wait.count() / 1000}});
    co_await sleep_for(s.clock, wait);
  }
  co_return s.clock.steady_now() - begin - measuring;
}

Task<std::optional<std::string>> Venue::admit_command(const Call& call) {
  auto& s = *state_;
  if (s.time.unusable()) (void)co_await measure_clock(s.clock.after(kMeasureAtMost));
  if (s.banned()) co_return s.ban_text();
  if (s.pause_left() > Micros(0))
    co_return fmt::format("the exchange asked for a pause of {} ms more; nothing was sent",
                          std::chrono::ceil<Millis>(s.pause_left()).count());
  if (call.pool != nullptr) co_return call.pool->obstacle(call.use, exchange_now());
  co_return std::nullopt;
}

Task<Reply> Venue::send_once(const Call& call, SteadyTime deadline) {
  auto& s = *state_;
  Reply reply;
  std::string signature;
  reply.asked_at = exchange_now();
  const TimePoint first_stamp =
      reply.asked_at - std::chrono::ceil<Millis>(s.clock.after(s.timeout) - deadline);
  // A connection that takes long to open must not make the stamp old.
  const net::HttpClient::RequestBuilder build = [&] {
    reply.asked_at = exchange_now();
    // The plant: the stamp of the first attempt; the time-out began with it.
    const bool is_stale = planted("stale_stamp_on_retry");
    auto request = build_request(call, s.url.prefix, is_stale ? first_stamp : reply.asked_at);
    signature = std::move(request.signature);
    return std::move(request.http);
  };
  const auto began = s.clock.steady_now();
  s.budget.start(call.weight);
  net::HttpFailure unsent;
  std::expected<net::HttpResponse, net::HttpFailure> response = std::unexpected(unsent);
  if (call.socket != nullptr && co_await call.socket->is_ready()) {
    const auto id = call.socket->next_id();
    reply.asked_at = exchange_now();
    const auto frame = socket_request(call, id, reply.asked_at, signature);
    if (frame) response = co_await call.socket->send(id, *frame, deadline);
  }
  // The other way is open to what has not left by the first one.
  if (!response && response.error().stage == net::HttpFailure::Stage::not_sent)
    response = co_await s.http.send(
        std::string(net::str(call.method)) + " " + s.url.prefix + call.path, build, deadline);
  const auto now = exchange_now();
  const bool sent = response || response.error().stage == net::HttpFailure::Stage::sent;
  const auto used = response ? header_number(*response, "X-MBX-USED-WEIGHT-1M") : std::nullopt;
  if (sent)
    s.budget.finish(call.weight, used, reply.asked_at, now);
  else
    s.budget.abandon(call.weight);

  if (response) {
    read_response(reply, *response);
    if (call.pool != nullptr)
      call.pool->report(header_number(*response, "X-MBX-ORDER-COUNT-10S"),
                        header_number(*response, "X-MBX-ORDER-COUNT-1M"), reply.asked_at, now);
    s.note_refusal_of_rate(call, reply, *response);
    if (reply.evidence.code == -1021 || reply.evidence.code == -5028) s.time.distrust();
  } else {
    reply.evidence.stage = sent ? Stage::no_answer : Stage::not_sent;
    reply.text = response.error().text;
  }
  reply.text =
      call.signer == nullptr
          ? printable(reply.text, {})
          : printable(reply.text, {call.signer->api_secret.reveal(), call.signer->api_key.reveal(),
                                   signature, net::percent_encode(signature)});
  s.log.debug("exchange answered", {{"method", net::str(call.method)},
                                    {"path", call.path},
                                    {"status", reply.evidence.http_status},
                                    {"code", reply.evidence.code},
                                    {"ms", (s.clock.steady_now() - began).count() / 1000},
                                    {"weight", s.budget.used(now)}});
  co_return reply;
}

void Venue::State::note_refusal_of_rate(const Call& call, const Reply& reply,
                                        const net::HttpResponse& response) {
  if (response.status == 429 && planted("retry_after_ignored")) return;
  if (response.status == 418 && planted("ban_ignored")) return;
  const auto now = clock.steady_now();
  const auto retry_after = header_number(response, "Retry-After");
  if (response.status == 418) {
    Micros length = retry_after ? Micros(Seconds(*retry_after)) : Micros(kShortestBan);
    if (const auto until = banned_until_text(reply.text))
      length = *until > time.now() + kLongestBan ? Micros(kLongestBan)
                                                 : std::max<Micros>(length, *until - time.now());
    length = std::min<Micros>(length, kLongestBan);
    banned_until = std::max(banned_until, now + length);
    const auto left = std::chrono::ceil<Millis>(banned_until - now);
    if (const auto kept = ban_file.save(clock.utc_now() + left); !kept)
      log.error("exchange ban not kept", {{"why", kept.error().text}});
    log.error("exchange banned this address", {{"seconds", length.count() / 1'000'000}});
    return;
  }
  // A 403 without Binance's own words is its firewall's limit (reference §3).
  const bool is_firewall = response.status == 403 && reply.evidence.code == 0;
  if (response.status != 429 && !is_firewall) {
    if (response.status < 400) refusals_in_a_row = 0;
    return;
  }
  if (reply.evidence.code == -1015 && call.pool != nullptr) {
    call.pool->close_until(time.now() + Seconds(retry_after.value_or(10)));
    return;
  }
  const Millis until_minute(60'000 - to_ms(time.now()) % 60'000);
  Micros length = retry_after ? Micros(Seconds(*retry_after)) : Micros(until_minute);
  if (paused_until <= now) {  // requests that were on their way together are refused once
    if (refusals_in_a_row > 0) length += Seconds(5 << std::min(refusals_in_a_row - 1, 3));
    ++refusals_in_a_row;
  }
  length = std::min<Micros>(length, kLongestPause);
  paused_until = std::max(paused_until, now + length);
  log.warn("exchange asked for a pause", {{"path", call.path}, {"ms", length.count() / 1000}});
}

Task<Status> Venue::measure_clock(SteadyTime deadline) {
  auto& s = *state_;
  if (s.measuring) {
    co_await s.measured.wait();
    if (s.time.unusable()) co_return fail(ErrorKind::unreachable, "exchange time is not known");
    co_return Status();
  }
  if (s.banned() || s.pause_left() > Micros(0))
    co_return fail(ErrorKind::rate_limited, "the exchange takes no questions for its time now");
  if (s.clock.steady_now() < s.measure_not_before)
    co_return fail(ErrorKind::unreachable, "exchange time could not be measured a moment ago");
  const Measuring measuring(s);
  std::vector<TimeSample> samples;
  Status status;
  Call call;
  call.path = "/fapi/v1/time";
  for (int i = 0; i < kTimeSamples; ++i) {
    const auto sent = s.clock.steady_now();
    const Reply reply = co_await send_once(call, deadline);
    const auto received = s.clock.steady_now();
    const auto fate = fate_of(reply.evidence);
    if (fate != Fate::good) {
      status = error_of(call, reply, fate);
      break;
    }
    const auto server = read_answer(*reply.document, call.path, [](net::JsonView root) {
      return from_ms(root.at("serverTime").integer());
    });
    if (!server) {
      status = std::unexpected(server.error());
      break;
    }
    samples.push_back({sent, received, *server});
  }
  if (!samples.empty() && !s.time.adopt(samples)) {
    status = fail(ErrorKind::malformed,
                  "the exchange's clock seems to have jumped to " + iso_millis(samples[0].server));
    s.measure_not_before = s.clock.after(kMeasureAgainAfter);
    s.log.error("exchange time rejected",
                {{"server", samples[0].server}, {"expected", s.time.now()}});
  } else if (!samples.empty()) {
    status = Status();
    s.log.info("exchange time measured", {{"ahead_ms", (s.time.now() - s.clock.utc_now()).count()},
                                          {"error_max_us", s.time.error_bound()->count()}});
  } else {
    s.measure_not_before = s.clock.after(kMeasureAgainAfter);
    s.log.warn("exchange time not measured", {{"why", status.error().text}});
  }
  co_return status;
}

}  // namespace bb::binance
