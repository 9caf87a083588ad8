// promql/internal/range_source.h: the series of a range vector, be it a selector or a subquery.
//
// Room     promql/internal
// Uses     promql/internal/
// Threads  Open: the thread of the query; Read: any number at once
// Units    unix milliseconds
#pragma once

#include <optional>
#include <vector>

#include <absl/status/statusor.h>

#include "promql/internal/query_context.h"
#include "promql/internal/windows.h"

namespace slowburn::promql {

class RangeSource {
 public:
  static absl::StatusOr<RangeSource> Open(QueryContext& context, const Expr& expr,
                                          const StepGrid& grid);

  size_t size() const {
    return subquery_.has_value() ? subquery_->series.size() : selected_->series().size();
  }
  const Windows& windows() const { return windows_; }
  const model::LabelSet& LabelsAt(size_t i) const;
  bool DropsNameAt(size_t i) const {
    return subquery_.has_value() && subquery_->series[i].drops_name;
  }
  // Views into `samples`; they last until the next call with it. What windows see of them is added
  // to `count` unless that is null.
  absl::StatusOr<RangeInput> Read(size_t i, storage::SampleColumns& samples,
                                  SampleCount* count) const;
  // What the subquery looked at inside, where samples are counted.
  const std::optional<SampleCount>& inner_count() const { return inner_count_; }

 private:
  explicit RangeSource(const QueryContext& context) : context_(&context) {}
  absl::Status OpenSubquery(QueryContext& context, const Subquery& subquery, const StepGrid& grid);
  absl::StatusOr<RangeInput> ReadSelected(size_t i, storage::SampleColumns& samples) const;
  RangeInput ReadSubquery(size_t i, storage::SampleColumns& samples) const;

  const QueryContext* context_;
  Windows windows_;
  Selection* selected_ = nullptr;    // of a selector
  std::optional<Columns> subquery_;  // else its values
  StepGrid subquery_grid_;
  std::optional<SampleCount> inner_count_;
};

}  // namespace slowburn::promql
