#include "serve/internal/budget_figures.h"

#include <fmt/format.h>

#include "base/duration_text.h"

namespace slowburn::serve::internal {
namespace {

constexpr double kParts = static_cast<double>(slo::kTimesliceParts);

BudgetMethod MethodOf(const slo::CompositeSli& composite) {
  BudgetMethod method{.name = slo::CompositeMethodName(composite.method),
                      .timeslice = {},
                      .target = {},
                      .things = "events"};
  if (composite.method == slo::CompositeMethod::kWeighted) {
    method.unit = kParts;
    method.things = "weights";
  } else if (composite.method == slo::CompositeMethod::kAnyBad) {
    method.timeslice = composite.timeslice * slo::kSliceLength;
    method.things = "timeslices";
  }
  return method;
}

}  // namespace

std::string BudgetMethod::Text() const {
  std::string text(name);
  if (timeslice.has_value()) text += " " + base::FormatDuration(*timeslice);
  if (target.has_value()) text += fmt::format(" {:.8g}%", *target * 100);
  return text;
}

BudgetMethod BudgetMethodOf(const slo::SloSpec& spec) {
  if (const slo::CompositeSli* composite = spec.sli.composite()) return MethodOf(*composite);
  const slo::Budgeting& budgeting = spec.budgeting;
  BudgetMethod method{.name = slo::BudgetingMethodName(budgeting.method),
                      .timeslice = {},
                      .target = {},
                      .things = "events"};
  if (!budgeting.by_time()) return method;
  method.timeslice = budgeting.timeslice * slo::kSliceLength;
  method.things = "timeslices";
  if (budgeting.method == slo::BudgetingMethod::kRatioTimeslices) {
    method.unit = kParts;
  } else {
    method.target =
        static_cast<double>(budgeting.target_units) / static_cast<double>(slo::Objective::kOne);
  }
  return method;
}

std::optional<double> GoodRatio(const slo::SliCounts& counts) {
  if (counts.total() == 0) return std::nullopt;
  return static_cast<double>(counts.good) / static_cast<double>(counts.total());
}

std::optional<CalendarPeriodBounds> PeriodOf(const slo::SloSpec& spec,
                                             std::chrono::sys_seconds now) {
  const slo::CalendarGrid* const calendar = spec.window.calendar();
  if (calendar == nullptr) return std::nullopt;
  const slo::Slice slice = slo::SliceOf(now);
  CalendarPeriodBounds bounds{.start = slo::SliceStart(calendar->BeginOf(slice)), .end = {}};
  if (const slo::Slice end = calendar->EndOf(slice); end != slo::CalendarGrid::kNoEnd)
    bounds.end = slo::SliceStart(end);
  return bounds;
}

CompositeMembers::CompositeMembers(const SloReading& reading) {
  for (const slo::SloStatus& status : reading.statuses) {
    const slo::CompositeSli* const composite = (*reading.slos)[status.index].sli.composite();
    if (composite == nullptr) continue;
    for (const slo::CompositeSli::Member& member : composite->members)
      totals_.emplace(member.slo, nullptr);
  }
  if (totals_.empty()) return;
  for (const slo::SloStatus& status : reading.statuses) {
    const auto found = totals_.find((*reading.slos)[status.index].id());
    if (found != totals_.end() && !status.groups.empty()) found->second = &status.groups.front();
  }
}

std::vector<CompositeMembers::Member> CompositeMembers::Of(const slo::SloSpec& spec) const {
  std::vector<Member> members;
  const slo::CompositeSli* const composite = spec.sli.composite();
  if (composite == nullptr) return members;
  for (const slo::CompositeSli::Member& member : composite->members) {
    const auto found = totals_.find(member.slo);
    members.push_back(
        {member.slo, member.weight, found == totals_.end() ? nullptr : found->second});
  }
  return members;
}

}  // namespace slowburn::serve::internal
