// Goal: a batch becomes one request: future spans refused, the rest matched by its own generation.
// Method: batches by hand, the real loop.
#include "app/pipeline.h"

#include <future>

#include "app/testing/core_fixture.h"
#include "base/testing/manual_clock.h"

namespace slowburn::app {
namespace {

using collector::ExportAnswer;
using namespace std::chrono_literals;

class PipelineTest : public CoreFixture {
 protected:
  PipelineTest()
      : loop_({}, *core_, *store_, {}, clock_, registry_),
        pipeline_(loop_, clock_, /*forwards=*/false) {
    pipeline_.Use(core_->engine().MakeMatcher());
    loop_.Start();
  }

  // One span of checkout per end time, decoded for `sink`.
  static model::SpanBatch Batch(const collector::TraceSink& sink,
                                const std::vector<base::UnixNanos>& ends) {
    model::SpanBatch batch;
    const int slot = sink.projection().Find(model::AttributeScope::kResource, "service.name");
    batch.attributes.push_back(
        {static_cast<uint32_t>(slot), model::AttributeValue::String("checkout")});
    batch.resources.resize(1);
    batch.resources[0].attributes = {0, 1};
    batch.resources[0].scope_end = 1;
    batch.scopes.resize(1);
    for (const base::UnixNanos end : ends) {
      model::Span span;
      span.start_time_unix_nano =
          static_cast<uint64_t>(std::max<int64_t>(0, end.time_since_epoch().count() - 1));
      span.end_time_unix_nano = static_cast<uint64_t>(end.time_since_epoch().count());
      span.ordinal = static_cast<uint32_t>(batch.spans.size());
      batch.spans.push_back(span);
    }
    batch.scopes[0].item_end = static_cast<uint32_t>(batch.spans.size());
    return batch;
  }
  static ExportAnswer Ingest(const collector::TraceSink& sink, std::string body,
                             model::SpanBatch batch) {
    std::promise<ExportAnswer> promise;
    std::future<ExportAnswer> answer = promise.get_future();
    sink.Ingest(body, batch,
                [&promise](ExportAnswer given) { promise.set_value(std::move(given)); });
    return answer.get();
  }
  slo::SliCounts Counts(size_t slo) {
    return loop_.Read(
        [&](const Core& core) { return core.engine().StatusOf(slo, slo::kTotalGroup).in_window; });
  }

  base::ManualClock clock_{kStart};
  prometheus::Registry registry_;
  CommitLoop loop_;
  Pipeline pipeline_;
};

TEST_F(PipelineTest, CountsForEverySliAndRefusesTheFuture) {
  const auto sink = pipeline_.traces();
  const ExportAnswer answer =
      Ingest(*sink, "a", Batch(*sink, {kStart - 1s, kStart, kStart + 10min, kStart + 10min + 1ns}));
  EXPECT_EQ(answer.outcome, ExportAnswer::Outcome::kAccepted);
  EXPECT_EQ(answer.rejected, 1);
  EXPECT_NE(answer.message.find("more than 10 minutes in the future"), std::string::npos);
  EXPECT_EQ(Counts(0), (slo::SliCounts{2, 0}));  // the third counts once now reaches it
  EXPECT_EQ(Counts(1), (slo::SliCounts{2, 0}));
  const auto ledger = loop_.Read([](const Core& core) { return core.ledger().Reading(); });
  EXPECT_EQ(ledger.signals.at("traces").rejected.at("too_new"), 1u);
  EXPECT_EQ(ledger.signals.at("traces").accepted, 3u);
}

TEST_F(PipelineTest, ARequestKeepsItsGenerationAcrossAReload) {
  const auto before = pipeline_.traces();
  model::SpanBatch batch = Batch(*before, {kStart});
  slo::SloSet one = {slos_[1]};
  ASSERT_TRUE(loop_
                  .Run([&] {
                    const absl::Status installed =
                        loop_.Install(std::make_shared<const slo::SloSet>(one));
                    pipeline_.Use(core_->engine().MakeMatcher());
                    return installed;
                  })
                  .ok());
  EXPECT_NE(pipeline_.traces(), before);
  EXPECT_EQ(Ingest(*before, "b", std::move(batch)).outcome, ExportAnswer::Outcome::kAccepted);
  EXPECT_EQ(Counts(0), (slo::SliCounts{1, 0}));
}

TEST_F(PipelineTest, WithoutTimesARequestIsCountedEachTime) {
  const auto sink = pipeline_.traces();
  for (int i = 0; i < 2; ++i) {
    model::SpanBatch batch = Batch(*sink, {base::UnixNanos{}});
    batch.has_item_without_time = true;
    Ingest(*sink, "same", std::move(batch));
  }
  EXPECT_EQ(Counts(0), (slo::SliCounts{2, 0}));
  for (int i = 0; i < 2; ++i) Ingest(*sink, "timed", Batch(*sink, {kStart}));
  EXPECT_EQ(Counts(0), (slo::SliCounts{3, 0}));
}

}  // namespace
}  // namespace slowburn::app
