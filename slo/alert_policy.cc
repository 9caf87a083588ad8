#include "slo/alert_policy.h"

#include <algorithm>
#include <array>
#include <utility>

#include "base/duration_text.h"
#include "base/mutant.h"
#include "base/status.h"

namespace slowburn::slo {
namespace {

using std::chrono::minutes;
using std::chrono::nanoseconds;
using std::chrono::seconds;
using namespace std::chrono_literals;

constexpr uint64_t kMillion = 1'000'000;

// A row of the workbook: this share of the budget within the long window.
struct BudgetRow {
  std::string_view severity;
  uint64_t budget_percent;
  seconds long_window;
  seconds short_window;
};
constexpr std::array<BudgetRow, 4> kWorkbook = {{{"page", 2, 1h, 5min},
                                                 {"page", 5, 6h, 30min},
                                                 {"ticket", 10, 24h, 2h},
                                                 {"ticket", 10, 72h, 6h}}};

// A row of Pyrra: windows and `for` are the SLO's window divided by these.
struct PyrraRow {
  std::string_view severity;
  uint64_t factor;
  int64_t hold_part;
  int64_t long_part;
  int64_t short_part;
};
constexpr std::array<PyrraRow, 4> kPyrra = {{{"critical", 14, 20160, 672, 8064},
                                             {"critical", 7, 2688, 112, 1344},
                                             {"warning", 2, 672, 28, 336},
                                             {"warning", 1, 224, 7, 112}}};

// As Go's Duration.Round: half away from zero.
nanoseconds RoundTo(nanoseconds duration, nanoseconds unit) {
  return (duration + unit / 2) / unit * unit;
}

// Pyrra rounds to minutes, which are whole slices. What that takes to nothing (short windows of
// SLOs over less than 2.8 d) is rounded to slices instead, and is one at least.
seconds PyrraWindow(nanoseconds exact) {
  const nanoseconds whole = RoundTo(exact, minutes(1));
  if (whole > 0ns) return std::chrono::duration_cast<seconds>(whole);
  return std::chrono::duration_cast<seconds>(
      std::max<nanoseconds>(RoundTo(exact, kSliceLength), kSliceLength));
}

std::vector<AlertTier> Workbook(seconds window) {
  std::vector<AlertTier> tiers;
  for (const BudgetRow& row : kWorkbook) {
    AlertTier tier;
    tier.severity = row.severity;
    tier.long_window = row.long_window;
    tier.short_window = row.short_window;
    tier.factor =
        ScaledFactorAtLeastOne(row.budget_percent * (kMillion / 100), window, row.long_window);
    tier.min_bad = IsPaging(row.severity) ? kPagingMinBad : 1;
    tiers.push_back(std::move(tier));
  }
  return tiers;
}

// After a clean hour no 1 h window can page sooner than 52 s into a full outage; this one pages
// after about 10 s.
AlertTier Outage() {
  AlertTier tier;
  tier.severity = "page";
  tier.long_window = 1min;
  tier.short_window = 10s;
  tier.factor = {144, 1};
  tier.min_bad = 20;
  tier.keep_firing_for = 5min;
  return tier;
}

std::vector<AlertTier> Pyrra(seconds window) {
  const nanoseconds whole = window;
  std::vector<AlertTier> tiers;
  for (const PyrraRow& row : kPyrra) {
    AlertTier tier;
    tier.severity = row.severity;
    tier.long_window = PyrraWindow(whole / row.long_part);
    tier.short_window = PyrraWindow(whole / row.short_part);
    tier.factor = {row.factor, 1};
    tier.hold = std::chrono::duration_cast<seconds>(RoundTo(whole / row.hold_part, minutes(1)));
    tier.min_bad = IsPaging(row.severity) ? kPagingMinBad : 1;
    tiers.push_back(std::move(tier));
  }
  return tiers;
}

bool IsOfTickets(std::string_view severity) {
  return severity == "ticket" || severity == "warning";
}

}  // namespace

bool HasEnough(const AlertTier& tier, const SliCounts& events_in_long) {
  if (SB_MUTANT("no_guards")) return true;
  return events_in_long.total() >= tier.min_total && events_in_long.bad >= tier.min_bad;
}

bool IsBurning(const AlertTier& tier, Objective objective, const SliCounts& in_long,
               const SliCounts& in_short) {
  return HasEnough(tier, in_long) && BurnsFasterThan(in_long, objective, tier.factor) &&
         BurnsFasterThan(in_short, objective, tier.factor);
}

absl::StatusOr<AlertPolicy> MakeAlertPolicy(std::string_view name, Objective objective,
                                            seconds window) {
  std::vector<AlertTier> tiers;
  if (name == "sre-workbook") {
    tiers = Workbook(window);
  } else if (name == "slowburn") {
    tiers = Workbook(window);
    tiers.insert(tiers.begin(), Outage());
  } else if (name == "pyrra") {
    tiers = Pyrra(window);
  } else {
    return base::InvalidArgument(
        "unknown alert policy \"{}\"; write sre-workbook, slowburn, pyrra or a list of tiers",
        name);
  }
  AlertPolicy policy = MakeAlertPolicy(std::string(name), std::move(tiers), objective, window);
  std::vector<std::string> severities;
  for (const AlertTier& tier : policy.tiers) severities.push_back(tier.severity);
  severities = RankSeverities(severities);
  for (AlertTier& tier : policy.tiers) tier.rank = RankOf(severities, tier.severity);
  return policy;
}

AlertPolicy MakeAlertPolicy(std::string name, std::vector<AlertTier> tiers, Objective objective,
                            seconds window) {
  AlertPolicy policy;
  policy.name = std::move(name);
  for (AlertTier& tier : tiers) {
    if (tier.name.empty()) tier.name = TierName(tier.long_window, tier.short_window);
    if (std::optional<std::string> reason = WhyUnreachable(tier, objective, window)) {
      policy.unreachable.push_back({tier.name, tier.severity, *std::move(reason)});
    } else {
      policy.tiers.push_back(std::move(tier));
    }
  }
  return policy;
}

std::string TierName(seconds long_window, seconds short_window) {
  return base::FormatDuration(long_window) + "/" + base::FormatDuration(short_window);
}

absl::Status CheckTierWindows(nanoseconds long_window, nanoseconds short_window) {
  for (const nanoseconds window : {long_window, short_window}) {
    if (window < kSliceLength) {
      return base::InvalidArgument(
          "a window of {} is shorter than a slice of 10 s; write 10s or more",
          base::FormatDuration(window));
    }
    if (window % kSliceLength != 0ns) {
      return base::InvalidArgument(
          "a window of {} is no whole number of slices; write a multiple of 10s",
          base::FormatDuration(window));
    }
  }
  if (short_window >= long_window) {
    return base::InvalidArgument(
        "the short window of {} is not shorter than the long one of {}; write a twelfth of it, or "
        "so",
        base::FormatDuration(short_window), base::FormatDuration(long_window));
  }
  if (long_window > 400 * 24h) {
    return base::InvalidArgument("a window of {} is longer than 400d; write a shorter one",
                                 base::FormatDuration(long_window));
  }
  return absl::OkStatus();
}

std::optional<std::string> WhyUnreachable(const AlertTier& tier, Objective objective,
                                          seconds window) {
  if (tier.short_window >= tier.long_window) {
    return fmt::format("its windows are no longer than a slice of 10 s in an SLO over {}",
                       base::FormatDuration(window));
  }
  if (tier.long_window > window) {
    return fmt::format("its window of {} is longer than the SLO's {}",
                       base::FormatDuration(tier.long_window), base::FormatDuration(window));
  }
  if (BurnsFasterThan({.good = 0, .bad = 1}, objective, tier.factor)) return std::nullopt;
  return fmt::format("burn rate {:g} at {} would need an error ratio above 1", tier.factor.value(),
                     objective.Text());
}

Rational ScaledFactor(uint64_t share_millionths, seconds window, seconds long_window) {
  // In slices: then its parts stay below 2^48, and comparisons within 128 bits.
  return Rational::Of(share_millionths * SlicesIn(window), kMillion * SlicesIn(long_window));
}

Rational ScaledFactorAtLeastOne(uint64_t share_millionths, seconds window, seconds long_window) {
  const Rational factor = ScaledFactor(share_millionths, window, long_window);
  return factor < Rational{1, 1} ? Rational{1, 1} : factor;
}

bool IsPaging(std::string_view severity) { return severity == "page" || severity == "critical"; }

std::vector<std::string> RankSeverities(const std::vector<std::string>& severities) {
  std::vector<std::string> ranked;
  for (const std::string& severity : severities) {
    if (std::find(ranked.begin(), ranked.end(), severity) == ranked.end())
      ranked.push_back(severity);
  }
  // The places of the four known names, filled with the paging ones first.
  std::vector<size_t> places;
  std::vector<std::string> known;
  for (size_t i = 0; i < ranked.size(); ++i) {
    if (!IsPaging(ranked[i]) && !IsOfTickets(ranked[i])) continue;
    places.push_back(i);
    known.push_back(ranked[i]);
  }
  std::stable_partition(known.begin(), known.end(),
                        [](const std::string& severity) { return IsPaging(severity); });
  for (size_t i = 0; i < places.size(); ++i) ranked[places[i]] = std::move(known[i]);
  return ranked;
}

int RankOf(const std::vector<std::string>& ranked, std::string_view severity) {
  const auto found = std::find(ranked.begin(), ranked.end(), severity);
  if (std::any_of(found, ranked.end(), IsPaging))
    return kPagingRank - static_cast<int>(found - ranked.begin());
  return static_cast<int>(ranked.end() - found);
}

}  // namespace slowburn::slo
