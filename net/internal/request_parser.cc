#include "net/internal/request_parser.h"

#include <algorithm>

#include <boost/asio/buffer.hpp>
#include <boost/beast/core/string.hpp>
#include <boost/beast/http/basic_parser.hpp>
#include <boost/beast/http/error.hpp>
#include <fmt/format.h>

namespace slowburn::net::internal {
namespace {

namespace beast = boost::beast;
namespace http = boost::beast::http;
using beast::error_code;

std::string_view Std(beast::string_view text) { return {text.data(), text.size()}; }

// The path, which may be empty, and the query of a request target, nothing for a form that only
// proxies get. RFC 9112, section 3.2: a server takes "http://host/path" too.
std::optional<std::string_view> PathAndQuery(std::string_view target) {
  if (target.starts_with('/')) return target;
  for (const std::string_view scheme : {"http://", "https://"}) {
    const std::string_view begin = target.substr(0, scheme.size());
    if (!beast::iequals({begin.data(), begin.size()}, {scheme.data(), scheme.size()})) continue;
    const std::string_view rest = target.substr(scheme.size());
    const size_t host_bytes = std::min(rest.find_first_of("/?"), rest.size());
    if (host_bytes == 0) return std::nullopt;
    return rest.substr(host_bytes);
  }
  return std::nullopt;
}

}  // namespace

// Beast's grammar, writing straight into our own request: no field map in between.
class RequestParser::Impl final : public http::basic_parser<true> {
 public:
  explicit Impl(size_t header_bytes_max) {
    header_limit(static_cast<uint32_t>(header_bytes_max));
    body_limit(boost::none);
    request_.path = std::string("/");  // Until the request line is there.
  }

  // What Beast accepts and we do not; "" where all is well.
  std::string Refusal() const {
    if (hosts_ > 1 || (hosts_ == 0 && is_http_1_1_)) return "it needs exactly one Host field";
    if (content_lengths_ > 1) return "Content-Length is given twice";
    if (transfer_encodings_ > 0 && !(chunked() && is_http_1_1_ && only_chunked_)) {
      return "the only transfer coding here is chunked, with HTTP/1.1";
    }
    return {};
  }

  HttpRequest request_;
  std::string raw_path_;
  std::string error_;
  size_t header_bytes_ = 0;
  bool is_http_1_1_ = false;

 private:
  void on_request_impl(http::verb, beast::string_view method, beast::string_view target,
                       int version, error_code& ec) override {
    is_http_1_1_ = version == 11;
    request_.method = Std(method);
    const std::optional<std::string_view> asked = PathAndQuery(Std(target));
    if (!asked) {
      ec = http::error::bad_target;
      return;
    }
    const size_t question = asked->find('?');
    raw_path_ = asked->substr(0, question);
    if (raw_path_.empty()) raw_path_ = "/";
    request_.path = PercentDecode(raw_path_);
    if (question != std::string_view::npos) request_.query = asked->substr(question + 1);
  }

  void on_field_impl(http::field name, beast::string_view name_text, beast::string_view value,
                     error_code&) override {
    if (in_body_) return;  // A trailer: nothing we act on may come so late.
    if (name == http::field::host) ++hosts_;
    if (name == http::field::content_length) {
      content_lengths_ += value.find(',') == beast::string_view::npos ? 1 : 2;
    }
    if (name == http::field::transfer_encoding) {
      ++transfer_encodings_;
      only_chunked_ = transfer_encodings_ == 1 && beast::iequals(value, "chunked");
    }
    request_.headers.push_back({std::string(Std(name_text)), std::string(Std(value))});
  }

  void on_header_impl(error_code&) override { in_body_ = true; }
  void on_body_init_impl(const boost::optional<uint64_t>&, error_code&) override {}
  size_t on_body_impl(beast::string_view body, error_code&) override { return Append(body); }
  void on_chunk_header_impl(uint64_t, beast::string_view, error_code&) override {}
  size_t on_chunk_body_impl(uint64_t, beast::string_view body, error_code&) override {
    return Append(body);
  }
  void on_finish_impl(error_code&) override {}
  void on_response_impl(int, beast::string_view, int, error_code&) override {}

  size_t Append(beast::string_view body) {
    request_.body.append(body.data(), body.size());
    return body.size();
  }

  bool in_body_ = false;
  bool only_chunked_ = false;
  int hosts_ = 0;
  int content_lengths_ = 0;
  int transfer_encodings_ = 0;
};

RequestParser::RequestParser(size_t header_bytes_max) : header_bytes_max_(header_bytes_max) {
  Begin();
}
RequestParser::~RequestParser() = default;

void RequestParser::Begin() { impl_ = std::make_unique<Impl>(header_bytes_max_); }

RequestParser::Progress RequestParser::PutHeader(std::string_view bytes) {
  error_code ec;
  const size_t used = impl_->put(boost::asio::buffer(bytes.data(), bytes.size()), ec);
  impl_->header_bytes_ += used;
  if (ec == http::error::need_more) {
    const bool full = impl_->header_bytes_ + bytes.size() - used >= header_bytes_max_;
    return {full ? State::kHeaderTooLarge : State::kNeedMore, used};
  }
  if (ec == http::error::header_limit) return {State::kHeaderTooLarge, used};
  if (ec) {
    impl_->error_ = ec.message();
    return {State::kBroken, used};
  }
  if (impl_->header_bytes_ > header_bytes_max_) return {State::kHeaderTooLarge, used};
  impl_->error_ = impl_->Refusal();
  return {impl_->error_.empty() ? State::kDone : State::kBroken, used};
}

void RequestParser::SetBodyMax(size_t bytes_max) {
  impl_->eager(true);
  impl_->body_limit(bytes_max);
}

RequestParser::Progress RequestParser::PutChunked(std::string_view bytes) {
  error_code ec;
  const size_t used = impl_->put(boost::asio::buffer(bytes.data(), bytes.size()), ec);
  if (ec == http::error::need_more) return {State::kNeedMore, used};
  if (ec == http::error::body_limit) return {State::kBodyTooLarge, used};
  if (ec) {
    impl_->error_ = ec.message();
    return {State::kBroken, used};
  }
  return {impl_->is_done() ? State::kDone : State::kNeedMore, used};
}

HttpRequest& RequestParser::request() { return impl_->request_; }
const HttpRequest& RequestParser::request() const { return impl_->request_; }
std::string_view RequestParser::raw_path() const { return impl_->raw_path_; }
bool RequestParser::keep_alive() const { return impl_->keep_alive(); }
bool RequestParser::is_http_1_1() const { return impl_->is_http_1_1_; }
bool RequestParser::chunked() const { return impl_->chunked(); }
uint64_t RequestParser::content_length() const { return impl_->content_length().value_or(0); }
const std::string& RequestParser::error() const { return impl_->error_; }

}  // namespace slowburn::net::internal
