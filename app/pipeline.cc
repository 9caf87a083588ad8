#include "app/pipeline.h"

#include <atomic>
#include <span>
#include <utility>

#include "app/remote_write_series.h"
#include "base/status.h"
#include "collector/otlp_json.h"
#include "collector/series_labels.h"
#include "collector/without_items.h"

namespace slowburn::app {
namespace {

using collector::BodyEncoding;
using collector::RequestBody;

uint64_t LatestEvent(base::UnixNanos now) {
  return static_cast<uint64_t>((now + Pipeline::kFutureMax).time_since_epoch().count());
}

// What every signal has of a request, before its body is moved away.
template <typename Batch>
SubmittedRequest Submission(model::Signal signal, const RequestBody& body, const Batch& batch,
                            collector::AnswerFn answer) {
  SubmittedRequest request;
  request.answer = std::move(answer);
  request.lease = std::move(body.lease);
  CountedRequest& counted = request.counted;
  counted.signal = signal;
  counted.items = batch.decoded();
  counted.rejected = model::CountRejections(batch.rejected);
  counted.deduplicate = !batch.has_item_without_time;
  counted.hash = HashRequest(signal, body.encoding, body.bytes());
  return request;
}

absl::Status ShortOfMemory() {
  return base::Unavailable("the server is short of memory; send the request again");
}

// The accepted items as protobuf, paid for by `lease`. JSON that could be counted may still hold
// broken values, where nobody looked: kInvalidArgument.
absl::StatusOr<std::string> AcceptedItems(model::Signal signal, const RequestBody& body,
                                          const std::vector<model::RejectedItem>& rejected,
                                          base::MemoryLease& lease) {
  if (body.encoding == BodyEncoding::kProtobuf) {
    if (rejected.empty()) return body.Take();
    if (!lease.GrowBy(body.bytes().size())) return ShortOfMemory();
    return collector::WithoutItems(signal, body.bytes(), rejected);
  }
  absl::StatusOr<std::string> bytes = collector::JsonToProtobuf(signal, body.storage, &lease);
  if (!bytes.ok() || rejected.empty()) return bytes;
  if (!lease.GrowBy(bytes->size())) return ShortOfMemory();
  return collector::WithoutItems(signal, *bytes, rejected);
}

// Moves the body: nothing may read the batch afterwards. kUnavailable: memory is short.
template <typename Batch>
absl::Status AddPayload(const RequestBody& body, const Batch& batch, SubmittedRequest& request) {
  if (batch.accepted() == 0) return absl::OkStatus();
  absl::StatusOr<std::string> bytes =
      AcceptedItems(request.counted.signal, body, batch.rejected, request.lease);
  if (absl::IsUnavailable(bytes.status())) return bytes.status();
  if (!bytes.ok()) {
    request.counted.is_transcodable = false;
    return absl::OkStatus();
  }
  // Shared: the queues of several downstreams hold one copy.
  request.payload = std::make_shared<const std::string>(*std::move(bytes));
  return absl::OkStatus();
}

// Until its answer the request holds what it costs, and no longer its body.
void Submit(CommitLoop& loop, SubmittedRequest request, absl::Status status = {}) {
  const CountedRequest& counted = request.counted;
  request.cost_bytes = sizeof request + counted.delta.memory_bytes() +
                       counted.metrics.memory_bytes() +
                       counted.points.capacity() * sizeof(StreamPoint);
  if (counted.series != nullptr) request.cost_bytes += counted.series->memory_bytes();
  if (request.payload != nullptr) request.cost_bytes += request.payload->capacity();
  if (!request.lease.GrowTo(request.cost_bytes)) status.Update(ShortOfMemory());
  request.lease.ShrinkTo(request.cost_bytes);
  if (!status.ok()) return loop.Refuse(std::move(request), status);
  loop.Submit(std::move(request));
}

template <typename Batch>
void Submit(CommitLoop& loop, const RequestBody& body, const Batch& batch,
            SubmittedRequest request) {
  absl::Status status;
  if (loop.Forwards(request.counted.signal)) status = AddPayload(body, batch, request);
  Submit(loop, std::move(request), std::move(status));
}

}  // namespace

// One set of SLIs over spans or log records, for as long as any request uses it.
template <typename Batch>
class Pipeline::EventGeneration final : public collector::BatchSink<Batch> {
 public:
  using Matcher = slo::Matcher<Batch>;

  EventGeneration(const Pipeline& pipeline, std::shared_ptr<const Matcher> matcher)
      : pipeline_(pipeline), matcher_(std::move(matcher)), id_(++next_id_) {}

  const model::AttributeProjection& projection() const override { return matcher_->projection(); }

  void Ingest(RequestBody body, Batch& batch, collector::AnswerFn answer) const override {
    const base::UnixNanos now = pipeline_.clock_.Now();
    batch.RejectAfter(LatestEvent(now));
    SubmittedRequest request = Submission(Batch::kSignal, body, batch, std::move(answer));
    request.counted.delta = matcher_->Match(batch, base::FloorSeconds(now), ScratchOfThread());
    request.counted.matched_by = matcher_;
    Submit(pipeline_.loop_, body, batch, std::move(request));
  }

 private:
  // Each server thread keeps the working memory of the generation it last served.
  typename Matcher::Scratch& ScratchOfThread() const {
    struct Kept {
      uint64_t generation = 0;
      std::unique_ptr<typename Matcher::Scratch> scratch;
    };
    thread_local Kept kept;
    if (kept.generation != id_)
      kept = {id_, std::make_unique<typename Matcher::Scratch>(*matcher_)};
    return *kept.scratch;
  }

  static inline std::atomic<uint64_t> next_id_{0};
  const Pipeline& pipeline_;
  // Shared with the generation's other signal; requests keep theirs alive.
  const std::shared_ptr<const Matcher> matcher_;
  const uint64_t id_;
};

// Points are matched here; what they count depends on those before them, so it is found when they
// are committed. Nothing of them is projected: series are known by all their attributes.
class Pipeline::MetricGeneration final : public collector::MetricSink {
 public:
  MetricGeneration(const Pipeline& pipeline, std::shared_ptr<const slo::MetricMatcher> matcher)
      : pipeline_(pipeline), matcher_(std::move(matcher)), id_(++next_id_) {}

  const model::AttributeProjection& projection() const override { return projection_; }

  void Ingest(RequestBody body, model::MetricBatch& batch,
              collector::AnswerFn answer) const override {
    batch.RejectAfter(LatestEvent(pipeline_.clock_.Now()));
    SubmittedRequest request = Submission(model::Signal::kMetrics, body, batch, std::move(answer));
    request.counted.points = CumulativePoints(batch);
    if (!matcher_->empty()) request.counted.metrics = matcher_->Match(batch, ScratchOfThread());
    request.counted.matched_by = matcher_;
    auto series = pipeline_.otlp_series_->Read(batch, pipeline_.clock_.Monotonic(), request.lease);
    if (!series.ok()) return pipeline_.loop_.Refuse(std::move(request), series.status());
    request.counted.series = *std::move(series);
    Submit(pipeline_.loop_, body, batch, std::move(request));
  }

 private:
  // Each server thread keeps what it knows of series for the generation it last served.
  slo::MetricMatcher::Scratch& ScratchOfThread() const {
    struct Kept {
      uint64_t generation = 0;
      std::unique_ptr<slo::MetricMatcher::Scratch> scratch;
    };
    thread_local Kept kept;
    if (kept.generation != id_) kept = {id_, std::make_unique<slo::MetricMatcher::Scratch>()};
    return *kept.scratch;
  }

  static inline std::atomic<uint64_t> next_id_{0};
  const Pipeline& pipeline_;
  const std::shared_ptr<const slo::MetricMatcher> matcher_;
  const uint64_t id_;
  const model::AttributeProjection projection_;
};

// What SLIs read of series that come with labels alone.
class Pipeline::SeriesGeneration {
 public:
  explicit SeriesGeneration(std::shared_ptr<const slo::SeriesMatcher> matcher)
      : matcher_(std::move(matcher)), id_(++next_id_) {}

  void Match(const model::SeriesBatch& batch, base::UnixNanos now, CountedRequest& counted) const {
    counted.matched_by = matcher_;
    if (matcher_->empty()) return;
    counted.metrics = matcher_->Match(
        batch, UnixMillis(now + kFutureMax),
        [&](const model::SeriesBatch::Series& series, model::LabelSet& labels) {
          return collector::ReadSeriesLabels(batch, series, labels).empty();
        },
        ScratchOfThread());
  }

 private:
  // Each server thread keeps what it knows of series for the generation it last served.
  slo::SeriesMatcher::Scratch& ScratchOfThread() const {
    struct Kept {
      uint64_t generation = 0;
      std::unique_ptr<slo::SeriesMatcher::Scratch> scratch;
    };
    thread_local Kept kept;
    if (kept.generation != id_) kept = {id_, std::make_unique<slo::SeriesMatcher::Scratch>()};
    return *kept.scratch;
  }

  static inline std::atomic<uint64_t> next_id_{0};
  // Shared with the generation's signals.
  const std::shared_ptr<const slo::SeriesMatcher> matcher_;
  const uint64_t id_;
};

Pipeline::Pipeline(CommitLoop& loop, const base::Clock& clock, Overloaded overloaded)
    : loop_(loop),
      clock_(clock),
      overloaded_(std::move(overloaded)),
      otlp_series_(std::make_unique<OtlpSeries>()) {
  Use(std::make_shared<const slo::Matchers>(std::span<const slo::IdentifiedSli>()));
}
Pipeline::~Pipeline() = default;

void Pipeline::Use(std::shared_ptr<const slo::Matchers> matchers) {
  using Spans = EventGeneration<model::SpanBatch>;
  using Logs = EventGeneration<model::LogBatch>;
  auto traces = std::make_shared<const Spans>(
      *this, std::shared_ptr<const slo::SpanMatcher>(matchers, &matchers->spans));
  auto logs = std::make_shared<const Logs>(
      *this, std::shared_ptr<const slo::LogMatcher>(matchers, &matchers->logs));
  auto metrics = std::make_shared<const MetricGeneration>(
      *this, std::shared_ptr<const slo::MetricMatcher>(matchers, &matchers->metrics));
  auto series = std::make_shared<const SeriesGeneration>(
      std::shared_ptr<const slo::SeriesMatcher>(matchers, &matchers->series));
  const std::lock_guard lock(mutex_);
  if (!matchers_.expired()) earlier_.push_back(matchers_);
  matchers_ = matchers;
  series_ = std::move(series);
  traces_ = std::move(traces);
  logs_ = std::move(logs);
  metrics_ = std::move(metrics);
}

bool Pipeline::EarlierAreDone() const {
  const std::lock_guard lock(mutex_);
  std::erase_if(earlier_, [](const auto& matchers) { return matchers.expired(); });
  return earlier_.empty();
}

void Pipeline::Ingest(std::unique_ptr<collector::ReceivedSeries> received,
                      collector::SeriesAnswerFn answer) const {
  SubmittedRequest request;
  request.series_answer = std::move(answer);
  request.lease = std::move(received->lease);
  request.counted.is_remote_write = true;
  request.counted.deduplicate = false;
  request.counted.items = RemoteWriteSeries::CountItems(received->batch);
  std::shared_ptr<const SeriesGeneration> generation;
  {
    const std::lock_guard lock(mutex_);
    generation = series_;
  }
  generation->Match(received->batch, clock_.Now(), request.counted);
  generation.reset();
  request.counted.series = std::make_unique<RemoteWriteSeries>(std::move(received));
  Submit(loop_, std::move(request));
}

std::shared_ptr<const collector::TraceSink> Pipeline::traces() const {
  const std::lock_guard lock(mutex_);
  return traces_;
}

std::shared_ptr<const collector::MetricSink> Pipeline::metrics() const {
  const std::lock_guard lock(mutex_);
  return metrics_;
}

std::shared_ptr<const collector::LogSink> Pipeline::logs() const {
  const std::lock_guard lock(mutex_);
  return logs_;
}

}  // namespace slowburn::app
