#include "promql/internal/selection.h"

#include <algorithm>

#include <fmt/format.h>

#include "promql/internal/windows.h"

namespace slowburn::promql {
namespace {

std::string KeyOf(const storage::Matchers& matchers) {
  std::string key;
  for (const model::LabelMatcher& matcher : matchers) key += matcher.CanonicalText() + ',';
  return key;
}

uint64_t BytesOf(const storage::SampleColumns& samples) {
  uint64_t bytes = sizeof(samples) + samples.times_ms.capacity() * sizeof(int64_t) +
                   samples.values.capacity() * sizeof(double);
  for (const model::NativeHistogram& histogram : samples.histograms) {
    bytes += sizeof(histogram) + sizeof(int64_t) +
             (histogram.positive_counts.size() + histogram.negative_counts.size()) * sizeof(double);
  }
  return bytes;
}

}  // namespace

void Selections::PlanSelector(const storage::Matchers& matchers, storage::TimeRange range) {
  Planned& planned = planned_[KeyOf(matchers)];
  if (planned.uses++ == 0) planned.hull = range;
  planned.hull.begin_ms = std::min(planned.hull.begin_ms, range.begin_ms);
  planned.hull.end_ms = std::max(planned.hull.end_ms, range.end_ms);
  planned.length_ms += range.end_ms - range.begin_ms;
}

void Selections::Plan(const Expr& expr, const StepGrid& grid) {
  switch (expr.kind) {
    case Expr::Kind::kVectorSelector: {
      const auto& selector = As<VectorSelector>(expr);
      return PlanSelector(selector.matchers,
                          WindowsOf(selector.shift, times_.lookback_ms, grid).Hull());
    }
    case Expr::Kind::kMatrixSelector: {
      const auto& matrix = As<MatrixSelector>(expr);
      return PlanSelector(matrix.vector->matchers,
                          WindowsOf(matrix.vector->shift, matrix.range_ms, grid).Hull());
    }
    case Expr::Kind::kStepInvariant:
      return Plan(*As<StepInvariant>(expr).expr, {grid.start_ms, grid.step_ms, 1});
    case Expr::Kind::kSubquery: {
      const auto& subquery = As<Subquery>(expr);
      const StepGrid steps = SubqueryGrid(
          subquery, WindowsOf(subquery.shift, subquery.range_ms, grid), times_.subquery_step_ms);
      if (steps.count > 0) Plan(*subquery.expr, steps);
      return;
    }
    default:
      for (const Expr* child : ChildrenOf(expr)) Plan(*child, grid);
  }
}

absl::StatusOr<Selection*> Selections::Select(const storage::Matchers& matchers,
                                              storage::TimeRange range) {
  std::string key = KeyOf(matchers);
  const auto planned = planned_.find(key);
  bool shared = false;
  if (planned != planned_.end() && planned->second.uses > 1) {
    const storage::TimeRange hull = planned->second.hull;
    shared = hull.begin_ms <= range.begin_ms && range.end_ms <= hull.end_ms &&
             hull.end_ms - hull.begin_ms <= planned->second.length_ms;
    if (shared) range = hull;
  }
  if (!shared) key += fmt::format(" {} {}", range.begin_ms, range.end_ms);
  const auto [at, is_new] = selections_.try_emplace(std::move(key));
  Selection& selection = at->second;
  if (!is_new) return &selection;
  auto selected = snapshot_.Select(matchers, range);
  if (!selected.ok()) return selected.status();
  selection.series_ = *std::move(selected);
  selection.range_ = range;
  selection.shared_ = shared;
  if (shared) selection.samples_.resize(selection.series_.size());
  return &selection;
}

absl::StatusOr<const storage::SampleColumns*> Selections::Read(
    Selection& selection, size_t series, storage::TimeRange range,
    storage::SampleColumns& scratch) const {
  const uint64_t id = selection.series_[series].id;
  if (!selection.shared_) {
    absl::Status status = snapshot_.ReadSamples(id, range, scratch);
    if (!status.ok()) return status;
    return &scratch;
  }
  auto& kept = selection.samples_[series];
  if (kept != nullptr) return kept.get();
  absl::Status status = snapshot_.ReadSamples(id, selection.range_, scratch);
  if (!status.ok()) return status;
  // Series are read by several workers at once, but each by one of them.
  if (!meter_.Take(BytesOf(scratch)).ok()) return &scratch;
  kept = std::make_unique<const storage::SampleColumns>(scratch);
  return kept.get();
}

}  // namespace slowburn::promql
