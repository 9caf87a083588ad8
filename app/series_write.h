// app/series_write.h: what one request, or one look at our own SLOs, brings to the time series.
//
// Room     app
// Uses     base/, model/, storage/series
// Threads  made by any thread; AddTo by the one that plans commits
// Units    samples
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include <absl/functional/function_ref.h>
#include <absl/status/status.h>

#include "base/clock.h"
#include "model/label_set.h"
#include "storage/series/sample_fate.h"
#include "storage/series/write_plan.h"

namespace slowburn::app {

// As series have their times.
inline int64_t UnixMillis(base::UnixNanos time) {
  return std::chrono::floor<std::chrono::milliseconds>(time).time_since_epoch().count();
}

// A point of an OTLP request that is not stored. `position` is among the items that the request was
// submitted with.
struct RefusedPoint {
  uint32_t position = 0;
  storage::SampleFate fate = storage::SampleFate::kTaken;
};

// What became of it, by kind.
struct SeriesOutcome {
  storage::FateCounts samples{};  // floats
  storage::FateCounts histograms{};
  storage::FateCounts exemplars{};
  // Of the first that was refused: the series and why, for whoever sent it. "" when none was.
  std::string first_refused;
  std::string first_refused_exemplar;  // likewise
  // Of OTLP, where a point may be many samples and counts as one of them.
  std::vector<RefusedPoint> refused_points;

  static uint64_t Taken(const storage::FateCounts& counts);
  static uint64_t Written(const storage::FateCounts& counts);  // taken, or there already
  static uint64_t Refused(const storage::FateCounts& counts);
  // Those that can never be; not those that are dropped for newer ones.
  static uint64_t RefusedExemplars(const storage::FateCounts& exemplars);
};

// Why a sample with this fate was refused, in words for whoever sent it.
std::string_view FateReason(storage::SampleFate fate);
// "3 of 10 samples are not stored; the first, of up{job=\"api\"}: ...", and of exemplars the same;
// "" when none was refused.
std::string ExplainRefused(const SeriesOutcome& outcome);

// Owns all that it needs until its commit: labels are read only of series that nobody knows yet.
class SeriesWrite {
 public:
  virtual ~SeriesWrite() = default;
  // Adds all that it brings to the plan. What is refused is in `outcome` and takes nothing else
  // with it. kDataLoss where the store cannot be read: then the plan must be dropped.
  virtual absl::Status AddTo(storage::WritePlan& plan, SeriesOutcome& outcome) = 0;
  virtual size_t memory_bytes() const = 0;
};

// A sample of a series of our own. `labels` is asked only if nobody knows the key. Errors as AddTo.
absl::Status AddOwnSample(storage::WritePlan& plan, const storage::SeriesKey& key,
                          absl::FunctionRef<model::LabelSet()> labels, int64_t time_ms,
                          double value, SeriesOutcome& outcome);
// Its stale marker, where it is known and does not end already.
void EndOwnSeries(storage::WritePlan& plan, const storage::SeriesKey& key, int64_t time_ms,
                  SeriesOutcome& outcome);

}  // namespace slowburn::app
