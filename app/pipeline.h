// app/pipeline.h: what stands behind the collector: spans are matched on the server's thread, then
// go to the commit loop.
//
// Room     app
// Uses     collector/ (the sink it implements), slo/, app/
// Threads  thread-safe
// Units    unix time
#pragma once

#include <memory>
#include <mutex>
#include <string>

#include "app/commit_loop.h"
#include "base/clock.h"
#include "collector/ingest_sink.h"
#include "slo/matcher.h"

namespace slowburn::app {

class Pipeline final : public collector::IngestSink {
 public:
  // An event further ahead than this is refused: a clock that runs fast must not fill slices of the
  // future.
  static constexpr std::chrono::minutes kFutureMax{10};

  // `forwards`: accepted requests are kept for downstreams. Both references must outlive the
  // pipeline.
  Pipeline(CommitLoop& loop, const base::Clock& clock, bool forwards);
  ~Pipeline() override;

  // Requests that begin from now on are matched by this generation.
  void Use(std::shared_ptr<const slo::Matcher> matcher);

  std::shared_ptr<const collector::TraceSink> traces() const override;
  void CountRefused(collector::RequestRefusal reason) override { loop_.CountRefused(reason); }

 private:
  class Generation;
  CommitLoop& loop_;
  const base::Clock& clock_;
  const bool forwards_;
  mutable std::mutex mutex_;
  std::shared_ptr<const Generation> current_;
};

}  // namespace slowburn::app
