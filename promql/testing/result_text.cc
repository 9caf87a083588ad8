#include "promql/testing/result_text.h"

#include "promql/internal/go_float.h"
#include "promql/internal/histogram_buckets.h"

namespace slowburn::promql::testing {
namespace {

std::string PointText(const ResultSeries& series, size_t point) {
  if (const auto* histogram = series.HistogramAt(point)) return HistogramText(*histogram);
  return series.HasNumber(point) ? GoFloatG(series.values[point]) : "_";
}

}  // namespace

std::string ResultText(const QueryResult& result) {
  if (result.type == ValueType::kString) return result.text;
  if (result.type == ValueType::kScalar) return GoFloatG(result.scalar);
  std::string text;
  for (const ResultSeries& series : result.series) {
    if (!text.empty()) text += '\n';
    text += series.labels.Text();
    for (size_t point = 0; point < series.values.size(); ++point) {
      text += ' ' + PointText(series, point);
      if (!series.times_ms.empty()) text += '@' + std::to_string(series.times_ms[point]);
    }
  }
  return text;
}

}  // namespace slowburn::promql::testing
