// The dashboard over nine and a half years of minutes (dashboard_history.h), a process of its own:
// the slowest window's curve, one client, no answer twice; every address asked by 200 clients at
// once, each again as soon as it is answered; and what a browser loads before the first figure.
#include <fmt/format.h>

#include <array>
#include <chrono>
#include <set>
#include <stdexcept>
#include <thread>

#include "dashboard_history.h"
#include "http_load.h"

namespace {

using namespace bb::bench;

constexpr int kCurves = 25;  // of each window
constexpr int kClients = 200;
constexpr std::chrono::seconds kLoad{20};
constexpr long long kMinute = 60'000;

long long now_ms() {
  return std::chrono::duration_cast<std::chrono::milliseconds>(
             std::chrono::system_clock::now().time_since_epoch())
      .count();
}

struct Curves {
  double worst_median = 0, worst = 0;
  std::string window;
};

/// Windows that end now, and as long ones that end anywhere, in minutes.
Curves measure_curves(int port) {
  constexpr std::array<long long, 9> kSpans{60,      1440,      10'080,    43'200,   525'600,
                                            700'000, 1'500'000, 3'333'333, 4'999'000};
  Curves out;
  for (const long long span : kSpans)
    for (const bool is_new : {true, false}) {
      std::vector<double> times;
      for (int i = 0; i < kCurves; ++i) {
        const long long room = (4'999'500 - span) * (is_new ? 0 : i + 1) / (kCurves + 1);
        const long long until = now_ms() - room * kMinute + i;
        const auto target = fmt::format("/api/v1/equity?since={}&until={}&points=2000",
                                        until - span * kMinute, until);
        const auto begun = Steady::now();
        const auto answer = fetch(port, target);
        times.push_back(std::chrono::duration<double, std::milli>(Steady::now() - begun).count());
        if (answer.status != 200) throw std::runtime_error(answer.body);
      }
      const double median = quantile(times, 0.5);
      if (median > out.worst_median) {
        out.worst_median = median;
        out.window = fmt::format("{} minutes{}", span, is_new ? "" : ", in the past");
      }
      out.worst = std::max(out.worst, quantile(times, 1));
    }
  return out;
}

std::vector<std::string> addresses() {
  return {"/api/v1/state",
          "/api/v1/positions",
          "/api/v1/equity?window=1H",
          "/api/v1/equity?window=1D",
          "/api/v1/equity?window=1W",
          "/api/v1/equity?window=1M",
          "/api/v1/equity?window=1Y",
          "/api/v1/equity?window=All",
          "/api/v1/runs?limit=200",
          "/api/v1/closed",
          "/api/v1/orders",
          "/api/v1/statistics",
          "/api/v1/logs"};
}

std::size_t page_bytes(int port, int& files) {
  std::set<std::string> names{"/"};
  const std::string page = fetch(port, "/").body;
  for (const char* mark : {"src=\"./", "href=\"./"})
    for (auto at = page.find(mark); at != std::string::npos; at = page.find(mark, at + 1)) {
      const auto begin = page.find('/', at);
      names.insert(page.substr(begin, page.find('"', begin) - begin));
    }
  std::size_t bytes = 0;
  for (const auto& name : names) {
    const auto answer = fetch(port, name, true);
    if (answer.status != 200) throw std::runtime_error("no file " + name);
    bytes += answer.head.size() + answer.body.size();
  }
  files = static_cast<int>(names.size());
  return bytes;
}

}  // namespace

int main(int count, char** arguments) {
  if (serves_history(count, arguments)) return 0;
  const DashboardProcess dashboard;
  const int port = dashboard.port();
  int files = 0;
  const double page_kb = static_cast<double>(page_bytes(port, files)) / 1000;
  const auto curves = measure_curves(port);
  const double rss_alone = dashboard.rss_mb();
  std::vector<double> times;
  {
    HttpLoad load({port, addresses(), kClients});
    std::this_thread::sleep_for(kLoad);  // det-ok: other processes run meanwhile
    load.stop();
    times = load.latencies();
  }
  const double p99 = quantile(times, 0.99);
  fmt::print(
      "{{\"name\":\"dashboard_curve_ms\",\"value\":{:.2f},\"unit\":\"ms\",\"reach\":10,"
      "\"slowest_window\":\"{}\",\"worst\":{:.2f},\"samples\":{},\"fill_s\":{:.0f}}}\n",
      curves.worst_median, curves.window, curves.worst, kSamples, dashboard.fill_seconds());
  fmt::print(
      "{{\"name\":\"dashboard_p99_ms\",\"value\":{:.2f},\"unit\":\"ms\",\"reach\":50,"
      "\"p50\":{:.2f},\"worst\":{:.2f},\"clients\":{},\"per_second\":{:.0f},"
      "\"order_events\":{},\"rss_mb\":{:.1f},\"rss_before_mb\":{:.1f}}}\n",
      p99, quantile(times, 0.5), quantile(times, 1), kClients,
      static_cast<double>(times.size()) / std::chrono::duration<double>(kLoad).count(),
      kOrderEvents, dashboard.rss_mb(), rss_alone);
  fmt::print(
      "{{\"name\":\"dashboard_page_kb\",\"value\":{:.1f},\"unit\":\"kB\",\"reach\":300,"
      "\"files\":{}}}\n",
      page_kb, files);
  return curves.worst_median < 10 && p99 < 50 && page_kb < 300 ? 0 : 1;
}
