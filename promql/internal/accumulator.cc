#include "promql/internal/accumulator.h"

#include <algorithm>
#include <cmath>
#include <map>

#include <fmt/format.h>

#include "promql/internal/column_blocks.h"
#include "promql/internal/histogram_aggregate.h"
#include "promql/internal/kahan.h"
#include "promql/internal/range_call.h"

namespace slowburn::promql {
namespace {

bool HasHistograms(const Column& column) { return !column.histograms.empty(); }

// For those that take no histograms.
void NoteIgnored(const AccumulatorOptions& options, Notes& notes) {
  notes.Inform(*options.aggregate->expr, fmt::format("ignored histogram in {} aggregation",
                                                     AggregateOpText(options.aggregate->op)));
}

// The part of sum and avg that is about histograms, which few groups have.
class HistogramSteps {
 public:
  // How many bytes more it has now.
  uint64_t Add(const Column& column, bool mean) {
    uint64_t bytes = 0;
    if (!HasHistograms(column)) return bytes;
    metric_ = std::string(column.labels->Get(model::kMetricNameLabel));
    for (size_t step = 0; step < column.steps(); ++step) {
      const model::NativeHistogram* histogram = column.HistogramAt(step);
      if (histogram == nullptr) continue;
      const auto [at, is_new] = steps_.try_emplace(step, mean);
      at->second.Add(*histogram);
      if (is_new) bytes += sizeof(*at) + kBucketBytes * BucketsOf(*histogram);
    }
    return bytes;
  }

  // Over the numbers in `out`; where there are both, neither stays.
  void Finish(const AccumulatorOptions& options, Notes& notes, Column& out) const {
    const Expr& place = *options.aggregate->expr;
    HistogramAggregateNotes told;
    bool mixed = false;
    for (const auto& [step, aggregate] : steps_) {
      if (out.HasNumber(step)) {
        mixed = true;
        out.Remove(step);
        continue;
      }
      told.Take(aggregate);
      HistogramPtr value = aggregate.Value();
      if (value != nullptr) out.SetHistogram(step, std::move(value));
    }
    if (mixed) notes.MixedFloatsAndHistogramsInAggregation(place);
    told.Tell(place, metric_, notes);
  }

 private:
  static constexpr uint64_t kBucketBytes = 24;
  static size_t BucketsOf(const model::NativeHistogram& histogram) {
    return histogram.positive_counts.size() + histogram.negative_counts.size();
  }

  std::map<size_t, HistogramAggregate> steps_;
  std::string metric_;
};

class SumAccumulator : public Accumulator {
 public:
  explicit SumAccumulator(const AccumulatorOptions& options)
      : options_(options),
        sums_(options.steps),
        errors_(options.steps),
        seen_(options.steps, AbsentValue()) {}

  void Add(const Column& column) override {
    ColumnSums{sums_, errors_, seen_}.Add(column.values);
    extra_bytes_ += histograms_.Add(column, false);
  }

  Column Finish(Notes& notes) override {
    Column out{.values = std::move(seen_)};
    for (size_t i = 0; i < options_.steps; ++i) {
      if (!IsAbsent(out.values[i])) out.values[i] = sums_[i] + errors_[i];
    }
    histograms_.Finish(options_, notes, out);
    return out;
  }

 private:
  const AccumulatorOptions& options_;
  std::vector<double> sums_, errors_;
  std::vector<double> seen_;  // absent until there was a number
  HistogramSteps histograms_;
};

class MeanAccumulator : public Accumulator {
 public:
  explicit MeanAccumulator(const AccumulatorOptions& options)
      : options_(options), means_(options.steps) {}

  void Add(const Column& column) override {
    const double* values = column.values.data();
    for (size_t i = 0; i < options_.steps; ++i) {
      if (!IsAbsent(values[i])) means_[i].Add(values[i]);
    }
    extra_bytes_ += histograms_.Add(column, true);
  }

  Column Finish(Notes& notes) override {
    Column out;
    out.Reset(options_.steps);
    for (size_t i = 0; i < options_.steps; ++i) {
      if (means_[i].count > 0) out.values[i] = means_[i].Value();
    }
    histograms_.Finish(options_, notes, out);
    return out;
  }

 private:
  const AccumulatorOptions& options_;
  std::vector<KahanMean> means_;
  HistogramSteps histograms_;
};

class CountAccumulator : public Accumulator {
 public:
  explicit CountAccumulator(const AccumulatorOptions& options)
      : options_(options), counts_(options.steps) {}

  void Add(const Column& column) override {
    for (size_t i = 0; i < options_.steps; ++i) counts_[i] += column.HasPoint(i) ? 1 : 0;
  }

  Column Finish(Notes& /*notes*/) override {
    const bool ones = options_.aggregate->op == AggregateOp::kGroup;
    for (double& count : counts_) {
      if (count == 0) {
        count = AbsentValue();
      } else if (ones) {
        count = 1;
      }
    }
    return {.values = std::move(counts_)};
  }

 private:
  const AccumulatorOptions& options_;
  std::vector<double> counts_;
};

// min, max: NaN only where there is nothing else.
class ExtremeAccumulator : public Accumulator {
 public:
  explicit ExtremeAccumulator(const AccumulatorOptions& options)
      : options_(options), best_(options.steps, AbsentValue()) {}

  void Add(const Column& column) override {
    ignored_ |= HasHistograms(column);
    if (options_.aggregate->op == AggregateOp::kMax) {
      Keep(column, [](double value, double best) { return value > best; });
    } else {
      Keep(column, [](double value, double best) { return value < best; });
    }
  }

  Column Finish(Notes& notes) override {
    if (ignored_) NoteIgnored(options_, notes);
    return {.values = std::move(best_)};
  }

 private:
  template <typename Better>
  void Keep(const Column& column, Better better) {
    ForEachBlock(options_.steps, [&](size_t begin, size_t count) {
      const double* values = column.values.data() + begin;
      double* best = best_.data() + begin;
      if (!AnyNan(values, count) && !AnyNan(best, count)) {
        for (size_t i = 0; i < count; ++i)
          best[i] = better(values[i], best[i]) ? values[i] : best[i];
        return;
      }
      // The marker of absence is a NaN too, so any number is better than it.
      for (size_t i = 0; i < count; ++i) {
        if (IsAbsent(values[i])) continue;
        if (std::isnan(best[i]) || better(values[i], best[i])) best[i] = values[i];
      }
    });
  }

  const AccumulatorOptions& options_;
  std::vector<double> best_;
  bool ignored_ = false;
};

// stddev, stdvar.
class SpreadAccumulator : public Accumulator {
 public:
  explicit SpreadAccumulator(const AccumulatorOptions& options)
      : options_(options), steps_(options.steps) {}

  void Add(const Column& column) override {
    ignored_ |= HasHistograms(column);
    for (size_t i = 0; i < options_.steps; ++i) {
      if (column.HasNumber(i)) steps_[i].Add(column.values[i]);
    }
  }

  Column Finish(Notes& notes) override {
    if (ignored_) NoteIgnored(options_, notes);
    Column out;
    out.Reset(options_.steps);
    for (size_t i = 0; i < options_.steps; ++i) {
      if (steps_[i].count == 0) continue;
      const double variance = steps_[i].squares.Value() / steps_[i].count;
      out.values[i] =
          options_.aggregate->op == AggregateOp::kStddev ? std::sqrt(variance) : variance;
    }
    return out;
  }

 private:
  struct Step {
    double count = 0;
    KahanSum mean, squares;

    void Add(double value) {
      count += 1;
      const double delta = value - mean.Value();
      mean.Add(delta / count);
      squares.Add(delta * (value - mean.Value()));
    }
  };

  const AccumulatorOptions& options_;
  std::vector<Step> steps_;
  bool ignored_ = false;
};

class QuantileAccumulator : public Accumulator {
 public:
  explicit QuantileAccumulator(const AccumulatorOptions& options)
      : options_(options), steps_(options.steps) {}

  void Add(const Column& column) override {
    ignored_ |= HasHistograms(column);
    for (size_t i = 0; i < options_.steps; ++i) {
      if (column.HasNumber(i)) steps_[i].push_back(column.values[i]);
    }
    extra_bytes_ += options_.steps * 2 * sizeof(double);  // vectors grow by doubling
  }

  Column Finish(Notes& notes) override {
    if (ignored_) NoteIgnored(options_, notes);
    Column out;
    out.Reset(options_.steps);
    for (size_t i = 0; i < options_.steps; ++i) {
      if (!steps_[i].empty()) out.values[i] = QuantileOf(options_.quantile[i], steps_[i]);
    }
    return out;
  }

 private:
  const AccumulatorOptions& options_;
  std::vector<std::vector<double>> steps_;
  bool ignored_ = false;
};

}  // namespace

std::unique_ptr<Accumulator> MakeAccumulator(const AccumulatorOptions& options) {
  switch (options.aggregate->op) {
    case AggregateOp::kSum:
      return std::make_unique<SumAccumulator>(options);
    case AggregateOp::kAvg:
      return std::make_unique<MeanAccumulator>(options);
    case AggregateOp::kCount:
    case AggregateOp::kGroup:
      return std::make_unique<CountAccumulator>(options);
    case AggregateOp::kMin:
    case AggregateOp::kMax:
      return std::make_unique<ExtremeAccumulator>(options);
    case AggregateOp::kStddev:
    case AggregateOp::kStdvar:
      return std::make_unique<SpreadAccumulator>(options);
    default:
      return std::make_unique<QuantileAccumulator>(options);
  }
}

}  // namespace slowburn::promql
