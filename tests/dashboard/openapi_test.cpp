// docs/openapi.json is what the code does: the same addresses, the same parameters.
#include <doctest/doctest.h>

#include <fstream>
#include <set>
#include <sstream>

#include "dashboard/site.h"
#include "net/json.h"

namespace bb::dashboard::test {
namespace {

using net::Method;

std::string read_file(const std::string& path) {
  std::ifstream in(path);
  std::ostringstream text;
  text << in.rdbuf();
  return text.str();
}

std::string verb_of(Method method) { return method == Method::get ? "get" : "post"; }

TEST_CASE("openapi: the file has every address of the code, and no other") {
  const auto document = net::JsonDocument::parse(read_file(std::string(BB_DOCS) + "/openapi.json"));
  REQUIRE(document.has_value());
  std::set<std::string> written;
  document->root().at("paths").for_each_member([&](std::string_view path, net::JsonView item) {
    item.for_each_member([&](std::string_view verb, net::JsonView) {
      written.insert(std::string(verb) + " " + std::string(path));
    });
  });
  std::set<std::string> served;
  for (const auto& route : routes())
    served.insert(verb_of(route.method) + " " + std::string(route.path));
  CHECK(written == served);
}

TEST_CASE("openapi: every documented parameter is read, and its range is enforced") {
  run_sim([](SimLoop& loop) -> Task<void> {
    World world(loop);
    const auto document =
        net::JsonDocument::parse(read_file(std::string(BB_DOCS) + "/openapi.json"));
    std::vector<std::string> good, bad;
    document->root().at("paths").for_each_member([&](std::string_view path, net::JsonView item) {
      if (!item.has("get") || !item.at("get").has("parameters")) return;
      item.at("get").at("parameters").for_each([&](net::JsonView parameter) {
        if (parameter.at("in").text() != "query") return;
        const bool lacks_symbol =
            path.ends_with("/candles") && parameter.at("name").text() != "symbol";
        const std::string needed = lacks_symbol ? "symbol=BTCUSDT&" : "";
        const std::string begin =
            std::string(path) + "?" + needed + std::string(parameter.at("name").text()) + "=";
        const auto schema = parameter.at("schema");
        if (schema.has("minimum")) good.push_back(begin + schema.at("minimum").raw());
        if (schema.has("minimum")) bad.push_back(begin + "-1");
        if (schema.has("maximum")) good.push_back(begin + schema.at("maximum").raw());
        if (schema.has("maximum")) bad.push_back(begin + schema.at("maximum").raw() + "0");
        if (schema.has("exclusiveMinimum"))
          bad.push_back(begin + schema.at("exclusiveMinimum").raw());
        if (schema.has("enum")) bad.push_back(begin + "no-such-word");
        if (schema.has("maxLength"))
          bad.push_back(
              begin +
              std::string(static_cast<std::size_t>(schema.at("maxLength").integer() + 1), 'x'));
      });
    });
    CHECK(good.size() > 20);
    for (const auto& target : good) {
      const auto response = co_await world.ask({Method::get, target});
      CHECK_MESSAGE(response.status != 422, target, " ", response.body);
    }
    for (const auto& target : bad) {
      const auto response = co_await world.ask({Method::get, target});
      CHECK_MESSAGE(response.status == 422, target, " ", response.body);
    }
  });
}

}  // namespace
}  // namespace bb::dashboard::test
