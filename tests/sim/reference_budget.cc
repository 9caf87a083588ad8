#include "tests/sim/reference_budget.h"

#include <algorithm>
#include <set>
#include <utility>

#include "tests/sim/reference_calendar.h"

namespace slowburn::sim {
namespace {

using Wide = unsigned __int128;

constexpr uint64_t kOne = 100'000'000;      // the ratio 1 in units of a budget
constexpr uint64_t kWhole = 1'000'000'000;  // a timeslice, in parts
constexpr int64_t kMinute = 60;
constexpr int64_t kHour = 3600;
constexpr int64_t kSliceSeconds = 10;
constexpr int64_t kSlicesPerFiveMinutes = 30;

bool IsPaging(const std::string& severity) { return severity == "page" || severity == "critical"; }

Tier Row(std::string severity, int64_t long_seconds, int64_t short_seconds) {
  Tier tier{.name = DurationText(long_seconds) + "/" + DurationText(short_seconds),
            .severity = std::move(severity),
            .long_seconds = long_seconds,
            .short_seconds = short_seconds};
  tier.min_bad = IsPaging(tier.severity) ? 2 : 1;
  return tier;
}

// Burns once that share of the budget of `window_seconds` is spent within the long window.
Tier SpentShare(Tier tier, uint64_t percent, int64_t window_seconds) {
  tier.factor_numerator = percent * static_cast<uint64_t>(window_seconds);
  tier.factor_denominator = 100 * static_cast<uint64_t>(tier.long_seconds);
  if (tier.factor_numerator < tier.factor_denominator)
    tier.factor_numerator = tier.factor_denominator = 1;
  return tier;
}

// seconds / part to the nearest `unit`, half of one up.
int64_t Rounded(int64_t seconds, int64_t part, int64_t unit) {
  return (2 * seconds + part * unit) / (2 * part * unit) * unit;
}

int64_t PyrraWindow(int64_t seconds, int64_t part) {
  const int64_t minutes = Rounded(seconds, part, kMinute);
  if (minutes > 0) return minutes;
  return std::max(Rounded(seconds, part, kSliceSeconds), kSliceSeconds);
}

std::vector<Tier> PyrraTiers(int64_t window) {
  struct Part {
    uint64_t factor;
    const char* severity;
    int64_t hold, in_long, in_short;
  };
  constexpr Part kParts[] = {{14, "critical", 20160, 672, 8064},
                             {7, "critical", 2688, 112, 1344},
                             {2, "warning", 672, 28, 336},
                             {1, "warning", 224, 7, 112}};
  std::vector<Tier> tiers;
  for (const Part& part : kParts) {
    Tier tier =
        Row(part.severity, PyrraWindow(window, part.in_long), PyrraWindow(window, part.in_short));
    tier.factor_numerator = part.factor;
    tier.hold_seconds = Rounded(window, part.hold, kMinute);
    tiers.push_back(std::move(tier));
  }
  return tiers;
}

std::vector<Tier> WorkbookTiers(int64_t window) {
  return {SpentShare(Row("page", kHour, 5 * kMinute), 2, window),
          SpentShare(Row("page", 6 * kHour, 30 * kMinute), 5, window),
          SpentShare(Row("ticket", 24 * kHour, 2 * kHour), 10, window),
          SpentShare(Row("ticket", 72 * kHour, 6 * kHour), 10, window)};
}

// What is said there holds.
void Say(const TierKeys& keys, Tier& tier) {
  tier.hold_seconds = keys.hold_seconds.value_or(tier.hold_seconds);
  tier.keep_seconds = keys.keep_seconds.value_or(tier.keep_seconds);
  tier.min_total = keys.min_total.value_or(tier.min_total);
  tier.min_bad = keys.min_bad.value_or(tier.min_bad);
  tier.disabled = keys.disabled.value_or(tier.disabled);
}

void SayBySeverity(const SloConfig& slo, Tier& tier) {
  const auto severity = slo.severities.find(tier.severity);
  if (severity != slo.severities.end()) Say(severity->second.keys, tier);
}

std::vector<Tier> ListedTiers(const SloConfig& slo) {
  std::vector<Tier> tiers;
  for (const TierConfig& config : slo.tiers) {
    Tier tier = Row(config.severity, config.long_seconds, config.short_seconds);
    tier.factor_numerator = config.burn_rate_millionths;
    tier.factor_denominator = 1'000'000;
    if (config.burn_rate_millionths == 0)
      tier = SpentShare(std::move(tier), config.budget_percent, slo.window_seconds);
    SayBySeverity(slo, tier);
    Say(config.keys, tier);
    tiers.push_back(std::move(tier));
  }
  return tiers;
}

std::vector<Tier> NamedTiers(const SloConfig& slo) {
  std::vector<Tier> tiers =
      slo.policy == "pyrra" ? PyrraTiers(slo.window_seconds) : WorkbookTiers(slo.window_seconds);
  if (slo.policy == "slowburn") {
    Tier outage = Row("page", kMinute, 10);
    outage.factor_numerator = 144;
    outage.min_bad = 20;
    outage.keep_seconds = 5 * kMinute;
    tiers.insert(tiers.begin(), std::move(outage));
  }
  for (Tier& tier : tiers) {
    SayBySeverity(slo, tier);
    if (const auto said = slo.by_tier.find(tier.name); said != slo.by_tier.end())
      Say(said->second, tier);
  }
  return tiers;
}

// Whether all events being bad would be enough.
bool IsReachable(const Tier& tier, const SloConfig& slo) {
  return tier.short_seconds < tier.long_seconds && tier.long_seconds <= slo.window_seconds &&
         BurnsFaster({.good = 0, .bad = 1}, slo.budget_units, tier.factor_numerator,
                     tier.factor_denominator);
}

// What a timeslice is worth: one, or billionths of it.
Counts Score(const BudgetingConfig& budgeting, const Counts& events) {
  if (events.total() == 0) return {};
  if (budgeting.method == "timeslices") {
    const bool good = Wide{events.good} * kOne >= Wide{events.total()} * budgeting.target_units;
    return {.good = good ? 1u : 0u, .bad = good ? 0u : 1u};
  }
  // To the nearest part, half of one up.
  const uint64_t bad = (2 * events.bad * kWhole + events.total()) / (2 * events.total());
  return {.good = kWhole - bad, .bad = bad};
}

// In what a budget is summed: billionths of timeslices or of weights are whole ones in all.
uint64_t UnitOf(const SloConfig& slo, int64_t window_seconds) {
  if (slo.composite.has_value()) return slo.composite->method == "weighted" ? kWhole : 1;
  const bool in_parts = slo.budgeting.method == "ratio_timeslices" &&
                        window_seconds >= 10 * slo.budgeting.timeslice_seconds;
  return in_parts ? kWhole : 1;
}

// 0: it counts no timeslices.
int64_t TimesliceOf(const SloConfig& slo) {
  if (!slo.composite.has_value()) return slo.budgeting.timeslice_seconds;
  return slo.composite->method == "any_bad" ? slo.composite->timeslice_seconds : 0;
}

// The greater share of bad events; of two alike the one with more events.
bool IsWorse(const Counts& a, const Counts& b) {
  const Wide left = Wide{a.bad} * b.total();
  const Wide right = Wide{b.bad} * a.total();
  return left != right ? left > right : a.total() > b.total();
}

int64_t WindowBegin(const SloConfig& slo, int64_t open) {
  if (slo.calendar.empty()) return open - slo.window_seconds / kSliceSeconds;
  return CalendarBegin(slo.calendar, slo.time_zone, open);
}

// What is left of the budget lasts less than `within` at the rate of the last hour.
bool IsSpentWithin(const SloConfig& slo, const BudgetView& view, int64_t within) {
  const Counts in_window = view.BudgetInWindow(slo);
  const Counts in_hour = view.BudgetIn(slo, kHour);
  if (in_window.total() == 0) return false;
  const Wide budget = Wide{in_window.total()} * slo.budget_units;
  const Wide spent = Wide{in_window.bad} * kOne;
  if (spent >= budget) return true;
  // (budget - spent) / budget * window < within * (1 - T) / (bad / total)
  // With totals in whole units on both sides, 128 bits are enough.
  const uint64_t unit = UnitOf(slo, kHour);
  return (budget - spent) * static_cast<uint64_t>(slo.window_seconds) * (in_hour.total() / unit) <
         Wide{in_window.total() / unit} * kOne * static_cast<uint64_t>(within) * in_hour.bad;
}

}  // namespace

std::vector<Tier> TiersOf(const SloConfig& slo) {
  std::vector<Tier> tiers = slo.policy.empty() ? ListedTiers(slo) : NamedTiers(slo);
  std::erase_if(tiers, [&](const Tier& tier) { return !IsReachable(tier, slo); });
  return tiers;
}

bool BurnsFaster(const Counts& counts, uint32_t budget_units, uint64_t factor_numerator,
                 uint64_t factor_denominator) {
  return Wide{counts.bad} * kOne * factor_denominator >
         Wide{counts.total()} * budget_units * factor_numerator;
}

std::vector<const BudgetView::Group*> BudgetView::Parts() const {
  if (members.empty()) return {group};
  std::vector<const Group*> parts;
  for (const Member& member : members) parts.push_back(member.total);
  return parts;
}

Counts BudgetView::lifetime() const {
  Counts sum;
  for (const Group* part : Parts()) {
    const Counts counts = part->lifetime();
    sum.good += counts.good;
    sum.bad += counts.bad;
  }
  return sum;
}

std::optional<int64_t> BudgetView::first_slice() const {
  std::optional<int64_t> first;
  for (const Group* part : Parts()) {
    const std::optional<int64_t> of_part = part->first_slice();
    if (of_part.has_value() && (!first.has_value() || *of_part < *first)) first = of_part;
  }
  return first;
}

int64_t BudgetView::silent_seconds() const {
  const int64_t last = last_second();
  int64_t silent = now - last - 10 * excluded->Count(last / 10 + 1, open());
  if (last / 10 < open() && excluded->Has(open())) silent -= now % 10;
  return silent;
}

int64_t BudgetView::last_second() const {
  int64_t last = 0;
  for (const Group* part : Parts()) last = std::max(last, part->last_second);
  return last;
}

Counts BudgetView::Sum(const Group& part, int64_t begin, int64_t end) const {
  return ReferenceCounts::Sum(part, begin, end, fine_from, *excluded);
}

Counts BudgetView::Events(const SloConfig& slo, int64_t begin) const {
  const auto [at, is_new] = known.try_emplace({begin, 0});
  if (is_new) at->second = CountEvents(slo, begin);
  return at->second;
}

// Of worst_of those of the member that decides, of the other composites all members'.
Counts BudgetView::CountEvents(const SloConfig& slo, int64_t begin) const {
  if (slo.composite.has_value() && slo.composite->method == "worst_of") return Combined(slo, begin);
  Counts sum;
  for (const Group* part : Parts()) {
    const Counts counts = Sum(*part, begin, open() + 1);
    sum.good += counts.good;
    sum.bad += counts.bad;
  }
  return sum;
}

// What the members of a composite make together of a window that has no timeslices. One without
// events takes no part.
Counts BudgetView::Combined(const SloConfig& slo, int64_t begin) const {
  Counts result;
  for (const Member& member : members) {
    const Counts counts = Sum(*member.total, begin, open() + 1);
    if (counts.total() == 0) continue;
    if (slo.composite->method != "weighted") {
      if (result.total() == 0 || IsWorse(counts, result)) result = counts;
      continue;
    }
    const Counts share = Score({.method = "ratio_timeslices"}, counts);
    result.good += share.good * member.weight;
    result.bad += share.bad * member.weight;
  }
  return result;
}

Counts BudgetView::In(const SloConfig& slo, int64_t window_seconds) const {
  return Events(slo, open() - window_seconds / kSliceSeconds);
}

Counts BudgetView::InWindow(const SloConfig& slo) const {
  return Events(slo, WindowBegin(slo, open()));
}

Counts BudgetView::BudgetIn(const SloConfig& slo, int64_t window_seconds) const {
  return Budget(slo, open() - window_seconds / kSliceSeconds, window_seconds);
}

Counts BudgetView::BudgetInWindow(const SloConfig& slo) const {
  return Budget(slo, WindowBegin(slo, open()), slo.window_seconds);
}

int64_t BudgetView::ExcludedSecondsInWindow(const SloConfig& slo) const {
  return excluded->Count(WindowBegin(slo, open()), open() + 1) * kSliceSeconds;
}

// Of one timeslice. A composite's is bad when a member misses its own objective in it.
Counts BudgetView::ScoreOf(const SloConfig& slo, int64_t begin, int64_t end) const {
  if (members.empty()) return Score(slo.budgeting, Sum(*group, begin, end));
  Counts together;
  for (const Member& member : members) {
    const auto target = static_cast<uint32_t>(kOne - member.budget_units);
    const Counts score =
        Score({.method = "timeslices", .target_units = target}, Sum(*member.total, begin, end));
    if (score.bad > 0) return {.good = 0, .bad = 1};
    together.good |= score.good;
  }
  return together;
}

Counts BudgetView::Budget(const SloConfig& slo, int64_t begin, int64_t window_seconds) const {
  const auto [at, is_new] = known.try_emplace({begin, window_seconds});
  if (is_new) at->second = CountBudget(slo, begin, window_seconds);
  return at->second;
}

// Timeslices count once they are over and while they are whole in the window.
Counts BudgetView::CountBudget(const SloConfig& slo, int64_t begin, int64_t window_seconds) const {
  const int64_t length = TimesliceOf(slo);
  if (length == 0 || window_seconds < 10 * length)
    return slo.composite.has_value() ? Combined(slo, begin) : Events(slo, begin);
  const int64_t slices = length / kSliceSeconds;
  const int64_t first = (begin + slices - 1) / slices;
  const int64_t end = open() / slices;
  std::set<int64_t> timeslices;  // that may have events
  for (const Group* part : Parts()) {
    for (auto at = part->slices.lower_bound(first * slices); at != part->slices.end(); ++at) {
      const int64_t timeslice = ReferenceCounts::PlaceOf(at->first, fine_from) / slices;
      if (at->first >= (end + 1) * slices + kSlicesPerFiveMinutes) break;
      if (timeslice >= first && timeslice < end) timeslices.insert(timeslices.end(), timeslice);
    }
  }
  Counts sum;
  for (const int64_t timeslice : timeslices) {
    const Counts score = ScoreOf(slo, timeslice * slices, (timeslice + 1) * slices);
    sum.good += score.good;
    sum.bad += score.bad;
  }
  return sum;
}

std::string_view TierStateOf(const SloConfig& slo, const Tier& tier, const BudgetView& view) {
  const std::optional<int64_t> first = view.first_slice();
  if (!first.has_value()) return "warming";
  if (tier.short_seconds < 2 * view.point_interval) return "too_coarse";
  if (view.now - *first * kSliceSeconds < tier.short_seconds) return "warming";
  const Counts in_long = view.BudgetIn(slo, tier.long_seconds);
  const auto burns = [&](const Counts& counts) {
    return BurnsFaster(counts, slo.budget_units, tier.factor_numerator, tier.factor_denominator);
  };
  if (!burns(in_long) || !burns(view.BudgetIn(slo, tier.short_seconds))) return "quiet";
  // Guards are about events, however the budget is counted.
  const Counts events = view.In(slo, tier.long_seconds);
  if (events.total() < tier.min_total || events.bad < tier.min_bad) return "suppressed";
  return "burning";
}

bool Holds(const SloConfig& slo, const StateAlertConfig& alert, const BudgetView& view) {
  const Counts in_window = view.BudgetInWindow(slo);
  switch (alert.kind) {
    case StateAlertKind::kBudgetLow:
      return BurnsFaster(in_window, slo.budget_units, 100 - alert.remaining_percent, 100);
    case StateAlertKind::kExhaustion:
      return IsSpentWithin(slo, view, alert.span_seconds);
    case StateAlertKind::kNoData:
      if (!view.first_slice().has_value()) return false;
      if (!view.group->values.empty() && view.InWindow(slo).total() == 0) return false;
      return view.silent_seconds() >= alert.span_seconds;
    case StateAlertKind::kViolated:
      return BurnsFaster(in_window, slo.budget_units, 1, 1);
  }
  return false;
}

std::string_view StateOf(const SloConfig& slo, const BudgetView& view) {
  const Counts in_window = view.BudgetInWindow(slo);
  if (in_window.total() == 0) return "no_data";
  if (BurnsFaster(in_window, slo.budget_units, 1, 1)) return "exhausted";
  const bool burns = std::any_of(view.tiers.begin(), view.tiers.end(), [&](const Tier& tier) {
    return TierStateOf(slo, tier, view) == "burning";
  });
  return burns ? "burning" : "ok";
}

}  // namespace slowburn::sim
