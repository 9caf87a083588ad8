#include "net/http_client.h"

#include <algorithm>
#include <cstring>
#include <exception>
#include <future>
#include <memory>
#include <optional>
#include <system_error>
#include <thread>
#include <utility>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/connect.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/string_body.hpp>
#include <boost/beast/http/write.hpp>
#include <netdb.h>

#include "base/clock.h"
#include "base/status.h"
#include "net/content_coding.h"
#include "net/host_port.h"
#include "net/internal/tls_client.h"

namespace slowburn::net {
namespace {

namespace asio = boost::asio;
namespace http = boost::beast::http;
using asio::ip::tcp;
using boost::system::error_code;
using SteadyTime = std::chrono::steady_clock::time_point;
using Endpoints = std::vector<tcp::endpoint>;
using Response = http::response<http::string_body>;

constexpr uint32_t kHeaderBytesMax = 64 << 10;
constexpr int kInterimMax = 8;  // 100 and 103 before the response itself

std::string_view Std(boost::beast::string_view text) { return {text.data(), text.size()}; }

std::string Label(const HttpCall& call) { return fmt::format("{} {}", call.method, call.url); }

bool IsToken(std::string_view text) {
  constexpr std::string_view kOthers = "!#$%&'*+-.^_`|~";
  return !text.empty() && std::ranges::all_of(text, [&](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
           kOthers.find(c) != std::string_view::npos;
  });
}

// A line break would add a field of its own.
bool IsFieldValue(std::string_view text) {
  return std::ranges::none_of(text, [](char c) { return c == '\r' || c == '\n' || c == '\0'; });
}

absl::StatusOr<Url> CheckCall(const HttpCall& call) {
  SB_ASSIGN_OR_RETURN(Url url, ParseUrl(call.url));
  if (!IsToken(call.method)) {
    return base::InvalidArgument("{}: \"{}\" is not a method; write one like POST", call.url,
                                 call.method);
  }
  for (const HttpHeader& header : call.headers) {
    if (IsToken(header.name) && IsFieldValue(header.value)) continue;
    return base::InvalidArgument(
        "{}: header \"{}\" has a character that no header may have; remove it", Label(call),
        header.name);
  }
  if (!IsFieldValue(call.content_type)) {
    return base::InvalidArgument("{}: the content type has a line break; remove it", Label(call));
  }
  return url;
}

http::request<http::string_body> BuildRequest(const HttpCall& call, const Url& url) {
  http::request<http::string_body> request;
  request.version(11);
  request.method_string(call.method);
  request.target(url.path);
  const bool default_port = url.address.port == (url.tls ? 443 : 80);
  const std::string host = url.address.Text();
  request.set(http::field::host, default_port ? host.substr(0, host.rfind(':')) : host);
  request.set(http::field::user_agent, "slowburn");
  request.set(http::field::connection, "close");
  if (!call.content_type.empty() && !call.body.empty()) {
    request.set(http::field::content_type, call.content_type);
  }
  for (const HttpHeader& header : call.headers) request.set(header.name, header.value);
  request.body() = call.body;
  if (!call.body.empty() || call.method == "POST" || call.method == "PUT") {
    request.content_length(call.body.size());
  }
  return request;
}

struct Lookup {
  Endpoints endpoints;
  std::string error;
};

Lookup LookUp(const HostPort& address) {
  Lookup lookup;
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_NUMERICSERV;
  addrinfo* found = nullptr;
  const int failed =
      getaddrinfo(address.host.c_str(), std::to_string(address.port).c_str(), &hints, &found);
  if (failed != 0) {
    lookup.error = gai_strerror(failed);
    return lookup;
  }
  const std::unique_ptr<addrinfo, void (*)(addrinfo*)> owner(found, freeaddrinfo);
  for (const addrinfo* entry = found; entry != nullptr; entry = entry->ai_next) {
    tcp::endpoint endpoint;
    if (entry->ai_addrlen > endpoint.capacity()) continue;
    std::memcpy(endpoint.data(), entry->ai_addr, entry->ai_addrlen);
    endpoint.resize(entry->ai_addrlen);
    lookup.endpoints.push_back(endpoint);
  }
  return lookup;
}

// Nothing once `deadline` has passed. A lookup cannot be broken off, so a name gets a thread of its
// own that is left to itself then; it holds nothing but copies.
std::optional<Lookup> LookUpUntil(const HostPort& address, SteadyTime deadline) {
  error_code not_literal;
  const auto literal = asio::ip::make_address(address.host, not_literal);
  if (!not_literal) return Lookup{{tcp::endpoint(literal, address.port)}, ""};
  std::packaged_task<Lookup()> task([address] { return LookUp(address); });
  std::future<Lookup> lookup = task.get_future();
  try {
    std::thread(std::move(task)).detach();
  } catch (const std::system_error& error) {
    return Lookup{{}, error.what()};
  }
  if (lookup.wait_until(deadline) != std::future_status::ready) return std::nullopt;
  return lookup.get();
}

// One try, until the deadline takes the event loop away from it.
struct Exchange {
  explicit Exchange(asio::io_context& context) : socket(context) {}

  tcp::socket socket;
  std::optional<asio::ssl::stream<tcp::socket&>> tls;
  boost::beast::flat_buffer buffer;
  Response response;
  std::string_view step = "connect";
  error_code error;
  bool done = false;
};

template <typename Stream>
asio::awaitable<void> ReadResponse(const HttpCall& call, Stream& stream, Exchange& exchange) {
  for (int i = 0; i <= kInterimMax; ++i) {
    http::response_parser<http::string_body> parser;
    parser.header_limit(kHeaderBytesMax);
    parser.body_limit(call.response_bytes_max);
    parser.skip(call.method == "HEAD");
    co_await http::async_read(stream, exchange.buffer, parser,
                              asio::redirect_error(asio::use_awaitable, exchange.error));
    if (exchange.error) co_return;
    exchange.response = parser.release();
    if (exchange.response.result_int() >= 200) co_return;
  }
  exchange.error = http::error::bad_status;
}

template <typename Stream>
asio::awaitable<void> Converse(const HttpCall& call,
                               const http::request<http::string_body>& request, Stream& stream,
                               Exchange& exchange) {
  exchange.step = "send";
  error_code send_error;
  co_await http::async_write(stream, request,
                             asio::redirect_error(asio::use_awaitable, send_error));
  // A server may refuse a body before it has all of it: its answer is there all the same.
  exchange.step = "read the response";
  co_await ReadResponse(call, stream, exchange);
  if (exchange.error && send_error) {
    exchange.step = "send";
    exchange.error = send_error;
  }
}

asio::awaitable<void> Run(const HttpCall& call, const http::request<http::string_body>& request,
                          const Endpoints& endpoints, Exchange& exchange) {
  co_await asio::async_connect(exchange.socket, endpoints,
                               asio::redirect_error(asio::use_awaitable, exchange.error));
  if (exchange.error) co_return;
  error_code ignored;
  exchange.socket.set_option(tcp::no_delay(true), ignored);
  if (!exchange.tls) {
    co_await Converse(call, request, exchange.socket, exchange);
    co_return;
  }
  exchange.step = "TLS handshake";
  co_await exchange.tls->async_handshake(asio::ssl::stream_base::client,
                                         asio::redirect_error(asio::use_awaitable, exchange.error));
  if (!exchange.error) co_await Converse(call, request, *exchange.tls, exchange);
}

absl::Status TooLarge(const HttpCall& call) {
  return absl::ResourceExhaustedError(fmt::format("{}: the response is larger than {} bytes",
                                                  Label(call), call.response_bytes_max));
}

absl::Status ExchangeError(const HttpCall& call, const std::string& host, Exchange& exchange) {
  if (exchange.error == http::error::body_limit || exchange.error == http::error::header_limit ||
      exchange.error == http::error::buffer_overflow) {
    return TooLarge(call);
  }
  const std::string why =
      exchange.tls ? internal::TlsTrouble(*exchange.tls->native_handle(), exchange.error, host)
                   : exchange.error.message();
  return base::Unavailable("{}: {}: {}", Label(call), exchange.step, why);
}

absl::Status LateError(const HttpCall& call) {
  return absl::DeadlineExceededError(
      fmt::format("{}: no answer within {} ms", Label(call), call.timeout.count()));
}

// `result` with its body as it was before the server compressed it.
absl::Status Decompress(const HttpCall& call, HttpResult& result) {
  const std::optional<ContentCoding> coding =
      ParseContentCoding(FindHeader(result.headers, "Content-Encoding"));
  if (!coding || *coding == ContentCoding::kIdentity || result.body.empty()) {
    return absl::OkStatus();
  }
  base::MemoryLease bounded_by_the_limit;
  std::string content;
  const absl::Status status = DecodeContent(
      *coding, result.body, {.bytes_max = call.response_bytes_max}, bounded_by_the_limit, content);
  if (absl::IsResourceExhausted(status)) return TooLarge(call);
  if (!status.ok()) {
    return base::Unavailable("{}: the response is not the {} that it is said to be", Label(call),
                             ContentCodingName(*coding));
  }
  result.body = std::move(content);
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<HttpResult> Call(const HttpCall& call) {
  SB_ASSIGN_OR_RETURN(const Url url, CheckCall(call));
  const SteadyTime deadline = base::SystemClock().Monotonic() + call.timeout;
  internal::OpensslOwned<SSL> ssl;
  if (url.tls) {
    auto made = internal::NewTlsClient(call.tls, url.address.host);
    if (!made.ok()) return base::Annotate(made.status(), Label(call));
    ssl = *std::move(made);
  }
  const std::optional<Lookup> lookup = LookUpUntil(url.address, deadline);
  if (!lookup) return LateError(call);
  if (lookup->endpoints.empty()) {
    return base::Unavailable("{}: look up {}: {}", Label(call), url.address.host, lookup->error);
  }
  const http::request<http::string_body> request = BuildRequest(call, url);
  asio::io_context context(1);
  Exchange exchange(context);
  if (ssl != nullptr) exchange.tls.emplace(exchange.socket, ssl.release());
  asio::co_spawn(context, Run(call, request, lookup->endpoints, exchange),
                 [&exchange](const std::exception_ptr& thrown) {
                   using boost::system::errc::not_enough_memory;
                   if (thrown) exchange.error = make_error_code(not_enough_memory);
                   exchange.done = true;
                 });
  context.run_until(deadline);
  if (!exchange.done) {
    error_code ignored;
    exchange.socket.close(ignored);
    context.restart();
    context.run();  // What was under way ends with an error.
    return LateError(call);
  }
  if (exchange.error) return ExchangeError(call, url.address.host, exchange);

  HttpResult result;
  result.status = static_cast<int>(exchange.response.result_int());
  for (const auto& field : exchange.response) {
    result.headers.push_back(
        {std::string(Std(field.name_string())), std::string(Std(field.value()))});
  }
  result.body = std::move(exchange.response.body());
  SB_RETURN_IF_ERROR(Decompress(call, result));
  return result;
}

}  // namespace slowburn::net
