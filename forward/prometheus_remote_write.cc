#include "forward/prometheus_remote_write.h"

#include <algorithm>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <optional>
#include <string_view>
#include <thread>
#include <utility>

#include <absl/base/thread_annotations.h>
#include <absl/container/flat_hash_map.h>
#include <absl/container/flat_hash_set.h>

#include "base/logging.h"
#include "forward/backoff.h"
#include "forward/internal/exporter_metrics.h"
#include "forward/remote_write_answer.h"
#include "net/http_client.h"
#include "net/snappy_block.h"

// One worker thread takes what waits into a request and sends it until it is settled; nothing else
// is sent meanwhile. What waits, and what is in the request, is the queue.

namespace slowburn::forward {
namespace {

using model::OutgoingSamples;
using std::chrono::milliseconds;
using std::chrono::seconds;
using Steady = std::chrono::steady_clock;

constexpr model::Signal kSignal = model::Signal::kMetrics;
constexpr size_t kAnswerBytesMax = 64 << 10;
constexpr std::chrono::minutes kLogEvery{1};   // of lines about what is refused
constexpr std::chrono::hours kIdle{1};         // nothing to wait for: every event wakes
constexpr std::chrono::minutes kTellEvery{1};  // as Prometheus sends metadata
constexpr size_t kToldMax = 100'000;           // metrics that are remembered

constexpr std::string_view kQueueFull = "queue_full";
constexpr std::string_view kRejected = "rejected";
constexpr std::string_view kUnsupported = "unsupported";
constexpr std::string_view kShutdown = "shutdown";

}  // namespace

class PrometheusRemoteWrite::Impl {
 public:
  Impl(Options options, const base::Clock& clock, prometheus::Registry& registry)
      : options_(std::move(options)),
        clock_(clock),
        metrics_(registry, options_.name),
        protocol_(options_.protocol),
        backoff_({.min = options_.backoff_min, .max = options_.backoff_max, .seed = options_.seed}),
        worker_([this] { Run(); }) {}

  ~Impl() { Shutdown(seconds(0)); }

  void Offer(OutgoingSamples samples);
  ForwardTotals totals() const;
  void Shutdown(seconds drain);
  const std::string& name() const { return options_.name; }

 private:
  struct Waiting {
    std::unique_ptr<const OutgoingSamples> samples;
    Steady::time_point since;
  };
  // What is being sent. Of the worker alone.
  struct Request {
    std::vector<std::unique_ptr<const OutgoingSamples>> batches;
    uint64_t items = 0;  // of all batches
    uint64_t bytes = 0;  // likewise, as the queue counts them
    RemoteWriteMessage message;
    std::string body;                       // compressed; "" while it has to be made
    absl::flat_hash_set<std::string> told;  // metrics whose metadata are in the message of 1.0
  };

  void Run();
  bool MayStop(Steady::time_point now) const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  Steady::time_point NextEvent(Steady::time_point now) const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  bool IsDue(Steady::time_point now) const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    return NextEvent(now) <= now && (!request_.batches.empty() || !waiting_.empty());
  }
  void Fill() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void Encode();
  RemoteWriteAnswer Send(milliseconds timeout);
  void Settle(const RemoteWriteAnswer& answer) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void Finish(uint64_t written) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void Abandon() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  milliseconds TimeLeft(Steady::time_point now) const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  void NoteFailing(const RemoteWriteAnswer& answer) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void NoteAnswering() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void LogRefused(uint64_t items, std::string_view error) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  void Drop(std::string_view reason, uint64_t items) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void DropOldest() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void ShowQueue() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  const Options options_;
  const base::Clock& clock_;
  const internal::ExporterMetrics metrics_;

  Request request_;               // of the worker
  RemoteWriteProtocol protocol_;  // likewise; 1.0 from the first receiver on that needs it
  // Likewise: when the receiver was told the metadata of a metric.
  absl::flat_hash_map<std::string, Steady::time_point> told_;

  mutable std::mutex mutex_;
  std::condition_variable wake_;
  ForwardTotals totals_ ABSL_GUARDED_BY(mutex_);  // with what waits and what is being sent
  std::deque<Waiting> waiting_ ABSL_GUARDED_BY(mutex_);
  uint64_t waiting_items_ ABSL_GUARDED_BY(mutex_) = 0;
  uint64_t pending_bytes_ ABSL_GUARDED_BY(mutex_) = 0;  // waiting and being sent
  Backoff backoff_ ABSL_GUARDED_BY(mutex_);
  Steady::time_point resume_at_ ABSL_GUARDED_BY(mutex_){};
  bool failing_ ABSL_GUARDED_BY(mutex_) = false;
  Steady::time_point refused_logged_at_ ABSL_GUARDED_BY(mutex_){};
  uint64_t refused_suppressed_ ABSL_GUARDED_BY(mutex_) = 0;
  std::optional<Steady::time_point> stop_at_ ABSL_GUARDED_BY(mutex_);

  std::mutex join_mutex_;
  std::jthread worker_;  // last: it uses all the others
};

void PrometheusRemoteWrite::Impl::Offer(OutgoingSamples samples) {
  if (samples.empty()) return;
  const uint64_t items = samples.items();
  const uint64_t bytes = samples.memory_bytes();
  auto batch = std::make_unique<const OutgoingSamples>(std::move(samples));
  const std::lock_guard lock(mutex_);
  totals_.routed += items;
  totals_.pending += items;
  if (stop_at_.has_value()) return Drop(kShutdown, items);
  while (!waiting_.empty() && pending_bytes_ + bytes > options_.queue_bytes_max) DropOldest();
  // What is being sent cannot be dropped, so what does not fit beside it does not fit at all.
  if (pending_bytes_ + bytes > options_.queue_bytes_max) return Drop(kQueueFull, items);
  waiting_.push_back({std::move(batch), Steady::now()});
  waiting_items_ += items;
  pending_bytes_ += bytes;
  ShowQueue();
  wake_.notify_one();
}

ForwardTotals PrometheusRemoteWrite::Impl::totals() const {
  const std::lock_guard lock(mutex_);
  return totals_;
}

void PrometheusRemoteWrite::Impl::Shutdown(seconds drain) {
  {
    const std::lock_guard lock(mutex_);
    const Steady::time_point stop_at = Steady::now() + drain;
    stop_at_ = std::min(stop_at_.value_or(stop_at), stop_at);
    wake_.notify_one();
  }
  const std::lock_guard joining(join_mutex_);
  if (worker_.joinable()) worker_.join();
}

void PrometheusRemoteWrite::Impl::Run() {
  std::unique_lock lock(mutex_);
  for (Steady::time_point now = Steady::now(); !MayStop(now); now = Steady::now()) {
    if (!IsDue(now)) {
      wake_.wait_until(lock, NextEvent(now));
      continue;
    }
    if (request_.batches.empty()) Fill();
    const milliseconds timeout = TimeLeft(now);
    lock.unlock();
    const RemoteWriteAnswer answer = Send(timeout);
    lock.lock();
    Settle(answer);
  }
  Abandon();
}

bool PrometheusRemoteWrite::Impl::MayStop(Steady::time_point now) const {
  if (!stop_at_.has_value()) return false;
  // Nothing left, or no try would come before the end.
  return now >= *stop_at_ || totals_.pending == 0 || resume_at_ >= *stop_at_;
}

// When there may be something to do; the past where there is.
Steady::time_point PrometheusRemoteWrite::Impl::NextEvent(Steady::time_point now) const {
  if (request_.batches.empty() && waiting_.empty()) return now + kIdle;
  const bool is_ready =
      !request_.batches.empty() || stop_at_.has_value() || waiting_items_ >= options_.items_min;
  const Steady::time_point ready_at = is_ready ? now : waiting_.front().since + options_.delay;
  return std::max(ready_at, resume_at_);
}

// Late ones go alone: a receiver that refuses them refuses no others.
void PrometheusRemoteWrite::Impl::Fill() {
  request_ = Request();
  while (!waiting_.empty()) {
    const OutgoingSamples& next = *waiting_.front().samples;
    const uint64_t items = next.items();
    const uint64_t bytes = next.memory_bytes();
    const bool is_late = next.is_late;
    if (!request_.batches.empty() && (is_late || request_.items + items > options_.items_max ||
                                      request_.bytes + bytes > options_.bytes_max)) {
      return;
    }
    request_.items += items;
    request_.bytes += bytes;
    request_.batches.push_back(std::move(waiting_.front().samples));
    waiting_.pop_front();
    waiting_items_ -= items;
    if (is_late) return;
  }
}

// In 1.0 metadata go with samples of their metric, and again each minute: receivers forget.
void PrometheusRemoteWrite::Impl::Encode() {
  const Steady::time_point now = Steady::now();
  request_.told.clear();
  const auto is_due = [&](const std::string& metric) {
    const auto found = told_.find(metric);
    if (found != told_.end() && now - found->second < kTellEvery) return false;
    return request_.told.insert(metric).second;
  };
  request_.message =
      EncodeRemoteWrite(protocol_, request_.batches, options_.external_labels, is_due);
  request_.body = net::EncodeSnappyBlock(request_.message.body);
  request_.message.body = std::string();
}

// Without the lock: it encodes, and waits for the receiver.
RemoteWriteAnswer PrometheusRemoteWrite::Impl::Send(milliseconds timeout) {
  const bool is_v1 = protocol_ == RemoteWriteProtocol::kV1;
  if (request_.body.empty()) Encode();
  if (request_.message.items == 0) return {};  // all of it is unsupported
  net::HttpCall call{
      .method = "POST",
      .url = options_.url,
      .headers = options_.headers,
      .body = request_.body,
      .content_type = is_v1 ? "application/x-protobuf"
                            : "application/x-protobuf;proto=io.prometheus.write.v2.Request",
      .timeout = timeout,
      .response_bytes_max = kAnswerBytesMax,
      .tls = options_.tls};
  call.headers.push_back({"Content-Encoding", "snappy"});
  call.headers.push_back({"X-Prometheus-Remote-Write-Version", is_v1 ? "0.1.0" : "2.0.0"});
  return ReadRemoteWriteAnswer(net::Call(call), protocol_, request_.message.items, clock_.Now());
}

void PrometheusRemoteWrite::Impl::Settle(const RemoteWriteAnswer& answer) {
  using Kind = RemoteWriteAnswer::Kind;
  if (answer.kind == Kind::kDowngrade) {
    base::Log(base::LogLevel::kInfo, "receiver does not know remote write 2.0, it gets 1.0",
              {{"downstream", options_.name}, {"error", answer.error}});
    protocol_ = RemoteWriteProtocol::kV1;
    request_.body.clear();
    return;
  }
  if (answer.kind == Kind::kRetry) {
    metrics_.send_failed.Add(kSignal, request_.message.items);
    return NoteFailing(answer);
  }
  const uint64_t refused = request_.message.items - answer.written;
  if (refused > 0) {
    metrics_.send_failed.Add(kSignal, refused);
    LogRefused(refused, answer.error);
  }
  if (answer.written > 0) {
    if (told_.size() + request_.told.size() > kToldMax) told_.clear();
    for (const std::string& metric : request_.told) told_[metric] = Steady::now();
  }
  NoteAnswering();
  Finish(answer.written);
}

// The request is over.
void PrometheusRemoteWrite::Impl::Finish(uint64_t written) {
  totals_.delivered += written;
  totals_.pending -= written;
  metrics_.sent.Add(kSignal, written);
  Drop(kUnsupported, request_.message.unsupported);
  Drop(kRejected, request_.message.items - written);
  pending_bytes_ -= request_.bytes;
  request_ = Request();
  ShowQueue();
}

void PrometheusRemoteWrite::Impl::Abandon() {
  Drop(kShutdown, totals_.pending);
  waiting_.clear();
  waiting_items_ = 0;
  pending_bytes_ = 0;
  request_ = Request();
  ShowQueue();
}

milliseconds PrometheusRemoteWrite::Impl::TimeLeft(Steady::time_point now) const {
  if (!stop_at_.has_value()) return options_.timeout;
  const auto left = std::chrono::duration_cast<milliseconds>(*stop_at_ - now);
  return std::clamp(left, milliseconds(1), std::max(options_.timeout, milliseconds(1)));
}

void PrometheusRemoteWrite::Impl::NoteFailing(const RemoteWriteAnswer& answer) {
  const Steady::time_point now = Steady::now();
  resume_at_ = now + std::max<std::chrono::nanoseconds>(
                         backoff_.Next(), answer.delay.value_or(std::chrono::nanoseconds(0)));
  if (std::exchange(failing_, true)) return;
  base::Log(base::LogLevel::kWarning, "remote write failing, will be tried until it is answered",
            {{"downstream", options_.name}, {"url", options_.url}, {"error", answer.error}});
}

void PrometheusRemoteWrite::Impl::NoteAnswering() {
  backoff_.Reset();
  resume_at_ = {};
  if (!std::exchange(failing_, false)) return;
  base::Log(base::LogLevel::kInfo, "remote write is answered again",
            {{"downstream", options_.name}, {"url", options_.url}});
}

void PrometheusRemoteWrite::Impl::LogRefused(uint64_t items, std::string_view error) {
  const Steady::time_point now = Steady::now();
  const bool is_first = refused_logged_at_ == Steady::time_point{};
  if (!is_first && now - refused_logged_at_ < kLogEvery) {
    ++refused_suppressed_;
    return;
  }
  refused_logged_at_ = now;
  base::Log(base::LogLevel::kWarning, "remote write refused by the receiver, dropped",
            {{"downstream", options_.name},
             {"items", items},
             {"error", error},
             {"suppressed", std::exchange(refused_suppressed_, 0)}});
}

void PrometheusRemoteWrite::Impl::Drop(std::string_view reason, uint64_t items) {
  if (items == 0) return;
  totals_.pending -= items;
  totals_.dropped[std::string(reason)] += items;
  metrics_.dropped.Add(kSignal, items);
}

void PrometheusRemoteWrite::Impl::DropOldest() {
  const OutgoingSamples& oldest = *waiting_.front().samples;
  Drop(kQueueFull, oldest.items());
  waiting_items_ -= oldest.items();
  pending_bytes_ -= oldest.memory_bytes();
  waiting_.pop_front();
}

void PrometheusRemoteWrite::Impl::ShowQueue() {
  metrics_.queue_items.Set(static_cast<double>(totals_.pending));
  metrics_.queue_bytes.Set(static_cast<double>(pending_bytes_));
}

PrometheusRemoteWrite::PrometheusRemoteWrite(Options options, const base::Clock& clock,
                                             prometheus::Registry& registry)
    : impl_(std::make_unique<Impl>(std::move(options), clock, registry)) {}

PrometheusRemoteWrite::~PrometheusRemoteWrite() = default;

void PrometheusRemoteWrite::Offer(OutgoingSamples samples) { impl_->Offer(std::move(samples)); }

ForwardTotals PrometheusRemoteWrite::totals() const { return impl_->totals(); }

const std::string& PrometheusRemoteWrite::name() const { return impl_->name(); }

void PrometheusRemoteWrite::Shutdown(seconds drain) { impl_->Shutdown(drain); }

}  // namespace slowburn::forward
