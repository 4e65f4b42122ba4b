#include "binance/probe.h"

#include <utility>

#include "binance/call.h"
#include "binance/fate.h"
#include "binance/signing.h"
#include "binance/user_stream.h"
#include "binance/venue.h"
#include "binance/wire.h"
#include "net/dialer.h"
#include "net/websocket.h"

namespace bb::binance {

namespace {

constexpr const char* kPermissions = "/sapi/v1/account/apiRestrictions";

SteadyTime deadline_of(Clock& clock, const Settings& settings) {
  return clock.after(Seconds(settings.timeout_sec));
}

/// One attempt at a host that no Venue speaks to.
Task<Reply> ask_once(net::Dialer& dialer, Clock& clock, net::BaseUrl url, net::HttpRequest request,
                     SteadyTime deadline) {
  net::HttpClient http(dialer, clock, std::move(url.endpoint), {.max_connections = 1});
  const auto response = co_await http.send(std::move(request), deadline);
  Reply reply;
  if (response) {
    read_response(reply, *response);
  } else {
    const bool sent = response.error().stage == net::HttpFailure::Stage::sent;
    reply.evidence.stage = sent ? Stage::no_answer : Stage::not_sent;
    reply.text = response.error().text;
  }
  co_return reply;
}

KeyPermissions parse_permissions(net::JsonView root) {
  KeyPermissions out;
  out.is_ip_bound = root.at("ipRestrict").boolean();
  out.reads = root.at("enableReading").boolean();
  out.futures = root.at("enableFutures").boolean();
  out.withdrawals = root.at("enableWithdrawals").boolean();
  out.internal_transfers = root.at("enableInternalTransfer").boolean();
  out.universal_transfers = root.at("permitsUniversalTransfer").boolean();
  return out;
}

}  // namespace

std::string wallet_url_of(const Settings& settings) {
  const auto environment = environment_of(settings.base_url);
  if (environment == "live") return "https://api.binance.com";
  return environment == "testnet" ? std::string() : settings.base_url;
}

Task<Result<KeyPermissions>> fetch_key_permissions(Venue& venue, net::Dialer& dialer, Clock& clock,
                                                   const Settings& settings) {
  auto url = net::parse_base_url(wallet_url_of(settings));
  if (!url) co_return std::unexpected(url.error());
  const auto credentials = make_credentials(settings);
  if (!credentials) co_return std::unexpected(credentials.error());
  Call call;
  call.path = kPermissions;
  call.signer = &*credentials;
  auto request = build_request(call, url->prefix, venue.exchange_now());
  Reply reply = co_await ask_once(dialer, clock, std::move(*url), std::move(request.http),
                                  deadline_of(clock, settings));
  reply.text = printable(
      reply.text, {settings.api_secret.reveal(), settings.api_key.reveal(), request.signature});
  if (const Fate fate = fate_of(reply.evidence); fate != Fate::good)
    co_return error_of(call, reply, fate);
  co_return read_answer(*reply.document, kPermissions, parse_permissions);
}

Task<Status> try_user_stream(Venue& venue, const Settings& settings) {
  const auto credentials = make_credentials(settings);
  if (!credentials) co_return std::unexpected(credentials.error());
  const auto key = co_await ask_listen_key(venue, *credentials, net::Method::post);
  if (!key) co_return std::unexpected(key.error());
  const auto url = net::parse_base_url(stream_url_of(settings));
  if (!url) co_return std::unexpected(url.error());
  net::WsRequest request;
  request.endpoint = url->endpoint;
  request.target = url->prefix + "/private/ws/" + *key;
  const auto connected = co_await net::connect_websocket(
      venue.dialer(), venue.clock(), std::move(request), deadline_of(venue.clock(), settings));
  venue.note_handshake(0, connected ? nullptr : &connected.error());
  if (!connected)
    co_return fail(connected.error().kind, printable(connected.error().text, {*key}),
                   connected.error().code);
  (*connected)->drop("seen");
  // The connection ends on the loop, not here.
  while (co_await (*connected)->receive()) {
  }
  co_return Status{};
}

}  // namespace bb::binance
