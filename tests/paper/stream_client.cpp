#include "paper/stream_client.h"

#include <algorithm>
#include <fstream>
#include <stdexcept>

namespace bb::paper::test {

namespace {

using net::JsonView;

bool is_numeric(std::string_view text) {
  return !text.empty() && std::ranges::all_of(text, [](char c) {
    return (c >= '0' && c <= '9') || c == '.' || c == '-';
  });
}

std::string kind_of(const JsonView& value) {
  if (value.is_object()) return "object";
  if (value.is_array()) return "array";
  if (value.is_null()) return "null";
  if (value.is_number()) return "number";
  if (!value.is_string()) return "flag";
  return is_numeric(value.text()) ? "number as text" : "text";
}

using Members = std::vector<std::pair<std::string, JsonView>>;

Members members_of(const JsonView& object) {
  Members members;
  object.for_each_member(
      [&](std::string_view name, JsonView value) { members.emplace_back(name, value); });
  return members;
}

void compare(const JsonView& ours, const JsonView& theirs, const std::string& path,
             std::vector<std::string>& out) {
  const auto kind = kind_of(theirs);
  if (kind_of(ours) != kind) {
    out.push_back(path + ": " + kind_of(ours) + ", not " + kind);
    return;
  }
  if (kind == "array") {
    std::vector<JsonView> a, b;
    ours.for_each([&](JsonView v) { a.push_back(v); });
    theirs.for_each([&](JsonView v) { b.push_back(v); });
    if (!a.empty() && !b.empty()) compare(a[0], b[0], path + "[]", out);
    return;
  }
  if (kind != "object") return;
  const auto a = members_of(ours);
  const auto b = members_of(theirs);
  const auto prefix = path.empty() ? "" : path + ".";
  for (const auto& [name, value] : b) {
    const auto same = std::ranges::find(a, name, &Members::value_type::first);
    if (same == a.end()) {
      out.push_back("-" + prefix + name);
    } else {
      compare(same->second, value, prefix + name, out);
    }
  }
  for (const auto& [name, value] : a)
    if (std::ranges::find(b, name, &Members::value_type::first) == b.end())
      out.push_back("+" + prefix + name);
}

}  // namespace

Task<std::unique_ptr<StreamClient>> StreamClient::open(World& world, std::string target) {
  net::WsRequest request{.endpoint = {"paper.test", 80, false}, .target = std::move(target)};
  request.mask_seed = 1;
  auto& loop = world.loop();
  auto socket = co_await net::connect_websocket(world.dialer(), loop.clock, request,
                                                loop.clock.after(Hours(1)));
  if (!socket) throw std::runtime_error(socket.error().text);
  std::unique_ptr<StreamClient> client(new StreamClient(loop, *socket));
  client->group_.spawn(read(client->socket_, client->heard_));
  co_return client;
}

Task<void> StreamClient::read(std::shared_ptr<net::WsConnection> socket,
                              std::shared_ptr<Heard> heard) {
  while (const auto event = co_await socket->receive()) {
    if (event->kind == net::WsEvent::Kind::text) heard->texts.push_back(event->data);
    if (event->kind == net::WsEvent::Kind::ping) ++heard->pings;
    heard->news.notify();
  }
  heard->ended = true;
  heard->news.notify();
}

Task<std::string> StreamClient::next(Micros limit) {
  const auto until = loop_.clock.after(limit);
  const auto timer = loop_.clock.call_at(until, [heard = heard_] { heard->news.notify(); });
  while (heard_->texts.empty() && !heard_->ended && loop_.clock.steady_now() < until)
    co_await heard_->news.wait();
  loop_.clock.cancel(timer);
  if (heard_->texts.empty())
    co_return heard_->ended
        ? "(ended " + std::to_string(socket_->end().code) + " " + socket_->end().reason + ")"
        : "(silence)";
  auto text = std::move(heard_->texts.front());
  heard_->texts.pop_front();
  co_return text;
}

Task<std::string> StreamClient::ask(std::string text) {
  send(std::move(text));
  co_return co_await next();
}

Task<std::vector<std::string>> StreamClient::collect(Micros span) {
  co_await sleep_for(loop_.clock, span);
  std::vector<std::string> all(heard_->texts.begin(), heard_->texts.end());
  heard_->texts.clear();
  co_return all;
}

Task<std::string> StreamClient::next_with(std::string part, Micros limit) {
  const auto until = loop_.clock.after(limit);
  for (;;) {
    auto text = co_await next(std::max(Micros(0), until - loop_.clock.steady_now()));
    if (text.starts_with("(") || text.find(part) != std::string::npos) co_return text;
  }
}

Task<void> StreamClient::close() {
  socket_->close(1000, {});
  co_await group_.join();
}

std::string member(const std::string& json, std::string_view path) {
  const auto document = net::JsonDocument::parse(json);
  if (!document) return "(not JSON: " + json + ")";
  std::optional<JsonView> at = document->root();
  while (!path.empty()) {
    const auto dot = path.find('.');
    const auto name = path.substr(0, dot);
    path = dot == std::string_view::npos ? std::string_view() : path.substr(dot + 1);
    std::optional<JsonView> found;
    if (at->is_array())
      at->for_each([&](JsonView v) {
        if (!found) found = v;
      });
    const JsonView object = found ? *found : *at;
    found.reset();
    if (object.is_object())
      object.for_each_member([&](std::string_view n, JsonView v) {
        if (n == name) found = v;
      });
    if (!found) return "(absent)";
    at = found;
  }
  return at->is_string() ? std::string(at->text()) : at->raw();
}

std::vector<std::string> differences(const std::string& ours, const std::string& theirs) {
  const auto a = net::JsonDocument::parse(ours);
  const auto b = net::JsonDocument::parse(theirs);
  if (!a || !b) return {"not JSON: " + ours};
  std::vector<std::string> out;
  compare(a->root(), b->root(), "", out);
  std::ranges::sort(out);
  return out;
}

std::string difference(const std::string& ours, const std::string& theirs) {
  std::string text;
  for (const auto& one : differences(ours, theirs))
    text += (text.empty() ? "" : " ") + one;
  return text;
}

std::string recorded(const std::string& file, const std::string& id) {
  std::ifstream in(std::string(BB_PAPER_DATA) + "/" + file);
  for (std::string line; std::getline(in, line);)
    if (member(line, "id") == id) return member(line, "raw");
  return "(no recording " + id + ")";
}

}  // namespace bb::paper::test
