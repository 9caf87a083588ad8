#include "forward/otlp_exporter.h"

#include <algorithm>
#include <array>
#include <condition_variable>
#include <list>
#include <mutex>
#include <optional>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include <absl/base/thread_annotations.h>
#include <grpcpp/create_channel.h>
#include <grpcpp/generic/generic_stub.h>
#include <grpcpp/security/credentials.h>

#include "base/logging.h"
#include "forward/backoff.h"
#include "forward/internal/exporter_metrics.h"
#include "forward/otlp_answer.h"
#include "model/label_set.h"

// One worker thread owns the calls. gRPC's callbacks only store how a call ended and wake the
// worker, which counts, retries and starts. All calls share one back-off, because what fails is the
// endpoint: while it fails, one call at a time tries it, a payload not yet tried before one that
// was, so that a payload on which the endpoint stumbles does not stand in the way of the others.

namespace slowburn::forward {
namespace {

using std::chrono::milliseconds;
using std::chrono::nanoseconds;
using std::chrono::seconds;
using Steady = std::chrono::steady_clock;

// In the order of model::Signal.
constexpr std::array<const char*, model::kSignals.size()> kMethods = {
    "/opentelemetry.proto.collector.trace.v1.TraceService/Export",
    "/opentelemetry.proto.collector.metrics.v1.MetricsService/Export",
    "/opentelemetry.proto.collector.logs.v1.LogsService/Export"};
constexpr size_t kRequestBytesMax = 64 << 20;  // OTLP's default limit (X7)
constexpr int kResponseBytesMax = 4 << 20;     // likewise (X8)
constexpr std::chrono::minutes kLogEvery{1};   // of lines about refused payloads
constexpr std::chrono::hours kIdle{1};         // nothing to wait for: every event wakes

constexpr std::string_view kQueueFull = "queue_full";
constexpr std::string_view kTooOld = "too_old";
constexpr std::string_view kRejected = "rejected";
constexpr std::string_view kShutdown = "shutdown";

std::shared_ptr<grpc::Channel> MakeChannel(const OtlpExporter::Options& options) {
  grpc::ChannelArguments arguments;
  arguments.SetUserAgentPrefix("slowburn");
  arguments.SetMaxReceiveMessageSize(kResponseBytesMax);
  // Identity only, and no decompression: a small compressed answer could grow past the limit above.
  arguments.SetInt(GRPC_COMPRESSION_CHANNEL_ENABLED_ALGORITHMS_BITSET, 1);
  arguments.SetInt(GRPC_ARG_ENABLE_PER_MESSAGE_DECOMPRESSION, 0);
  // Retries are ours, and so is the connection: no exporter shares another's fate.
  arguments.SetInt(GRPC_ARG_ENABLE_RETRIES, 0);
  arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
  arguments.SetInt(GRPC_ARG_ENABLE_HTTP_PROXY, 0);
  // gRPC connects by itself with a back-off of its own. A short one, or it would come on top of
  // ours.
  const int reconnect = static_cast<int>(std::clamp<int64_t>(options.backoff_min.count(), 1, 1000));
  arguments.SetInt(GRPC_ARG_INITIAL_RECONNECT_BACKOFF_MS, reconnect);
  arguments.SetInt(GRPC_ARG_MAX_RECONNECT_BACKOFF_MS, 1000);
  // A connection that died without a word is found by a ping, while calls wait on it.
  arguments.SetInt(GRPC_ARG_KEEPALIVE_TIME_MS, 20'000);
  arguments.SetInt(GRPC_ARG_KEEPALIVE_TIMEOUT_MS, 10'000);
  return grpc::CreateCustomChannel(options.endpoint, grpc::InsecureChannelCredentials(), arguments);
}

// The bytes themselves, not a copy: gRPC holds a share in them until the last reference is gone.
grpc::ByteBuffer Wrap(std::shared_ptr<const std::string> bytes) {
  using Share = std::shared_ptr<const std::string>;
  const size_t size = bytes->size();
  void* data = const_cast<char*>(bytes->data());  // gRPC's interface lacks the const; it only reads
  auto share = std::make_unique<Share>(std::move(bytes));
  const grpc::Slice slice(
      data, size, [](void* held) { std::unique_ptr<Share> owner(static_cast<Share*>(held)); },
      share.release());
  return grpc::ByteBuffer(&slice, 1);
}

std::string Text(const grpc::ByteBuffer& buffer) {
  std::string text;
  std::vector<grpc::Slice> slices;
  if (!buffer.Valid() || !buffer.Dump(&slices).ok()) return text;
  for (const grpc::Slice& slice : slices) text.append(slice.begin(), slice.end());
  return text;
}

// The table of the OTLP specification (X2).
bool IsRetryable(grpc::StatusCode code, bool has_retry_info) {
  switch (code) {
    case grpc::StatusCode::CANCELLED:
    case grpc::StatusCode::DEADLINE_EXCEEDED:
    case grpc::StatusCode::ABORTED:
    case grpc::StatusCode::OUT_OF_RANGE:
    case grpc::StatusCode::UNAVAILABLE:
    case grpc::StatusCode::DATA_LOSS:
      return true;
    case grpc::StatusCode::RESOURCE_EXHAUSTED:
      return has_retry_info;
    default:
      return false;
  }
}

}  // namespace

class OtlpExporter::Impl {
 public:
  Impl(Options options, prometheus::Registry& registry)
      : options_(std::move(options)),
        metrics_(registry, options_.name),
        stub_(MakeChannel(options_)),
        queue_(MakeMemoryQueue(options_.queue_bytes_max)),
        backoff_({.min = options_.backoff_min, .max = options_.backoff_max, .seed = options_.seed}),
        worker_([this] { Run(); }) {}

  ~Impl() { Shutdown(seconds(0)); }

  bool Takes(model::Signal signal) const { return options_.signals.contains(signal); }
  void Offer(Payload payload);
  Totals totals() const;
  void Shutdown(seconds drain);
  const std::string& name() const { return options_.name; }

 private:
  // A payload in flight. A failed one stays here, waiting for its next try.
  struct Call {
    enum class State { kWaiting, kRunning, kEnded };
    Payload payload;
    grpc::ByteBuffer request;
    State state = State::kWaiting;
    uint64_t round = 0;  // of the back-off, when it was started
    std::unique_ptr<grpc::ClientContext> context;
    grpc::ByteBuffer response;
    grpc::Status status;  // when kEnded
  };

  void Run();
  void SettleEnded(Steady::time_point now) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  bool Settle(Call& call, Steady::time_point now) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void SettleDelivered(Call& call) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void DropExpired(Steady::time_point now) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  bool MayStop(Steady::time_point now) const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  Call* NextToStart(Steady::time_point now) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  Call* PopFresh(Steady::time_point now) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void Start(Call& call);
  Steady::time_point NextEvent(Steady::time_point now) const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void Abandon(std::unique_lock<std::mutex>& lock);

  void NoteFailing(const Call& call, std::optional<nanoseconds> delay, Steady::time_point now)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void NoteAnswering(const Call& call) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void LogRefused(std::string_view message, model::Signal signal, uint64_t items,
                  std::string_view error) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  void Finish(const Payload& payload, uint64_t delivered, std::string_view reason)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void Drop(std::string_view reason, model::Signal signal, uint64_t items)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void ShowQueue() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  size_t InFlightMax() const { return static_cast<size_t>(std::max(options_.in_flight_max, 1)); }
  bool IsExpired(const Payload& payload, Steady::time_point now) const {
    return now - payload.enqueued_at >= options_.give_up_after;
  }
  ptrdiff_t Running() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    return std::ranges::count(calls_, Call::State::kRunning, &Call::state);
  }

  const Options options_;
  const internal::ExporterMetrics metrics_;
  grpc::GenericStub stub_;
  const std::unique_ptr<SendQueue> queue_;  // changed under mutex_, so that the totals agree

  mutable std::mutex mutex_;
  std::condition_variable wake_;
  Totals totals_ ABSL_GUARDED_BY(mutex_);  // but `pending`, which is the queue's
  // Waiting ones longest-untried first. The worker alone adds and removes.
  std::list<Call> calls_ ABSL_GUARDED_BY(mutex_);
  // Calls that are over, to be destroyed without the lock: gRPC may run callbacks in there.
  std::list<Call> over_;
  Backoff backoff_ ABSL_GUARDED_BY(mutex_);
  uint64_t round_ ABSL_GUARDED_BY(mutex_) = 0;  // how often the back-off was set
  Steady::time_point resume_at_ ABSL_GUARDED_BY(mutex_){};
  bool failing_ ABSL_GUARDED_BY(mutex_) = false;         // the newest news is a failure
  bool failing_logged_ ABSL_GUARDED_BY(mutex_) = false;  // until all goes well again
  Steady::time_point refused_logged_at_ ABSL_GUARDED_BY(mutex_){};
  uint64_t refused_suppressed_ ABSL_GUARDED_BY(mutex_) = 0;
  std::optional<Steady::time_point> stop_at_ ABSL_GUARDED_BY(mutex_);

  std::mutex join_mutex_;
  std::jthread worker_;  // last: it uses all the others
};

void OtlpExporter::Impl::Offer(Payload payload) {
  const model::Signal signal = payload.signal;
  const uint32_t items = payload.items;
  if (items == 0) return;  // an empty envelope: nothing to tell anybody (X13)
  const std::lock_guard lock(mutex_);
  totals_.routed += items;
  if (stop_at_.has_value()) return Drop(kShutdown, signal, items);
  if (payload.bytes->size() > kRequestBytesMax) {
    Drop(kRejected, signal, items);
    return LogRefused("request over the OTLP limit of 64 MiB dropped", signal, items,
                      "lower the batch size of the sender");
  }
  for (const Payload& dropped : queue_->Push(std::move(payload)))
    Drop(kQueueFull, dropped.signal, dropped.items);
  ShowQueue();
  wake_.notify_one();
}

OtlpExporter::Totals OtlpExporter::Impl::totals() const {
  const std::lock_guard lock(mutex_);
  Totals totals = totals_;
  totals.pending = queue_->pending_items();
  return totals;
}

void OtlpExporter::Impl::Shutdown(seconds drain) {
  {
    const std::lock_guard lock(mutex_);
    const Steady::time_point stop_at = Steady::now() + drain;
    stop_at_ = std::min(stop_at_.value_or(stop_at), stop_at);
    wake_.notify_one();
  }
  const std::lock_guard joining(join_mutex_);
  if (worker_.joinable()) worker_.join();
}

void OtlpExporter::Impl::Run() {
  std::unique_lock lock(mutex_);
  while (true) {
    const Steady::time_point now = Steady::now();
    SettleEnded(now);
    DropExpired(now);
    if (MayStop(now)) break;
    if (Call* call = NextToStart(now)) {
      call->state = Call::State::kRunning;
      call->round = round_;
      lock.unlock();
      Start(*call);
      lock.lock();
    } else if (!over_.empty()) {
      lock.unlock();
      over_.clear();
      lock.lock();
    } else {
      wake_.wait_until(lock, NextEvent(now));
    }
  }
  Abandon(lock);
}

void OtlpExporter::Impl::SettleEnded(Steady::time_point now) {
  for (auto next = calls_.begin(); next != calls_.end();) {
    const auto call = next++;
    if (call->state != Call::State::kEnded) continue;
    if (Settle(*call, now)) {
      over_.splice(over_.end(), calls_, call);
    } else {
      calls_.splice(calls_.end(), calls_, call);  // behind those that wait longer
    }
  }
}

// Whether the call is over; else it waits for another try.
bool OtlpExporter::Impl::Settle(Call& call, Steady::time_point now) {
  if (call.status.ok()) {
    SettleDelivered(call);
    NoteAnswering(call);
    return true;
  }
  metrics_.send_failed.Add(call.payload.signal, call.payload.items);
  const std::optional<nanoseconds> delay = ParseRetryDelay(call.status.error_details());
  if (!IsRetryable(call.status.error_code(), delay.has_value())) {
    Finish(call.payload, 0, kRejected);
    LogRefused("request refused by the endpoint, dropped", call.payload.signal, call.payload.items,
               call.status.error_message());
    NoteAnswering(call);
    return true;
  }
  NoteFailing(call, delay, now);
  call.state = Call::State::kWaiting;
  return false;
}

void OtlpExporter::Impl::SettleDelivered(Call& call) {
  // The call itself was OK: what cannot be read takes nothing away from that.
  const PartialSuccess partial =
      ParsePartialSuccess(Text(call.response)).value_or(PartialSuccess{});
  const int64_t items = call.payload.items;
  const int64_t rejected = std::clamp<int64_t>(partial.rejected, 0, items);
  Finish(call.payload, static_cast<uint64_t>(items - rejected), kRejected);
  if (rejected > 0 || !partial.message.empty()) {
    LogRefused("endpoint took the request with a reservation", call.payload.signal,
               static_cast<uint64_t>(rejected), partial.message);
  }
}

void OtlpExporter::Impl::DropExpired(Steady::time_point now) {
  for (auto next = calls_.begin(); next != calls_.end();) {
    const auto call = next++;
    if (call->state != Call::State::kWaiting || !IsExpired(call->payload, now)) continue;
    Finish(call->payload, 0, kTooOld);
    over_.splice(over_.end(), calls_, call);
  }
}

bool OtlpExporter::Impl::MayStop(Steady::time_point now) const {
  if (!stop_at_.has_value()) return false;
  if (now >= *stop_at_ || queue_->pending_items() == 0) return true;
  return Running() == 0 && resume_at_ >= *stop_at_;  // no try would come before the end
}

OtlpExporter::Impl::Call* OtlpExporter::Impl::NextToStart(Steady::time_point now) {
  const size_t running_max = failing_ ? 1 : InFlightMax();
  if (now < resume_at_ || static_cast<size_t>(Running()) >= running_max) return nullptr;
  const auto waiting = std::ranges::find(calls_, Call::State::kWaiting, &Call::state);
  if (waiting == calls_.end() || failing_) {
    if (Call* fresh = PopFresh(now)) return fresh;
  }
  return waiting == calls_.end() ? nullptr : &*waiting;
}

OtlpExporter::Impl::Call* OtlpExporter::Impl::PopFresh(Steady::time_point now) {
  while (calls_.size() < InFlightMax()) {
    std::optional<Payload> payload = queue_->Pop({});
    if (!payload.has_value()) return nullptr;
    if (IsExpired(*payload, now)) {
      Finish(*payload, 0, kTooOld);
      continue;
    }
    Call& call = calls_.emplace_back();
    call.payload = *std::move(payload);
    call.request = Wrap(call.payload.bytes);
    return &call;
  }
  return nullptr;
}

// Without the lock: gRPC may call back before it returns.
void OtlpExporter::Impl::Start(Call& call) {
  call.response.Clear();
  call.context = std::make_unique<grpc::ClientContext>();
  call.context->set_deadline(std::chrono::system_clock::now() + options_.timeout);
  const char* const method = kMethods[static_cast<size_t>(call.payload.signal)];
  stub_.UnaryCall(call.context.get(), method, {}, &call.request, &call.response,
                  [this, &call](grpc::Status status) {
                    const std::lock_guard lock(mutex_);
                    call.status = std::move(status);
                    call.state = Call::State::kEnded;
                    wake_.notify_one();
                  });
}

Steady::time_point OtlpExporter::Impl::NextEvent(Steady::time_point now) const {
  Steady::time_point next = now + kIdle;
  if (stop_at_.has_value()) next = std::min(next, *stop_at_);
  if (resume_at_ > now) next = std::min(next, resume_at_);
  for (const Call& call : calls_) {
    if (call.state != Call::State::kWaiting) continue;
    next = std::min(next, call.payload.enqueued_at + options_.give_up_after);
  }
  return next;
}

// Cancels what runs, waits for its callbacks, and drops all that is left.
void OtlpExporter::Impl::Abandon(std::unique_lock<std::mutex>& lock) {
  std::vector<grpc::ClientContext*> running;
  for (const Call& call : calls_) {
    if (call.state == Call::State::kRunning) running.push_back(call.context.get());
  }
  lock.unlock();
  for (grpc::ClientContext* context : running) context->TryCancel();
  lock.lock();
  wake_.wait(lock, [this] { return Running() == 0; });
  for (Call& call : calls_) {
    if (call.state == Call::State::kEnded && call.status.ok()) {
      SettleDelivered(call);
    } else {
      Finish(call.payload, 0, kShutdown);
    }
  }
  while (const std::optional<Payload> payload = queue_->Pop({})) Finish(*payload, 0, kShutdown);
  queue_->Close();
  over_.splice(over_.end(), calls_);
  lock.unlock();
  over_.clear();
}

void OtlpExporter::Impl::NoteFailing(const Call& call, std::optional<nanoseconds> delay,
                                     Steady::time_point now) {
  failing_ = true;
  // Calls that ran side by side fail side by side: they are one failure, not a longer back-off
  // each.
  if (call.round == round_) {
    ++round_;
    resume_at_ = std::max(resume_at_, now + backoff_.Next());
  }
  if (delay.has_value()) resume_at_ = std::max(resume_at_, now + *delay);
  if (failing_logged_) return;
  failing_logged_ = true;
  base::Log(base::LogLevel::kWarning, "otlp endpoint failing, will be tried until it answers",
            {{"downstream", options_.name},
             {"endpoint", options_.endpoint},
             {"code", static_cast<int>(call.status.error_code())},
             {"error", model::ValidUtf8(call.status.error_message())}});
}

void OtlpExporter::Impl::NoteAnswering(const Call& call) {
  if (call.round != round_) return;  // started before the failure: old news
  failing_ = false;
  backoff_.Reset();
  const bool some_wait =
      std::ranges::find(calls_, Call::State::kWaiting, &Call::state) != calls_.end();
  if (!failing_logged_ || some_wait) return;
  failing_logged_ = false;
  base::Log(base::LogLevel::kInfo, "otlp endpoint answers again",
            {{"downstream", options_.name}, {"endpoint", options_.endpoint}});
}

void OtlpExporter::Impl::LogRefused(std::string_view message, model::Signal signal, uint64_t items,
                                    std::string_view error) {
  const Steady::time_point now = Steady::now();
  const bool first = refused_logged_at_ == Steady::time_point{};
  if (!first && now - refused_logged_at_ < kLogEvery) {
    ++refused_suppressed_;
    return;
  }
  refused_logged_at_ = now;
  constexpr size_t kErrorMax = 500;  // the endpoint's words may be long
  base::Log(base::LogLevel::kWarning, message,
            {{"downstream", options_.name},
             {"signal", model::SignalName(signal)},
             {"items", items},
             {"error", model::ValidUtf8(error.substr(0, kErrorMax))},
             {"suppressed", std::exchange(refused_suppressed_, 0)}});
}

void OtlpExporter::Impl::Finish(const Payload& payload, uint64_t delivered,
                                std::string_view reason) {
  queue_->Done(payload);
  totals_.delivered += delivered;
  metrics_.sent.Add(payload.signal, delivered);
  Drop(reason, payload.signal, payload.items - delivered);
  ShowQueue();
}

void OtlpExporter::Impl::Drop(std::string_view reason, model::Signal signal, uint64_t items) {
  if (items == 0) return;
  totals_.dropped[std::string(reason)] += items;
  metrics_.dropped.Add(signal, items);
}

void OtlpExporter::Impl::ShowQueue() {
  metrics_.queue_items.Set(static_cast<double>(queue_->pending_items()));
  metrics_.queue_bytes.Set(static_cast<double>(queue_->pending_bytes()));
}

OtlpExporter::OtlpExporter(Options options, prometheus::Registry& registry)
    : impl_(std::make_unique<Impl>(std::move(options), registry)) {}

OtlpExporter::~OtlpExporter() = default;

bool OtlpExporter::Takes(model::Signal signal) const { return impl_->Takes(signal); }

void OtlpExporter::Offer(model::Signal signal, std::shared_ptr<const std::string> request,
                         uint32_t items) {
  impl_->Offer({std::move(request), signal, items, Steady::now()});
}

OtlpExporter::Totals OtlpExporter::totals() const { return impl_->totals(); }

const std::string& OtlpExporter::name() const { return impl_->name(); }

void OtlpExporter::Shutdown(seconds drain) { impl_->Shutdown(drain); }

}  // namespace slowburn::forward
