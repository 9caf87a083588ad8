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

// As the decoder would project it. The batch's text must outlive it.
model::SpanBatch Project(const Batch& batch, const model::AttributeProjection& projection,
                         const std::string& service) {
  const auto text = [](std::string_view value) { return model::AttributeValue::String(value); };
  slo::SpanBatchBuilder builder(projection);
  slo::SpanBatchBuilder::Attributes resource{{"service.name", text(service)}};
  const std::optional<std::string>& region = batch.events.front().region;
  if (region.has_value()) resource.emplace_back("cloud.region", text(*region));
  builder.Resource(resource);
  uint32_t ordinal = 0;
  for (const Event& event : batch.events) {
    slo::SpanBatchBuilder::Attributes attributes{{"outcome", text(OutcomeText(event.outcome))}};
    if (event.route.has_value()) attributes.emplace_back("http.route", text(*event.route));
    model::Span span = ToSpan(event);
    span.ordinal = ordinal++;
    builder.Add(span, attributes);
  }
  return builder.Take();
}

void AddSamples(const Batch& batch, slo::testing::MetricBatchBuilder& builder) {
  const CounterSample& first = batch.samples.front();
  builder.Resource(
      {{"service.name", ServiceName(first.service)}, {"service.instance.id", first.instance}});
  builder.Metric("http.requests", "", model::MetricType::kSum,
                 first.is_delta ? model::Temporality::kDelta : model::Temporality::kCumulative,
                 /*monotonic=*/true);
  for (const CounterSample& sample : batch.samples) {
    builder.Int(static_cast<uint64_t>(sample.start), static_cast<uint64_t>(sample.time),
                sample.value, {{"code", sample.code}});
  }
}

uint64_t LatestOf(base::UnixNanos now) {
  return static_cast<uint64_t>((now + kFutureMax).time_since_epoch().count());
}

}  // namespace

app::RequestHash HashOf(const Batch& batch) {
  return app::HashRequest(batch.is_metrics() ? model::Signal::kMetrics : model::Signal::kTraces,
                          collector::BodyEncoding::kProtobuf, batch.Body());
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

absl::Status Program::Start(std::shared_ptr<const slo::SloSet> slos) {
  SB_RETURN_IF_ERROR(core_->Recover(clock_.Now()));
  SB_RETURN_IF_ERROR(step_->BookLost());
  SB_RETURN_IF_ERROR(Reload(std::move(slos)));
  step_->PublishAlerts();
  return absl::OkStatus();
}

absl::Status Program::Reload(std::shared_ptr<const slo::SloSet> slos) {
  SB_RETURN_IF_ERROR(step_->Install(std::move(slos)));
  matchers_ = core_->engine().MakeMatchers();
  scratch_ = std::make_unique<slo::SpanMatcher::Scratch>(matchers_->spans);
  metric_scratch_ = std::make_unique<slo::MetricMatcher::Scratch>();
  return absl::OkStatus();
}

app::SubmittedRequest Program::Receive(const Batch& batch, collector::AnswerFn answer) const {
  const base::UnixNanos now = clock_.Now();
  app::SubmittedRequest request;
  request.answer = std::move(answer);
  request.counted.deduplicate = !batch.has_event_without_time();
  request.counted.hash = HashOf(batch);
  if (batch.is_metrics()) {
    ReadSamples(batch, now, request.counted);
  } else {
    ReadSpans(batch, now, request.counted);
  }
  return request;
}

void Program::ReadSpans(const Batch& batch, base::UnixNanos now,
                        app::CountedRequest& counted) const {
  const std::string service = ServiceName(batch.events.front().service);
  model::SpanBatch spans = Project(batch, matchers_->spans.projection(), service);
  spans.RejectAfter(LatestOf(now));
  counted.items = spans.decoded();
  counted.rejected = model::CountRejections(spans.rejected);
  counted.delta = matchers_->spans.Match(spans, base::FloorSeconds(now), *scratch_);
}

// What becomes of points beside SLIs is not simulated.
void Program::ReadSamples(const Batch& batch, base::UnixNanos now,
                          app::CountedRequest& counted) const {
  slo::testing::MetricBatchBuilder builder;
  AddSamples(batch, builder);
  model::MetricBatch& points = builder.batch();
  points.RejectAfter(LatestOf(now));
  counted.signal = model::Signal::kMetrics;
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
