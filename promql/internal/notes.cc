#include "promql/internal/notes.h"

#include <array>

#include <fmt/format.h>

#include "promql/internal/go_float.h"
#include "promql/parser.h"

namespace slowburn::promql {
namespace {

constexpr std::array<std::string_view, 3> kUseTexts = {"addition", "subtraction", "aggregation"};

std::string_view TextOf(HistogramUse use) { return kUseTexts[static_cast<size_t>(use)]; }

}  // namespace

std::string Quoted(std::string_view text) {
  std::string quoted = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') quoted += '\\';
    if (c == '\n') {
      quoted += "\\n";
    } else {
      quoted += c;
    }
  }
  return quoted + '"';
}

std::string WithMetric(std::string_view text, std::string_view metric) {
  if (metric.empty()) return std::string(text);
  return fmt::format("{} for metric name {}", text, Quoted(metric));
}

std::string Notes::Placed(std::string_view kind, const Expr& at, std::string_view text) const {
  return fmt::format("PromQL {}: {} ({})", kind, text, PositionText(query_, at.range.begin));
}

void Notes::Warn(const Expr& at, std::string_view text) {
  annotations_.AddWarning(Placed("warning", at, text));
}

void Notes::Inform(const Expr& at, std::string_view text) {
  annotations_.AddInfo(Placed("info", at, text));
}

void Notes::MixedFloatsAndHistograms(const Expr& at, std::string_view metric) {
  Warn(at, WithMetric("encountered a mix of histograms and floats", metric));
}

void Notes::MixedFloatsAndHistogramsInAggregation(const Expr& at) {
  Warn(at, "encountered a mix of histograms and floats for aggregation");
}

void Notes::MixedExponentialAndCustom(const Expr& at, std::string_view metric) {
  Warn(at, WithMetric("vector contains a mix of histograms with exponential and custom buckets "
                      "schemas",
                      metric));
}

void Notes::MixedClassicAndNative(const Expr& at, std::string_view metric) {
  Warn(at, WithMetric("vector contains a mix of classic and native histograms", metric));
}

void Notes::HistogramNotCounter(const Expr& at, std::string_view metric) {
  Warn(at, fmt::format("this native histogram metric is not a counter: {}", Quoted(metric)));
}

void Notes::HistogramNotGauge(const Expr& at, std::string_view metric) {
  Warn(at, fmt::format("this native histogram metric is not a gauge: {}", Quoted(metric)));
}

void Notes::BadQuantile(const Expr& at, double quantile) {
  Warn(at, fmt::format("quantile value should be between 0 and 1, got {}", GoFloatG(quantile)));
}

void Notes::ResetCollision(const Expr& at, HistogramUse use) {
  Warn(at, fmt::format("conflicting counter resets during histogram {}", TextOf(use)));
}

void Notes::BoundsReconciled(const Expr& at, HistogramUse use) {
  Inform(at, fmt::format("mismatched custom buckets were reconciled during {}", TextOf(use)));
}

void Notes::HistogramsIgnoredInRange(const Expr& at, std::string_view metric) {
  Inform(at,
         WithMetric("ignored histograms in a range containing both floats and histograms", metric));
}

}  // namespace slowburn::promql
