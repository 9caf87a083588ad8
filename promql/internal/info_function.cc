// info(v, {selector}): labels of info metrics for the series that they are about, step by step.
#include <algorithm>
#include <map>
#include <optional>
#include <string>
#include <unordered_map>

#include <fmt/format.h>

#include "promql/internal/evaluator.h"
#include "promql/internal/label_key.h"
#include "promql/internal/name_dropping.h"

namespace slowburn::promql {
namespace {

using model::LabelMatcher;

constexpr std::string_view kIdentifying[] = {"instance", "job"};
constexpr std::string_view kDefaultMetric = "target_info";
constexpr std::string_view kInfoMetrics = ".+_info";

bool IsIdentifying(std::string_view label) { return std::ranges::count(kIdentifying, label) > 0; }

// Empty where there is nothing to identify by.
std::string IdentityOf(const model::LabelSet& labels) {
  std::string key;
  for (const model::Label& label : labels) {
    if (IsIdentifying(label.name)) AppendLabel(key, label);
  }
  return key;
}

// When a shift within what another one shifts looks.
TimeShift Within(const TimeShift& outer, const TimeShift& inner) {
  TimeShift shift;
  const bool pinned = inner.at == TimeShift::At::kTimestamp;
  shift.at = pinned ? inner.at : outer.at;
  shift.at_ms = pinned ? inner.at_ms : outer.at_ms;
  shift.offset_ms = inner.offset_ms + (pinned ? 0 : outer.offset_ms);
  return shift;
}

// When the first selector of an expression looks: info series are taken as of then.
std::optional<TimeShift> ShiftOf(const Expr& expr, const TimeShift& outer) {
  if (expr.kind == Expr::Kind::kVectorSelector)
    return Within(outer, As<VectorSelector>(expr).shift);
  const TimeShift here = expr.kind == Expr::Kind::kSubquery
                             ? Within(outer, As<Subquery>(expr).shift)
                             : Within(outer, TimeShift());
  for (const Expr* child : ChildrenOf(expr)) {
    if (auto shift = ShiftOf(*child, here); shift.has_value()) return shift;
  }
  return std::nullopt;
}

// One info series, its samples' times by step.
struct InfoSeries {
  Column values;
  Column times;
};

class Enrichment {
 public:
  Enrichment(QueryContext& context, const Call& call, const StepGrid& grid)
      : context_(context),
        call_(call),
        grid_(grid),
        charge_(context.meter()),
        results_(context.meter()) {}

  absl::Status Eval(ColumnSink sink) {
    if (absl::Status status = ReadMatchers(); !status.ok()) return status;
    auto base = CollectVector(context_, *call_.args[0], grid_);
    if (!base.ok()) return base.status();
    if (absl::Status status = LoadInfo(); !status.ok()) return status;
    for (Column& column : base->series) {
      if (absl::Status status = context_.CheckTime(); !status.ok()) return status;
      context_.SettleName(column);
      absl::Status status =
          IsInfo(*column.labels) ? results_.Add(std::move(column)) : Enrich(column);
      if (!status.ok()) return status;
    }
    absl::Status status = MergeEqualLabels(context_, results_);
    for (Column& column : results_.series) {
      if (status.ok()) status.Update(sink(column));
    }
    return status;
  }

 private:
  absl::Status ReadMatchers() {
    if (call_.args.size() > 1) {
      for (const LabelMatcher& matcher : As<VectorSelector>(Bare(*call_.args[1])).matchers) {
        (matcher.name() == model::kMetricNameLabel ? names_ : data_).push_back(matcher);
      }
    }
    const bool says_which = std::ranges::any_of(names_, [](const LabelMatcher& matcher) {
      return matcher.op() == LabelMatcher::Op::kEqual || matcher.op() == LabelMatcher::Op::kRegex;
    });
    if (says_which) return absl::OkStatus();
    // Who only excludes some means the other info metrics, not every series.
    const bool excludes = !names_.empty();
    auto name = LabelMatcher::Create(std::string(model::kMetricNameLabel),
                                     excludes ? LabelMatcher::Op::kRegex : LabelMatcher::Op::kEqual,
                                     std::string(excludes ? kInfoMetrics : kDefaultMetric));
    if (name.ok()) names_.push_back(*std::move(name));
    return name.status();
  }

  bool IsInfo(const model::LabelSet& labels) const {
    const std::string_view name = labels.Get(model::kMetricNameLabel);
    return std::ranges::all_of(names_,
                               [&](const LabelMatcher& matcher) { return matcher.Matches(name); });
  }

  absl::Status LoadInfo() {
    VectorSelector selector;
    selector.matchers = names_;
    selector.matchers.insert(selector.matchers.end(), data_.begin(), data_.end());
    selector.shift = ShiftOf(*call_.args[0], TimeShift()).value_or(TimeShift());
    std::unordered_map<std::string, Column> times;
    SampleCount* const counted = std::exchange(context_.counted, nullptr);
    absl::Status status =
        EvalSelector(context_, selector, grid_, SelectWhat::kTimestamp, [&](Column& column) {
          times[LabelKey(*column.labels)] = std::move(column);
          return absl::OkStatus();
        });
    context_.counted = counted;  // the same samples as values: once is enough
    if (!status.ok()) return status;
    return EvalSelector(context_, selector, grid_, SelectWhat::kValue, [&](Column& column) {
      const std::string identity = IdentityOf(*column.labels);
      if (identity.empty()) return absl::OkStatus();
      const std::string name(column.labels->Get(model::kMetricNameLabel));
      Column& at = times[LabelKey(*column.labels)];
      info_[identity][name].push_back({std::move(column), std::move(at)});
      return charge_.Add(2 * grid_.count * sizeof(double), 2 * grid_.count);
    });
  }

  // Of several series of one metric the one with the latest sample; null if none has any.
  absl::StatusOr<const InfoSeries*> Latest(const std::vector<InfoSeries>& series,
                                           size_t step) const {
    const InfoSeries* latest = nullptr;
    for (const InfoSeries& one : series) {
      if (!one.values.HasNumber(step)) continue;
      if (latest != nullptr && latest->times.values[step] == one.times.values[step]) {
        const auto time = static_cast<int64_t>(one.times.values[step] * 1000);
        return absl::FailedPreconditionError(
            fmt::format("found duplicate series for info metric: existing {} @ {}, new {} @ {}",
                        latest->values.labels->Text(), time, one.values.labels->Text(), time));
      }
      if (latest == nullptr || latest->times.values[step] < one.times.values[step]) latest = &one;
    }
    return latest;
  }

  bool Includes(const model::LabelSet& base, const std::string& label) const {
    if (label == model::kMetricNameLabel || IsIdentifying(label) || base.Has(label)) return false;
    return data_.empty() || std::ranges::any_of(data_, [&](const LabelMatcher& matcher) {
             return matcher.name() == label;
           });
  }

  // The labels of a base series at a step; nothing where it goes.
  absl::StatusOr<std::optional<model::LabelSet>> LabelsAt(const model::LabelSet& base,
                                                          size_t step) const {
    model::LabelSet labels = base;
    bool matched = false;
    const auto metrics = info_.find(IdentityOf(base));
    if (metrics != info_.end()) {
      for (const auto& [name, series] : metrics->second) {
        auto info = Latest(series, step);
        if (!info.ok()) return info.status();
        if (*info == nullptr) continue;
        matched = true;
        for (const model::Label& label : *(*info)->values.labels) {
          if (!Includes(base, label.name)) continue;
          if (labels.Has(label.name) && labels.Get(label.name) != label.value) {
            return absl::FailedPreconditionError(fmt::format("conflicting label: {}", label.name));
          }
          labels.Set(label.name, label.value);
        }
      }
    }
    const bool needs_match = std::ranges::any_of(
        data_, [](const LabelMatcher& matcher) { return !matcher.Matches(""); });
    if (!matched && needs_match) return std::optional<model::LabelSet>();
    return std::optional<model::LabelSet>(std::move(labels));
  }

  absl::Status Enrich(const Column& column) {
    std::map<model::LabelSet, Column> enriched;
    for (size_t step = 0; step < grid_.count; ++step) {
      if (!column.HasPoint(step)) continue;
      auto labels = LabelsAt(*column.labels, step);
      if (!labels.ok()) return labels.status();
      if (!labels->has_value()) continue;
      Column& out = enriched[**labels];
      if (out.values.empty()) out.Reset(grid_.count);
      out.CopyPoint(step, column, step);
    }
    for (auto& [labels, out] : enriched) {
      out.labels = context_.Keep(labels);
      out.drops_name = column.drops_name;
      if (absl::Status status = results_.Add(std::move(out)); !status.ok()) return status;
    }
    return absl::OkStatus();
  }

  QueryContext& context_;
  const Call& call_;
  const StepGrid& grid_;
  std::vector<LabelMatcher> names_, data_;
  // By what they identify, then by metric.
  std::unordered_map<std::string, std::map<std::string, std::vector<InfoSeries>>> info_;
  MemoryCharge charge_;  // of info_
  Columns results_;
};

}  // namespace

absl::Status EvalInfo(QueryContext& context, const Call& call, const StepGrid& grid,
                      ColumnSink sink) {
  return Enrichment(context, call, grid).Eval(sink);
}

}  // namespace slowburn::promql
