#include "paper_load.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdlib>
#include <stdexcept>
#include <string>
#include <vector>

#include "net/crypto.h"
#include "process.h"

namespace bb::bench {

namespace {

constexpr int kConnections = 8;
constexpr int kSubscribers = 500;
constexpr auto kStreamsAlone = std::chrono::seconds(2);
constexpr auto kWarmUp = std::chrono::seconds(1);
constexpr auto kMeasured = std::chrono::seconds(5);
// Words of the benchmark's own paper account.
constexpr const char* kKey = "bench-paper-key";
constexpr const char* kSecret = "bench-paper-word";

[[noreturn]] void give_up(const std::string& why) { throw std::runtime_error(why); }

/// `bubble-buster paper` as a child process.
class Program {
 public:
  explicit Program(const std::string& path) {
    std::array<int, 2> out{};
    if (pipe(out.data()) != 0) give_up("no pipe");
    pid_ = fork();
    if (pid_ == 0) {
      dup2(out[1], STDOUT_FILENO);
      const std::string account = fmt::format("bench:{}:{}:1000000", kKey, kSecret);
      const std::array<const char*, 9> arguments = {path.c_str(), "paper",         "--port",
                                                    "0",          "--json",        "--no-limits",
                                                    "--account",  account.c_str(), nullptr};
      execv(path.c_str(), const_cast<char* const*>(arguments.data()));
      _exit(127);
    }
    close(out[1]);
    std::string line;
    for (char c = 0; read(out[0], &c, 1) == 1 && c != '\n';)
      line += c;
    close(out[0]);
    const auto colon = line.find("127.0.0.1:");
    if (colon == std::string::npos) give_up("the paper exchange did not start: " + line);
    port_ = std::atoi(line.c_str() + colon + 10);
  }
  ~Program() {
    kill(pid_, SIGTERM);
    waitpid(pid_, nullptr, 0);
  }
  Program(const Program&) = delete;
  Program& operator=(const Program&) = delete;

  int port() const { return port_; }
  double rss_mb() const { return rss_mb_of(pid_); }
  double cpu_seconds() const { return cpu_seconds_of(pid_); }

 private:
  pid_t pid_ = 0;
  int port_ = 0;
};

int dial(int port) {
  const int fd = socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<std::uint16_t>(port));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (connect(fd, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0)
    give_up("cannot connect to the paper exchange");
  const int on = 1;
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  return fd;
}

void send_all(int fd, const std::string& text) {
  for (std::size_t sent = 0; sent < text.size();) {
    const auto n = send(fd, text.data() + sent, text.size() - sent, MSG_NOSIGNAL);
    if (n <= 0) give_up("the paper exchange closed a connection");
    sent += static_cast<std::size_t>(n);
  }
}

/// Reads one HTTP answer: head and body of Content-Length.
std::string read_answer(int fd, std::string& buffer) {
  for (;;) {
    const auto head = buffer.find("\r\n\r\n");
    if (head != std::string::npos) {
      const auto at = buffer.find("Content-Length: ");
      const std::size_t length =
          at < head ? static_cast<std::size_t>(std::atol(buffer.c_str() + at + 16)) : 0;
      if (buffer.size() >= head + 4 + length) {
        std::string answer = buffer.substr(0, head + 4 + length);
        buffer.erase(0, head + 4 + length);
        return answer;
      }
    }
    std::array<char, 65536> chunk;
    const auto n = recv(fd, chunk.data(), chunk.size(), 0);
    if (n <= 0) give_up("the paper exchange closed a connection");
    buffer.append(chunk.data(), static_cast<std::size_t>(n));
  }
}

struct Contract {
  std::string symbol, qty, stream;
};

std::string field_of(const std::string& text, std::size_t from, const std::string& name) {
  const auto at = text.find("\"" + name + "\":\"", from);
  if (at == std::string::npos) return {};
  const auto begin = at + name.size() + 4;
  return text.substr(begin, text.find('"', begin) - begin);
}

/// Contracts with a quantity that is worth some 20 to 200 USDT.
std::vector<Contract> find_contracts(int port) {
  const int fd = dial(port);
  std::string buffer;
  const auto get = [&](const std::string& path) {
    send_all(fd, "GET " + path + " HTTP/1.1\r\nHost: paper\r\n\r\n");
    return read_answer(fd, buffer);
  };
  const std::string rules = get("/fapi/v1/exchangeInfo");
  const std::string prices = get("/fapi/v1/ticker/price");
  close(fd);
  std::vector<Contract> found;
  for (std::size_t at = 0; (at = prices.find("{\"symbol\":\"", at)) != std::string::npos; ++at) {
    const std::string symbol = field_of(prices, at, "symbol");
    const double price = std::atof(field_of(prices, at, "price").c_str());
    const auto rule = rules.find("{\"symbol\":\"" + symbol + "\"");
    if (price <= 0 || rule == std::string::npos) continue;
    const auto lot = rules.find("MARKET_LOT_SIZE", rule);
    const double step = std::atof(field_of(rules, lot, "stepSize").c_str());
    if (step <= 0) continue;
    const double steps = std::max(1.0, std::ceil(100 / price / step));
    std::string stream = symbol;
    std::ranges::transform(stream, stream.begin(), [](unsigned char c) { return std::tolower(c); });
    found.push_back({symbol, fmt::format("{:.8g}", steps * step), stream});
  }
  return found;
}

void subscribe(int epoll, int port, const std::vector<Contract>& contracts) {
  for (int i = 0; i < kSubscribers; ++i) {
    const auto& contract = contracts[static_cast<std::size_t>(i) % contracts.size()];
    const std::string path = i % 5 == 0   ? "/market/ws/!ticker@arr"
                             : i % 5 == 1 ? "/market/ws/!markPrice@arr@1s"
                             : i % 5 == 2 ? "/public/ws/" + contract.stream + "@bookTicker"
                             : i % 5 == 3 ? "/public/ws/" + contract.stream + "@depth@100ms"
                                          : "/market/ws/" + contract.stream + "@kline_1m";
    const int fd = dial(port);
    send_all(fd, "GET " + path +
                     " HTTP/1.1\r\nHost: paper\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                     "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n"
                     "\r\n");
    std::string buffer;
    if (!read_answer(fd, buffer).starts_with("HTTP/1.1 101"))
      give_up("the paper exchange refused a stream");
    fcntl(fd, F_SETFL, O_NONBLOCK);
    epoll_event event{};
    event.events = EPOLLIN;
    event.data.fd = -fd;  // negative: a subscriber, whose bytes are thrown away
    epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event);
  }
}

struct Trader {
  int fd = -1;
  std::string buffer;
  Steady::time_point sent{};
  bool buys = false;
  std::size_t contract = 0;
};

std::string order_text(const Trader& trader, const Contract& contract) {
  const auto now = std::chrono::duration_cast<std::chrono::milliseconds>(
                       std::chrono::system_clock::now().time_since_epoch())
                       .count();
  std::string query =
      fmt::format("symbol={}&side={}&type=MARKET&quantity={}&recvWindow=60000&timestamp={}",
                  contract.symbol, trader.buys ? "BUY" : "SELL", contract.qty, now);
  query += "&signature=" + net::hmac_sha256_hex(kSecret, query);
  return fmt::format(
      "POST /fapi/v1/order?{} HTTP/1.1\r\nHost: paper\r\nX-MBX-APIKEY: {}\r\n"
      "Content-Length: 0\r\n\r\n",
      query, kKey);
}

void drain(int fd) {
  std::array<char, 65536> chunk;
  while (recv(fd, chunk.data(), chunk.size(), 0) > 0) {
  }
}

}  // namespace

PaperLoad measure_paper() {
  const Program program(BB_PROGRAM);
  const auto contracts = find_contracts(program.port());
  if (contracts.empty()) give_up("no contracts to trade");
  const int epoll = epoll_create1(0);
  subscribe(epoll, program.port(), contracts);

  std::array<epoll_event, 256> events;
  for (const auto end = Steady::now() + kStreamsAlone; Steady::now() < end;) {
    const int ready = epoll_wait(epoll, events.data(), events.size(), 100);
    for (int i = 0; i < ready; ++i)
      drain(-events[static_cast<std::size_t>(i)].data.fd);
  }
  PaperLoad out;
  out.rss_mb = program.rss_mb();

  std::vector<Trader> traders(kConnections);
  const auto send_order = [&](Trader& trader) {
    trader.sent = Steady::now();
    send_all(trader.fd, order_text(trader, contracts[trader.contract]));
  };
  for (std::size_t i = 0; i < traders.size(); ++i) {
    traders[i].fd = dial(program.port());
    traders[i].contract = i % contracts.size();
    epoll_event event{};
    event.events = EPOLLIN;
    event.data.fd = static_cast<int>(i);
    epoll_ctl(epoll, EPOLL_CTL_ADD, traders[i].fd, &event);
  }
  for (auto& trader : traders)
    send_order(trader);

  const auto begin = Steady::now() + kWarmUp;
  const auto end = begin + kMeasured;
  std::vector<double> latencies;
  latencies.reserve(1'000'000);
  double cpu_begin = 0;
  bool measuring = false;
  for (auto now = Steady::now(); now < end; now = Steady::now()) {
    if (!measuring && now >= begin) {
      measuring = true;
      cpu_begin = program.cpu_seconds();
    }
    const int ready = epoll_wait(epoll, events.data(), events.size(), 100);
    for (int i = 0; i < ready; ++i) {
      const int name = events[static_cast<std::size_t>(i)].data.fd;
      if (name < 0) {
        drain(-name);
        continue;
      }
      Trader& trader = traders[static_cast<std::size_t>(name)];
      const std::string answer = read_answer(trader.fd, trader.buffer);
      if (!answer.starts_with("HTTP/1.1 200")) give_up("an order was refused: " + answer);
      if (measuring)
        latencies.push_back(
            std::chrono::duration<double, std::milli>(Steady::now() - trader.sent).count());
      trader.buys = !trader.buys;
      if (!trader.buys) trader.contract = (trader.contract + kConnections) % contracts.size();
      send_order(trader);
    }
  }
  const double cpu = program.cpu_seconds() - cpu_begin;
  out.rss_loaded_mb = program.rss_mb();
  close(epoll);
  for (const auto& trader : traders)
    close(trader.fd);
  if (latencies.empty()) give_up("no order was answered");
  std::ranges::sort(latencies);
  const auto n = latencies.size();
  out.orders = static_cast<long long>(n);
  out.orders_per_second = static_cast<double>(n) / std::chrono::duration<double>(kMeasured).count();
  out.orders_per_cpu_second = static_cast<double>(n) / cpu;
  out.p50_ms = latencies[n / 2];
  out.p99_ms = latencies[n * 99 / 100];
  out.symbols = static_cast<int>(contracts.size());
  out.subscribers = kSubscribers;
  return out;
}

}  // namespace bb::bench
