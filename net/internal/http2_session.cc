#include "net/internal/http2_session.h"

#include <algorithm>
#include <utility>

#include <boost/asio/buffer.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/error.hpp>

#include "base/clock.h"

namespace slowburn::net::internal {
namespace {

// A connection without requests waits with the small buffer, a busy one reads into the large.
constexpr size_t kReadSmall = 2 << 10;
constexpr size_t kReadLarge = 64 << 10;
constexpr size_t kBatchBytes = 64 << 10;
// One step of progress for the write timeout.
constexpr size_t kWriteStep = 64 << 10;
// An idle connection's strings beyond this are given back, and its buffer after a while.
constexpr size_t kIdleBytes = 1 << 10;
constexpr std::chrono::seconds kShrinkTime{1};

constexpr std::chrono::seconds kPingAnswerTime{20};
// A draining client's answer to a ping tells that it has heard of the end.
constexpr std::chrono::seconds kDrainAnswerTime{1};
// What a client may still send after our last words, so that a reset does not overtake them.
constexpr std::chrono::seconds kLingerTime{2};
constexpr size_t kLingerBytes = 4 << 20;

constexpr std::string_view kNotHttp2 =
    "HTTP/1.1 400 Bad Request\r\n"
    "Content-Type: text/plain\r\n"
    "Connection: close\r\n"
    "\r\n"
    "this port speaks HTTP/2 only, as gRPC clients do; send HTTP/1.1 to its own port\n";

SteadyTime Now() { return base::SystemClock().Monotonic(); }

bool EndsStream(const nghttp2_frame& frame) {
  return (frame.hd.type == NGHTTP2_DATA || frame.hd.type == NGHTTP2_HEADERS) &&
         (frame.hd.flags & NGHTTP2_FLAG_END_STREAM) != 0;
}

}  // namespace

Http2Session::Http2Session(ServerShared& shared, Http2Metrics& metrics, Listener::Accepted accepted)
    : Connection(std::move(accepted.use)),
      worker_(accepted.worker),
      shared_(shared),
      metrics_(metrics),
      stream_(std::move(accepted.stream)),
      streams_(*this, worker_, shared_, std::move(accepted.peer)),
      guard_(kHeaderFloodFactor * shared.options.header_bytes_max, Now()),
      wake_(worker_.context, SteadyTime::max()),
      received_(Now()) {}

Awaitable<void> Http2Session::Run(std::shared_ptr<Http2Session> session) {
  Http2Session& self = *session;
  const Presence presence(self.worker_, self.shared_, self);
  if (co_await self.Open()) co_await self.ReadAll();
  self.Abort();
  while (self.is_writing_) {
    error_code cancelled;
    co_await self.wake_.async_wait(asio::redirect_error(kAwait, cancelled));
  }
  self.streams_.Close();
  self.engine_.reset();
}

void Http2Session::Expire(SteadyTime now) {
  if (phase_ == Phase::kGone) return;
  if (now >= std::min({deadline_, write_deadline_, ping_deadline_})) {
    Abort();
    return;
  }
  if (phase_ != Phase::kServing) return;
  if (now >= frame_deadline_) {
    shared_.metrics.CountRefusal(Limit::kTime);
    End(NGHTTP2_NO_ERROR);
  } else if (!streams_.Expire(now)) {
    EndFor(Flood::kUnreadAnswers);
  } else if (now >= drain_deadline_) {
    FinishDrain();
  } else if (ping_deadline_ == SteadyTime::max() &&
             now - received_ >= shared_.options.idle_timeout) {
    ping_deadline_ = now + std::min(kPingAnswerTime, shared_.options.idle_timeout);
    nghttp2_submit_ping(engine_.get(), NGHTTP2_FLAG_NONE, nullptr);
  }
  if (nghttp2_session_want_write(engine_.get()) != 0) {
    Wake();
  } else {
    ShrinkIfIdle(now);
  }
}

// First says that no request is welcome any more, then, once that was heard, which were the last:
// so none is lost on its way.
void Http2Session::CloseIfIdle() {
  if (phase_ == Phase::kOpening) Abort();
  if (phase_ != Phase::kServing) return;
  nghttp2_submit_shutdown_notice(engine_.get());
  nghttp2_submit_ping(engine_.get(), NGHTTP2_FLAG_NONE, nullptr);
  drain_deadline_ = Now() + kDrainAnswerTime;
  Wake();
}

void Http2Session::Abort() {
  phase_ = Phase::kGone;
  stream_.Close();
  Wake();
}

void Http2Session::Wake() { wake_.cancel(); }

Awaitable<bool> Http2Session::Open() {
  deadline_ = Now() + shared_.options.header_timeout;
  if (worker_.aborted() || phase_ == Phase::kGone) co_return false;
  const error_code error = co_await stream_.Handshake();
  const bool is_http2 = shared_.options.tls == nullptr || stream_.protocol() == "h2";
  if (error || !is_http2) shared_.metrics.handshakes_failed.Increment();
  if (error || !is_http2 || phase_ == Phase::kGone) co_return false;
  co_return true;
}

// nghttp2 takes 10 KiB: not before somebody speaks HTTP/2.
bool Http2Session::MakeEngine() {
  engine_ = MakeHttp2Engine(*this, shared_.options.header_bytes_max);
  if (engine_ == nullptr) return false;
  streams_.Open(engine_.get(), stream_.certificate_names());
  return true;
}

Awaitable<void> Http2Session::ReadAll() {
  is_writing_ = true;
  asio::co_spawn(worker_.context,
                 WriteAll(std::static_pointer_cast<Http2Session>(shared_from_this())),
                 asio::detached);
  ResizeBuffer(0);
  while (phase_ != Phase::kGone) {
    const Stream::Moved moved =
        co_await stream_.ReadSome(asio::buffer(buffer_.get(), buffer_bytes_));
    const bool was_cancelled = std::exchange(is_shrinking_, false) && moved.bytes == 0;
    if (was_cancelled && moved.error == asio::error::operation_aborted) {
      ResizeBuffer(0);
      continue;
    }
    if (moved.error || moved.bytes == 0 || phase_ == Phase::kGone) co_return;
    shared_.metrics.request_bytes.Increment(static_cast<double>(moved.bytes));
    Receive({buffer_.get(), moved.bytes});
    ResizeBuffer(moved.bytes);
  }
}

Awaitable<void> Http2Session::WriteAll(std::shared_ptr<Http2Session> session) {
  bool is_open = true;  // gcc 12 breaks the frame of `while (co_await ...)`.
  while (is_open) is_open = co_await session->WriteOnce();
  session->is_writing_ = false;
  session->wake_.cancel();
}

Awaitable<bool> Http2Session::WriteOnce() {
  if (phase_ == Phase::kGone) co_return false;
  FillBatch();
  if (!batch_.empty()) co_return co_await Flush();
  if (IsDone()) {
    phase_ = Phase::kLingering;
    deadline_ = Now() + kLingerTime;
    co_await stream_.ShutdownSend();
    co_return false;
  }
  error_code cancelled;
  co_await wake_.async_wait(asio::redirect_error(kAwait, cancelled));
  co_return true;
}

Awaitable<bool> Http2Session::Flush() {
  std::string_view left = batch_;
  size_t progress = 0;
  write_deadline_ = Now() + shared_.options.write_timeout;
  while (!left.empty()) {
    const Stream::Moved moved =
        co_await stream_.WriteSome({asio::buffer(left.data(), left.size()), asio::const_buffer()});
    if (moved.error || phase_ == Phase::kGone) {
      Abort();
      co_return false;
    }
    left.remove_prefix(moved.bytes);
    progress += moved.bytes;
    if (progress >= kWriteStep) {
      progress = 0;
      write_deadline_ = Now() + shared_.options.write_timeout;
    }
  }
  write_deadline_ = SteadyTime::max();
  batch_.clear();
  if (batch_.capacity() > kIdleBytes && streams_.is_idle()) std::string().swap(batch_);
  co_return true;
}

void Http2Session::FillBatch() {
  // The client speaks first, so that one who does not speak HTTP/2 can be told in plain text.
  if (phase_ == Phase::kOpening || engine_ == nullptr) return;
  while (batch_.size() < kBatchBytes) {
    const uint8_t* frame = nullptr;
    const ssize_t bytes = nghttp2_session_mem_send(engine_.get(), &frame);
    if (bytes < 0) Abort();
    if (bytes <= 0) break;
    batch_.append(reinterpret_cast<const char*>(frame), static_cast<size_t>(bytes));
  }
  if (flood_ && phase_ == Phase::kServing) EndFor(*flood_);
}

bool Http2Session::IsDone() const {
  if (phase_ == Phase::kOpening) return false;
  return engine_ == nullptr || (nghttp2_session_want_read(engine_.get()) == 0 &&
                                nghttp2_session_want_write(engine_.get()) == 0);
}

void Http2Session::Receive(std::string_view bytes) {
  received_ = Now();
  ping_deadline_ = SteadyTime::max();
  if (phase_ != Phase::kOpening && phase_ != Phase::kServing) {
    lingered_ += bytes.size();
    if (lingered_ > kLingerBytes) Abort();
    return;
  }
  const std::optional<Flood> flood = ScanFrames(bytes);
  if (!scanner_.is_http2()) {
    Decline();
    return;
  }
  if (engine_ == nullptr && !MakeEngine()) {
    Abort();
    return;
  }
  if (phase_ == Phase::kOpening && scanner_.has_preface()) {
    phase_ = Phase::kServing;
    deadline_ = SteadyTime::max();
  }
  if (flood) {
    EndFor(*flood);
    return;
  }
  const ssize_t used = nghttp2_session_mem_recv(
      engine_.get(), reinterpret_cast<const uint8_t*>(bytes.data()), bytes.size());
  if (used < 0) {
    if (used == NGHTTP2_ERR_FLOODED) metrics_.CountFlood(Flood::kUnreadAnswers);
    Abort();
  } else if (flood_) {
    EndFor(*flood_);
  }
  Wake();
}

std::optional<Flood> Http2Session::ScanFrames(std::string_view bytes) {
  const bool was_between = scanner_.is_between();
  const uint64_t frames = scanner_.frames();
  std::optional<Flood> flood;
  while (const auto frame = scanner_.Next(bytes)) {
    flood = guard_.Received(*frame, received_);
    if (flood) return flood;
  }
  if (scanner_.is_between()) {
    frame_deadline_ = SteadyTime::max();
  } else if (was_between || scanner_.frames() != frames) {
    frame_deadline_ = received_ + (scanner_.in_data() ? shared_.options.body_timeout
                                                      : shared_.options.header_timeout);
  }
  return std::nullopt;
}

void Http2Session::Decline() {
  streams_.Close();
  engine_.reset();
  batch_ = kNotHttp2;
  phase_ = Phase::kEnding;
  Wake();
}

void Http2Session::End(uint32_t code) {
  phase_ = Phase::kEnding;
  nghttp2_session_terminate_session(engine_.get(), code);
  Wake();
}

void Http2Session::EndFor(Flood flood) {
  metrics_.CountFlood(flood);
  End(NGHTTP2_ENHANCE_YOUR_CALM);
}

void Http2Session::FinishDrain() {
  drain_deadline_ = SteadyTime::max();
  nghttp2_session* const engine = engine_.get();
  nghttp2_submit_goaway(engine, NGHTTP2_FLAG_NONE, nghttp2_session_get_last_proc_stream_id(engine),
                        NGHTTP2_NO_ERROR, nullptr, 0);
}

void Http2Session::ResizeBuffer(size_t received) {
  size_t bytes = buffer_bytes_;
  if (streams_.is_idle()) {
    bytes = kReadSmall;
  } else if (received == buffer_bytes_) {
    bytes = kReadLarge;
  }
  if (bytes == buffer_bytes_) return;
  buffer_ = std::make_unique_for_overwrite<char[]>(bytes);
  buffer_bytes_ = bytes;
}

void Http2Session::ShrinkIfIdle(SteadyTime now) {
  const bool is_idle = streams_.is_idle() && write_deadline_ == SteadyTime::max();
  if (!is_idle || buffer_bytes_ == kReadSmall || now - received_ < kShrinkTime) return;
  is_shrinking_ = true;
  stream_.Cancel();
}

void Http2Session::OnHeaderBegin(int32_t stream, bool is_request) {
  streams_.BeginHeader(stream, is_request);
}

bool Http2Session::OnField(int32_t stream, std::string_view name, std::string_view value) {
  if (streams_.AddField(stream, name, value)) return true;
  flood_ = Flood::kHeaderBytes;
  return false;
}

void Http2Session::OnFrame(const nghttp2_frame& frame) {
  const bool ends_stream = EndsStream(frame);
  if (frame.hd.type == NGHTTP2_HEADERS && frame.headers.cat == NGHTTP2_HCAT_REQUEST) {
    streams_.EndHeader(frame.hd.stream_id, ends_stream);
  } else if (ends_stream) {
    streams_.EndBody(frame.hd.stream_id);
  }
  const bool is_pong = frame.hd.type == NGHTTP2_PING && (frame.hd.flags & NGHTTP2_FLAG_ACK) != 0;
  if (is_pong && drain_deadline_ != SteadyTime::max()) FinishDrain();
}

void Http2Session::OnData(int32_t stream, std::string_view data, bool is_last) {
  streams_.AddData(stream, data, is_last);
}

void Http2Session::OnClose(int32_t stream) { streams_.EndStream(stream); }

void Http2Session::OnSent(const nghttp2_frame& frame) {
  if (EndsStream(frame)) streams_.EndAnswer(frame.hd.stream_id);
  // Clients can make us reset streams, by window updates of nothing and the like.
  if (frame.hd.type == NGHTTP2_RST_STREAM && frame.rst_stream.error_code != NGHTTP2_NO_ERROR) {
    const std::optional<Flood> flood = guard_.SentReset(Now());
    if (flood) flood_ = flood;
  }
}

void Http2Session::OnNotSent(const nghttp2_frame& frame, int error) {
  const bool is_too_large =
      frame.hd.type == NGHTTP2_HEADERS && error == NGHTTP2_ERR_FRAME_SIZE_ERROR;
  if (is_too_large) streams_.FailAnswer(frame.hd.stream_id);
}

size_t Http2Session::OfferBody(int32_t stream, size_t bytes, uint32_t& flags) {
  return streams_.OfferBody(stream, bytes, flags);
}

bool Http2Session::SendBody(int32_t stream, std::string_view header, size_t bytes) {
  if (batch_.size() >= kBatchBytes) return false;
  batch_.append(header).append(streams_.TakeBody(stream, bytes));
  guard_.SentData(bytes);
  return true;
}

}  // namespace slowburn::net::internal
