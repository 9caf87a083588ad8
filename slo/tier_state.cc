#include "slo/tier_state.h"

#include "base/duration_text.h"
#include "base/mutant.h"
#include "base/status.h"

namespace slowburn::slo {
namespace {

using base::FormatDuration;

// A short window holds at least so many points: with fewer, what it holds depends on where in it
// they happen to lie.
constexpr int kPointsInShortWindow = 2;

}  // namespace

std::string_view TierStateName(TierState state) {
  switch (state) {
    case TierState::kQuiet:
      return "quiet";
    case TierState::kBurning:
      return "burning";
    case TierState::kWarming:
      return "warming";
    case TierState::kSuppressed:
      return "suppressed";
    case TierState::kTooCoarse:
      return "too_coarse";
  }
  return "quiet";
}

TierState JudgeTier(const AlertTier& tier, Objective objective, const TierFigures& figures) {
  if (figures.is_filling || !figures.age.has_value()) return TierState::kWarming;
  if (tier.short_window < kPointsInShortWindow * figures.point_interval &&
      !SB_MUTANT("never_too_coarse"))
    return TierState::kTooCoarse;
  if (*figures.age < tier.short_window && !SB_MUTANT("no_warming")) return TierState::kWarming;
  if (!figures.IsValid() || !BurnsFasterThan(figures.in_long, objective, tier.factor) ||
      !BurnsFasterThan(figures.in_short, objective, tier.factor)) {
    return TierState::kQuiet;
  }
  return HasEnough(tier, figures.events_in_long) ? TierState::kBurning : TierState::kSuppressed;
}

std::string TierReason(const AlertTier& tier, TierState state, const TierFigures& figures) {
  switch (state) {
    case TierState::kWarming:
      if (figures.is_filling) {
        return fmt::format(
            "its past is being counted and does not reach over its long window of {}",
            FormatDuration(tier.long_window));
      }
      if (!figures.age.has_value()) return "there was no event yet";
      return fmt::format("the first event was {} ago, its short window takes {}",
                         FormatDuration(*figures.age), FormatDuration(tier.short_window));
    case TierState::kTooCoarse:
      return fmt::format("points come every {}, its short window of {} takes one every {} or less",
                         FormatDuration(figures.point_interval), FormatDuration(tier.short_window),
                         FormatDuration(tier.short_window / kPointsInShortWindow));
    case TierState::kSuppressed:
      if (figures.events_in_long.total() < tier.min_total) {
        return fmt::format("{} events in {} are fewer than min_total {}",
                           figures.events_in_long.total(), FormatDuration(tier.long_window),
                           tier.min_total);
      }
      return fmt::format("{} bad of {} events in {} are fewer than min_bad {}",
                         figures.events_in_long.bad, figures.events_in_long.total(),
                         FormatDuration(tier.long_window), tier.min_bad);
    case TierState::kQuiet:
    case TierState::kBurning:
      return "";
  }
  return "";
}

}  // namespace slowburn::slo
