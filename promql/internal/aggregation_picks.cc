// topk, bottomk, limitk, limit_ratio: which series of a group stay at a step.
#include <algorithm>
#include <cmath>

#include <fmt/format.h>
#include <xxhash.h>

#include "promql/internal/aggregation.h"
#include "promql/internal/evaluator.h"
#include "promql/internal/go_float.h"
#include "promql/internal/grouping.h"

namespace slowburn::promql {
namespace {

// Which place in 0..1 a label set has, as Prometheus hashes it: so the same series are chosen.
double HashPlace(const model::LabelSet& labels) {
  std::string bytes;
  const auto append = [&](std::string_view text) {
    const size_t size = text.size();
    if (size < 255) {
      bytes += static_cast<char>(size);
    } else {
      bytes += '\xFF';
      for (const int shift : {0, 8, 16}) bytes += static_cast<char>(size >> shift);
    }
    bytes += text;
  };
  for (const model::Label& label : labels) {
    append(label.name);
    append(label.value);
  }
  return static_cast<double>(XXH64(bytes.data(), bytes.size(), 0)) / 18446744073709551615.0;
}

class Picker {
 public:
  Picker(QueryContext& context, const Aggregate& aggregate, const StepGrid& grid)
      : context_(context), aggregate_(aggregate), grid_(grid) {}

  absl::Status Eval(ColumnSink sink) {
    auto params = EvalScalar(context_, *aggregate_.param, grid_);
    if (!params.ok()) return params.status();
    if (absl::Status status = CheckParams(*params); !status.ok()) return status;
    auto columns = CollectVector(context_, *aggregate_.expr, grid_);
    if (!columns.ok()) return columns.status();
    columns_ = &columns->series;
    FindGroups();
    if (by_value()) DropHistograms();
    picked_.assign(columns_->size(), std::vector<bool>(grid_.count));
    for (size_t step = 0; step < grid_.count; ++step) {
      if (absl::Status status = context_.CheckTime(); !status.ok()) return status;
      for (const std::vector<size_t>& group : groups_) PickAt(step, (*params)[step], group);
    }
    return Emit(sink);
  }

 private:
  struct Candidate {
    double value = 0;
    size_t index = 0;
  };

  bool is_ratio() const { return aggregate_.op == AggregateOp::kLimitRatio; }
  bool by_value() const {
    return aggregate_.op == AggregateOp::kTopk || aggregate_.op == AggregateOp::kBottomk;
  }

  absl::Status CheckParams(std::vector<double>& params) {
    for (double& param : params) {
      if (std::isnan(param)) {
        return absl::FailedPreconditionError(is_ratio() ? "Ratio value is NaN"
                                                        : "Parameter value is NaN");
      }
      if (!is_ratio() && (param >= 9223372036854775808.0 || param < -9223372036854775808.0)) {
        return absl::FailedPreconditionError(
            fmt::format("Scalar value {} overflows int64", GoFloatG(param)));
      }
      if (!is_ratio() || std::fabs(param) <= 1) continue;
      const double capped = std::copysign(1.0, param);
      context_.notes().Warn(
          *aggregate_.param,
          fmt::format("ratio value should be between -1 and 1, got {}, capping to {}",
                      GoFloatG(param), GoFloatG(capped)));
      param = capped;
    }
    return absl::OkStatus();
  }

  void FindGroups() {
    Grouping grouping(context_, aggregate_.without, aggregate_.grouping);
    for (size_t i = 0; i < columns_->size(); ++i) {
      const size_t group = grouping.Of((*columns_)[i]);
      groups_.resize(std::max(groups_.size(), group + 1));
      groups_[group].push_back(i);
      if (is_ratio()) places_.push_back(HashPlace(*(*columns_)[i].labels));
    }
  }

  void DropHistograms() {
    bool dropped = false;
    for (Column& column : *columns_) {
      dropped |= !column.histograms.empty();
      column.histograms.clear();
    }
    if (!dropped) return;
    context_.notes().Inform(*aggregate_.expr, fmt::format("ignored histogram in {} aggregation",
                                                          AggregateOpText(aggregate_.op)));
  }

  // NaN is the worst.
  bool Better(double a, double b) const {
    if (std::isnan(a) || std::isnan(b)) return !std::isnan(a) && std::isnan(b);
    return aggregate_.op == AggregateOp::kTopk ? a > b : a < b;
  }

  // Leaves the `count` best. Which of equals stay is as in Prometheus, which keeps them in a heap
  // with the worst on top: not the first ones, but who is on top when a better one comes.
  void KeepBest(size_t count) {
    heap_.clear();
    for (const Candidate& candidate : present_) {
      if (heap_.size() < count) {
        heap_.push_back(candidate);
        Rise(heap_.size() - 1);
      } else if (Better(candidate.value, heap_[0].value)) {
        heap_[0] = candidate;
        Sink();
      }
    }
    present_.swap(heap_);
  }

  // Whether `a` belongs above `b`; two that are NaN each do.
  bool IsAbove(const Candidate& a, const Candidate& b) const {
    return std::isnan(a.value) || Better(b.value, a.value);
  }

  void Rise(size_t at) {
    while (at > 0 && IsAbove(heap_[at], heap_[(at - 1) / 2])) {
      std::swap(heap_[at], heap_[(at - 1) / 2]);
      at = (at - 1) / 2;
    }
  }

  void Sink() {
    size_t at = 0;
    for (size_t child = 1; child < heap_.size(); child = 2 * at + 1) {
      if (child + 1 < heap_.size() && IsAbove(heap_[child + 1], heap_[child])) ++child;
      if (!IsAbove(heap_[child], heap_[at])) return;
      std::swap(heap_[at], heap_[child]);
      at = child;
    }
  }

  void PickAt(size_t step, double param, const std::vector<size_t>& group) {
    present_.clear();
    for (const size_t i : group) {
      const Column& column = (*columns_)[i];
      if (column.HasPoint(step)) present_.push_back({column.values[step], i});
    }
    if (is_ratio()) {
      for (const auto& [value, i] : present_) {
        picked_[i][step] = param >= 0 ? places_[i] < param : places_[i] >= 1 + param;
      }
      return;
    }
    if (!(param >= 1)) return;
    const size_t count =
        param < static_cast<double>(present_.size()) ? static_cast<size_t>(param) : present_.size();
    if (by_value()) {
      KeepBest(count);
      // Only instant queries, whose only step this is, have an order: the best comes first.
      if (grid_.count == 1) {
        std::ranges::stable_sort(present_, [this](const Candidate& a, const Candidate& b) {
          return Better(a.value, b.value);
        });
      }
    }
    present_.resize(count);
    for (const Candidate& candidate : present_) {
      picked_[candidate.index][step] = true;
      if (grid_.count == 1) order_.push_back(candidate.index);
    }
  }

  absl::Status Emit(ColumnSink sink) {
    if (order_.empty()) {
      for (size_t i = 0; i < columns_->size(); ++i) order_.push_back(i);
    }
    for (const size_t i : order_) {
      Column& column = (*columns_)[i];
      for (size_t step = 0; step < grid_.count; ++step) {
        if (!picked_[i][step]) column.Remove(step);
      }
      if (IsEmpty(column)) continue;
      if (absl::Status status = sink(column); !status.ok()) return status;
    }
    return absl::OkStatus();
  }

  QueryContext& context_;
  const Aggregate& aggregate_;
  const StepGrid& grid_;
  std::vector<Column>* columns_ = nullptr;
  std::vector<std::vector<size_t>> groups_;
  std::vector<double> places_;  // of limit_ratio
  std::vector<std::vector<bool>> picked_;
  std::vector<Candidate> present_;
  std::vector<Candidate> heap_;  // the worst on top
  std::vector<size_t> order_;
};

}  // namespace

absl::Status EvalPicks(QueryContext& context, const Aggregate& aggregate, const StepGrid& grid,
                       ColumnSink sink) {
  return Picker(context, aggregate, grid).Eval(sink);
}

}  // namespace slowburn::promql
