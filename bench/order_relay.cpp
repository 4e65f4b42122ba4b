#include "order_relay.h"

#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <stdexcept>
#include <utility>

namespace bb::bench {

namespace {

sockaddr_in loopback(int port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<std::uint16_t>(port));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return address;
}

void write_at_once(int fd) {
  const int on = 1;
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
}

std::string text_after(std::string_view text, std::string_view mark, std::string_view ends) {
  const auto at = text.find(mark);
  if (at == std::string_view::npos) return {};
  const auto begin = at + mark.size();
  return std::string(text.substr(begin, text.find_first_of(ends, begin) - begin));
}

void send_all(int fd, std::string_view bytes) {
  while (!bytes.empty()) {
    const auto sent = send(fd, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent <= 0) return;
    bytes.remove_prefix(static_cast<std::size_t>(sent));
  }
}

}  // namespace

OrderRelay::OrderRelay(int exchange_port)
    : exchange_port_(exchange_port), listener_(socket(AF_INET, SOCK_STREAM, 0)) {
  auto address = loopback(0);
  socklen_t size = sizeof address;
  if (bind(listener_, reinterpret_cast<sockaddr*>(&address), size) != 0 ||
      listen(listener_, 64) != 0 ||
      getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size) != 0)
    throw std::runtime_error("the relay cannot listen");
  port_ = ntohs(address.sin_port);
  epoll_ = epoll_create1(0);
  epoll_event event{};
  event.events = EPOLLIN;
  event.data.fd = listener_;
  epoll_ctl(epoll_, EPOLL_CTL_ADD, listener_, &event);
  thread_ = std::thread([this] { run(); });
}

OrderRelay::~OrderRelay() {
  stopping_ = true;
  thread_.join();
  for (const auto& [fd, way] : ways_)
    close(fd);
  close(listener_);
  close(epoll_);
}

void OrderRelay::accept_one() {
  const int program = accept(listener_, nullptr, nullptr);
  const int exchange = socket(AF_INET, SOCK_STREAM, 0);
  const auto address = loopback(exchange_port_);
  if (connect(exchange, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
    close(program);
    close(exchange);
    return;
  }
  write_at_once(program);
  write_at_once(exchange);
  ways_[program] = {exchange, false};
  ways_[exchange] = {program, true};
  for (const int fd : {program, exchange}) {
    epoll_event event{};
    event.events = EPOLLIN;
    event.data.fd = fd;
    epoll_ctl(epoll_, EPOLL_CTL_ADD, fd, &event);
  }
}

void OrderRelay::hear(std::string_view bytes, bool to_program, Time now) {
  const std::lock_guard lock(mutex_);
  if (!to_program) {
    for (auto at = bytes.find("=STOP_MARKET"); at != std::string_view::npos;
         at = bytes.find("=STOP_MARKET", at + 1)) {
      const auto begin = bytes.rfind("POST ", at);
      const auto symbol = text_after(bytes.substr(begin), "symbol=", "& ");
      const auto filled = filled_.find(symbol);
      if (filled == filled_.end()) continue;
      reactions_.push_back(std::chrono::duration<double, std::micro>(now - filled->second).count());
      filled_.erase(filled);
    }
    return;
  }
  for (const std::string_view mark : {"\"X\":\"FILLED\"", "\"status\":\"FILLED\""})
    for (auto at = bytes.find(mark); at != std::string_view::npos; at = bytes.find(mark, at + 1)) {
      const auto begin = bytes.rfind('{', at);
      const auto order = bytes.substr(begin, bytes.find('}', at) - begin);
      const bool is_event = mark.starts_with("\"X");
      const auto side = text_after(order, is_event ? "\"S\":\"" : "\"side\":\"", "\"");
      const auto symbol = text_after(order, is_event ? "\"s\":\"" : "\"symbol\":\"", "\"");
      if (side == "SELL") filled_.try_emplace(symbol, now);
    }
}

void OrderRelay::run() {
  std::array<epoll_event, 64> events;
  std::array<char, 65536> chunk;
  while (!stopping_) {
    const int ready = epoll_wait(epoll_, events.data(), events.size(), 100);
    for (int i = 0; i < ready; ++i) {
      const int fd = events.at(static_cast<std::size_t>(i)).data.fd;
      if (fd == listener_) {
        accept_one();
        continue;
      }
      const auto found = ways_.find(fd);
      if (found == ways_.end()) continue;
      const Way way = found->second;
      const auto got = recv(fd, chunk.data(), chunk.size(), MSG_DONTWAIT);
      const Time now = std::chrono::steady_clock::now();
      if (got < 0) continue;
      if (got == 0) {
        ways_.erase(fd);
        ways_.erase(way.to);
        close(fd);
        close(way.to);
        continue;
      }
      const std::string_view bytes(chunk.data(), static_cast<std::size_t>(got));
      hear(bytes, way.to_program, now);
      send_all(way.to, bytes);
    }
  }
}

std::vector<double> OrderRelay::take_reactions() {
  const std::lock_guard lock(mutex_);
  filled_.clear();
  return std::exchange(reactions_, {});
}

}  // namespace bb::bench
