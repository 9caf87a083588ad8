// Goal: each step of a composite's history is what its definition says of its members' slices.
// Method: seeded events of three members, partly in memory and partly in the store, against a
// recount slice by slice.
#include "slo/composite_history.h"

#include <array>
#include <map>
#include <random>

#include <gtest/gtest.h>

#include "slo/burn_rate.h"
#include "slo/exclusion.h"
#include "slo/testing/build_slo.h"
#include "slo/testing/engine_rig.h"

namespace slowburn::slo {
namespace {

using std::chrono::seconds;
using std::chrono::sys_seconds;
using namespace std::chrono_literals;

// 2026-03-28 00:00 UTC: the next day has 23 hours in Paris.
constexpr sys_seconds kStart{1'774'656'000s};
constexpr seconds kLength = 3 * 24h;
constexpr size_t kMembers = 3;
constexpr std::array<uint64_t, kMembers> kPercents = {90, 95, 99};

std::string NameOf(size_t member) { return "m" + std::to_string(member); }

struct Case {
  std::string name;
  CompositeMethod method;
  uint32_t timeslice;
  Window window;
  seconds step;
  bool excludes = false;
};
void PrintTo(const Case& row, std::ostream* out) { *out << row.name; }

class CompositeHistoryTest : public testing::TestWithParam<Case> {
 protected:
  void SetUp() override {
    std::vector<SloSpec> slos;
    for (size_t i = 0; i < kMembers; ++i) {
      const std::string bad = "span.name == \"bad-" + std::to_string(i) + "\"";
      slos.push_back(BuildSlo({.name = NameOf(i), .sli = {.bad = bad}}));
    }
    rig_.Install(std::move(slos), kStart);
    std::mt19937 random(11);
    const auto below = [&](uint32_t limit) { return static_cast<uint32_t>(random() % limit); };
    for (sys_seconds time = kStart; time < kStart + kLength;) {
      time += seconds(below(60) == 0 ? below(30'000) : 1 + below(300));
      rig_.engine().Step(time);
      const size_t member = below(kMembers);
      const SliCounts counts{.good = below(20), .bad = below(4) == 0 ? below(5) : 0};
      if (counts.total() == 0) continue;
      rig_.Count("checkout/" + NameOf(member), time, counts);
      members_[member][SliceOf(time)] += counts;
      if (below(50) == 0) rig_.Checkpoint();
    }
  }

  CompositeBudget Budget() {
    CompositeBudget of{.method = GetParam().method,
                       .timeslice = GetParam().timeslice,
                       .members = {},
                       .window = GetParam().window,
                       .objective = *Objective::Parse("90%")};
    CountView events;
    if (GetParam().excludes) {
      const Exclusion exclusion{.id = "deploy",
                                .description = {},
                                .when = Exclusion::Once{kStart + 30h, kStart + 31h},
                                .slos = {},
                                .labels = {},
                                .source = {}};
      const Exclusion* const applying[] = {&exclusion};
      events.mask = std::make_shared<const SliceMask>(
          SliceMask::Of(applying, kStart - 24h, kStart + kLength).value());
      events.exclusions = "an hour";
      mask_ = events.mask;
    }
    for (size_t i = 0; i < kMembers; ++i) {
      const Engine& engine = rig_.engine();
      of.members.push_back({.sli = engine.sli_of(engine.FindSlo("checkout/" + NameOf(i)).value()),
                            .events = events,
                            .timeslices = {.method = BudgetingMethod::kTimeslices,
                                           .timeslice = GetParam().timeslice,
                                           .target_units = kPercents[i] * 1'000'000},
                            .weight = i + 1});
    }
    return of;
  }

  SliCounts Sum(size_t member, Slice begin, Slice end) const {
    SliCounts sum;
    for (auto at = members_[member].lower_bound(begin);
         at != members_[member].end() && at->first < end; ++at) {
      if (mask_ == nullptr || !mask_->Covers(at->first)) sum += at->second;
    }
    return sum;
  }
  static double Share(const SliCounts& counts) {
    return static_cast<double>(counts.bad) / static_cast<double>(counts.total());
  }
  std::optional<double> Worst(Slice begin, Slice end) const {
    std::optional<double> worst;
    for (size_t i = 0; i < kMembers; ++i) {
      const SliCounts counts = Sum(i, begin, end);
      if (counts.total() > 0) worst = std::max(worst, std::optional(Share(counts)));
    }
    return worst;
  }
  std::optional<double> Weighted(Slice begin, Slice end) const {
    double sum = 0, weights = 0;
    for (size_t i = 0; i < kMembers; ++i) {
      const SliCounts counts = Sum(i, begin, end);
      if (counts.total() == 0) continue;
      sum += static_cast<double>(i + 1) * Share(counts);
      weights += static_cast<double>(i + 1);
    }
    return weights == 0 ? std::nullopt : std::optional(sum / weights);
  }
  // Of the timeslices that lie whole in it, those in which one member misses its own objective.
  std::optional<double> AnyBad(Slice begin, Slice end) const {
    SliCounts sum;
    const uint32_t length = GetParam().timeslice;
    for (Slice at = (begin + length - 1) / length * length; at + length <= end; at += length) {
      bool any = false, bad = false;
      for (size_t i = 0; i < kMembers; ++i) {
        const SliCounts counts = Sum(i, at, at + length);
        any |= counts.total() > 0;
        bad |= counts.good * 100 < counts.total() * kPercents[i];
      }
      if (any) (bad ? sum.bad : sum.good) += 1;
    }
    return sum.total() == 0 ? std::nullopt : std::optional(Share(sum));
  }
  std::optional<double> ErrorRatioOf(Slice begin, Slice end) const {
    return GetParam().method == CompositeMethod::kWeighted ? Weighted(begin, end)
                                                           : Worst(begin, end);
  }
  std::optional<double> SpentRatioOf(Slice begin, Slice end) const {
    const bool by_time = GetParam().method == CompositeMethod::kAnyBad &&
                         GetParam().window.slices() >= 10 * GetParam().timeslice;
    return by_time ? AnyBad(begin, end) : ErrorRatioOf(begin, end);
  }

  EngineRig rig_;
  std::array<std::map<Slice, SliCounts>, kMembers> members_;
  std::shared_ptr<const SliceMask> mask_;
};

void ExpectNear(const std::optional<double>& actual, const std::optional<double>& expected) {
  ASSERT_EQ(actual.has_value(), expected.has_value());
  if (actual.has_value()) {
    ASSERT_NEAR(*actual, *expected, 1e-7);
  }
}

TEST_P(CompositeHistoryTest, EqualsARecount) {
  const CompositeBudget of = Budget();
  std::vector<const GroupView*> views;
  for (const CompositeSums::Member& member : of.members)
    views.push_back(&rig_.engine().table().counts(member.sli, kTotalGroup).view());
  const sys_seconds begin = kStart - 6h;
  const sys_seconds end = kStart + kLength;
  const auto points = CompositeHistory(of, views, rig_.source(), begin, end, GetParam().step);
  ASSERT_TRUE(points.ok()) << points.status();
  ASSERT_EQ(points->size(), static_cast<size_t>((end - begin) / GetParam().step));
  const uint32_t step = SlicesIn(GetParam().step);
  size_t seen = 0;
  for (const HistoryPoint& point : *points) {
    SCOPED_TRACE((point.time - kStart).count());
    const Slice head = SliceOf(point.time);
    // What a calendar's window holds at the end of its period is the whole period.
    const bool rolling = of.window.calendar() == nullptr;
    const Slice from = of.window.BeginAt(rolling ? head : head - 1);
    const std::optional<double> spent = SpentRatioOf(from, head);
    ExpectNear(point.budget_remaining_ratio,
               spent.has_value() ? std::optional(1 - *spent / 0.1) : std::nullopt);
    ExpectNear(point.error_ratio, ErrorRatioOf(head - step, head));
    if (of.method == CompositeMethod::kWorstOf) {
      ASSERT_EQ(ErrorRatio(point.counts).has_value(), point.error_ratio.has_value());
      if (point.error_ratio.has_value()) ExpectNear(ErrorRatio(point.counts), point.error_ratio);
    } else {
      SliCounts all;
      for (size_t i = 0; i < kMembers; ++i) all += Sum(i, head - step, head);
      ASSERT_EQ(point.counts, all);
    }
    if (HasFatalFailure()) return;
    seen += spent.has_value() ? 1 : 0;
  }
  EXPECT_GT(seen, points->size() / 3);
}

TEST_P(CompositeHistoryTest, ABlockThatCannotBeReadIsAnError) {
  const CompositeBudget of = Budget();
  rig_.Checkpoint();
  std::vector<const GroupView*> views;
  for (const CompositeSums::Member& member : of.members)
    views.push_back(&rig_.engine().table().counts(member.sli, kTotalGroup).view());
  rig_.source().FailAfter(3);
  EXPECT_FALSE(
      CompositeHistory(of, views, rig_.source(), kStart, kStart + kLength, GetParam().step).ok());
}

Window ParisDay() {
  return Window::Calendar(CalendarGrid::Create(CalendarPeriod::kDay, "Europe/Paris").value());
}

INSTANTIATE_TEST_SUITE_P(
    Rows, CompositeHistoryTest,
    testing::ValuesIn<Case>({
        {"WorstOf", CompositeMethod::kWorstOf, 0, Window::Rolling(24h), 10min},
        {"WorstOfInADay", CompositeMethod::kWorstOf, 0, ParisDay(), 1h},
        {"Weighted", CompositeMethod::kWeighted, 0, Window::Rolling(6h), 20min},
        {"WeightedWithout", CompositeMethod::kWeighted, 0, ParisDay(), 30min, true},
        {"AnyBad", CompositeMethod::kAnyBad, 6, Window::Rolling(24h), 10min},
        {"AnyBadWithout", CompositeMethod::kAnyBad, 30, Window::Rolling(24h), 1h, true},
        {"AnyBadInADay", CompositeMethod::kAnyBad, 360, ParisDay(), 1h},
        {"AnyBadWithStepsThatCutTimeslices", CompositeMethod::kAnyBad, 30, Window::Rolling(1h),
         390s},
        {"AnyBadOfFewTimeslices", CompositeMethod::kAnyBad, 360, Window::Rolling(3h), 30min},
    }),
    [](const auto& info) { return info.param.name; });

TEST(SilentCompositeHistoryTest, OfNothingIsSilent) {
  EngineRig rig;
  const GroupView empty;
  CompositeBudget of{.method = CompositeMethod::kAnyBad,
                     .timeslice = 6,
                     .members = {},
                     .window = Window::Rolling(1h),
                     .objective = *Objective::Parse("90%")};
  for (size_t i = 0; i < 2; ++i)
    of.members.push_back({.sli = SliId{1}, .events = {}, .timeslices = {.timeslice = 6}});
  const auto points =
      CompositeHistory(of, {&empty, &empty}, rig.source(), kStart, kStart + 1h, 10min);
  ASSERT_TRUE(points.ok()) << points.status();
  ASSERT_EQ(points->size(), 6u);
  for (const HistoryPoint& point : *points) {
    EXPECT_FALSE(point.error_ratio.has_value());
    EXPECT_FALSE(point.budget_remaining_ratio.has_value());
  }
}

}  // namespace
}  // namespace slowburn::slo
