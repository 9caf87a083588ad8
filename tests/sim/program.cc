#include "tests/sim/program.h"

#include <utility>

#include "app/dedup_window.h"
#include "base/status.h"
#include "slo/testing/batch_builder.h"
#include "slo/testing/metric_batch_builder.h"

namespace slowburn::sim {
namespace {

// As app/pipeline.h.
constexpr std::chrono::minutes kFutureMax{10};

model::Span ToSpan(const Event& event) {
  model::Span span;
  span.end_time_unix_nano = static_cast<uint64_t>(event.end_nanos);
  span.start_time_unix_nano =
      static_cast<uint64_t>(std::max<int64_t>(event.end_nanos - event.duration_nanos, 1));
  span.kind =
      static_cast<int32_t>(event.is_server ? model::SpanKind::kServer : model::SpanKind::kClient);
  span.status_code = static_cast<int32_t>(event.is_error ? model::SpanStatusCode::kError
                                                         : model::SpanStatusCode::kUnset);
  return span;
}

model::LogRecord ToRecord(const Event& event) {
  constexpr int32_t kInfo = 9, kError = 17;
  model::LogRecord record;
  record.time_unix_nano = static_cast<uint64_t>(event.end_nanos);
  record.observed_time_unix_nano = static_cast<uint64_t>(event.observed_nanos);
  record.event_name = event.is_server ? "served" : "called";
  record.severity_number = event.is_error ? kError : kInfo;
  return record;
}

// As the decoder would project it. The batch's text must outlive it.
template <typename Projected>
Projected Project(const Batch& batch, const model::AttributeProjection& projection,
                  const std::string& service, typename Projected::Item (*to_item)(const Event&)) {
  const auto text = [](std::string_view value) { return model::AttributeValue::String(value); };
  slo::BatchBuilder<Projected> builder(projection);
  typename slo::BatchBuilder<Projected>::Attributes resource{{"service.name", text(service)}};
  const std::optional<std::string>& region = batch.events.front().region;
  if (region.has_value()) resource.emplace_back("cloud.region", text(*region));
  builder.Resource(resource);
  uint32_t ordinal = 0;
  for (const Event& event : batch.events) {
    typename slo::BatchBuilder<Projected>::Attributes attributes{
        {"outcome", text(OutcomeText(event.outcome))}};
    if (event.route.has_value()) attributes.emplace_back("http.route", text(*event.route));
    typename Projected::Item item = to_item(event);
    item.ordinal = ordinal++;
    builder.Add(item, attributes);
  }
  return builder.Take();
}

using slo::testing::MetricBatchBuilder;

void BeginMetric(const MetricSample& sample, MetricBatchBuilder& builder) {
  const model::Temporality temporality =
      sample.is_delta ? model::Temporality::kDelta : model::Temporality::kCumulative;
  switch (sample.kind) {
    case MetricKind::kCounter:
      builder.Metric("http.requests", "", model::MetricType::kSum, temporality, /*monotonic=*/true);
      break;
    case MetricKind::kHistogram:
      builder.Metric("http.request.duration", "s", model::MetricType::kHistogram, temporality);
      break;
    case MetricKind::kExponential:
      builder.Metric("http.request.duration", "s", model::MetricType::kExponentialHistogram,
                     temporality);
      break;
    case MetricKind::kGauge:
      builder.Gauge("queue.depth");
      break;
  }
}

// Powers of two of a second from 125 ms on: at scale 1 each is the upper bound of every second
// bucket.
void AddExponential(const MetricSample& sample, const MetricBatchBuilder::Attributes& attributes,
                    MetricBatchBuilder& builder) {
  constexpr int32_t kScale = 1, kFirst = -7;  // (2^-3.5, 2^-3]
  std::vector<uint64_t> counts(2 * sample.buckets.size() - 1);
  for (size_t i = 0; i < sample.buckets.size(); ++i)
    counts[2 * i] = static_cast<uint64_t>(sample.buckets[i]);
  builder.Exponential(static_cast<uint64_t>(sample.start), static_cast<uint64_t>(sample.time),
                      kScale, kFirst, counts, /*zeros=*/0, attributes);
}

void AddSample(const MetricSample& sample, MetricBatchBuilder& builder) {
  const auto start = static_cast<uint64_t>(sample.start);
  const auto time = static_cast<uint64_t>(sample.time);
  MetricBatchBuilder::Attributes attributes;
  if (!sample.code.empty()) attributes.emplace_back("code", sample.code);
  if (sample.route.has_value()) attributes.emplace_back("http.route", *sample.route);
  if (sample.kind == MetricKind::kExponential) {
    AddExponential(sample, attributes, builder);
  } else if (sample.kind == MetricKind::kHistogram) {
    std::vector<double> bounds;
    for (const int64_t millis : sample.bounds_millis)
      bounds.push_back(static_cast<double>(millis) / 1000);
    builder.Histogram(start, time, bounds, {sample.buckets.begin(), sample.buckets.end()},
                      attributes);
  } else {
    builder.Int(start, time, sample.value, attributes);
  }
}

void AddSamples(const Batch& batch, MetricBatchBuilder& builder) {
  const MetricSample& first = batch.samples.front();
  const std::string service = ServiceName(first.service);
  MetricBatchBuilder::Attributes resource{{"service.name", service},
                                          {"service.instance.id", first.instance}};
  if (first.region.has_value()) resource.emplace_back("cloud.region", *first.region);
  builder.Resource(resource);
  std::optional<MetricKind> kind;
  for (const MetricSample& sample : batch.samples) {
    if (kind != sample.kind) BeginMetric(sample, builder);
    kind = sample.kind;
    AddSample(sample, builder);
  }
}

uint64_t LatestOf(base::UnixNanos now) {
  return static_cast<uint64_t>((now + kFutureMax).time_since_epoch().count());
}

model::Signal SignalOf(const Batch& batch) {
  if (batch.is_metrics()) return model::Signal::kMetrics;
  return batch.is_logs ? model::Signal::kLogs : model::Signal::kTraces;
}

}  // namespace

app::RequestHash HashOf(const Batch& batch) {
  return app::HashRequest(SignalOf(batch), collector::BodyEncoding::kProtobuf, batch.Body());
}

slo::MetricDelta MatchPoints(const Batch& batch, const slo::MetricMatcher& matcher,
                             slo::MetricMatcher::Scratch& scratch) {
  MetricBatchBuilder builder;
  AddSamples(batch, builder);
  return matcher.Match(builder.batch(), scratch);
}

Program::Program(Options options, SimDisk& disk, const SimClock& clock,
                 AlertmanagerModel& alertmanager)
    : options_(std::move(options)),
      clock_(clock),
      alertmanager_(alertmanager),
      store_(disk),
      core_(std::make_unique<app::Core>(options_.core, store_)),
      step_(std::make_unique<app::CommitStep>(options_.step, *core_, store_,
                                              static_cast<app::CommitOutlet&>(*this), clock_,
                                              registry_)),
      delivery_(options_.resend) {}

Program::~Program() = default;

absl::Status Program::Start(const ReadSpecs& specs) {
  SB_RETURN_IF_ERROR(core_->Recover(clock_.Now()));
  SB_RETURN_IF_ERROR(step_->BookLost());
  SB_RETURN_IF_ERROR(Reload(specs));
  step_->PublishAlerts();
  return absl::OkStatus();
}

absl::Status Program::Reload(const ReadSpecs& specs) {
  SB_RETURN_IF_ERROR(step_->Install(specs.slos, specs.exclusions));
  matchers_ = core_->engine().MakeMatchers();
  span_scratch_ = std::make_unique<slo::SpanMatcher::Scratch>(matchers_->spans);
  log_scratch_ = std::make_unique<slo::LogMatcher::Scratch>(matchers_->logs);
  metric_scratch_ = std::make_unique<slo::MetricMatcher::Scratch>();
  return absl::OkStatus();
}

app::SubmittedRequest Program::Receive(const Batch& batch, collector::AnswerFn answer) const {
  const base::UnixNanos now = clock_.Now();
  app::SubmittedRequest request;
  request.answer = std::move(answer);
  request.counted.signal = SignalOf(batch);
  request.counted.deduplicate = !batch.has_event_without_time();
  request.counted.hash = HashOf(batch);
  if (batch.is_metrics()) {
    ReadSamples(batch, now, request.counted);
  } else if (batch.is_logs) {
    ReadRecords(batch, now, request.counted);
  } else {
    ReadSpans(batch, now, request.counted);
  }
  return request;
}

void Program::ReadSpans(const Batch& batch, base::UnixNanos now,
                        app::CountedRequest& counted) const {
  const std::string service = ServiceName(batch.events.front().service);
  auto spans = Project<model::SpanBatch>(batch, matchers_->spans.projection(), service, &ToSpan);
  spans.RejectAfter(LatestOf(now));
  counted.items = spans.decoded();
  counted.rejected = model::CountRejections(spans.rejected);
  counted.delta = matchers_->spans.Match(spans, base::FloorSeconds(now), *span_scratch_);
}

void Program::ReadRecords(const Batch& batch, base::UnixNanos now,
                          app::CountedRequest& counted) const {
  const std::string service = ServiceName(batch.events.front().service);
  auto records = Project<model::LogBatch>(batch, matchers_->logs.projection(), service, &ToRecord);
  records.RejectAfter(LatestOf(now));
  counted.items = records.decoded();
  counted.rejected = model::CountRejections(records.rejected);
  counted.delta = matchers_->logs.Match(records, base::FloorSeconds(now), *log_scratch_);
}

// What becomes of points beside SLIs is not simulated.
void Program::ReadSamples(const Batch& batch, base::UnixNanos now,
                          app::CountedRequest& counted) const {
  MetricBatchBuilder builder;
  AddSamples(batch, builder);
  model::MetricBatch& points = builder.batch();
  points.RejectAfter(LatestOf(now));
  counted.items = points.decoded();
  counted.rejected = model::CountRejections(points.rejected);
  counted.metrics = matchers_->metrics.Match(points, *metric_scratch_);
}

void Program::Route(std::vector<app::SubmittedRequest>&, const app::RequestPlan& plan) {
  for (const app::RequestOutcome& outcome : plan.outcomes) backend_.Offer(outcome.accepted);
  if (std::exchange(crash_before_answer_, false)) throw Crash();
}

void Program::Publish(std::vector<model::Alert> alerts) {
  published_ = std::move(alerts);
  TellAlertmanager();
}

void Program::TellAlertmanager() {
  if (!alertmanager_.is_up) return;
  const base::UnixNanos now = clock_.Now();
  const std::vector<const model::Alert*> due = delivery_.Due(published_, now);
  for (const model::Alert* alert : due) {
    const forward::AlertTimes times = forward::TimesToTell(*alert, now, options_.resend);
    alertmanager_.Take(alert->labels.Text(),
                       {.starts_at = times.starts_at, .ends_at = times.ends_at, .told_at = now});
    told_unpersisted_ |= alert->unpersisted;
    told_.push_back(*alert);
  }
  delivery_.Sent(published_, due, now);
}

}  // namespace slowburn::sim
