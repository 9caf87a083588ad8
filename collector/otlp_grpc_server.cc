#include "collector/otlp_grpc_server.h"

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <optional>
#include <thread>
#include <utility>
#include <vector>

#include <absl/base/thread_annotations.h>
#include <grpcpp/generic/async_generic_service.h>
#include <grpcpp/resource_quota.h>
#include <grpcpp/server.h>
#include <grpcpp/server_builder.h>

#include "base/status.h"
#include "collector/export_response.h"
#include "collector/internal/listen_address.h"
#include "collector/internal/request_metrics.h"
#include "collector/internal/trace_request.h"
#include "net/gzip.h"

// A Call serves one RPC at a time: it listens, reads one message, hands it to the sink, waits for
// the answer, sends it, and listens again. It always has one operation of gRPC pending, and its
// address is that operation's tag, except while it waits for the sink. Its Worker's thread does
// every step but the answer, which may come from any thread; so what the answer touches is behind a
// mutex.
//
// Calls live as long as the server. An answer carries the turn of its call: one that comes after
// the call was given up (the server shuts down) finds another turn and does nothing.

namespace slowburn::collector {
namespace {

constexpr std::string_view kTraceExport =
    "/opentelemetry.proto.collector.trace.v1.TraceService/Export";

// A worker keeps this many calls listening, so that a burst finds them ready.
constexpr size_t kListeningCalls = 32;
// RPCs of one worker in progress, most of them waiting for a commit. More wait in gRPC, where
// HTTP/2 slows their clients down.
constexpr size_t kCallsMax = 1024;

constexpr int kConcurrentStreamsMax = 100;  // of one connection
constexpr int kMetadataBytesMax = 16 << 10;
// Collectors ping every 10 s, with or without calls (G11). gRPC's own limit, one ping in 5 min,
// would cut them off.
constexpr std::chrono::milliseconds kPingIntervalMin{5'000};
constexpr int kPingStrikesMax = 20;
// A peer that vanished without a word is noticed by our own pings.
constexpr std::chrono::milliseconds kKeepaliveInterval{60'000};
constexpr std::chrono::milliseconds kKeepaliveTimeout{20'000};

// What gRPC may hold of messages that are still coming in: this many of the largest.
constexpr size_t kQuotaRequests = 8;
constexpr size_t kQuotaBytesMin = 64 << 20;

// An error's text goes into two trailers, and clients take 8 KiB of metadata.
constexpr size_t kErrorTextMax = 1 << 10;

grpc::ByteBuffer ToByteBuffer(std::string_view bytes) {
  const grpc::Slice slice(bytes.data(), bytes.size());
  return grpc::ByteBuffer(&slice, 1);
}

grpc::Status ToGrpcStatus(grpc::StatusCode code, std::string_view message,
                          std::optional<std::chrono::milliseconds> retry_delay = std::nullopt) {
  const std::string text(message.substr(0, kErrorTextMax));
  return grpc::Status(code, text, EncodeStatus(code, text, retry_delay));
}

class Worker;

class Call {
 public:
  explicit Call(Worker& worker) : worker_(worker) {}

  // Asks gRPC for an RPC.
  void Listen();
  // The pending operation is done. Worker's thread.
  void Proceed(bool ok);
  // Any thread. Does nothing when `turn` is over or answered.
  void Answer(uint64_t turn, const ExportAnswer& answer) ABSL_LOCKS_EXCLUDED(mutex_);
  // Answers in the sink's place if the call waits for it. Any thread.
  void GiveUp() ABSL_LOCKS_EXCLUDED(mutex_);

 private:
  enum class Stage : uint8_t { kListening, kReading, kWaiting, kFinishing };

  void Start();
  void Take();
  void Refuse(grpc::StatusCode code, RequestRefusal reason, std::string_view message);
  void Finish(const grpc::Status& status) ABSL_LOCKS_EXCLUDED(mutex_);
  void Recycle() ABSL_LOCKS_EXCLUDED(mutex_);
  void AnswerLocked(const ExportAnswer& answer) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  Worker& worker_;
  // A context serves one RPC; these are made anew for each.
  std::optional<grpc::GenericServerContext> context_;
  std::optional<grpc::GenericServerAsyncReaderWriter> stream_;
  grpc::ByteBuffer message_;

  std::mutex mutex_;
  Stage stage_ ABSL_GUARDED_BY(mutex_) = Stage::kListening;
  uint64_t turn_ ABSL_GUARDED_BY(mutex_) = 0;
};

// The AnswerFn of one RPC: small enough to lie inside absl::AnyInvocable.
class GrpcAnswer {
 public:
  GrpcAnswer(Call& call, uint64_t turn) : call_(&call), turn_(turn) {}
  GrpcAnswer(GrpcAnswer&& from) noexcept
      : call_(std::exchange(from.call_, nullptr)), turn_(from.turn_) {}
  ~GrpcAnswer();

  void operator()(ExportAnswer answer) && { std::exchange(call_, nullptr)->Answer(turn_, answer); }

 private:
  Call* call_;  // null once answered
  uint64_t turn_;
};

ExportAnswer UnavailableAnswer(std::string message) {
  ExportAnswer answer;
  answer.outcome = ExportAnswer::Outcome::kUnavailable;
  answer.message = std::move(message);
  return answer;
}

GrpcAnswer::~GrpcAnswer() {
  if (call_ == nullptr) return;
  call_->Answer(turn_, UnavailableAnswer("the request was not taken; send it again"));
}

// What all workers share.
struct Shared {
  Shared(const OtlpGrpcServer::Options& options, IngestSink& the_sink,
         prometheus::Registry& registry)
      : request_bytes_max(options.request_bytes_max), sink(the_sink), metrics("grpc", registry) {}

  void CallBegins() {
    const std::lock_guard lock(mutex);
    ++open_calls;
  }
  void CallEnds() {
    const std::lock_guard lock(mutex);
    if (--open_calls == 0) idle.notify_all();
  }

  const size_t request_bytes_max;
  IngestSink& sink;
  RequestMetrics metrics;
  grpc::AsyncGenericService service;
  std::atomic<bool> gives_up = false;  // the drain is over: nothing goes to the sink any more

  std::mutex mutex;
  std::condition_variable idle;
  size_t open_calls ABSL_GUARDED_BY(mutex) = 0;  // from accepted to finished
};

// A completion queue, its thread and its calls.
class Worker {
 public:
  Worker(Shared& shared, std::unique_ptr<grpc::ServerCompletionQueue> queue)
      : shared_(shared), queue_(std::move(queue)) {}

  void Start() {
    ListenMore();
    thread_ = std::thread([this] { Run(); });
  }
  // No call listens any more once this returns.
  void StopListening() ABSL_LOCKS_EXCLUDED(mutex_) {
    const std::lock_guard lock(mutex_);
    listens_ = false;
  }
  void GiveUpCalls() ABSL_LOCKS_EXCLUDED(mutex_) {
    const std::lock_guard lock(mutex_);
    for (Call& call : calls_) call.GiveUp();
  }
  // When the server has shut down.
  void Join() {
    queue_->Shutdown();
    if (thread_.joinable()) {
      thread_.join();
      return;
    }
    void* tag = nullptr;  // It never ran: gRPC wants its queues drained all the same.
    bool ok = false;
    while (queue_->Next(&tag, &ok)) {
    }
  }

  // For its calls, on its thread.
  void Accepted() ABSL_LOCKS_EXCLUDED(mutex_) {
    shared_.CallBegins();
    {
      const std::lock_guard lock(mutex_);
      --listening_;
    }
    ListenMore();
  }
  void Ended(Call& call) ABSL_LOCKS_EXCLUDED(mutex_) {
    {
      const std::lock_guard lock(mutex_);
      free_.push_back(&call);
    }
    shared_.CallEnds();
    ListenMore();
  }
  // The message's bytes, copied into one string that is kept for the next message: gRPC has them in
  // pieces of some KiB.
  std::string& Flatten(const grpc::ByteBuffer& message) {
    flat_.clear();
    flat_.reserve(message.Length());
    if (message.Dump(&slices_).ok()) {
      for (const grpc::Slice& slice : slices_) {
        flat_.append(reinterpret_cast<const char*>(slice.begin()), slice.size());
      }
    }
    slices_.clear();
    return flat_;
  }
  void ReleaseRequest() {
    request_.Release();
    if (flat_.capacity() > kBufferBytesKept) std::string().swap(flat_);
  }

  Shared& shared() { return shared_; }
  TraceRequest& request() { return request_; }
  grpc::ServerCompletionQueue* queue() { return queue_.get(); }

 private:
  void Run() {
    void* tag = nullptr;
    bool ok = false;
    while (queue_->Next(&tag, &ok)) static_cast<Call*>(tag)->Proceed(ok);
  }

  void ListenMore() ABSL_LOCKS_EXCLUDED(mutex_) {
    const std::lock_guard lock(mutex_);
    while (listens_ && listening_ < kListeningCalls) {
      if (free_.empty()) {
        if (calls_.size() == kCallsMax) return;
        free_.push_back(&calls_.emplace_back(*this));
      }
      Call* call = free_.back();
      free_.pop_back();
      ++listening_;
      call->Listen();
    }
  }

  Shared& shared_;
  std::unique_ptr<grpc::ServerCompletionQueue> queue_;
  TraceRequest request_;
  std::string flat_;
  std::vector<grpc::Slice> slices_;

  std::mutex mutex_;
  std::deque<Call> calls_ ABSL_GUARDED_BY(mutex_);  // a deque: they stay where they are
  std::vector<Call*> free_ ABSL_GUARDED_BY(mutex_);
  size_t listening_ ABSL_GUARDED_BY(mutex_) = 0;
  bool listens_ ABSL_GUARDED_BY(mutex_) = true;

  std::thread thread_;
};

void Call::Listen() {
  context_.emplace();
  stream_.emplace(&*context_);
  worker_.shared().service.RequestCall(&*context_, &*stream_, worker_.queue(), worker_.queue(),
                                       this);
}

void Call::Proceed(bool ok) {
  Stage stage;
  {
    const std::lock_guard lock(mutex_);
    stage = stage_;
  }
  switch (stage) {
    case Stage::kListening:
      // Not ok: the server shuts down; this call has served its last.
      if (ok) Start();
      break;
    case Stage::kReading:
      if (ok) {
        Take();
      } else {
        // The client went away, gRPC ended the call, or it has no message: only then somebody reads
        // this.
        Refuse(grpc::INVALID_ARGUMENT, RequestRefusal::kUndecodable,
               "the call ended before its message; send one ExportTraceServiceRequest");
      }
      break;
    case Stage::kFinishing:
      Recycle();
      break;
    case Stage::kWaiting:
      break;  // Nothing of gRPC is pending.
  }
}

void Call::Start() {
  worker_.Accepted();
  if (context_->method() != kTraceExport) {
    Refuse(grpc::UNIMPLEMENTED, RequestRefusal::kUnsupported,
           fmt::format("{}: this build takes traces only; send other signals elsewhere",
                       std::string_view(context_->method()).substr(0, 200)));
    return;
  }
  {
    const std::lock_guard lock(mutex_);
    stage_ = Stage::kReading;
  }
  stream_->Read(&message_, this);
}

void Call::Take() {
  Shared& shared = worker_.shared();
  shared.metrics.CountBytes(message_.Length());
  if (message_.Length() > shared.request_bytes_max) {
    Refuse(grpc::RESOURCE_EXHAUSTED, RequestRefusal::kTooLarge,
           fmt::format("the request has {} bytes, the limit is {}; send smaller batches",
                       message_.Length(), shared.request_bytes_max));
    return;
  }
  std::string& wire = worker_.Flatten(message_);
  message_.Clear();
  const std::shared_ptr<const TraceSink> traces = shared.sink.traces();
  // A request begins with a tag of at most 5 bytes, never with gzip's magic (field 3 of a type that
  // does not exist).
  const absl::Status status = worker_.request().Read(
      wire, net::LooksGzipped(wire), shared.request_bytes_max, traces->projection());
  if (!status.ok()) {
    const bool is_too_large = absl::IsResourceExhausted(status);
    Refuse(is_too_large ? grpc::RESOURCE_EXHAUSTED : grpc::INVALID_ARGUMENT, RefusalOf(status),
           base::Message(status));
    worker_.ReleaseRequest();
    return;
  }
  uint64_t turn;
  {
    const std::lock_guard lock(mutex_);
    turn = turn_;
    stage_ = Stage::kWaiting;
    if (shared.gives_up) {
      AnswerLocked(UnavailableAnswer("the server shuts down; send the request again"));
      return;
    }
  }
  traces->Ingest(worker_.request().body(), worker_.request().batch(), GrpcAnswer(*this, turn));
  worker_.ReleaseRequest();
}

void Call::Answer(uint64_t turn, const ExportAnswer& answer) {
  const std::lock_guard lock(mutex_);
  if (turn == turn_ && stage_ == Stage::kWaiting) AnswerLocked(answer);
}

void Call::GiveUp() {
  const std::lock_guard lock(mutex_);
  if (stage_ != Stage::kWaiting) return;
  AnswerLocked(UnavailableAnswer("the server shuts down; send the request again"));
}

void Call::AnswerLocked(const ExportAnswer& answer) {
  stage_ = Stage::kFinishing;
  worker_.shared().metrics.Count(OutcomeOf(answer));
  if (answer.outcome == ExportAnswer::Outcome::kUnavailable) {
    stream_->Finish(ToGrpcStatus(grpc::UNAVAILABLE, answer.message, answer.retry_delay), this);
    return;
  }
  stream_->WriteAndFinish(ToByteBuffer(EncodeTraceResponse(answer.rejected, answer.message)),
                          grpc::WriteOptions(), grpc::Status::OK, this);
}

void Call::Refuse(grpc::StatusCode code, RequestRefusal reason, std::string_view message) {
  worker_.shared().sink.CountRefused(reason);
  worker_.shared().metrics.Count(RequestOutcome::kRefused);
  Finish(ToGrpcStatus(code, message));
}

void Call::Finish(const grpc::Status& status) {
  const std::lock_guard lock(mutex_);
  stage_ = Stage::kFinishing;
  stream_->Finish(status, this);
}

void Call::Recycle() {
  {
    // Whoever finished the call still held the mutex while gRPC was already done with it.
    const std::lock_guard lock(mutex_);
    ++turn_;
    stage_ = Stage::kListening;
    message_.Clear();
    stream_.reset();
    context_.reset();
  }
  worker_.Ended(*this);
}

void Configure(const OtlpGrpcServer::Options& options, grpc::ServerBuilder& builder) {
  const auto millis = [](std::chrono::milliseconds duration) {
    return static_cast<int>(duration.count());
  };
  // gRPC 1.51 looks at a message's length once it has the whole message, so its own limit saves no
  // memory; without it, Take can tell what is too large from a client that went away. The quota
  // does save memory: it cancels calls (measured: 20 x 64 MiB against a quota of 256 MiB peak at
  // 283 MiB, without at 1 GiB).
  builder.SetMaxReceiveMessageSize(-1);
  builder.SetResourceQuota(
      grpc::ResourceQuota("otlp_grpc")
          .Resize(std::max(kQuotaBytesMin, options.request_bytes_max * kQuotaRequests)));
  // gzip is opened by us, with a cap; deflate and others are refused by gRPC with what it accepts
  // (G9).
  builder.SetCompressionAlgorithmSupportStatus(GRPC_COMPRESS_DEFLATE, false);
  builder.AddChannelArgument(GRPC_ARG_ENABLE_PER_MESSAGE_DECOMPRESSION, 0);
  builder.AddChannelArgument(GRPC_ARG_ALLOW_REUSEPORT, 0);
  builder.AddChannelArgument(GRPC_ARG_MAX_CONCURRENT_STREAMS, kConcurrentStreamsMax);
  builder.AddChannelArgument(GRPC_ARG_MAX_METADATA_SIZE, kMetadataBytesMax);
  builder.AddChannelArgument(GRPC_ARG_HTTP2_MIN_RECV_PING_INTERVAL_WITHOUT_DATA_MS,
                             millis(kPingIntervalMin));
  builder.AddChannelArgument(GRPC_ARG_HTTP2_MAX_PING_STRIKES, kPingStrikesMax);
  builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_PERMIT_WITHOUT_CALLS, 1);
  builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_TIME_MS, millis(kKeepaliveInterval));
  builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_TIMEOUT_MS, millis(kKeepaliveTimeout));
}

}  // namespace

class OtlpGrpcServer::Impl {
 public:
  Impl(const Options& options, IngestSink& sink, prometheus::Registry& registry)
      : shared_(options, sink, registry), address_(options.address) {}
  ~Impl() { Shutdown(std::chrono::seconds(0)); }

  absl::Status Start(const Options& options) {
    SB_ASSIGN_OR_RETURN(const net::HostPort resolved, ResolveListenAddress(address_));
    grpc::ServerBuilder builder;
    Configure(options, builder);
    builder.RegisterAsyncGenericService(&shared_.service);
    int port = 0;
    builder.AddListeningPort(resolved.Text(), grpc::InsecureServerCredentials(), &port);
    for (int i = 0; i < std::max(1, options.threads); ++i) {
      workers_.emplace_back(shared_, builder.AddCompletionQueue());
    }
    server_ = builder.BuildAndStart();
    if (server_ == nullptr || port == 0) return ListenError(address_, resolved);
    address_.port = static_cast<uint16_t>(port);
    for (Worker& worker : workers_) worker.Start();
    return absl::OkStatus();
  }

  const net::HostPort& address() const { return address_; }

  void Shutdown(std::chrono::seconds drain) {
    if (std::exchange(is_shut_down_, true)) return;
    for (Worker& worker : workers_) worker.StopListening();
    if (server_ != nullptr) ShutDownServer(std::chrono::system_clock::now() + drain);
    for (Worker& worker : workers_) worker.Join();
  }

 private:
  // gRPC's Shutdown returns when no call is left, and those that wait for the sink are left until
  // somebody answers them: so it runs beside, and when the time is over we answer them.
  void ShutDownServer(std::chrono::system_clock::time_point deadline) {
    const std::jthread closer([this, deadline] { server_->Shutdown(deadline); });
    {
      std::unique_lock lock(shared_.mutex);
      shared_.idle.wait_until(lock, deadline, [this] { return shared_.open_calls == 0; });
    }
    shared_.gives_up = true;
    for (Worker& worker : workers_) worker.GiveUpCalls();
  }

  Shared shared_;
  net::HostPort address_;
  std::deque<Worker> workers_;  // a deque: they stay where they are
  std::unique_ptr<grpc::Server> server_;
  bool is_shut_down_ = false;
};

absl::StatusOr<std::unique_ptr<OtlpGrpcServer>> OtlpGrpcServer::Start(
    Options options, IngestSink& sink, prometheus::Registry& registry) {
  auto impl = std::make_unique<Impl>(options, sink, registry);
  SB_RETURN_IF_ERROR(impl->Start(options));
  return std::unique_ptr<OtlpGrpcServer>(new OtlpGrpcServer(std::move(impl)));
}

OtlpGrpcServer::OtlpGrpcServer(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}

OtlpGrpcServer::~OtlpGrpcServer() = default;

const net::HostPort& OtlpGrpcServer::address() const { return impl_->address(); }

void OtlpGrpcServer::Shutdown(std::chrono::seconds drain) { impl_->Shutdown(drain); }

}  // namespace slowburn::collector
