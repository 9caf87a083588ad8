#include "slo/budgeting.h"

#include <array>

#include <fmt/format.h>

#include "base/duration_text.h"
#include "base/status.h"
#include "slo/objective.h"

namespace slowburn::slo {
namespace {

using namespace std::chrono_literals;

__extension__ using Wide = unsigned __int128;

constexpr std::array<std::string_view, 3> kNames = {"occurrences", "timeslices",
                                                    "ratio_timeslices"};

}  // namespace

std::string_view BudgetingMethodName(BudgetingMethod method) {
  return kNames[static_cast<size_t>(method)];
}

std::optional<BudgetingMethod> ParseBudgetingMethod(std::string_view name) {
  for (size_t i = 0; i < kNames.size(); ++i) {
    if (kNames[i] == name) return static_cast<BudgetingMethod>(i);
  }
  return std::nullopt;
}

SliCounts Budgeting::Score(const SliCounts& events) const {
  if (method == BudgetingMethod::kOccurrences) return events;
  if (events == SliCounts{}) return {};
  const bool ratio = method == BudgetingMethod::kRatioTimeslices;
  const uint64_t whole = ratio ? kTimesliceParts : 1;
  if (!events.IsValid()) return {.good = 0, .bad = whole};
  if (ratio) {
    // The nearest part, a half up.
    const Wide total = events.total();
    const auto bad = static_cast<uint64_t>((Wide{events.bad} * whole * 2 + total) / (total * 2));
    return {.good = whole - bad, .bad = bad};
  }
  const bool good = Wide{events.good} * Objective::kOne >= Wide{events.total()} * target_units;
  return {.good = good ? 1u : 0u, .bad = good ? 0u : 1u};
}

std::string Budgeting::Text() const {
  std::string text(BudgetingMethodName(method));
  if (by_time()) text += " " + base::FormatDuration(timeslice * kSliceLength);
  if (method == BudgetingMethod::kTimeslices) text += fmt::format(" {}e-8", target_units);
  return text;
}

absl::Status CheckTimeslice(std::chrono::nanoseconds timeslice) {
  if (timeslice >= kSliceLength && timeslice % kSliceLength == 0ns && 24h % timeslice == 0ns)
    return absl::OkStatus();
  return base::InvalidArgument(
      "a timeslice is a multiple of 10s that divides a day; write one like 1m, 5m or 1h");
}

}  // namespace slowburn::slo
