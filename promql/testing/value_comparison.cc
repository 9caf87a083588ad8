#include "promql/testing/value_comparison.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <set>

#include <fmt/format.h>
#include <re2/re2.h>

#include "base/status.h"
#include "promql/internal/histogram_buckets.h"

namespace slowburn::promql::testing {
namespace {

using model::NativeHistogram;

std::vector<IndexedCount> Filled(const std::vector<NativeHistogram::Span>& spans,
                                 const std::vector<double>& counts) {
  std::vector<IndexedCount> buckets = IndexedCounts(spans, counts);
  std::erase_if(buckets, [](const IndexedCount& bucket) { return bucket.count == 0; });
  return buckets;
}

bool SameBuckets(const std::vector<IndexedCount>& want, const std::vector<IndexedCount>& got) {
  return std::ranges::equal(want, got, [](const IndexedCount& a, const IndexedCount& b) {
    return a.index == b.index && AlmostEqual(a.count, b.count);
  });
}

struct Point {
  int64_t time_ms = 0;
  double value = 0;
  const NativeHistogram* histogram = nullptr;
  bool wants_hint = false;
};

std::string Text(const Point& point) {
  std::string value = fmt::format("{}", point.value);
  if (point.histogram != nullptr) {
    value = fmt::format("{{schema {}, hint {}, zero {} up to {}, bounds [{}], {}}}",
                        int{point.histogram->schema}, static_cast<int>(point.histogram->reset_hint),
                        point.histogram->zero_count, point.histogram->zero_threshold,
                        fmt::join(point.histogram->custom_bounds, " "),
                        HistogramText(*point.histogram));
  }
  return fmt::format("{} @ {}", value, point.time_ms);
}

std::string Text(const std::vector<Point>& points) {
  std::string text;
  for (const Point& point : points) text += (text.empty() ? "" : ", ") + Text(point);
  return fmt::format("[{}]", text);
}

bool SamePoint(const Point& want, const Point& got) {
  if (want.time_ms != got.time_ms) return false;
  if (want.histogram == nullptr || got.histogram == nullptr) {
    return want.histogram == got.histogram && AlmostEqual(want.value, got.value);
  }
  return SameHistogram(*want.histogram, *got.histogram, want.wants_hint);
}

using PointsByLabels = std::map<model::LabelSet, std::vector<Point>>;

std::string ComparePoints(const PointsByLabels& want, const PointsByLabels& got) {
  for (const auto& [labels, points] : got) {
    const auto at = want.find(labels);
    if (at == want.end()) {
      return fmt::format("unexpected series {} with {}", labels.Text(), Text(points));
    }
    if (!std::ranges::equal(at->second, points, SamePoint)) {
      return fmt::format("series {} wants {}, got {}", labels.Text(), Text(at->second),
                         Text(points));
    }
  }
  for (const auto& [labels, points] : want) {
    if (!got.contains(labels)) {
      return fmt::format("series {} with {} is missing", labels.Text(), Text(points));
    }
  }
  return "";
}

std::vector<Point> WantedPoints(const SeriesText& series, const StepTimes& times) {
  std::vector<Point> points;
  for (size_t i = 0; i < series.items.size(); ++i) {
    const SequenceItem& item = series.items[i];
    if (item.is_gap) continue;
    points.push_back({.time_ms = times.start_ms + static_cast<int64_t>(i) * times.step_ms,
                      .value = item.value,
                      .histogram = item.histogram.has_value() ? &*item.histogram : nullptr,
                      .wants_hint = item.spells_hint});
  }
  return points;
}

PointsByLabels Wanted(const EvalCommand& eval, const StepTimes& times) {
  PointsByLabels wanted;
  for (const SeriesText& series : eval.series) {
    wanted[series.labels] = WantedPoints(series, times);
  }
  return wanted;
}

// Points at `only_ms` alone, if that is set.
PointsByLabels Got(const QueryResult& result, std::optional<int64_t> only_ms) {
  PointsByLabels got;
  for (const ResultSeries& series : result.series) {
    for (size_t i = 0; i < series.values.size(); ++i) {
      const int64_t time_ms = result.TimeAt(series, i);
      if (!series.HasPoint(i) || (only_ms.has_value() && time_ms != *only_ms)) continue;
      const NativeHistogram* histogram = series.HistogramAt(i);
      got[series.labels].push_back({.time_ms = time_ms,
                                    .value = histogram == nullptr ? series.values[i] : 0,
                                    .histogram = histogram});
    }
  }
  return got;
}

std::string CheckSorted(const QueryResult& result) {
  for (size_t i = 1; i < result.series.size(); ++i) {
    if (result.series[i - 1].labels < result.series[i].labels) continue;
    return fmt::format("series {} comes before {}", result.series[i - 1].labels.Text(),
                       result.series[i].labels.Text());
  }
  return "";
}

std::string CompareScalar(const EvalCommand& eval, double got) {
  if (!eval.scalar.has_value()) return fmt::format("got the scalar {}", got);
  if (AlmostEqual(*eval.scalar, got)) return "";
  return fmt::format("want the scalar {}, got {}", *eval.scalar, got);
}

std::string CompareOrder(const EvalCommand& eval, const QueryResult& result) {
  for (size_t i = 0; i < result.series.size() && i < eval.series.size(); ++i) {
    if (result.series[i].labels == eval.series[i].labels) continue;
    return fmt::format("place {} wants {}, got {}", i + 1, eval.series[i].labels.Text(),
                       result.series[i].labels.Text());
  }
  return "";
}

bool Matches(const ExpectedText& want, const std::string& text) {
  switch (want.kind) {
    case ExpectedText::Kind::kAny:
      return true;
    case ExpectedText::Kind::kEqual:
      return want.text == text;
    case ExpectedText::Kind::kRegex:
      break;
  }
  return RE2::PartialMatch(text, want.text);
}

std::string CompareTexts(std::string_view kind, const std::vector<ExpectedText>& wanted,
                         bool want_none, const std::set<std::string, std::less<>>& got) {
  const std::string all = fmt::format("{}", fmt::join(got, "; "));
  if (want_none && !got.empty()) return fmt::format("want no {}, got: {}", kind, all);
  if (wanted.empty()) return "";
  for (const ExpectedText& want : wanted) {
    const bool found =
        std::ranges::any_of(got, [&](const std::string& text) { return Matches(want, text); });
    if (!found) return fmt::format("want {} {:?}, got: {}", kind, want.text, all);
  }
  for (const std::string& text : got) {
    const bool found =
        std::ranges::any_of(wanted, [&](const ExpectedText& want) { return Matches(want, text); });
    if (!found) return fmt::format("unexpected {}: {}", kind, text);
  }
  return "";
}

}  // namespace

bool AlmostEqual(double a, double b) {
  constexpr double kEpsilon = 1e-6;
  if (model::IsStale(a) || model::IsStale(b)) return model::IsStale(a) && model::IsStale(b);
  if (std::isnan(a) && std::isnan(b)) return true;
  if (a == b) return true;
  const double sum = std::abs(a) + std::abs(b);
  const double diff = std::abs(a - b);
  if (a == 0 || b == 0 || sum < std::numeric_limits<double>::min()) {
    return diff < kEpsilon * std::numeric_limits<double>::min();
  }
  return diff / std::min(sum, std::numeric_limits<double>::max()) < kEpsilon;
}

bool SameHistogram(const NativeHistogram& want, const NativeHistogram& got, bool wants_hint) {
  if (wants_hint && want.reset_hint != got.reset_hint) return false;
  return want.schema == got.schema && AlmostEqual(want.count, got.count) &&
         AlmostEqual(want.sum, got.sum) && want.zero_threshold == got.zero_threshold &&
         AlmostEqual(want.zero_count, got.zero_count) &&
         std::ranges::equal(want.custom_bounds, got.custom_bounds, AlmostEqual) &&
         SameBuckets(Filled(want.positive_spans, want.positive_counts),
                     Filled(got.positive_spans, got.positive_counts)) &&
         SameBuckets(Filled(want.negative_spans, want.negative_counts),
                     Filled(got.negative_spans, got.negative_counts));
}

std::string CompareResult(const EvalCommand& eval, const QueryResult& result) {
  if (result.type == ValueType::kString) {
    if (eval.text == result.text) return "";
    return fmt::format("want the text {:?}, got {:?}", eval.text.value_or(""), result.text);
  }
  if (eval.text.has_value()) return "want a text";
  if (result.type == ValueType::kScalar) return CompareScalar(eval, result.scalar);
  if (eval.scalar.has_value()) return "want a scalar, got series";
  const bool wants_matrix = eval.is_range || eval.range_vector.has_value();
  if (wants_matrix != (result.type == ValueType::kMatrix)) {
    return fmt::format("got a {}", DocumentedName(result.type));
  }
  if (wants_matrix) {
    if (std::string error = CheckSorted(result); !error.empty()) return error;
    return ComparePoints(Wanted(eval, eval.range_vector.value_or(eval.times)),
                         Got(result, std::nullopt));
  }
  const std::string error =
      ComparePoints(Wanted(eval, {result.steps.start_ms, 0, 0}), Got(result, std::nullopt));
  if (!error.empty() || !eval.ordered) return error;
  return CompareOrder(eval, result);
}

std::string CompareStep(const EvalCommand& eval, const QueryResult& result, int64_t time_ms) {
  if (std::string error = CheckSorted(result); !error.empty()) return error;
  const PointsByLabels got = Got(result, time_ms);
  if (!eval.scalar.has_value()) return ComparePoints(Wanted(eval, {time_ms, 0, 0}), got);
  if (got.size() != 1) return "the scalar is missing";
  return CompareScalar(eval, got.begin()->second.front().value);
}

std::string CompareAnnotations(const EvalCommand& eval, const Annotations& annotations) {
  std::string error =
      CompareTexts("warning", eval.warnings, eval.no_warnings, annotations.warnings());
  if (!error.empty()) return error;
  return CompareTexts("info", eval.infos, eval.no_infos, annotations.infos());
}

std::string CompareFailure(const ExpectedText& want, const std::string& error) {
  if (Matches(want, error)) return "";
  return fmt::format("want the failure {:?}, got {:?}", want.text, error);
}

}  // namespace slowburn::promql::testing
