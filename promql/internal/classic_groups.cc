#include "promql/internal/classic_groups.h"

#include <algorithm>
#include <unordered_map>

#include <fmt/format.h>

#include "promql/internal/label_key.h"
#include "promql/internal/number_text.h"

namespace slowburn::promql {
namespace {

constexpr std::string_view kBoundLabel = "le";

bool HasNumbers(const Column& column) { return !std::ranges::all_of(column.values, IsAbsent); }

}  // namespace

std::vector<ClassicGroup> GroupBuckets(QueryContext& context, const Expr& place, Columns& columns) {
  std::vector<ClassicGroup> groups;
  std::unordered_map<std::string, size_t> by_labels;
  const auto group_of = [&](const model::LabelSet& labels) -> ClassicGroup& {
    const auto [at, is_new] = by_labels.try_emplace(LabelKey(labels), groups.size());
    if (is_new) groups.push_back({.labels = context.Keep(labels)});
    return groups[at->second];
  };
  for (size_t i = 0; i < columns.series.size(); ++i) {
    Column& column = columns.series[i];
    context.SettleName(column);
    if (!column.histograms.empty()) group_of(*column.labels).native = i;
    if (!HasNumbers(column)) continue;
    const std::string_view text = column.labels->Get(kBoundLabel);
    const std::optional<double> upper = ParseGoFloat(text);
    if (!upper.has_value()) {
      const std::string warning = fmt::format(
          "bucket label \"le\" is missing or has a malformed value of {}", Quoted(text));
      context.notes().Warn(place, WithMetric(warning, column.labels->Get(model::kMetricNameLabel)));
      continue;
    }
    model::LabelSet labels = *column.labels;
    labels.Set(kBoundLabel, "");
    group_of(labels).bounds.push_back({*upper, i});
  }
  for (ClassicGroup& group : groups) {
    std::ranges::stable_sort(group.bounds, {}, &ClassicGroup::Bound::upper);
  }
  return groups;
}

}  // namespace slowburn::promql
