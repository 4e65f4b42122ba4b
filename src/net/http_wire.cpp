#include "net/http_wire.h"

#include <algorithm>
#include <boost/beast/http/basic_parser.hpp>
#include <boost/beast/http/error.hpp>
#include <boost/beast/http/status.hpp>
#include <boost/beast/http/verb.hpp>
#include <optional>
#include <utility>

namespace bb::net {

namespace beast = boost::beast;
namespace http = boost::beast::http;

namespace {

// A body of announced length gets its memory at once, but a lie about the length does not.
constexpr std::uint64_t kReserveLimit = 1u << 20;

std::optional<Method> method_of(http::verb verb) {
  if (verb == http::verb::get) return Method::get;
  if (verb == http::verb::post) return Method::post;
  if (verb == http::verb::put) return Method::put;
  if (verb == http::verb::delete_) return Method::del;
  return std::nullopt;
}

WireFault fault_of(beast::error_code error, bool method_known) {
  if (!method_known) return WireFault::method_unknown;
  if (error == http::error::header_limit) return WireFault::header_too_large;
  if (error == http::error::body_limit) return WireFault::body_too_large;
  return WireFault::malformed;
}

}  // namespace

struct HttpParser::Impl {
  virtual ~Impl() = default;
  virtual std::expected<std::size_t, WireFault> feed(std::string_view bytes) = 0;
  virtual bool end() = 0;
  virtual bool done() const = 0;
  virtual bool keeps_alive() const = 0;

  bool started = false;
  bool head_done = false;
  std::optional<Method> method;
  std::string target;
  int status = 0;
  Headers headers;
  std::string body;
};

namespace {

template <bool isRequest>
class Parser final : public HttpParser::Impl, private http::basic_parser<isRequest> {
  using Base = http::basic_parser<isRequest>;
  using Code = beast::error_code;
  using Text = beast::string_view;

 public:
  Parser(HttpParser::Limits limits, bool skip_body) {
    Base::eager(true);
    Base::skip(skip_body);
    Base::header_limit(static_cast<std::uint32_t>(limits.header_bytes));
    Base::body_limit(limits.body_bytes);
    if (isRequest) method = Method::get;
  }

  std::expected<std::size_t, WireFault> feed(std::string_view bytes) override {
    std::size_t eaten = 0;
    while (eaten < bytes.size() && !Base::is_done()) {
      Code error;
      const auto count =
          Base::put(boost::asio::buffer(bytes.data() + eaten, bytes.size() - eaten), error);
      eaten += count;
      started = true;
      if (error == http::error::need_more) break;
      if (error) return std::unexpected(fault_of(error, !isRequest || method.has_value()));
      if (count == 0) break;
    }
    return eaten;
  }

  bool end() override {
    if (!started || Base::is_done()) return Base::is_done();
    Code error;
    Base::put_eof(error);
    return !error && Base::is_done();
  }

  bool done() const override { return Base::is_done(); }
  bool keeps_alive() const override { return Base::keep_alive() && !Base::need_eof(); }

 private:
  void on_request_impl(http::verb verb, Text, Text path, int, Code& error) override {
    method = method_of(verb);
    if (!method) error = http::error::bad_method;
    target = path;
  }
  void on_response_impl(int code, Text, int, Code&) override { status = code; }
  void on_field_impl(http::field, Text name, Text value, Code&) override {
    headers.emplace_back(name, value);
  }
  void on_header_impl(Code&) override { head_done = true; }
  void on_body_init_impl(const boost::optional<std::uint64_t>& length, Code&) override {
    if (length) body.reserve(static_cast<std::size_t>(std::min(*length, kReserveLimit)));
  }
  std::size_t on_body_impl(Text bytes, Code&) override {
    body.append(bytes.data(), bytes.size());
    return bytes.size();
  }
  void on_chunk_header_impl(std::uint64_t, Text, Code&) override {}
  std::size_t on_chunk_body_impl(std::uint64_t, Text bytes, Code&) override {
    body.append(bytes.data(), bytes.size());
    return bytes.size();
  }
  void on_finish_impl(Code&) override {}
};

std::unique_ptr<HttpParser::Impl> make_parser(HttpParser::Kind kind, HttpParser::Limits limits) {
  if (kind == HttpParser::Kind::request) return std::make_unique<Parser<true>>(limits, false);
  return std::make_unique<Parser<false>>(limits, kind == HttpParser::Kind::response_without_body);
}

}  // namespace

HttpParser::HttpParser(Kind kind, Limits limits) : impl_(make_parser(kind, limits)) {}
HttpParser::~HttpParser() = default;

std::expected<std::size_t, WireFault> HttpParser::feed(std::string_view bytes) {
  return impl_->feed(bytes);
}
bool HttpParser::end() { return impl_->end(); }
bool HttpParser::done() const { return impl_->done(); }
bool HttpParser::started() const { return impl_->started; }
bool HttpParser::head_done() const { return impl_->head_done; }
int HttpParser::status() const { return impl_->status; }
std::string HttpParser::take_body() { return std::exchange(impl_->body, {}); }
bool HttpParser::keeps_alive() const { return impl_->keeps_alive(); }

HttpRequest HttpParser::take_request() {
  return {*impl_->method, std::move(impl_->target), std::move(impl_->headers),
          std::move(impl_->body)};
}

HttpResponse HttpParser::take_response() {
  return {impl_->status, std::move(impl_->headers), std::move(impl_->body)};
}

std::string_view reason_phrase(int status) {
  const auto phrase = http::obsolete_reason(http::int_to_status(static_cast<unsigned>(status)));
  return {phrase.data(), phrase.size()};
}

}  // namespace bb::net
