#include "net/internal/http_session.h"

#include <algorithm>
#include <array>
#include <exception>
#include <iterator>
#include <utility>

#include <absl/strings/match.h>
#include <boost/asio/buffer.hpp>
#include <boost/asio/dispatch.hpp>
#include <fmt/format.h>

#include "base/clock.h"
#include "base/logging.h"
#include "net/internal/body_room.h"
#include "net/internal/response_head.h"
#include "net/internal/uninitialized.h"

namespace slowburn::net::internal {
namespace {

constexpr size_t kHeaderRead = 8 << 10;
// A new connection waits with little memory: it may never say anything.
constexpr size_t kFirstRead = 512;
// One step of progress for the body and write timeouts, and the first room for a body.
constexpr size_t kBodyStep = 64 << 10;
// What is read of a body at once at most.
constexpr size_t kBodyReadMax = kLargeBody;
// For what a peer still sends after a refusal: a small body, so that the connection can stay, or
// anything at all, so that a reset does not overtake our answer.
constexpr std::chrono::seconds kLingerTime{2};
constexpr std::string_view kContinue = "HTTP/1.1 100 Continue\r\n\r\n";

// Brings a session what it waits for, once and from any thread. Dropped uncalled, it brings status
// 0.
template <typename T>
class Pending {
 public:
  Pending(std::shared_ptr<Worker> worker, std::shared_ptr<Session> session, uint64_t number)
      : worker_(std::move(worker)), session_(std::move(session)), number_(number) {}
  Pending(Pending&&) noexcept = default;
  Pending& operator=(Pending&&) = delete;
  ~Pending() {
    if (session_ == nullptr) return;
    T none;
    none.status = 0;
    Send(std::move(none));
  }

  void operator()(T value) && { Send(std::move(value)); }

 private:
  void Send(T value) {
    asio::dispatch(worker_->context, [session = std::move(session_), number = number_,
                                      value = std::move(value)]() mutable {
      session->Take(number, std::move(value));
    });
  }

  // Not inside the posted function: a loop must not own itself.
  std::shared_ptr<Worker> worker_;
  std::shared_ptr<Session> session_;
  uint64_t number_;
};

}  // namespace

Session::Session(ServerShared& shared, Listener::Accepted accepted)
    : Connection(std::move(accepted.use)),
      worker_(accepted.worker),
      shared_(shared),
      stream_(std::move(accepted.stream)),
      peer_(std::move(accepted.peer)),
      taken_(worker_.context, SteadyTime::max()),
      parser_(shared.options.header_bytes_max) {}

Awaitable<void> Session::Run(std::shared_ptr<Session> session) {
  const Presence presence(session->worker_, session->shared_, *session);
  bool open = !session->worker_.aborted() && co_await session->Handshake();
  while (open) open = co_await session->ServeOne();
  if (!session->aborted_) {
    session->Enter(Phase::kLingering, kLingerTime);
    co_await session->stream_.ShutdownSend();
  }
  session->stream_.Close();
}

void Session::Expire(SteadyTime now) {
  if (phase_ == Phase::kHandling && gone_.stop_possible() && stream_.PeerHasClosed()) GiveUp();
  if (now < deadline_) return;
  expired_ = true;
  stream_.Cancel();
}

void Session::CloseIfIdle() {
  if (phase_ == Phase::kIdle || phase_ == Phase::kHandshake) Abort();
}

void Session::Abort() {
  aborted_ = true;
  stream_.Close();
  taken_.cancel();
  if (phase_ == Phase::kHandling) GiveUp();
}

void Session::Take(uint64_t number, HttpResponse response) {
  if (number != wait_ || is_taken_) return;
  response_ = std::move(response);
  is_taken_ = true;
  taken_.cancel();
}

void Session::Take(uint64_t number, StreamedResponse response) {
  if (number != wait_ || is_taken_) return;
  rest_ = std::move(response.rest);
  Take(number, static_cast<HttpResponse&&>(response));
}

void Session::Take(uint64_t number, BodyPart part) {
  if (number != wait_ || is_taken_) return;
  part_ = std::move(part);
  is_taken_ = true;
  taken_.cancel();
}

void Session::Take(uint64_t number, AccessDecision decision) {
  if (number != wait_ || is_taken_) return;
  decision_ = std::move(decision);
  is_taken_ = true;
  taken_.cancel();
}

Awaitable<bool> Session::Handshake() {
  if (aborted_) co_return false;
  Enter(Phase::kHandshake, shared_.options.header_timeout);
  const error_code error = co_await stream_.Handshake();
  if (error) shared_.metrics.handshakes_failed.Increment();
  if (error || expired_) co_return false;
  if (shared_.options.access != nullptr) certificate_names_ = stream_.certificate_names();
  co_return true;
}

Awaitable<bool> Session::ServeOne() {
  const Reading header = co_await ReadHeader();
  if (header == Reading::kGone) co_return false;
  Next next = co_await AnswerOne(header);
  if (next == Next::kSkipBody) next = co_await SkipBody();
  if (next == Next::kLinger) co_await Linger();
  co_return next == Next::kRequest;
}

Awaitable<Session::Next> Session::AnswerOne(Reading header) {
  HttpRequest& request = parser_.request();
  request.peer = peer_;
  is_head_ = request.method == "HEAD";
  route_ = nullptr;
  const CorsPolicy& cors = shared_.options.cors;
  origin_ = request.Header("Origin");
  if (header != Reading::kDone) co_return co_await Refuse(RefusalOf(header, 0), Next::kLinger);
  keep_alive_ = parser_.keep_alive();
  RouteTable::Match match = shared_.routes.Find(request.method, parser_.raw_path());
  route_ = match.route;
  if (!cors.origins.empty() && IsPreflight(request)) {
    co_return co_await AnswerUnread(AnswerPreflight(cors, request, match.allow), NextWithoutBody());
  }
  std::optional<Refusal> refusal = CheckHeader(match);
  if (!refusal) refusal = co_await CheckCaller(match.route->role);
  if (aborted_) co_return Next::kClose;
  if (refusal) co_return co_await Refuse(*std::move(refusal), NextWithoutBody());
  RemoveCredentials(request);
  const size_t body_bytes_max = match.route->body_bytes_max;
  const Reading body = co_await ReadBody(body_bytes_max);
  if (body == Reading::kGone) co_return Next::kClose;
  if (body != Reading::kDone) {
    // A small body is refused before its first byte, or not at all.
    const Next next = body == Reading::kNoMemory ? NextWithoutBody() : Next::kLinger;
    co_return co_await Refuse(RefusalOf(body, body_bytes_max), next);
  }
  OpenRequest open(shared_, use());
  if (!open.is_admitted()) {
    co_return co_await Refuse(TooManyRequests(), keep_alive_ ? Next::kRequest : Next::kClose);
  }
  co_return co_await Handle(std::move(match), open);
}

Awaitable<Session::Next> Session::Handle(RouteTable::Match match, OpenRequest& open) {
  parser_.request().path_parameters = std::move(match.path_parameters);
  CallHandler(match);
  const bool is_wanted = co_await WaitUntilTaken();
  gone_ = std::stop_source(std::nostopstate);
  BodySource rest = std::exchange(rest_, nullptr);
  if (!is_wanted) co_return Next::kClose;
  if (response_.status == 0) response_ = Error(503, "the request was given up; try again later");
  if (response_.status < 200 || response_.status > 599) {
    CountHandlerError(fmt::format("status {}", response_.status));
    response_ = Error(500, "internal error; see the log of the server");
    rest = nullptr;
  }
  const bool written = co_await Write(std::move(response_), std::move(rest));
  if (written) open.SetDone();
  co_return written&& keep_alive_ ? Next::kRequest : Next::kClose;
}

Awaitable<Session::Next> Session::Refuse(Refusal refusal, Next next) {
  if (refusal.limit) shared_.metrics.CountRefusal(*refusal.limit);
  asked_ = std::move(parser_.request());
  RemoveCredentials(asked_);
  HttpResponse response = Error(refusal.status, refusal.message);
  asked_ = HttpRequest();  // A body that was read so far, and its memory.
  std::ranges::move(refusal.headers, std::back_inserter(response.headers));
  co_return co_await AnswerUnread(std::move(response), next);
}

Awaitable<Session::Next> Session::AnswerUnread(HttpResponse response, Next next) {
  if (next == Next::kLinger) keep_alive_ = false;
  // Inside the condition, gcc 12 would end the call's argument too early.
  const bool written = co_await Write(std::move(response));
  if (!written) co_return Next::kClose;
  if (keep_alive_) co_return next;
  co_return next == Next::kRequest ? Next::kClose : Next::kLinger;
}

Awaitable<bool> Session::Write(HttpResponse response, BodySource rest) {
  if (shared_.stopping) keep_alive_ = false;
  BodyEnd end = BodyEnd::kLength;
  if (rest != nullptr) end = parser_.is_http_1_1() ? BodyEnd::kChunked : BodyEnd::kClose;
  if (end == BodyEnd::kClose) keep_alive_ = false;
  AddCorsHeaders(shared_.options.cors, origin_, response);
  ConnectionField connection = ConnectionField::kNone;
  if (!keep_alive_) connection = ConnectionField::kClose;
  if (keep_alive_ && !parser_.is_http_1_1()) connection = ConnectionField::kKeepAlive;
  const std::string head = ResponseHead(response, worker_.Date(), connection, end);
  const bool with_body = !is_head_ && StatusHasBody(response.status);
  shared_.metrics.CountResponse(response.status);
  Enter(Phase::kWriting, shared_.options.write_timeout);
  if (!with_body) co_return co_await WriteAll(head, "");
  if (rest == nullptr) co_return co_await WriteAll(head, response.body);
  const bool begun = co_await WriteAll(head, "");
  if (!begun) co_return false;
  co_return co_await WriteParts(std::move(response.body), std::move(rest));
}

Awaitable<bool> Session::WriteParts(std::string first, BodySource rest) {
  const bool chunked = parser_.is_http_1_1();
  std::string_view end_of_chunk;  // of the one before
  BodyPart part{.bytes = std::move(first)};
  for (;;) {
    if (!part.bytes.empty()) {
      const std::string size =
          chunked ? fmt::format("{}{:x}\r\n", end_of_chunk, part.bytes.size()) : std::string();
      const bool written = co_await WriteAll(size, part.bytes);
      if (!written) co_return false;
      end_of_chunk = "\r\n";
    }
    if (part.is_last) break;
    part = BodyPart();  // its memory goes before the next one is made
    if (!AskForPart(rest)) co_return false;
    const bool is_wanted = co_await WaitUntilTaken();
    if (!is_wanted) co_return false;
    part = std::exchange(part_, BodyPart());
    if (part.status == 0) {
      CountHandlerError(part.error.empty() ? "the rest of an answer was not made" : part.error);
      co_return false;
    }
    Enter(Phase::kWriting, shared_.options.write_timeout);
  }
  if (!chunked) co_return true;
  co_return co_await WriteAll(end_of_chunk, "0\r\n\r\n");
}

bool Session::AskForPart(const BodySource& rest) {
  Pending<BodyPart> reply(worker_.shared_from_this(), Self(), BeginWait());
  try {
    rest(std::move(reply));
    return true;
  } catch (const std::exception& error) {
    CountHandlerError(error.what());
  } catch (...) {
    CountHandlerError("not a std::exception");
  }
  return false;
}

Awaitable<bool> Session::WriteAll(std::string_view first, std::string_view second) {
  std::array<asio::const_buffer, 2> left{asio::buffer(first.data(), first.size()),
                                         asio::buffer(second.data(), second.size())};
  while (asio::buffer_size(left) > 0) {
    if (aborted_ || expired_) co_return false;
    const auto [error, bytes] = co_await stream_.WriteSome(left);
    if (error) co_return false;
    const size_t of_first = std::min(bytes, left[0].size());
    left[0] += of_first;
    left[1] += bytes - of_first;
    CountProgress(bytes, shared_.options.write_timeout);
  }
  co_return true;
}

Awaitable<std::optional<Refusal>> Session::CheckCaller(Role needed) {
  AccessFile* const access = shared_.options.access;
  if (access == nullptr || needed == Role::kPublic) co_return std::nullopt;
  access->Check(parser_.request(), certificate_names_, needed,
                Pending<AccessDecision>(worker_.shared_from_this(), Self(), BeginWait()));
  if (!co_await WaitUntilTaken()) co_return std::nullopt;
  if (decision_.status == 0)
    co_return Refusal{503, "nobody could check who you are; try again later"};
  parser_.request().principal = std::move(decision_.principal);
  co_return RefuseCaller(decision_);
}

uint64_t Session::BeginWait() {
  phase_ = Phase::kHandling;
  deadline_ = SteadyTime::max();
  is_taken_ = false;
  return ++wait_;
}

Awaitable<bool> Session::WaitUntilTaken() {
  while (!is_taken_ && !aborted_) {
    error_code cancelled;
    co_await taken_.async_wait(asio::redirect_error(kAwait, cancelled));
  }
  co_return !aborted_;
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
    const size_t step = has_spoken_ ? kHeaderRead : kFirstRead;
    const std::span<char> room = buffer_.Prepare(step);
    const size_t bytes = co_await ReadSome(room.data(), step);
    if (bytes == 0) co_return phase_ == Phase::kIdle ? Reading::kGone : FailedRead();
    has_spoken_ = true;
    buffer_.Commit(bytes);
  }
}

Awaitable<Session::Reading> Session::ReadBody(size_t bytes_max) {
  if (!parser_.has_body()) co_return Reading::kDone;
  parser_.request().lease = base::MemoryLease(shared_.options.budget);
  Enter(Phase::kBody, shared_.options.body_timeout);
  const bool waits = parser_.is_http_1_1() && !parser_.request().Header("Expect").empty();
  if (waits && buffer_.empty()) {
    const std::array<asio::const_buffer, 2> go_on{asio::buffer(kContinue)};
    const auto [error, bytes] = co_await stream_.WriteSome(go_on);
    if (error || bytes < kContinue.size()) co_return Reading::kGone;
  }
  if (parser_.chunked()) co_return co_await ReadChunked(bytes_max);
  co_return co_await ReadSized(parser_.content_length());
}

bool Session::GrowBody(const BodyRoom& room) {
  HttpRequest& request = parser_.request();
  if (!request.lease.GrowTo(room.charged)) return false;
  ReserveBody(request.body, room.reserved, room.most);
  return true;
}

// Reads straight into the body. Its memory is charged as bytes come, so that a promise costs next
// to nothing; what a read brings, kBodyReadMax at most, is charged behind it.
Awaitable<Session::Reading> Session::ReadSized(uint64_t length) {
  std::string& body = parser_.request().body;
  const std::string_view begun = buffer_.View().substr(0, length);
  size_t have = begun.size();
  size_t room = std::min<uint64_t>(length, kBodyReadMax);
  if (!GrowBody({.charged = std::min<uint64_t>(length, std::max(have, kBodyStep)),
                 .reserved = room,
                 .most = length})) {
    co_return Reading::kNoMemory;
  }
  body = begun;
  buffer_.Consume(have);
  while (have < length) {
    if (have == room) {
      room = std::min<uint64_t>(length, room + kBodyReadMax);
      ReserveBody(body, room, length);
    }
    ResizeUninitialized(body, room);
    const size_t bytes = co_await ReadSome(body.data() + have, room - have);
    have += bytes;
    const bool has_memory = parser_.request().lease.GrowTo(have);
    if (bytes == 0 || !has_memory) body.resize(have);
    if (bytes == 0) co_return FailedRead();
    if (!has_memory) co_return Reading::kNoMemory;
    CountProgress(bytes, shared_.options.body_timeout);
  }
  co_return Reading::kDone;
}

Awaitable<Session::Reading> Session::ReadChunked(size_t bytes_max) {
  HttpRequest& request = parser_.request();
  parser_.SetBodyMax(bytes_max);
  size_t room = 0;
  for (;;) {
    const size_t next = request.body.size() + buffer_.size();  // Were there nothing but data in it.
    const size_t most = std::max(next, bytes_max);
    if (next > room) room = std::min(next + std::min(next, kLargeBody), most);
    if (!GrowBody({.charged = room + kBodyStep, .reserved = room, .most = most})) {
      co_return Reading::kNoMemory;
    }
    const RequestParser::Progress progress = parser_.PutChunked(buffer_.View());
    buffer_.Consume(progress.used);
    if (progress.state == RequestParser::State::kDone) break;
    if (progress.state == RequestParser::State::kBodyTooLarge) co_return Reading::kBodyTooLarge;
    if (progress.state == RequestParser::State::kBroken) co_return Reading::kBroken;
    // What stays unused is part of a chunk's header or of the trailer.
    if (buffer_.size() >= shared_.options.header_bytes_max) co_return Reading::kHeaderTooLarge;
    const std::span<char> free = buffer_.Prepare(kBodyStep);
    const size_t bytes = co_await ReadSome(free.data(), free.size());
    if (bytes == 0) co_return FailedRead();
    buffer_.Commit(bytes);
    CountProgress(bytes, shared_.options.body_timeout);
  }
  request.lease.ShrinkTo(request.body.size());
  co_return Reading::kDone;
}

Awaitable<size_t> Session::ReadSome(char* into, size_t bytes) {
  if (aborted_ || expired_) co_return 0;
  const auto [error, got] = co_await stream_.ReadSome(asio::buffer(into, bytes));
  shared_.metrics.request_bytes.Increment(static_cast<double>(got));
  co_return error ? 0 : got;
}

Awaitable<Session::Next> Session::SkipBody() {
  Enter(Phase::kLingering, kLingerTime);
  uint64_t left = parser_.content_length();
  for (;;) {
    const size_t bytes = std::min<uint64_t>(left, buffer_.size());
    buffer_.Consume(bytes);
    left -= bytes;
    if (left == 0) co_return Next::kRequest;
    const std::span<char> room = buffer_.Prepare(kHeaderRead);
    const size_t got = co_await ReadSome(room.data(), room.size());
    if (got == 0) co_return Next::kClose;
    buffer_.Commit(got);
  }
}

Awaitable<void> Session::Linger() {
  Enter(Phase::kLingering, kLingerTime);
  co_await stream_.ShutdownSend();
  buffer_.Consume(buffer_.size());
  const std::span<char> waste = buffer_.Prepare(kHeaderRead);
  size_t bytes = 1;
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

std::optional<Refusal> Session::CheckHeader(const RouteTable::Match& match) const {
  const HttpRequest& request = parser_.request();
  if (shared_.stopping) return ShuttingDown();
  const std::string_view expect = request.Header("Expect");
  if (!expect.empty() && parser_.is_http_1_1() &&
      !absl::EqualsIgnoreCase({expect.data(), expect.size()}, "100-continue")) {
    return Refusal{417, fmt::format("unknown expectation \"{}\"; use 100-continue", expect)};
  }
  std::optional<Refusal> refusal = RefuseRoute(match, request, parser_.content_length());
  if (!refusal && IsBusy(shared_)) refusal = TooManyRequests();
  return refusal;
}

Refusal Session::RefusalOf(Reading reading, size_t body_bytes_max) const {
  switch (reading) {
    case Reading::kTimeout:
      return TooSlow();
    case Reading::kHeaderTooLarge:
      return HeaderTooLarge(shared_.options.header_bytes_max);
    case Reading::kBodyTooLarge:
      return BodyTooLarge(body_bytes_max);
    case Reading::kNoMemory:
      return OutOfMemory();
    case Reading::kDone:
    case Reading::kGone:
    case Reading::kBroken:
      break;
  }
  return {400, fmt::format("not a valid HTTP/1.1 request: {}", parser_.error())};
}

// Whoever asked to be told before it sends may send or not: nobody could tell what comes next.
Session::Next Session::NextWithoutBody() const {
  if (!parser_.has_body()) return Next::kRequest;
  const bool is_small = !parser_.chunked() && parser_.content_length() <= kBodyStep;
  return is_small && parser_.request().Header("Expect").empty() ? Next::kSkipBody : Next::kLinger;
}

HttpResponse Session::Error(int status, std::string_view message) {
  HttpResponse response;
  try {
    response = shared_.routes.errors(route_)(asked_, status, message);
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
  const uint64_t number = BeginWait();
  HttpRequest request = std::move(parser_.request());
  asked_ = HttpRequest();
  asked_.method = request.method;
  asked_.path = request.path;
  asked_.query = request.query;
  asked_.peer = peer_;
  if (match.route->watches_peer) {
    gone_ = std::stop_source();
    request.gone = gone_.get_token();
  }
  for (const std::string_view name : {"Content-Type", "Accept"}) {
    const std::string_view value = request.Header(name);
    if (!value.empty()) asked_.headers.push_back({std::string(name), std::string(value)});
  }
  try {
    if (match.route->stream_handler) {
      match.route->stream_handler(
          std::move(request),
          Pending<StreamedResponse>(worker_.shared_from_this(), Self(), number));
    } else {
      match.route->handler(std::move(request),
                           Pending<HttpResponse>(worker_.shared_from_this(), Self(), number));
    }
    return;
  } catch (const std::exception& error) {
    CountHandlerError(error.what());
  } catch (...) {
    CountHandlerError("not a std::exception");
  }
  ++wait_;  // A reply that was kept somewhere is no longer for us.
  is_taken_ = true;
  response_ = Error(500, "internal error; see the log of the server");
}

void Session::GiveUp() {
  if (gone_.request_stop()) shared_.metrics.requests_abandoned.Increment();
}

void Session::CountHandlerError(std::string_view what) {
  shared_.metrics.handler_errors.Increment();
  worker_.LogHandlerError(shared_.options.name, asked_.path, what);
}

}  // namespace slowburn::net::internal
