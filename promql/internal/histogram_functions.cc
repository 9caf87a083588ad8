// Functions of histograms, native ones and the classic ones made of series with le.
#include <algorithm>
#include <cmath>
#include <limits>
#include <memory>

#include "promql/internal/classic_groups.h"
#include "promql/internal/classic_histogram.h"
#include "promql/internal/evaluator.h"
#include "promql/internal/go_float.h"
#include "promql/internal/histogram_quantile.h"
#include "promql/internal/name_dropping.h"

namespace slowburn::promql {
namespace {

double Figure(FunctionId function, const model::NativeHistogram& histogram) {
  switch (function) {
    case FunctionId::kHistogramAvg:
      return histogram.sum / histogram.count;
    case FunctionId::kHistogramCount:
      return histogram.count;
    case FunctionId::kHistogramSum:
      return histogram.sum;
    case FunctionId::kHistogramStddev:
      return std::sqrt(HistogramVariance(histogram));
    default:
      return HistogramVariance(histogram);
  }
}

// While it lives, histograms are read with or without their buckets in mind.
class StatsScope {
 public:
  StatsScope(QueryContext& context, bool stats)
      : context_(context), before_(std::exchange(context.histogram_stats, stats)) {}
  ~StatsScope() { context_.histogram_stats = before_; }

 private:
  QueryContext& context_;
  bool before_;
};

absl::Status EvalFigure(QueryContext& context, const Call& call, const StepGrid& grid,
                        ColumnSink sink) {
  const FunctionId function = call.function->id;
  const bool without_buckets = function == FunctionId::kHistogramCount ||
                               function == FunctionId::kHistogramSum ||
                               function == FunctionId::kHistogramAvg;
  const StatsScope scope(context, without_buckets || context.histogram_stats);
  return DropNames(
      context, *call.args[0],
      [&](ColumnSink next) {
        return EvalVector(context, *call.args[0], grid, [&](Column& column) {
          Column figures{.labels = column.labels, .drops_name = column.drops_name};
          figures.Reset(grid.count);
          for (size_t step = 0; step < grid.count; ++step) {
            const model::NativeHistogram* histogram = column.HistogramAt(step);
            if (histogram != nullptr) figures.values[step] = Figure(function, *histogram);
          }
          return IsEmpty(figures) ? absl::OkStatus() : next(figures);
        });
      },
      sink);
}

// What a call asks of each histogram, and how to say what is wrong with one.
class Question {
 public:
  Question(QueryContext& context, const Call& call) : context_(context), call_(call) {}

  absl::Status Eval(const StepGrid& grid) {
    for (const ExprPtr& arg : call_.args) {
      if (TypeOf(*arg) == ValueType::kVector) vector_ = arg.get();
      if (TypeOf(*arg) != ValueType::kScalar) continue;
      auto values = EvalScalar(context_, *arg, grid);
      if (!values.ok()) return values.status();
      if (!is_fraction()) NoteQuantiles(*arg, *values);
      params_.push_back(*std::move(values));
    }
    return absl::OkStatus();
  }

  bool is_fraction() const { return call_.function->id == FunctionId::kHistogramFraction; }
  const Expr& vector() const { return *vector_; }
  // How many answers there are to each histogram.
  size_t answers() const { return is_fraction() ? 1 : params_.size(); }
  // Of the first step: a label says it, so it should not change.
  double quantile(size_t answer) const { return params_[answer].front(); }

  double OfClassic(const std::vector<ClassicBucket>& buckets, size_t answer, size_t step) const {
    if (is_fraction()) return ClassicFraction(params_[0][step], params_[1][step], buckets);
    return ClassicQuantile(params_[answer][step], buckets);
  }

  double OfNative(const model::NativeHistogram& histogram, std::string_view metric, size_t answer,
                  size_t step) const {
    const bool has_nan = std::isnan(histogram.sum) && histogram.count != 0;
    if (is_fraction()) {
      if (has_nan) {
        NoteNative(
            "input to histogram_fraction has NaN observations, which are excluded from all "
            "fractions",
            metric);
      }
      return HistogramFraction(params_[0][step], params_[1][step], histogram);
    }
    const double quantile = params_[answer][step];
    const double value = HistogramQuantile(quantile, histogram);
    if (has_nan && quantile >= 0 && quantile <= 1) {
      NoteNative(std::isnan(value)
                     ? "input to histogram_quantile has NaN observations, result is NaN"
                     : "input to histogram_quantile has NaN observations, result is skewed higher",
                 metric);
    }
    return value;
  }

  void NoteForcedMonotonic(std::string_view metric) const {
    context_.notes().Inform(
        vector(), WithMetric("input to histogram_quantile needed to be fixed for monotonicity (see "
                             "https://prometheus.io/docs/prometheus/latest/querying/functions/"
                             "#histogram_quantile)",
                             metric));
  }

 private:
  void NoteNative(std::string_view text, std::string_view metric) const {
    context_.notes().Inform(vector(), WithMetric(text, metric));
  }

  void NoteQuantiles(const Expr& arg, const std::vector<double>& quantiles) {
    for (const double quantile : quantiles) {
      if (!(quantile >= 0 && quantile <= 1)) context_.notes().BadQuantile(arg, quantile);
    }
  }

  QueryContext& context_;
  const Call& call_;
  const Expr* vector_ = nullptr;
  std::vector<std::vector<double>> params_;
};

// One series of answers for each group.
Column Answers(QueryContext& context, const Question& question, const ClassicGroup& group,
               const Columns& columns, size_t answer, const StepGrid& grid) {
  const std::string_view metric = group.labels->Get(model::kMetricNameLabel);
  const Column* native = group.native.has_value() ? &columns.series[*group.native] : nullptr;
  Column out{.labels = group.labels, .drops_name = true};
  out.Reset(grid.count);
  bool forced = false;
  bool mixed = false;
  std::vector<ClassicBucket> buckets;
  for (size_t step = 0; step < grid.count; ++step) {
    buckets.clear();
    for (const ClassicGroup::Bound& bound : group.bounds) {
      const double count = columns.series[bound.column].values[step];
      if (!IsAbsent(count)) buckets.push_back({bound.upper, count});
    }
    const model::NativeHistogram* histogram =
        native != nullptr ? native->HistogramAt(step) : nullptr;
    if (histogram != nullptr && !buckets.empty()) {
      mixed = true;
    } else if (histogram != nullptr) {
      out.values[step] = question.OfNative(*histogram, metric, answer, step);
    } else if (!buckets.empty()) {
      forced |= MendBuckets(buckets);
      out.values[step] = question.OfClassic(buckets, answer, step);
    }
  }
  if (mixed) context.notes().MixedClassicAndNative(question.vector(), metric);
  if (forced && !question.is_fraction()) question.NoteForcedMonotonic(metric);
  return out;
}

// histogram_quantile, histogram_quantiles, histogram_fraction.
absl::Status EvalQuestion(QueryContext& context, const Call& call, const StepGrid& grid,
                          ColumnSink sink) {
  const StatsScope scope(context, false);
  Question question(context, call);
  if (absl::Status status = question.Eval(grid); !status.ok()) return status;
  auto columns = CollectVector(context, question.vector(), grid);
  if (!columns.ok()) return columns.status();
  const std::vector<ClassicGroup> groups = GroupBuckets(context, question.vector(), *columns);
  const bool labelled = call.function->id == FunctionId::kHistogramQuantiles;
  Columns answers(context.meter());
  for (const ClassicGroup& group : groups) {
    if (absl::Status status = context.CheckTime(); !status.ok()) return status;
    for (size_t answer = 0; answer < question.answers(); ++answer) {
      Column out = Answers(context, question, group, *columns, answer, grid);
      if (IsEmpty(out)) continue;
      if (labelled) {
        model::LabelSet labels = *out.labels;
        labels.Set(TextOf(*call.args[1]), OpenMetricsFloat(question.quantile(answer)));
        out.labels = context.Keep(std::move(labels));
      }
      if (absl::Status status = answers.Add(std::move(out)); !status.ok()) return status;
    }
  }
  absl::Status status = MergeEqualLabels(context, answers);
  for (Column& column : answers.series) {
    if (status.ok()) status.Update(sink(column));
  }
  return status;
}

}  // namespace

absl::Status EvalHistogramCall(QueryContext& context, const Call& call, const StepGrid& grid,
                               ColumnSink sink) {
  switch (call.function->id) {
    case FunctionId::kHistogramFraction:
    case FunctionId::kHistogramQuantile:
    case FunctionId::kHistogramQuantiles:
      return EvalQuestion(context, call, grid, sink);
    default:
      return EvalFigure(context, call, grid, sink);
  }
}

}  // namespace slowburn::promql
