#include "app/pipeline.h"

#include <atomic>

#include "collector/otlp_traces.h"

namespace slowburn::app {
// One set of SLIs, for as long as any request uses it.
class Pipeline::Generation final : public collector::TraceSink {
 public:
  Generation(const Pipeline& pipeline, std::shared_ptr<const slo::Matcher> matcher)
      : pipeline_(pipeline), matcher_(std::move(matcher)), id_(++next_id_) {}

  const model::AttributeProjection& projection() const override { return matcher_->projection(); }

  void Ingest(std::string& body, model::SpanBatch& batch,
              collector::AnswerFn answer) const override {
    const base::UnixNanos now = pipeline_.clock_.Now();
    const auto latest = static_cast<uint64_t>((now + kFutureMax).time_since_epoch().count());
    batch.RejectEndingAfter(latest);
    SubmittedRequest request;
    request.answer = std::move(answer);
    CountedRequest& counted = request.counted;
    counted.items = batch.decoded();
    counted.deduplicate = !batch.has_item_without_time;
    CountRejected(batch, counted);
    counted.delta = matcher_->Match(batch, base::FloorSeconds(now), ScratchOfThread());
    counted.hash = HashRequest("traces", body);
    request.cost_bytes = sizeof request + counted.delta.memory_bytes();
    if (pipeline_.forwards_) {
      request.payload_items = static_cast<uint32_t>(batch.spans.size());
      // Shared: the queues of several downstreams hold one copy.
      request.payload = std::make_shared<const std::string>(
          batch.rejected.empty() ? std::move(body) : collector::WithoutSpans(body, batch.rejected));
      request.cost_bytes += request.payload->size();
    }
    pipeline_.loop_.Submit(std::move(request));
  }

 private:
  static void CountRejected(const model::SpanBatch& batch, CountedRequest& counted) {
    if (batch.rejected.empty()) return;
    const model::RejectionCounts counts = model::CountRejections(batch.rejected);
    for (size_t i = 0; i < counts.size(); ++i) {
      if (counts[i] == 0) continue;
      counted.rejected.push_back(
          {model::RejectionName(static_cast<model::Rejection>(i)), counts[i]});
    }
    counted.message = model::ExplainRejections(model::Signal::kTraces, counts);
  }

  // Each server thread keeps the working memory of the generation it last served.
  slo::Matcher::Scratch& ScratchOfThread() const {
    struct Kept {
      uint64_t generation = 0;
      std::unique_ptr<slo::Matcher::Scratch> scratch;
    };
    thread_local Kept kept;
    if (kept.generation != id_) kept = {id_, std::make_unique<slo::Matcher::Scratch>(*matcher_)};
    return *kept.scratch;
  }

  static inline std::atomic<uint64_t> next_id_{0};
  const Pipeline& pipeline_;
  // Shared with nobody but this generation; requests keep the generation alive.
  const std::shared_ptr<const slo::Matcher> matcher_;
  const uint64_t id_;
};

Pipeline::Pipeline(CommitLoop& loop, const base::Clock& clock, bool forwards)
    : loop_(loop), clock_(clock), forwards_(forwards) {}
Pipeline::~Pipeline() = default;

void Pipeline::Use(std::shared_ptr<const slo::Matcher> matcher) {
  auto next = std::make_shared<const Generation>(*this, std::move(matcher));
  const std::lock_guard lock(mutex_);
  current_ = std::move(next);
}

std::shared_ptr<const collector::TraceSink> Pipeline::traces() const {
  const std::lock_guard lock(mutex_);
  return current_;
}

}  // namespace slowburn::app
