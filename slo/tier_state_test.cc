// Goal: a tier's state is the first that holds, and says why. Method: rows around each bound.
#include "slo/tier_state.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace slowburn::slo {
namespace {

using std::chrono::seconds;
using namespace std::chrono_literals;

// 1h/5m at 14.4, min_total 10, min_bad 2: of 99.9 %, more than 1.44 % burn.
AlertTier Tier() {
  AlertTier tier;
  tier.name = "1h/5m";
  tier.severity = "page";
  tier.long_window = 1h;
  tier.short_window = 5min;
  tier.factor = {72, 5};
  tier.min_total = 10;
  tier.min_bad = 2;
  return tier;
}

struct StateCase {
  std::string name;
  TierFigures figures;
  TierState want;
  std::string reason;
};
void PrintTo(const StateCase& row, std::ostream* out) { *out << row.name; }
class TierStateTest : public testing::TestWithParam<StateCase> {};

TEST_P(TierStateTest, IsTheFirstThatHolds) {
  const StateCase& c = GetParam();
  const TierState state = JudgeTier(Tier(), *Objective::Parse("99.9%"), c.figures);
  EXPECT_EQ(TierStateName(state), TierStateName(c.want));
  EXPECT_EQ(TierReason(Tier(), state, c.figures), c.reason);
}

TierFigures Of(SliCounts in_long, SliCounts in_short, std::optional<seconds> age,
               seconds point_interval) {
  return {.in_long = in_long,
          .in_short = in_short,
          .events_in_long = in_long,
          .age = age,
          .point_interval = point_interval};
}
constexpr SliCounts kClean{.good = 1000, .bad = 0};
constexpr SliCounts kBad{.good = 900, .bad = 100};
constexpr SliCounts kAtFactor{.good = 9856, .bad = 144};

INSTANTIATE_TEST_SUITE_P(
    Rows, TierStateTest,
    testing::ValuesIn<StateCase>({
        {"NoEventYet", Of({}, {}, std::nullopt, 0s), TierState::kWarming, "there was no event yet"},
        {"NoEventYetButPoints", Of({}, {}, std::nullopt, 600s), TierState::kWarming,
         "there was no event yet"},
        {"Young", Of(kBad, kBad, 299s, 0s), TierState::kWarming,
         "the first event was 4m59s ago, its short window takes 5m"},
        {"OldEnough", Of(kBad, kBad, 300s, 0s), TierState::kBurning, ""},
        {"OnlyLong", Of(kBad, kClean, 1h, 0s), TierState::kQuiet, ""},
        {"OnlyShort", Of(kClean, kBad, 1h, 0s), TierState::kQuiet, ""},
        {"AtTheFactor", Of(kAtFactor, kBad, 1h, 0s), TierState::kQuiet, ""},
        {"Silence", Of({}, {}, 1h, 0s), TierState::kQuiet, ""},
        {"FewEvents", Of({.good = 0, .bad = 9}, {.good = 0, .bad = 9}, 1h, 0s),
         TierState::kSuppressed, "9 events in 1h are fewer than min_total 10"},
        {"EnoughEvents", Of({.good = 0, .bad = 10}, {.good = 0, .bad = 10}, 1h, 0s),
         TierState::kBurning, ""},
        {"FewBad", Of({.good = 9, .bad = 1}, {.good = 0, .bad = 1}, 1h, 0s), TierState::kSuppressed,
         "1 bad of 10 events in 1h are fewer than min_bad 2"},
        {"EnoughBad", Of({.good = 9, .bad = 2}, {.good = 0, .bad = 1}, 1h, 0s), TierState::kBurning,
         ""},
        // Timeslices burn, and guards count events.
        {"GuardsOfABudgetOfTime",
         {.in_long = kBad,
          .in_short = kBad,
          .events_in_long = {.good = 8, .bad = 1},
          .age = 1h,
          .point_interval = 0s},
         TierState::kSuppressed,
         "9 events in 1h are fewer than min_total 10"},
        // More was bad than there was: two series of a metric are not at the same point yet.
        {"MoreBadThanThereIs", Of({.good = ~uint64_t{0}, .bad = 5}, kBad, 1h, 0s),
         TierState::kQuiet, ""},
        {"FewerBadThanNone", Of(kBad, {.good = 5, .bad = ~uint64_t{0}}, 1h, 0s), TierState::kQuiet,
         ""},
        // Two points in the short window are enough, to the second.
        {"PointsFineEnough", Of(kBad, kBad, 1h, 150s), TierState::kBurning, ""},
        {"PointsTooFarApart", Of(kBad, kBad, 1h, 151s), TierState::kTooCoarse,
         "points come every 2m31s, its short window of 5m takes one every 2m30s or less"},
        {"TooCoarseIsNoMatterOfTime", Of(kBad, kBad, 10s, 600s), TierState::kTooCoarse,
         "points come every 10m, its short window of 5m takes one every 2m30s or less"},
    }),
    [](const auto& info) { return info.param.name; });

}  // namespace
}  // namespace slowburn::slo
