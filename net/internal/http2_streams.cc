#include "net/internal/http2_streams.h"

#include <algorithm>
#include <array>
#include <exception>
#include <utility>

#include <boost/asio/post.hpp>
#include <fmt/format.h>

#include "base/clock.h"
#include "net/internal/flood_guard.h"
#include "net/internal/http2_engine.h"
#include "net/internal/http2_session.h"
#include "net/internal/response_head.h"

namespace slowburn::net::internal {
namespace {

using Stage = Http2Stream::Stage;

SteadyTime Now() { return base::SystemClock().Monotonic(); }

bool IsStatus(int status) { return status >= 200 && status <= 599; }

nghttp2_nv Field(std::string_view name, std::string_view value) {
  const auto bytes = [](std::string_view text) {
    // nghttp2 reads only; its type is for those who hand their strings over.
    return reinterpret_cast<uint8_t*>(const_cast<char*>(text.data()));
  };
  return {bytes(name), bytes(value), name.size(), value.size(), NGHTTP2_NV_FLAG_NONE};
}

// Line breaks become spaces, so that no value can break the answer.
void Append(std::string_view name, std::string& value, std::vector<nghttp2_nv>& fields) {
  for (char& c : value) {
    if (c == '\r' || c == '\n' || c == '\0') c = ' ';
  }
  fields.push_back(Field(name, value));
}

void Append(std::vector<HttpHeader>& headers, std::vector<nghttp2_nv>& fields) {
  for (HttpHeader& header : headers) Append(header.name, header.value, fields);
}

}  // namespace

// Gives what a stream waits for to Take(). Dropped uncalled, it says so. Always through the loop: a
// handler that answers at once does it no earlier than it returns, or throws, and a decision never
// changes the request that AccessFile still looks at.
template <typename Value>
class Http2Streams::Pending {
 public:
  Pending(std::shared_ptr<Worker> worker, std::shared_ptr<Http2Session> session, int32_t id)
      : worker_(std::move(worker)), session_(std::move(session)), id_(id) {}
  Pending(Pending&&) noexcept = default;
  Pending& operator=(Pending&&) = delete;
  ~Pending() {
    if (session_ == nullptr) return;
    Value dropped;
    dropped.status = 0;
    Send(std::move(dropped));
  }

  void operator()(Value value) && { Send(std::move(value)); }

 private:
  void Send(Value value) {
    asio::post(worker_->context,
               [session = std::move(session_), id = id_, value = std::move(value)]() mutable {
                 session->streams().Take(id, std::move(value));
               });
  }

  // Not inside the posted function: a loop must not own itself.
  std::shared_ptr<Worker> worker_;
  std::shared_ptr<Http2Session> session_;
  int32_t id_;
};

Http2Streams::Http2Streams(Http2Session& session, Worker& worker, ServerShared& shared,
                           std::string peer)
    : session_(session), worker_(worker), shared_(shared), peer_(std::move(peer)) {}

void Http2Streams::Open(nghttp2_session* engine, std::vector<std::string> certificate_names) {
  engine_ = engine;
  certificate_names_ = std::move(certificate_names);
}

void Http2Streams::Close() {
  engine_ = nullptr;
  streams_.clear();
}

void Http2Streams::BeginHeader(int32_t id, bool is_request) {
  block_bytes_ = 0;
  if (!is_request) return;
  streams_.try_emplace(id, std::make_unique<Http2Stream>(id, shared_.options.budget, peer_));
}

bool Http2Streams::AddField(int32_t id, std::string_view name, std::string_view value) {
  constexpr size_t kFieldBytes = 32;  // RFC 7541, section 4.1.
  block_bytes_ += name.size() + value.size() + kFieldBytes;
  const size_t bytes_max = shared_.options.header_bytes_max;
  if (block_bytes_ > kHeaderFloodFactor * bytes_max) return false;
  Http2Stream* const stream = Find(id);
  if (stream == nullptr || stream->stage != Stage::kHeader) return true;
  if (block_bytes_ > bytes_max) {
    stream->is_header_too_large = true;
  } else {
    stream->request.AddField(name, value);
  }
  return true;
}

void Http2Streams::EndHeader(int32_t id, bool is_whole) {
  Http2Stream* const stream = Find(id);
  if (stream == nullptr) return;
  stream->is_whole = is_whole;
  // nghttp2 counts those that are open; here are those too that were reset while being handled.
  if (streams_.size() > kHttp2StreamsMax) {
    Reset(id, NGHTTP2_REFUSED_STREAM);
    return;
  }
  std::optional<Refusal> refusal = CheckHeader(*stream);
  if (refusal) {
    Refuse(*stream, *std::move(refusal));
  } else if (shared_.options.access != nullptr && stream->route->role != Role::kPublic) {
    AskAccess(*stream);
  } else {
    ExpectBody(*stream);
  }
}

void Http2Streams::AddData(int32_t id, std::string_view data, bool is_last) {
  Http2Stream* const stream = Find(id);
  const bool is_wanted =
      stream != nullptr && (stream->stage == Stage::kDeciding || stream->stage == Stage::kBody);
  if (!is_wanted) {
    // The connection's window is for the others; the stream's own stays shut.
    nghttp2_session_consume_connection(engine_, data.size());
    return;
  }
  const Http2Request::Taken taken =
      stream->request.AppendBody(data, is_last, stream->route->body_bytes_max);
  if (taken != Http2Request::Taken::kAll) {
    nghttp2_session_consume_connection(engine_, data.size());
    const bool is_too_large = taken == Http2Request::Taken::kTooLarge;
    Refuse(*stream, is_too_large ? BodyTooLarge(stream->route->body_bytes_max) : OutOfMemory());
    return;
  }
  if (stream->stage == Stage::kDeciding) {
    stream->unconsumed += data.size();
    return;
  }
  stream->CountProgress(data.size(), Now(), shared_.options.body_timeout);
  nghttp2_session_consume(engine_, id, data.size());
}

void Http2Streams::EndBody(int32_t id) {
  Http2Stream* const stream = Find(id);
  if (stream == nullptr) return;
  stream->is_whole = true;
  if (stream->stage == Stage::kBody) Handle(*stream);
}

size_t Http2Streams::OfferBody(int32_t id, size_t bytes, uint32_t& flags) {
  Http2Stream* const stream = Find(id);
  if (stream == nullptr) {
    flags |= NGHTTP2_DATA_FLAG_EOF;
    return 0;
  }
  const size_t left = stream->answer.body.size() - stream->sent;
  if (left > bytes) return bytes;
  flags |= NGHTTP2_DATA_FLAG_EOF;
  if (stream->answer.trailers.empty()) return left;
  flags |= NGHTTP2_DATA_FLAG_NO_END_STREAM;
  std::vector<nghttp2_nv> fields;
  Append(stream->answer.trailers, fields);
  if (nghttp2_submit_trailer(engine_, id, fields.data(), fields.size()) != 0) FailAnswer(id);
  return left;
}

std::string_view Http2Streams::TakeBody(int32_t id, size_t bytes) {
  Http2Stream* const stream = Find(id);
  if (stream == nullptr) return {};
  const std::string_view taken = std::string_view(stream->answer.body).substr(stream->sent, bytes);
  stream->sent += taken.size();
  stream->CountProgress(taken.size(), Now(), shared_.options.write_timeout);
  return taken;
}

void Http2Streams::EndAnswer(int32_t id) {
  Http2Stream* const stream = Find(id);
  if (stream == nullptr) return;
  stream->SetDeadline(SteadyTime::max());
  if (stream->is_handled && stream->open) stream->open->SetDone();
  // The client may stop sending what nobody reads. RFC 9113, section 8.1.
  if (!stream->is_whole) Reset(id, NGHTTP2_NO_ERROR);
}

void Http2Streams::FailAnswer(int32_t id) {
  Http2Stream* const stream = Find(id);
  if (stream == nullptr) return;
  CountHandlerError(*stream, "the header or trailer of its answer is too large");
  Reset(id, NGHTTP2_INTERNAL_ERROR);
}

void Http2Streams::EndStream(int32_t id) {
  const auto found = streams_.find(id);
  if (found == streams_.end()) return;
  Http2Stream& stream = *found->second;
  if (stream.unconsumed > 0) nghttp2_session_consume_connection(engine_, stream.unconsumed);
  stream.is_closed = true;
  if (stream.stage != Stage::kHandling) streams_.erase(found);
}

bool Http2Streams::Expire(SteadyTime now) {
  for (const auto& [id, stream] : streams_) {
    if (now < stream->deadline) continue;
    if (stream->stage == Stage::kAnswered) return false;
    Refuse(*stream, TooSlow());
  }
  return true;
}

bool Http2Streams::is_idle() const {
  return std::ranges::all_of(streams_, [](const auto& entry) { return entry.second->is_closed; });
}

std::shared_ptr<Http2Session> Http2Streams::Session() {
  return std::static_pointer_cast<Http2Session>(session_.shared_from_this());
}

Http2Stream* Http2Streams::Find(int32_t id) {
  const auto found = streams_.find(id);
  return found == streams_.end() ? nullptr : found->second.get();
}

std::optional<Refusal> Http2Streams::CheckHeader(Http2Stream& stream) {
  HttpRequest& request = stream.request.http();
  if (stream.is_header_too_large) return HeaderTooLarge(shared_.options.header_bytes_max);
  if (!stream.request.raw_path().starts_with('/')) {
    return Refusal{400, "the path must begin with '/'"};
  }
  if (shared_.stopping) return ShuttingDown();
  RouteTable::Match match = shared_.routes.Find(request.method, stream.request.raw_path());
  stream.route = match.route;
  std::optional<Refusal> refusal = RefuseRoute(match, request, stream.request.content_length());
  if (refusal) return refusal;
  if (IsBusy(shared_)) return TooManyRequests();
  if (!stream.request.ChargeFields()) return OutOfMemory();
  request.path_parameters = std::move(match.path_parameters);
  return std::nullopt;
}

void Http2Streams::AskAccess(Http2Stream& stream) {
  stream.stage = Stage::kDeciding;
  shared_.options.access->Check(
      stream.request.http(), certificate_names_, stream.route->role,
      Pending<AccessDecision>(worker_.shared_from_this(), Session(), stream.id));
}

void Http2Streams::ExpectBody(Http2Stream& stream) {
  RemoveCredentials(stream.request.http());
  stream.stage = Stage::kBody;
  if (stream.is_whole) {
    Handle(stream);
    return;
  }
  stream.SetDeadline(Now() + shared_.options.body_timeout);
  nghttp2_session_consume(engine_, stream.id, std::exchange(stream.unconsumed, 0));
}

void Http2Streams::Handle(Http2Stream& stream) {
  stream.open.emplace(shared_, session_.use());
  if (!stream.open->is_admitted()) {
    Refuse(stream, TooManyRequests());
    return;
  }
  stream.stage = Stage::kHandling;
  stream.SetDeadline(SteadyTime::max());
  // The stream's own window is of no use any more.
  nghttp2_session_consume_connection(engine_, std::exchange(stream.unconsumed, 0));
  try {
    stream.route->handler(stream.request.Take(),
                          Pending<HttpResponse>(worker_.shared_from_this(), Session(), stream.id));
    return;
  } catch (const std::exception& error) {
    CountHandlerError(stream, error.what());
  } catch (...) {
    CountHandlerError(stream, "not a std::exception");
  }
  Respond(stream, Error(stream, 500, "internal error; see the log of the server"));
}

void Http2Streams::Take(int32_t id, AccessDecision decision) {
  Http2Stream* const stream = Find(id);
  if (stream == nullptr || stream->stage != Stage::kDeciding) return;
  std::optional<Refusal> refusal = RefuseCaller(decision);
  if (decision.status == 0) {
    refusal = Refusal{503, "nobody could check who you are; try again later"};
  }
  stream->request.http().principal = std::move(decision.principal);
  if (refusal) {
    Refuse(*stream, *std::move(refusal));
  } else {
    ExpectBody(*stream);
  }
  session_.Wake();
}

void Http2Streams::Take(int32_t id, HttpResponse response) {
  Http2Stream* const stream = Find(id);
  if (stream == nullptr || stream->stage != Stage::kHandling) return;
  if (stream->is_closed) {
    streams_.erase(id);
    return;
  }
  if (response.status == 0) {
    response = Error(*stream, 503, "the request was given up; try again later");
  }
  if (!IsStatus(response.status)) {
    CountHandlerError(*stream, fmt::format("status {}", response.status));
    response = Error(*stream, 500, "internal error; see the log of the server");
  }
  stream->is_handled = true;
  Respond(*stream, std::move(response));
  session_.Wake();
}

void Http2Streams::Refuse(Http2Stream& stream, Refusal refusal) {
  if (refusal.limit) shared_.metrics.CountRefusal(*refusal.limit);
  nghttp2_session_consume_connection(engine_, std::exchange(stream.unconsumed, 0));
  RemoveCredentials(stream.request.http());
  stream.request.DropBody();
  HttpResponse response = Error(stream, refusal.status, refusal.message);
  for (HttpHeader& header : refusal.headers) response.headers.push_back(std::move(header));
  Respond(stream, std::move(response));
}

void Http2Streams::Respond(Http2Stream& stream, HttpResponse response) {
  stream.stage = Stage::kAnswered;
  stream.SetDeadline(Now() + shared_.options.write_timeout);
  shared_.metrics.CountResponse(response.status);
  stream.answer = std::move(response);
  HttpResponse& answer = stream.answer;
  if (stream.request.http().method == "HEAD" || !StatusHasBody(answer.status)) {
    answer.body.clear();
    answer.trailers.clear();
  }
  const std::string status = fmt::format("{}", answer.status);
  std::vector<nghttp2_nv> fields = {Field(":status", status)};
  if (!answer.content_type.empty()) Append("content-type", answer.content_type, fields);
  Append(answer.headers, fields);
  const nghttp2_data_provider body = Http2BodyProvider();
  const bool is_short = answer.body.empty() && answer.trailers.empty();
  if (nghttp2_submit_response(engine_, stream.id, fields.data(), fields.size(),
                              is_short ? nullptr : &body) != 0) {
    Reset(stream.id, NGHTTP2_INTERNAL_ERROR);
  }
}

HttpResponse Http2Streams::Error(Http2Stream& stream, int status, std::string_view message) {
  HttpResponse response;
  try {
    response = shared_.routes.errors(stream.route)(stream.request.http(), status, message);
    if (IsStatus(response.status)) return response;
    CountHandlerError(stream, fmt::format("status {}", response.status));
  } catch (const std::exception& error) {
    CountHandlerError(stream, error.what());
  } catch (...) {  // It must not go through nghttp2, which may be who called.
    CountHandlerError(stream, "not a std::exception");
  }
  response = HttpResponse();
  response.status = status;
  response.body = fmt::format("{}\n", message);
  return response;
}

void Http2Streams::CountHandlerError(Http2Stream& stream, std::string_view what) {
  shared_.metrics.handler_errors.Increment();
  worker_.LogHandlerError(shared_.options.name, stream.request.http().path, what);
}

void Http2Streams::Reset(int32_t id, uint32_t code) {
  nghttp2_submit_rst_stream(engine_, NGHTTP2_FLAG_NONE, id, code);
}

}  // namespace slowburn::net::internal
