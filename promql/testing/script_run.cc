#include "promql/testing/script_run.h"

#include <utility>

#include <fmt/format.h>
#include <re2/re2.h>

#include "base/status.h"
#include "promql/internal/histogram_reset.h"
#include "promql/parser.h"
#include "promql/testing/at_rewrite.h"
#include "promql/testing/classic_collation.h"
#include "promql/testing/value_comparison.h"

namespace slowburn::promql::testing {
namespace {

using model::NativeHistogram;

constexpr int64_t kMinuteMs = 60'000;

std::string ErrorText(const absl::Status& status) { return std::string(base::Message(status)); }

bool SkipsRangeQuery(const EvalCommand& eval) {
  static const RE2 kReadsRange(R"((start|end|range|step)\(\))");
  return eval.range_vector.has_value() || eval.text.has_value() ||
         RE2::PartialMatch(eval.query, kReadsRange);
}

std::vector<int64_t> OtherTimes(int64_t time_ms) {
  if (time_ms == 0) return {-1000, 0, 1000};
  return {-10 * time_ms, 0, time_ms / 5, time_ms, 10 * time_ms};
}

// Histograms of one chunk: the layout stays, and no count falls.
bool ContinuesChunk(const NativeHistogram& before, const NativeHistogram& next) {
  const bool was_gauge = before.reset_hint == NativeHistogram::ResetHint::kGauge;
  const bool is_gauge = next.reset_hint == NativeHistogram::ResetHint::kGauge;
  if (was_gauge || is_gauge) return was_gauge && is_gauge;
  if (before.schema != next.schema || before.zero_threshold != next.zero_threshold) return false;
  return !IsReset(before, next);
}

}  // namespace

EngineOptions ScriptEngineOptions() {
  EngineOptions options;
  options.parser = ParserOptions::Everything();
  options.delayed_name_removal = true;
  options.type_and_unit_labels = true;
  return options;
}

ScriptReport ScriptRun::Play(std::string_view text) {
  ScriptReport report;
  for (const Command& command : ParseScript(text)) {
    switch (command.kind) {
      case Command::Kind::kClear:
        series_.Clear();
        break;
      case Command::Kind::kLoad:
        Load(command);
        break;
      case Command::Kind::kBroken:
        report.failures.push_back({command.line, "", command.error});
        break;
      case Command::Kind::kEval: {
        ScriptFailure failure = Eval(command.eval);
        if (failure.what.empty()) {
          ++report.passed;
        } else {
          failure.line = command.line;
          report.failures.push_back(std::move(failure));
        }
        break;
      }
    }
  }
  return report;
}

void ScriptRun::Load(const Command& command) {
  // Of two lines for one series the last one counts.
  std::map<model::LabelSet, const SeriesText*> lines;
  for (const SeriesText& series : command.series) lines[series.labels] = &series;
  std::vector<SeriesText> loaded;
  for (const auto& [labels, series] : lines) {
    std::map<int64_t, NativeHistogram> histograms;
    for (size_t i = 0; i < series->items.size(); ++i) {
      const SequenceItem& item = series->items[i];
      const int64_t time_ms = static_cast<int64_t>(i) * command.step_ms;
      if (item.is_gap) continue;
      if (item.histogram.has_value()) {
        histograms.emplace(time_ms, *item.histogram);
      } else {
        series_.Append(labels, time_ms, item.value);
      }
    }
    Append(labels, std::move(histograms));
    loaded.push_back(*series);
  }
  if (!command.with_nhcb) return;
  for (auto& [labels, histograms] : CollateClassic(loaded, command.step_ms)) {
    Append(labels, std::move(histograms));
  }
}

void ScriptRun::Append(const model::LabelSet& labels,
                       std::map<int64_t, NativeHistogram> histograms) {
  using Hint = NativeHistogram::ResetHint;
  const NativeHistogram* before = nullptr;
  int64_t before_ms = 0;
  for (auto& [time_ms, histogram] : histograms) {
    NativeHistogram stored = histogram;
    if (stored.reset_hint != Hint::kGauge) {
      const auto at = series_.series().find(labels);
      const bool float_between =
          at != series_.series().end() && before != nullptr &&
          at->second.values.upper_bound(before_ms) != at->second.values.lower_bound(time_ms);
      const bool continues = before != nullptr && !float_between &&
                             stored.reset_hint != Hint::kReset &&
                             ContinuesChunk(*before, histogram);
      stored.reset_hint = continues ? Hint::kNotReset : Hint::kUnknown;
    }
    before = &histogram;
    before_ms = time_ms;
    series_.Append(labels, time_ms, std::move(stored));
  }
}

ScriptFailure ScriptRun::Eval(const EvalCommand& eval) const {
  const auto failure = [](std::string query, std::string what) {
    return ScriptFailure{.query = std::move(query), .what = std::move(what)};
  };
  if (eval.is_range) return failure(eval.query, CheckRange(eval));
  const int64_t time_ms = eval.times.start_ms;
  std::string what = CheckInstant(eval, eval.query, time_ms);
  if (!what.empty()) return failure(eval.query, std::move(what));
  const absl::StatusOr<ExprPtr> expr = Parse(eval.query, engine_.options().parser);
  if (!expr.ok()) return {};
  const std::optional<std::string> pinned = PinnedTo(**expr, time_ms);
  if (!pinned.has_value()) return {};
  for (const int64_t other_ms : OtherTimes(time_ms)) {
    what = CheckInstant(eval, *pinned, other_ms);
    if (!what.empty()) return failure(fmt::format("{} (at {} ms)", *pinned, other_ms), what);
  }
  return {};
}

std::string ScriptRun::CheckRange(const EvalCommand& eval) const {
  const absl::StatusOr<QueryResult> result =
      engine_.Range(series_, {.text = eval.query,
                              .start_ms = eval.times.start_ms,
                              .end_ms = eval.times.end_ms,
                              .step_ms = eval.times.step_ms});
  if (!result.ok()) {
    if (eval.fail.has_value()) return CompareFailure(*eval.fail, ErrorText(result.status()));
    return fmt::format("error: {}", ErrorText(result.status()));
  }
  if (eval.fail.has_value()) return "want a failure, got none";
  std::string what = CompareAnnotations(eval, result->annotations);
  return what.empty() ? CompareResult(eval, *result) : what;
}

std::string ScriptRun::CheckInstant(const EvalCommand& eval, const std::string& query,
                                    int64_t time_ms) const {
  const absl::StatusOr<QueryResult> result =
      engine_.Instant(series_, {.text = query, .time_ms = time_ms});
  if (!result.ok()) {
    if (eval.fail.has_value()) return CompareFailure(*eval.fail, ErrorText(result.status()));
    return fmt::format("error: {}", ErrorText(result.status()));
  }
  if (eval.fail.has_value()) return "want a failure, got none";
  std::string what = CompareAnnotations(eval, result->annotations);
  if (what.empty()) what = CompareResult(eval, *result);
  if (!what.empty() || SkipsRangeQuery(eval)) return what;
  return CheckMiddleStep(eval, query, time_ms);
}

std::string ScriptRun::CheckMiddleStep(const EvalCommand& eval, const std::string& query,
                                       int64_t time_ms) const {
  const absl::StatusOr<QueryResult> result =
      engine_.Range(series_, {.text = query,
                              .start_ms = time_ms - kMinuteMs,
                              .end_ms = time_ms + kMinuteMs,
                              .step_ms = kMinuteMs});
  if (!result.ok()) return fmt::format("error as range query: {}", ErrorText(result.status()));
  if (eval.ordered) return "";  // a range query sorts by labels
  const std::string what = CompareStep(eval, *result, time_ms);
  return what.empty() ? "" : fmt::format("as range query: {}", what);
}

}  // namespace slowburn::promql::testing
