// app/pipeline.h: what stands behind the collector: requests are validated and matched on the
// server's thread, then go to the commit loop; remote writes go there as they are.
//
// Room     app
// Uses     collector/ (the sinks it implements), slo/, app/
// Threads  thread-safe
// Units    unix time
#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <string_view>
#include <vector>

#include "app/commit_loop.h"
#include "app/otlp_series.h"
#include "base/clock.h"
#include "collector/ingest_sink.h"
#include "collector/series_sink.h"
#include "slo/matcher.h"

namespace slowburn::app {

class Pipeline final : public collector::IngestSink, public collector::SeriesSink {
 public:
  // An event further ahead than this is refused: a clock that runs fast must not fill slices of the
  // future.
  static constexpr std::chrono::minutes kFutureMax{10};

  // Empty, or why nothing is taken now. Called from any thread.
  using Overloaded = std::function<std::string_view()>;

  // Both references must outlive the pipeline.
  Pipeline(CommitLoop& loop, const base::Clock& clock, Overloaded overloaded = nullptr);
  ~Pipeline() override;

  // Requests that begin from now on are matched by this generation; those before it by no SLI.
  void Use(std::shared_ptr<const slo::Matchers> matchers);
  // Whether every request that an earlier generation matched has been committed or refused.
  bool EarlierAreDone() const;

  std::shared_ptr<const collector::TraceSink> traces() const override;
  std::shared_ptr<const collector::LogSink> logs() const override;
  std::shared_ptr<const collector::MetricSink> metrics() const override;
  void Ingest(std::unique_ptr<collector::ReceivedSeries> received,
              collector::SeriesAnswerFn answer) const override;
  // Of both sinks.
  std::string_view overloaded() const override {
    return overloaded_ ? overloaded_() : std::string_view();
  }
  void CountRefused(collector::RequestRefusal reason) override { loop_.CountRefused(reason); }
  // What points become on their way to the series.
  const OtlpSeries& otlp_series() const { return *otlp_series_; }

 private:
  template <typename Batch>
  class EventGeneration;
  class MetricGeneration;
  class SeriesGeneration;

  CommitLoop& loop_;
  const base::Clock& clock_;
  const Overloaded overloaded_;
  const std::unique_ptr<OtlpSeries> otlp_series_;  // of all generations
  mutable std::mutex mutex_;
  std::shared_ptr<const collector::TraceSink> traces_;
  std::shared_ptr<const collector::LogSink> logs_;
  std::shared_ptr<const collector::MetricSink> metrics_;
  std::shared_ptr<const SeriesGeneration> series_;
  std::weak_ptr<const slo::Matchers> matchers_;  // of these
  mutable std::vector<std::weak_ptr<const slo::Matchers>> earlier_;
};

}  // namespace slowburn::app
