// tests/golden/metric_feed.h: the points of a script, as a client would send them.
//
// Room     tests
// Uses     slo/
// Threads  one thread
// Units    times are seconds since the beginning of the script
#pragma once

#include <chrono>
#include <memory>

#include <absl/status/status.h>

#include "slo/engine.h"
#include "tests/golden/script.h"

namespace slowburn::golden {

// The SLI of a line that reads a metric.
slo::SliSpec MakeMetricSli(const SloLine& line);

// Takes the way of the program: decoded points, the matcher, the streams, the counts.
class MetricFeed {
 public:
  // Both must outlive it; the SLOs are installed.
  MetricFeed(const Script& script, slo::Engine& engine);
  ~MetricFeed();

  bool HasPoints(std::chrono::seconds from, std::chrono::seconds to) const;
  // The points that arrive in [from, to), in one request.
  absl::Status Feed(std::chrono::seconds from, std::chrono::seconds to);
  const slo::MetricTally& tally() const { return tally_; }

 private:
  const Script& script_;
  slo::Engine& engine_;
  std::shared_ptr<const slo::Matchers> matchers_;
  slo::MetricMatcher::Scratch scratch_;
  slo::MetricTally tally_;
};

}  // namespace slowburn::golden
