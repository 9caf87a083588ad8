// promql/internal/selection.h: series that a selector chose, and their samples where several parts
// of the query want them.
//
// Room     promql/internal
// Uses     storage/api/, promql/
// Threads  Plan, Select: the thread of the query. Read: any number at once, of different series
// Units    unix milliseconds
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include <absl/status/statusor.h>

#include "promql/ast.h"
#include "promql/internal/memory_meter.h"
#include "promql/value.h"
#include "storage/api/series_reader.h"

namespace slowburn::promql {

class Selection {
 public:
  const std::vector<storage::SelectedSeries>& series() const { return series_; }

 private:
  friend class Selections;

  std::vector<storage::SelectedSeries> series_;
  storage::TimeRange range_;
  bool shared_ = false;
  std::vector<std::unique_ptr<const storage::SampleColumns>> samples_;  // of `shared_`, as read
};

// All selections of a query. What is selected more than once is selected once, and read once where
// one range holds all that is wanted of it without being longer than the parts.
class Selections {
 public:
  struct Times {
    int64_t lookback_ms = 0;
    int64_t subquery_step_ms = 0;
  };
  // Samples that are kept for another use have at most `shared_bytes_max`; what is over is read
  // again.
  Selections(const storage::SeriesSnapshot& snapshot, const Times& times, uint64_t shared_bytes_max)
      : snapshot_(snapshot), times_(times), meter_(shared_bytes_max) {}

  // Looks at all selectors of what will be evaluated.
  void Plan(const Expr& expr, const StepGrid& grid);

  absl::StatusOr<Selection*> Select(const storage::Matchers& matchers, storage::TimeRange range);
  // The samples of a series in at least `range`, within the range it was selected for: in `scratch`
  // or kept.
  absl::StatusOr<const storage::SampleColumns*> Read(Selection& selection, size_t series,
                                                     storage::TimeRange range,
                                                     storage::SampleColumns& scratch) const;

 private:
  struct Planned {
    int uses = 0;
    storage::TimeRange hull;
    int64_t length_ms = 0;  // of all ranges together
  };

  void PlanSelector(const storage::Matchers& matchers, storage::TimeRange range);

  const storage::SeriesSnapshot& snapshot_;
  Times times_;
  mutable MemoryMeter meter_;
  std::map<std::string, Planned> planned_;
  std::map<std::string, Selection> selections_;
};

}  // namespace slowburn::promql
