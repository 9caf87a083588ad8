#include "net/internal/http_session.h"

#include <algorithm>
#include <array>
#include <exception>
#include <utility>

#include <boost/asio/buffer.hpp>
#include <boost/asio/dispatch.hpp>
#include <fmt/format.h>

#include "base/clock.h"
#include "base/logging.h"
#include "net/internal/response_head.h"

namespace slowburn::net::internal {
namespace {

constexpr size_t kHeaderRead = 8 << 10;
// One step of progress for the body and write timeouts, and the first room for a body.
constexpr size_t kBodyStep = 64 << 10;
// A Content-Length is believed this far before its bytes are there.
constexpr uint64_t kBodyReserveMax = 1 << 20;
// What a peer may still send after a refusal, so that a reset does not overtake our answer.
constexpr std::chrono::seconds kLingerTime{2};
constexpr std::string_view kContinue = "HTTP/1.1 100 Continue\r\n\r\n";

bool EqualsFolded(std::string_view text, std::string_view lower) {
  return std::ranges::equal(text, lower, [](char a, char b) {
    return (a >= 'A' && a <= 'Z' ? static_cast<char>(a - 'A' + 'a') : a) == b;
  });
}

// The Reply of one request. Dropped uncalled, it says so.
class PendingReply {
 public:
  PendingReply(std::shared_ptr<Worker> worker, std::shared_ptr<Session> session, uint64_t number)
      : worker_(std::move(worker)), session_(std::move(session)), number_(number) {}
  PendingReply(PendingReply&&) noexcept = default;
  PendingReply& operator=(PendingReply&&) = delete;
  ~PendingReply() {
    if (session_ != nullptr) Send(std::nullopt);
  }

  void operator()(HttpResponse response) && { Send(std::move(response)); }

 private:
  void Send(std::optional<HttpResponse> response) {
    asio::dispatch(worker_->context, [session = std::move(session_), number = number_,
                                      response = std::move(response)]() mutable {
      session->Answer(number, std::move(response));
    });
  }

  // Not inside the posted function: a loop must not own itself.
  std::shared_ptr<Worker> worker_;
  std::shared_ptr<Session> session_;
  uint64_t number_;
};

}  // namespace

void OpenCount::Add() {
  const std::lock_guard lock(mutex_);
  ++open_;
}

void OpenCount::Remove() {
  const std::lock_guard lock(mutex_);
  if (--open_ == 0) none_.notify_all();
}

size_t OpenCount::now() const {
  const std::lock_guard lock(mutex_);
  return open_;
}

bool OpenCount::WaitForNone(std::chrono::milliseconds timeout) {
  std::unique_lock lock(mutex_);
  return none_.wait_for(lock, timeout, [this] { return open_ == 0; });
}

// Entered at its worker and counted, while in scope.
class Session::Presence {
 public:
  explicit Presence(Session& session) : session_(session) {
    session_.worker_.Enter(session_);
    session_.shared_.metrics.connections.Increment();
  }
  ~Presence() {
    error_code ignored;
    session_.socket_.shutdown(asio::socket_base::shutdown_both, ignored);
    session_.socket_.close(ignored);
    session_.worker_.Leave(session_);
    session_.shared_.metrics.connections.Decrement();
    session_.shared_.open.Remove();
  }
  Presence(const Presence&) = delete;
  Presence& operator=(const Presence&) = delete;

 private:
  Session& session_;
};

Session::Session(Worker& worker, SessionShared& shared, Socket socket, std::string peer)
    : worker_(worker),
      shared_(shared),
      socket_(std::move(socket)),
      peer_(std::move(peer)),
      answered_(socket_.get_executor(), SteadyTime::max()),
      parser_(shared.options.header_bytes_max) {}

Awaitable<void> Session::Run(std::shared_ptr<Session> session) {
  const Presence presence(*session);
  bool open = !session->worker_.aborted();
  while (open) open = co_await session->ServeOne();
}

void Session::Expire(SteadyTime now) {
  if (now < deadline_) return;
  expired_ = true;
  error_code ignored;
  socket_.cancel(ignored);
}

void Session::CloseIfIdle() {
  if (phase_ == Phase::kIdle) Abort();
}

void Session::Abort() {
  aborted_ = true;
  error_code ignored;
  socket_.close(ignored);
  answered_.cancel();
}

void Session::Answer(uint64_t number, std::optional<HttpResponse> response) {
  if (number != number_ || is_answered_) return;
  is_answered_ = true;
  response_ = std::move(response);
  answered_.cancel();
}

Awaitable<bool> Session::ServeOne() {
  const Reading header = co_await ReadHeader();
  if (header == Reading::kGone) co_return false;
  const HttpRequest& request = parser_.request();
  is_head_ = request.method == "HEAD";
  if (header != Reading::kDone) {
    co_return co_await Refuse(RefusalOf(header, 0), true);
  }
  keep_alive_ = parser_.keep_alive();
  RouteTable::Match match = shared_.routes.Find(request.method, parser_.raw_path());
  std::optional<Refusal> refusal = CheckHeader(match);
  if (refusal) {
    co_return co_await Refuse(*std::move(refusal), parser_.has_body());
  }
  const Reading body = co_await ReadBody(match.route->body_bytes_max);
  if (body == Reading::kGone) co_return false;
  if (body != Reading::kDone) {
    co_return co_await Refuse(RefusalOf(body, match.route->body_bytes_max), true);
  }
  co_return co_await Handle(std::move(match));
}

Awaitable<bool> Session::Handle(RouteTable::Match match) {
  phase_ = Phase::kHandling;
  deadline_ = SteadyTime::max();
  ++number_;
  is_answered_ = false;
  response_.reset();
  parser_.request().path_parameters = std::move(match.path_parameters);
  CallHandler(match);
  while (!is_answered_ && !aborted_) {
    error_code cancelled;
    co_await answered_.async_wait(asio::redirect_error(kAwait, cancelled));
  }
  if (aborted_) co_return false;
  if (!response_) response_ = Error(503, "the request was given up; try again later");
  if (response_->status < 200 || response_->status > 599) {
    CountHandlerError(fmt::format("status {}", response_->status));
    response_ = Error(500, "internal error; see the log of the server");
  }
  const bool written = co_await Write(*std::move(response_));
  co_return written&& keep_alive_;
}

Awaitable<bool> Session::Refuse(Refusal refusal, bool unread) {
  if (unread) keep_alive_ = false;
  parser_.request().peer = peer_;
  asked_ = std::move(parser_.request());
  HttpResponse response = Error(refusal.status, refusal.message);
  if (!refusal.allow.empty()) response.headers.push_back({"Allow", std::move(refusal.allow)});
  const bool written = co_await Write(std::move(response));
  if (written && unread) co_await Linger();
  co_return written&& keep_alive_;
}

Awaitable<bool> Session::Write(HttpResponse response) {
  if (shared_.stopping) keep_alive_ = false;
  ConnectionField connection = ConnectionField::kNone;
  if (!keep_alive_) connection = ConnectionField::kClose;
  if (keep_alive_ && !parser_.is_http_1_1()) connection = ConnectionField::kKeepAlive;
  const std::string head = ResponseHead(response, worker_.Date(), connection);
  const bool with_body = !is_head_ && StatusHasBody(response.status);
  std::array<asio::const_buffer, 2> left{
      asio::buffer(head), asio::buffer(response.body.data(), with_body ? response.body.size() : 0)};
  shared_.metrics.CountResponse(response.status);
  Enter(Phase::kWriting, shared_.options.write_timeout);
  while (asio::buffer_size(left) > 0) {
    if (aborted_ || expired_) co_return false;
    error_code error;
    const size_t bytes =
        co_await socket_.async_write_some(left, asio::redirect_error(kAwait, error));
    if (error) co_return false;
    const size_t of_head = std::min(bytes, left[0].size());
    left[0] += of_head;
    left[1] += bytes - of_head;
    CountProgress(bytes, shared_.options.write_timeout);
  }
  co_return true;
}

Awaitable<Session::Reading> Session::ReadHeader() {
  parser_.Begin();
  keep_alive_ = false;
  buffer_.ShrinkTo(kHeaderRead);
  Enter(Phase::kIdle, shared_.options.idle_timeout);
  if (shared_.stopping && buffer_.empty()) co_return Reading::kGone;
  for (;;) {
    if (!buffer_.empty()) {
      if (phase_ == Phase::kIdle) Enter(Phase::kHeader, shared_.options.header_timeout);
      const RequestParser::Progress progress = parser_.PutHeader(buffer_.View());
      buffer_.Consume(progress.used);
      if (progress.state == RequestParser::State::kDone) co_return Reading::kDone;
      if (progress.state == RequestParser::State::kBroken) co_return Reading::kBroken;
      if (progress.state == RequestParser::State::kHeaderTooLarge) {
        co_return Reading::kHeaderTooLarge;
      }
    }
    const std::span<char> room = buffer_.Prepare(kHeaderRead);
    const size_t bytes = co_await ReadSome(room.data(), kHeaderRead);
    if (bytes == 0) co_return phase_ == Phase::kIdle ? Reading::kGone : FailedRead();
    buffer_.Commit(bytes);
  }
}

Awaitable<Session::Reading> Session::ReadBody(size_t bytes_max) {
  if (!parser_.has_body()) co_return Reading::kDone;
  Enter(Phase::kBody, shared_.options.body_timeout);
  const bool waits = parser_.is_http_1_1() && !parser_.request().Header("Expect").empty();
  if (waits && buffer_.empty()) {
    error_code error;
    const size_t bytes = co_await socket_.async_write_some(
        asio::buffer(kContinue.data(), kContinue.size()), asio::redirect_error(kAwait, error));
    if (error || bytes < kContinue.size()) co_return Reading::kGone;
  }
  if (parser_.chunked()) co_return co_await ReadChunked(bytes_max);
  co_return co_await ReadSized(parser_.content_length());
}

Awaitable<Session::Reading> Session::ReadSized(uint64_t length) {
  std::string& body = parser_.request().body;
  body.reserve(std::min(length, kBodyReserveMax));
  body = buffer_.View().substr(0, length);
  buffer_.Consume(body.size());
  size_t have = body.size();
  while (have < length) {
    // Straight into the string, in steps that double: few reads for who sends, little memory for
    // who only promises.
    if (have == body.size()) {
      body.resize(std::min<uint64_t>(length, std::max(2 * have, kBodyStep)));
    }
    const size_t bytes = co_await ReadSome(body.data() + have, body.size() - have);
    if (bytes == 0) {
      body.resize(have);
      co_return FailedRead();
    }
    have += bytes;
    CountProgress(bytes, shared_.options.body_timeout);
  }
  co_return Reading::kDone;
}

Awaitable<Session::Reading> Session::ReadChunked(size_t bytes_max) {
  parser_.SetBodyMax(bytes_max);
  for (;;) {
    const RequestParser::Progress progress = parser_.PutChunked(buffer_.View());
    buffer_.Consume(progress.used);
    if (progress.state == RequestParser::State::kDone) co_return Reading::kDone;
    if (progress.state == RequestParser::State::kBodyTooLarge) co_return Reading::kBodyTooLarge;
    if (progress.state == RequestParser::State::kBroken) co_return Reading::kBroken;
    // What stays unused is part of a chunk's header or of the trailer.
    if (buffer_.size() >= shared_.options.header_bytes_max) co_return Reading::kHeaderTooLarge;
    const std::span<char> room = buffer_.Prepare(kBodyStep);
    const size_t bytes = co_await ReadSome(room.data(), room.size());
    if (bytes == 0) co_return FailedRead();
    buffer_.Commit(bytes);
    CountProgress(bytes, shared_.options.body_timeout);
  }
}

Awaitable<size_t> Session::ReadSome(char* into, size_t bytes) {
  if (aborted_ || expired_) co_return 0;
  error_code error;
  const size_t got = co_await socket_.async_read_some(asio::buffer(into, bytes),
                                                      asio::redirect_error(kAwait, error));
  shared_.metrics.request_bytes.Increment(static_cast<double>(got));
  co_return error ? 0 : got;
}

Awaitable<void> Session::Linger() {
  Enter(Phase::kLingering, kLingerTime);
  error_code error;
  socket_.shutdown(asio::socket_base::shutdown_send, error);
  buffer_.Consume(buffer_.size());
  const std::span<char> waste = buffer_.Prepare(kHeaderRead);
  size_t bytes = error ? 0 : 1;
  while (bytes > 0) bytes = co_await ReadSome(waste.data(), waste.size());
}

void Session::Enter(Phase phase, std::chrono::seconds timeout) {
  phase_ = phase;
  deadline_ = base::SystemClock().Monotonic() + timeout;
  expired_ = false;
  progress_ = 0;
}

void Session::CountProgress(size_t bytes, std::chrono::seconds timeout) {
  progress_ += bytes;
  if (progress_ >= kBodyStep) Enter(phase_, timeout);
}

std::optional<Session::Refusal> Session::CheckHeader(const RouteTable::Match& match) {
  const HttpRequest& request = parser_.request();
  if (shared_.stopping) return Refusal{503, "shutting down; try again later", ""};
  const std::string_view expect = request.Header("Expect");
  if (!expect.empty() && parser_.is_http_1_1() && !EqualsFolded(expect, "100-continue")) {
    return Refusal{417, fmt::format("unknown expectation \"{}\"; use 100-continue", expect), ""};
  }
  if (match.route == nullptr && match.status == 405) {
    std::string message =
        fmt::format("\"{}\" does not take {}; use {}", request.path, request.method, match.allow);
    return Refusal{405, std::move(message), match.allow};
  }
  if (match.route == nullptr) {
    return Refusal{404, fmt::format("no such path: \"{}\"", request.path), ""};
  }
  if (parser_.content_length() > match.route->body_bytes_max) {
    return RefusalOf(Reading::kBodyTooLarge, match.route->body_bytes_max);
  }
  return std::nullopt;
}

Session::Refusal Session::RefusalOf(Reading reading, size_t body_bytes_max) {
  switch (reading) {
    case Reading::kTimeout:
      return {408, "the request came too slowly; send it at once", ""};
    case Reading::kHeaderTooLarge:
      return {431,
              fmt::format("the header is larger than {} bytes; send fewer or shorter fields",
                          shared_.options.header_bytes_max),
              ""};
    case Reading::kBodyTooLarge:
      return {
          413,
          fmt::format("the body is larger than {} bytes; send smaller requests", body_bytes_max),
          ""};
    case Reading::kDone:
    case Reading::kGone:
    case Reading::kBroken:
      break;
  }
  return {400, fmt::format("not a valid HTTP/1.1 request: {}", parser_.error()), ""};
}

HttpResponse Session::Error(int status, std::string_view message) {
  HttpResponse response;
  try {
    response = shared_.routes.errors()(asked_, status, message);
    if (response.status >= 200 && response.status <= 599) return response;
  } catch (const std::exception& error) {
    CountHandlerError(error.what());
  }
  response = HttpResponse();
  response.status = status;
  response.body = fmt::format("{}\n", message);
  return response;
}

void Session::CallHandler(const RouteTable::Match& match) {
  HttpRequest request = std::move(parser_.request());
  request.peer = peer_;
  asked_ = HttpRequest();
  asked_.method = request.method;
  asked_.path = request.path;
  asked_.query = request.query;
  asked_.peer = peer_;
  for (const std::string_view name : {"Content-Type", "Accept"}) {
    const std::string_view value = request.Header(name);
    if (!value.empty()) asked_.headers.push_back({std::string(name), std::string(value)});
  }
  try {
    match.route->handler(std::move(request),
                         PendingReply(worker_.shared_from_this(), shared_from_this(), number_));
    return;
  } catch (const std::exception& error) {
    CountHandlerError(error.what());
  } catch (...) {
    CountHandlerError("not a std::exception");
  }
  ++number_;  // A reply that was kept somewhere is no longer for us.
  is_answered_ = true;
  response_ = Error(500, "internal error; see the log of the server");
}

void Session::CountHandlerError(std::string_view what) {
  shared_.metrics.handler_errors.Increment();
  worker_.LogHandlerError(shared_.options.name, asked_.path, what);
}

}  // namespace slowburn::net::internal
