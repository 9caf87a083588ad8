// promql/internal/notes.h: annotations while a query runs, with the place they are about.
//
// Room     promql/internal
// Uses     promql/
// Threads  one thread at a time; each worker has its own
// Units    none
// Source   Prometheus, util/annotations
#pragma once

#include <string>
#include <string_view>

#include "promql/annotations.h"
#include "promql/ast.h"

namespace slowburn::promql {

enum class HistogramUse : uint8_t { kAddition, kSubtraction, kAggregation };

class Notes {
 public:
  explicit Notes(std::string_view query) : query_(query) {}

  void Warn(const Expr& at, std::string_view text);
  void Inform(const Expr& at, std::string_view text);

  // Those that come from several places. `metric` may be "": then it is not named.
  void MixedFloatsAndHistograms(const Expr& at, std::string_view metric);
  void MixedFloatsAndHistogramsInAggregation(const Expr& at);
  void MixedExponentialAndCustom(const Expr& at, std::string_view metric);
  void MixedClassicAndNative(const Expr& at, std::string_view metric);
  void HistogramNotCounter(const Expr& at, std::string_view metric);
  void HistogramNotGauge(const Expr& at, std::string_view metric);
  void BadQuantile(const Expr& at, double quantile);
  void ResetCollision(const Expr& at, HistogramUse use);
  void BoundsReconciled(const Expr& at, HistogramUse use);
  void HistogramsIgnoredInRange(const Expr& at, std::string_view metric);

  const Annotations& annotations() const { return annotations_; }
  void Merge(const Notes& other) { annotations_.Merge(other.annotations_); }

 private:
  std::string Placed(std::string_view kind, const Expr& at, std::string_view text) const;

  std::string_view query_;
  Annotations annotations_;
};

// `text for metric name "metric"`, or just `text`.
std::string WithMetric(std::string_view text, std::string_view metric);
// "a\"b": as Go's %q for printable text.
std::string Quoted(std::string_view text);

}  // namespace slowburn::promql
