#include "net/http_connection.h"

#include <array>
#include <cerrno>
#include <exception>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/string_body.hpp>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <sys/socket.h>

#include "base/clock.h"
#include "base/status.h"

namespace slowburn::net {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = boost::beast::http;
using asio::ip::tcp;
using boost::system::error_code;
using std::chrono::milliseconds;
using SteadyTime = std::chrono::steady_clock::time_point;
using Response = http::response<http::string_body>;
using TlsStream = asio::ssl::stream<beast::tcp_stream>;

constexpr uint32_t kHeaderBytesMax = 64 << 10;
constexpr int kInterimMax = 8;  // 100 and 103 before the response itself

std::string_view Std(beast::string_view text) { return {text.data(), text.size()}; }

// Whether the peer has closed the connection since its last answer, or said what nobody asked for.
bool IsStale(beast::tcp_stream& stream, bool is_tls) {
  char byte = 0;
  const ssize_t got = ::recv(stream.socket().native_handle(), &byte, 1, MSG_PEEK | MSG_DONTWAIT);
  if (got < 0) return errno != EAGAIN && errno != EWOULDBLOCK;
  return got == 0 || !is_tls;  // TLS may have sent a session ticket
}

}  // namespace

class HttpConnection::Impl {
 public:
  explicit Impl(Options options) : options_(std::move(options)), label_(options_.address.Text()) {}
  ~Impl() { Close(); }

  absl::Status Connect(SteadyTime deadline);
  absl::StatusOr<HttpResult> Post(const Request& request, SteadyTime deadline);

 private:
  bool is_open() const { return plain_.has_value() || tls_.has_value(); }
  beast::tcp_stream& lowest() { return tls_ ? tls_->next_layer() : *plain_; }

  absl::Status LookUp();
  absl::Status OpenTls(SteadyTime deadline);
  void Close();
  // Runs `work` to its end: a stream's deadline ends what waits for it.
  void Run(asio::awaitable<void> work);

  asio::awaitable<void> Connecting();
  template <typename Stream>
  asio::awaitable<void> Exchange(Stream& stream, std::string_view head, std::string_view body);
  template <typename Stream>
  asio::awaitable<void> Read(Stream& stream);

  absl::Status Failed(std::string_view step);

  const Options options_;
  const std::string label_;
  asio::io_context context_{1};
  std::vector<tcp::endpoint> endpoints_;
  std::optional<beast::tcp_stream> plain_;
  std::optional<TlsStream> tls_;
  beast::flat_buffer buffer_;

  // Of the call that runs.
  error_code error_;
  std::string_view step_;
  Response response_;
};

void HttpConnection::Impl::Run(asio::awaitable<void> work) {
  asio::co_spawn(context_, std::move(work), [this](const std::exception_ptr& thrown) {
    using boost::system::errc::not_enough_memory;
    if (thrown) error_ = make_error_code(not_enough_memory);
  });
  context_.restart();
  context_.run();
}

absl::Status HttpConnection::Impl::Connect(SteadyTime deadline) {
  if (is_open()) {
    const bool is_stale = buffer_.size() > 0 || IsStale(lowest(), tls_.has_value());
    if (!is_stale) return absl::OkStatus();
    Close();
  }
  if (endpoints_.empty()) SB_RETURN_IF_ERROR(LookUp());
  plain_.emplace(context_);
  plain_->expires_at(deadline);
  error_ = {};
  Run(Connecting());
  if (error_) return Failed("connect");
  error_code ignored;
  plain_->socket().set_option(tcp::no_delay(true), ignored);
  return options_.tls == nullptr ? absl::OkStatus() : OpenTls(deadline);
}

absl::Status HttpConnection::Impl::LookUp() {
  tcp::resolver resolver(context_);
  error_code error;
  const auto found =
      resolver.resolve(options_.address.host, std::to_string(options_.address.port), error);
  if (error) return base::Unavailable("{}: look up the name: {}", label_, error.message());
  for (const auto& entry : found) endpoints_.push_back(entry.endpoint());
  return absl::OkStatus();
}

asio::awaitable<void> HttpConnection::Impl::Connecting() {
  co_await plain_->async_connect(endpoints_, asio::redirect_error(asio::use_awaitable, error_));
}

absl::Status HttpConnection::Impl::OpenTls(SteadyTime deadline) {
  // Asio's context gives up the reference that it is made with.
  SSL_CTX_up_ref(options_.tls.get());
  asio::ssl::context context(options_.tls.get());
  tls_.emplace(*std::exchange(plain_, std::nullopt), context);
  SSL* const ssl = tls_->native_handle();
  SSL_set_verify(ssl, SSL_VERIFY_PEER, nullptr);
  const std::string& host = options_.address.host;
  error_code not_literal;
  asio::ip::make_address(host, not_literal);
  if (not_literal) {
    SSL_set_tlsext_host_name(ssl, host.c_str());
    SSL_set1_host(ssl, host.c_str());
  } else {
    X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(ssl), host.c_str());
  }
  lowest().expires_at(deadline);
  Run([](TlsStream& stream, error_code& error) -> asio::awaitable<void> {
    co_await stream.async_handshake(asio::ssl::stream_base::client,
                                    asio::redirect_error(asio::use_awaitable, error));
  }(*tls_, error_));
  if (!error_) return absl::OkStatus();
  const long verified = SSL_get_verify_result(ssl);
  if (verified == X509_V_OK) return Failed("TLS");
  Close();
  return base::Unavailable("{}: its certificate is not trusted: {}", label_,
                           X509_verify_cert_error_string(verified));
}

void HttpConnection::Impl::Close() {
  tls_.reset();
  plain_.reset();
  buffer_.clear();
}

template <typename Stream>
asio::awaitable<void> HttpConnection::Impl::Read(Stream& stream) {
  for (int i = 0; i <= kInterimMax; ++i) {
    http::response_parser<http::string_body> parser;
    parser.header_limit(kHeaderBytesMax);
    parser.body_limit(options_.response_bytes_max);
    co_await http::async_read(stream, buffer_, parser,
                              asio::redirect_error(asio::use_awaitable, error_));
    if (error_) co_return;
    response_ = parser.release();
    if (response_.result_int() >= 200) co_return;
  }
  error_ = http::error::bad_status;
}

template <typename Stream>
asio::awaitable<void> HttpConnection::Impl::Exchange(Stream& stream, std::string_view head,
                                                     std::string_view body) {
  step_ = "send";
  const std::array<asio::const_buffer, 2> parts = {asio::buffer(head.data(), head.size()),
                                                   asio::buffer(body.data(), body.size())};
  error_code send_error;
  co_await asio::async_write(stream, parts, asio::redirect_error(asio::use_awaitable, send_error));
  // A server may refuse a body before it has all of it: its answer is there all the same.
  if (send_error != beast::error::timeout) {
    step_ = "read the answer";
    co_await Read(stream);
  }
  if (send_error && (error_ || send_error == beast::error::timeout)) {
    step_ = "send";
    error_ = send_error;
  } else if (send_error) {
    response_.keep_alive(false);  // the rest of the body was never sent
  }
}

absl::StatusOr<HttpResult> HttpConnection::Impl::Post(const Request& request, SteadyTime deadline) {
  SB_RETURN_IF_ERROR(Connect(deadline));
  const std::string head = fmt::format(
      "POST {} HTTP/1.1\r\nHost: {}\r\nUser-Agent: slowburn\r\n{}Content-Length: {}\r\n\r\n",
      request.target, label_, request.headers, request.body.size());
  lowest().expires_at(deadline);
  error_ = {};
  Run(tls_ ? Exchange(*tls_, head, request.body) : Exchange(*plain_, head, request.body));
  if (error_) return Failed(step_);
  lowest().expires_never();
  HttpResult result;
  result.status = static_cast<int>(response_.result_int());
  for (const auto& field : response_) {
    result.headers.push_back(
        {std::string(Std(field.name_string())), std::string(Std(field.value()))});
  }
  const bool stays_open = response_.keep_alive();
  result.body = std::move(response_.body());
  if (!stays_open) Close();
  return result;
}

absl::Status HttpConnection::Impl::Failed(std::string_view step) {
  const error_code error = error_;
  Close();
  if (error == beast::error::timeout) {
    return absl::DeadlineExceededError(fmt::format("{}: {}: not done in time", label_, step));
  }
  if (error == http::error::body_limit || error == http::error::header_limit ||
      error == http::error::buffer_overflow) {
    return absl::ResourceExhaustedError(fmt::format("{}: the response is larger than {} bytes",
                                                    label_, options_.response_bytes_max));
  }
  return base::Unavailable("{}: {}: {}", label_, step, error.message());
}

HttpConnection::HttpConnection(Options options)
    : impl_(std::make_unique<Impl>(std::move(options))) {}
HttpConnection::~HttpConnection() = default;

absl::Status HttpConnection::Connect(milliseconds timeout) {
  return impl_->Connect(base::SystemClock().Monotonic() + timeout);
}

absl::StatusOr<HttpResult> HttpConnection::Post(const Request& request, milliseconds timeout) {
  return impl_->Post(request, base::SystemClock().Monotonic() + timeout);
}

}  // namespace slowburn::net
