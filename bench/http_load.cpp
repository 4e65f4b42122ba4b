#include "http_load.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <stdexcept>
#include <utility>

namespace bb::bench {

namespace {

using Clock = std::chrono::steady_clock;
using std::chrono::duration;

int dial(int port) {
  const int fd = socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<std::uint16_t>(port));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (fd < 0 || connect(fd, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0)
    throw std::runtime_error("cannot connect to the server");
  const int on = 1;
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  return fd;
}

std::string request_text(int port, const std::string& target, bool packed, bool closes) {
  return fmt::format("GET {} HTTP/1.1\r\nHost: 127.0.0.1:{}\r\n{}{}\r\n", target, port,
                     packed ? "Accept-Encoding: gzip\r\n" : "",
                     closes ? "Connection: close\r\n" : "");
}

/// The length of the whole answer, or 0 while its head is not there.
std::size_t length_of(const std::string& text) {
  const auto head = text.find("\r\n\r\n");
  if (head == std::string::npos) return 0;
  const auto field = text.find("Content-Length: ");
  return head + 4 + (field < head ? std::stoul(text.substr(field + 16, 12)) : 0);
}

}  // namespace

HttpLoad::HttpLoad(LoadOptions options) : options_(std::move(options)), epoll_(epoll_create1(0)) {
  clients_.resize(static_cast<std::size_t>(options_.connections + options_.streams));
  for (std::size_t i = 0; i < clients_.size(); ++i) {
    clients_[i].is_stream = i >= static_cast<std::size_t>(options_.connections);
    clients_[i].next = i;
    clients_[i].fd = dial(options_.port);
    if (clients_[i].is_stream) open(clients_[i], options_.stream_target);
    fcntl(clients_[i].fd, F_SETFL, O_NONBLOCK);
    epoll_event event{};
    event.events = EPOLLIN;
    event.data.u64 = i;
    epoll_ctl(epoll_, EPOLL_CTL_ADD, clients_[i].fd, &event);
  }
  thread_ = std::thread([this] {
    try {
      run();
    } catch (const std::exception& error) {
      fault_ = error.what();
    }
  });
}

void HttpLoad::open(Client& client, const std::string& target) {
  const auto text = request_text(options_.port, target, false, false);
  (void)send(client.fd, text.data(), text.size(), MSG_NOSIGNAL);
  std::array<char, 4096> chunk;
  const auto got = recv(client.fd, chunk.data(), chunk.size(), 0);
  if (got < 12 || std::string_view(chunk.data(), 12) != "HTTP/1.1 200")
    throw std::runtime_error("an event stream was refused");
}

void HttpLoad::ask(Client& client) {
  const auto text = request_text(
      options_.port, options_.targets[client.next++ % options_.targets.size()], false, false);
  client.waits = true;
  if (send(client.fd, text.data(), text.size(), MSG_NOSIGNAL) < 0)
    throw std::runtime_error("the server closed a connection");
}

void HttpLoad::hear(Client& client) {
  std::array<char, 65536> chunk;
  for (;;) {
    const auto got = recv(client.fd, chunk.data(), chunk.size(), 0);
    if (got == 0) throw std::runtime_error("the server closed a connection");
    if (got < 0) return;
    if (client.is_stream) {
      ++pieces_;
      continue;
    }
    client.text.append(chunk.data(), static_cast<std::size_t>(got));
    const auto length = length_of(client.text);
    if (length == 0 || client.text.size() < length) continue;
    if (!client.text.starts_with("HTTP/1.1 200"))
      throw std::runtime_error("a request was refused: " + client.text.substr(0, 300));
    latencies_.push_back(duration<double, std::milli>(Clock::now() - client.due).count());
    client.text.clear();
    client.waits = false;
    if (options_.per_second > 0 || stopping_) continue;
    client.due = Clock::now();
    ask(client);
  }
}

void HttpLoad::run() {
  std::array<epoll_event, 256> events;
  const auto step =
      options_.per_second > 0 ? duration<double>(1 / options_.per_second) : duration<double>(3600);
  auto due = Clock::now();
  std::size_t turn = 0;
  if (options_.per_second <= 0)
    for (auto& client : clients_)
      if (!client.is_stream) {
        client.due = Clock::now();
        ask(client);
      }
  while (!stopping_) {
    while (options_.per_second > 0 && due <= Clock::now()) {
      auto& client = clients_[turn++ % static_cast<std::size_t>(options_.connections)];
      if (client.waits) throw std::runtime_error("the server does not keep up");
      client.due = due;
      ask(client);
      due += std::chrono::duration_cast<Clock::duration>(step);
    }
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(due - Clock::now());
    const int wait =
        options_.per_second > 0 ? static_cast<int>(std::max<long>(left.count(), 0)) : 50;
    const int ready = epoll_wait(epoll_, events.data(), events.size(), std::min(wait, 50));
    for (int i = 0; i < ready; ++i)
      hear(clients_[events[static_cast<std::size_t>(i)].data.u64]);
  }
}

void HttpLoad::stop() {
  stopping_ = true;
  if (thread_.joinable()) thread_.join();
  for (auto& client : clients_)
    if (client.fd >= 0) close(std::exchange(client.fd, -1));
  if (epoll_ >= 0) close(std::exchange(epoll_, -1));
  if (!fault_.empty()) throw std::runtime_error(std::exchange(fault_, {}));
}

Fetched fetch(int port, const std::string& target, bool packed) {
  const int fd = dial(port);
  const auto text = request_text(port, target, packed, true);
  (void)send(fd, text.data(), text.size(), MSG_NOSIGNAL);
  std::string answer;
  std::array<char, 65536> chunk;
  for (;;) {
    const auto got = recv(fd, chunk.data(), chunk.size(), 0);
    if (got <= 0) break;
    answer.append(chunk.data(), static_cast<std::size_t>(got));
    const auto length = length_of(answer);
    if (length > 0 && answer.size() >= length) break;
  }
  close(fd);
  const auto head = answer.find("\r\n\r\n");
  if (head == std::string::npos) throw std::runtime_error("no answer to " + target);
  return {std::stoi(answer.substr(9, 3)), answer.substr(0, head), answer.substr(head + 4)};
}

double quantile(std::vector<double> values, double part) {
  if (values.empty()) throw std::runtime_error("nothing was measured");
  std::ranges::sort(values);
  const auto last = static_cast<double>(values.size() - 1);
  return values[static_cast<std::size_t>(part * last)];
}

}  // namespace bb::bench
