#include "net/json.h"

#include <doctest/doctest.h>

#include <algorithm>

namespace bb::net::test {
namespace {

/// Keeps the document alive beside its root.
struct Parsed {
  explicit Parsed(std::string_view text) : document(*JsonDocument::parse(text)) {}
  JsonView root() const { return document.root(); }
  JsonDocument document;
};

template <class Read>
std::string error_of(const Read& read) {
  try {
    read();
  } catch (const JsonError& error) {
    return error.what();
  }
  return "no error";
}

TEST_CASE("json: members of every type are read") {
  const Parsed json(R"({"s":"a\"bé","i":-7,"b":true,"n":null,"f":0.25,"o":{"x":[1,2,3]},)"
                    R"("big":9223372036854775807,"si":"42","sb":"false"})");
  const auto root = json.root();
  CHECK(root.at("s").text() == "a\"b\u00e9");
  CHECK(root.at("i").integer() == -7);
  CHECK(root.at("b").boolean());
  CHECK_FALSE(root.at("sb").boolean());
  CHECK(root.at("si").integer() == 42);
  CHECK(root.at("big").integer() == 9223372036854775807);
  CHECK(root.at("f").number() == 0.25);
  CHECK(root.at("n").is_null());
  CHECK(root.at("o").at("x").size() == 3);
  CHECK(root.has("s"));
  CHECK_FALSE(root.has("n"));
  CHECK_FALSE(root.has("absent"));
  CHECK_FALSE(root.at("i").has("s"));
}

TEST_CASE("json: elements and members come in order, nested ones are stepped over") {
  const Parsed json(R"([{"a":[1,[2]],"b":{}},[],"x",{"c":3}])");
  std::string seen;
  json.root().for_each([&](JsonView element) {
    seen += element.is_object() ? "o" : element.is_array() ? "a" : "s";
    if (!element.is_object()) return;
    element.for_each_member([&](std::string_view name, JsonView value) {
      seen += std::string(name) + "=" + value.raw() + ";";
    });
  });
  CHECK(seen == "oa=[1,[2]];b={};asoc=3;");
}

TEST_CASE("json: decimals are read from the digits, never through a double") {
  const Parsed json(R"({"t":"-:,0.1e5\"","rows":[90000000000.00000001,"0.10",7.0E-4,5,-0.5,)"
                    R"(18446744073709551615,1e2],"more":12345678.12345678})");
  std::vector<JsonView> rows;
  json.root().at("rows").for_each([&](JsonView row) { rows.push_back(row); });
  CHECK(rows[0].decimal().str() == "90000000000.00000001");
  CHECK(rows[1].decimal().str() == "0.1");
  CHECK(rows[2].decimal().str() == "0.0007");
  CHECK(rows[3].decimal().str() == "5");
  CHECK(rows[4].decimal().str() == "-0.5");
  CHECK(rows[6].decimal().str() == "100");
  CHECK(json.root().at("more").decimal().str() == "12345678.12345678");
  CHECK(error_of([&] { rows[5].decimal(); }).starts_with("rows[5]: "));
}

TEST_CASE("json: digits beyond the eighth place need a named rounding") {
  const Parsed json(R"({"a":0.123456789,"b":"0.123456781"})");
  CHECK(error_of([&] { json.root().at("a").decimal(); }).starts_with("a: "));
  CHECK(json.root().at("a").decimal(Rounding::up).str() == "0.12345679");
  CHECK(json.root().at("b").decimal(Rounding::down).str() == "0.12345678");
}

TEST_CASE("json: an error names the path of what is wrong") {
  const Parsed json(
      R"([{"k":1},[],{"filters":[{"tickSize":true,"step":"0.1x","n":null}]},{"":[[]]}])");
  std::vector<JsonView> rows;
  json.root().for_each([&](JsonView row) { rows.push_back(row); });
  std::vector<JsonView> filters;
  rows[2].at("filters").for_each([&](JsonView filter) { filters.push_back(filter); });
  CHECK(error_of([&] { filters[0].at("tickSize").text(); }) ==
        "[2].filters[0].tickSize: expected a string, found a boolean");
  CHECK(error_of([&] { filters[0].at("minQty"); }) == "[2].filters[0]: \"minQty\" is missing");
  CHECK(error_of([&] { filters[0].at("step").decimal(); }).starts_with("[2].filters[0].step: "));
  CHECK(error_of([&] { filters[0].at("n").integer(); }) ==
        "[2].filters[0].n: expected a whole number, found null");
  CHECK(error_of([&] { rows[0].at("k").for_each([](JsonView) {}); }) ==
        "[0].k: expected an array, found a number");
  CHECK(error_of([&] { rows[1].at("x"); }) == "[1]: expected an object with \"x\", found an array");
  CHECK(error_of([&] { json.root().boolean(); }) ==
        "the whole value: expected true or false, found an array");
}

TEST_CASE("json: numbers that are not whole are no integers") {
  const Parsed json(R"([1.5,"1.5","",18446744073709551615,"9223372036854775808",1.0])");
  json.root().for_each([](JsonView row) {
    CHECK(error_of([&] { row.integer(); }).find("whole") != std::string::npos);
  });
  CHECK_FALSE(JsonDocument::parse("[1e400]").has_value());
  CHECK_FALSE(JsonDocument::parse("[123456789012345678901234567890]").has_value());
}

TEST_CASE("json: what is not one JSON value is an error") {
  for (const char* text : {"", " ", "{", "[1,]", "{\"a\":1}x", "{a:1}", "'a'", "nul", "[1] [2]",
                           "\"\x01\"", "\"\xff\"", "<html>"})
    CHECK_FALSE(JsonDocument::parse(text).has_value());
  const auto bad = JsonDocument::parse("{\"a\":");
  REQUIRE_FALSE(bad.has_value());
  CHECK(bad.error().kind == ErrorKind::malformed);
}

TEST_CASE("json: nesting beyond 1024 levels is an error, below it is not") {
  const auto nested = [](std::size_t levels) {
    return std::string(levels, '[') + std::string(levels, ']');
  };
  CHECK_FALSE(JsonDocument::parse(nested(100'000)).has_value());
  const Parsed deep(nested(1000));
  CHECK(deep.root().raw() == nested(1000));
}

TEST_CASE("json: a document can be moved, and others parsed, while a view is in use") {
  auto first = *JsonDocument::parse(R"({"a":"one"})");
  const auto view = first.root().at("a");
  const auto moved = std::move(first);
  const auto second = *JsonDocument::parse(R"({"a":"two"})");
  CHECK(view.text() == "one");
  CHECK(second.root().at("a").text() == "two");
}

TEST_CASE("json writer: an escape is found wherever it stands in a long text") {
  for (const char odd : {'"', '\\', '\n', '\x01', '\x1f'}) {
    for (std::size_t at = 0; at < 24; ++at) {
      std::string text = "币安人生 plain text 123";
      text.insert(std::min(at, text.size()), 1, odd);
      JsonWriter json;
      json.value(text);
      for (const char c : json.str())
        CHECK(static_cast<unsigned char>(c) >= 0x20);
      // Between whole characters only: a byte inside one makes it invalid.
      if (at > 0 && at < 12 && at % 3 != 0) continue;
      const auto document = JsonDocument::parse(json.str());
      REQUIRE(document.has_value());
      CHECK(document->root().text() == text);
    }
  }
}

TEST_CASE("json writer: whatever bytes a text has, what is written can be read") {
  struct Row {
    std::string text, read;
  };
  const std::vector<Row> rows = {{"\u4ed3\u4f4d ok", "\u4ed3\u4f4d ok"},
                                 {"a\xD6\"b", "a\uFFFD\"b"},
                                 {"\xFF\xFE", "\uFFFD\uFFFD"},
                                 {"cut \xE4\xBB", "cut \uFFFD\uFFFD"},
                                 {"\xC0\xAF and \xED\xA0\x80 then \U0001F680",
                                  "\uFFFD\uFFFD and \uFFFD\uFFFD\uFFFD then \U0001F680"}};
  for (const auto& row : rows) {
    CAPTURE(row.read);
    net::JsonWriter writer;
    writer.begin_object().field("t", row.text).end_object();
    const auto parsed = net::JsonDocument::parse(writer.str());
    REQUIRE(parsed.has_value());
    CHECK(parsed->root().at("t").text() == row.read);
  }
}

TEST_CASE("json writer: commas, escapes and numbers") {
  JsonWriter writer;
  writer.begin_object().field("s", "a\"\\\n\x01/é").field("i", std::int64_t{-5});
  writer.field("u", std::size_t{7}).field("b", true).field("d", 0.1).field("nan", 0.0 / 0.0);
  writer.key("a").begin_array().value(1).begin_object().end_object().null().end_array();
  writer.key("r").raw("[1]").field("text", std::string("x")).end_object();
  CHECK(writer.str() ==
        "{\"s\":\"a\\\"\\\\\\n\\u0001/é\",\"i\":-5,\"u\":7,\"b\":true,\"d\":0.1,\"nan\":null,"
        "\"a\":[1,{},null],\"r\":[1],\"text\":\"x\"}");
  const Parsed back(writer.str());
  CHECK(back.root().raw() == writer.str());
}

}  // namespace
}  // namespace bb::net::test
