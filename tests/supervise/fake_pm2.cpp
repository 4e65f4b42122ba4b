#include "supervise/fake_pm2.h"

#include <array>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>

#include "net/json.h"
#include "supervise/impl/amp.h"

namespace bb::supervise::test {

namespace asio = boost::asio;
using asio::local::stream_protocol;

namespace {
constexpr auto kTuple = asio::as_tuple(asio::use_awaitable);
}

FakePm2::FakePm2(asio::io_context& io, const std::string& home)
    : acceptor_(io, stream_protocol::endpoint(home + "/rpc.sock")) {}

void FakePm2::stop() { acceptor_.close(); }

Task<void> FakePm2::run() {
  std::vector<stream_protocol::socket> hung;
  for (;;) {
    auto [error, socket] = co_await acceptor_.async_accept(kTuple);
    if (error) co_return;
    if (is_hung) {
      hung.push_back(std::move(socket));
      continue;
    }
    AmpReader reader;
    std::array<char, 4096> buffer{};
    for (bool answered = false; !answered;) {
      const auto [failed, bytes] = co_await socket.async_read_some(asio::buffer(buffer), kTuple);
      if (failed) break;
      reader.feed({buffer.data(), bytes});
      const auto message = reader.next();
      if (!message || !*message) continue;
      const auto frame = amp_frame({answer((**message)[0]), (**message)[1]});
      co_await asio::async_write(socket, asio::buffer(frame), kTuple);
      answered = true;
    }
  }
}

std::string FakePm2::list() const {
  net::JsonWriter json;
  json.begin_object().key("args").begin_array().begin_array();
  for (const auto& [id, process] : processes) {
    const bool is_up = process.status == "online";
    json.begin_object()
        .field("pid", is_up ? process.pid : 0)
        .field("name", process.name)
        .field("pm_id", id)
        .key("monit")
        .begin_object()
        .field("memory", 1000)
        .field("cpu", 1)
        .end_object()
        .key("pm2_env")
        .begin_object()
        .field("status", process.status)
        .field("namespace", process.group)
        .field("restart_time", process.restarts)
        .field("created_at", 1)
        .field("pm_uptime", 1795169596837 + process.restarts)
        .field("SECRET_OF_THE_SHELL", "canary")
        .end_object()
        .end_object();
  }
  json.end_array().end_array().end_object();
  return "j:" + json.take();
}

std::string FakePm2::answer(const std::string& request) {
  const auto document = net::JsonDocument::parse(amp_json(request));
  const auto root = document->root();
  const std::string method(root.at("method").text());
  if (method == "getMonitorData") {
    ++reads;
    return list();
  }
  std::int64_t id = -1;
  root.at("args").for_each([&](net::JsonView argument) {
    id = argument.is_object() ? argument.at("id").integer() : argument.integer();
  });
  orders.push_back(method + " " + std::to_string(id));
  const auto found = processes.find(static_cast<int>(id));
  if (found == processes.end())
    return R"(j:{"error":")" + std::to_string(id) + R"( : id unknown","stack":"x"})";
  auto& process = found->second;
  if (method == "stopProcessId") {
    if (!ignores_stop) process.status = "stopped";
  } else if (method == "startProcessId" && process.status == "online") {
    return R"(j:{"error":"process already online","stack":"x"})";
  } else {
    process.status = starts_die ? "errored" : "online";
    ++process.pid;
    ++process.restarts;
  }
  return R"(j:{"args":[{"pm2_env":{"status":"online"}}]})";
}

}  // namespace bb::supervise::test
