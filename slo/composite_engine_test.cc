// Goal: an SLO over others counts what its definition says of its members' slices, at every moment,
// however late events come. Method: seeded events of three members against a recount.
#include <map>
#include <random>

#include <gtest/gtest.h>

#include "slo/engine.h"
#include "slo/testing/build_slo.h"
#include "slo/testing/engine_rig.h"

namespace slowburn::slo {
namespace {

using std::chrono::seconds;
using std::chrono::sys_seconds;
using namespace std::chrono_literals;

constexpr sys_seconds kStart{1'774'612'800s};  // 2026-03-27 12:00 UTC
constexpr size_t kMembers = 3;
constexpr uint64_t kObjectivePercents[kMembers] = {90, 95, 99};

SloSpec MemberSlo(size_t at) {
  const std::string bad = "span.name == \"bad-" + std::to_string(at) + "\"";
  return BuildSlo({.name = "m" + std::to_string(at),
                   .objective = std::to_string(kObjectivePercents[at]) + "%",
                   .sli = {.bad = bad}});
}

SloSpec CompositeSlo(CompositeMethod method, uint32_t timeslice) {
  SloSpec slo = BuildSlo({.name = "journey", .objective = "90%", .window = 24h});
  CompositeSli composite{.method = method, .members = {}, .timeslice = timeslice};
  for (size_t i = 0; i < kMembers; ++i)
    composite.members.push_back({.slo = MemberSlo(i).id(), .weight = i + 1});
  slo.sli = {.source = std::move(composite), .group_by = {}};
  return slo;
}

struct Case {
  CompositeMethod method;
  uint32_t timeslice;
  uint32_t seed;
};
void PrintTo(const Case& c, std::ostream* out) {
  *out << CompositeMethodName(c.method) << " seed " << c.seed;
}

class CompositeEngineTest : public testing::TestWithParam<Case> {
 protected:
  using Slices = std::map<Slice, SliCounts>;

  SliCounts Sum(const Slices& slices, Slice begin, Slice end) const {
    SliCounts sum;
    for (auto at = slices.lower_bound(begin); at != slices.end() && at->first < end; ++at)
      sum += at->second;
    return sum;
  }
  SliCounts Worst(Slice begin, Slice end) const {
    SliCounts worst;
    for (const Slices& member : members_) {
      const SliCounts counts = Sum(member, begin, end);
      if (counts.total() == 0) continue;
      const double ratio = static_cast<double>(counts.bad) / static_cast<double>(counts.total());
      const double most = worst.total() == 0
                              ? -1
                              : static_cast<double>(worst.bad) / static_cast<double>(worst.total());
      if (ratio > most || (ratio == most && counts.total() > worst.total())) worst = counts;
    }
    return worst;
  }
  // Timeslices that are over and lie whole in the window: bad when one member misses its objective.
  SliCounts AnyBad(Slice begin, Slice end) const {
    SliCounts sum;
    const uint32_t length = GetParam().timeslice;
    for (Slice at = (begin + length - 1) / length * length; at + length <= end; at += length) {
      bool any = false, bad = false;
      for (size_t i = 0; i < kMembers; ++i) {
        const SliCounts counts = Sum(members_[i], at, at + length);
        any |= counts.total() > 0;
        bad |= counts.good * 100 < counts.total() * kObjectivePercents[i];
      }
      if (any) (bad ? sum.bad : sum.good) += 1;
    }
    return sum;
  }
  std::optional<double> WeightedRatio(Slice begin, Slice end) const {
    double sum = 0, weights = 0;
    for (size_t i = 0; i < kMembers; ++i) {
      const SliCounts counts = Sum(members_[i], begin, end);
      if (counts.total() == 0) continue;
      const auto weight = static_cast<double>(i + 1);
      sum += weight * static_cast<double>(counts.bad) / static_cast<double>(counts.total());
      weights += weight;
    }
    if (weights == 0) return std::nullopt;
    return sum / weights;
  }

  std::array<Slices, kMembers> members_;
};

TEST_P(CompositeEngineTest, EqualsARecount) {
  std::mt19937 random(GetParam().seed);
  const auto below = [&](uint32_t limit) { return static_cast<uint32_t>(random() % limit); };
  EngineRig rig;
  rig.Install({CompositeSlo(GetParam().method, GetParam().timeslice), MemberSlo(0), MemberSlo(1),
               MemberSlo(2)},
              kStart);
  sys_seconds now = kStart;
  for (int step = 0; step < 600; ++step) {
    now += seconds(below(30) == 0 ? below(9000) : 1 + below(40));
    rig.engine().Step(now);
    for (uint32_t events = below(5); events > 0; --events) {
      const size_t member = below(kMembers);
      const sys_seconds time = now - seconds(below(3) == 0 ? below(80'000) : below(20));
      const SliCounts counts{.good = below(20), .bad = below(3) == 0 ? below(4) : 0};
      if (counts.total() == 0) continue;
      rig.Count(MemberSlo(member).id(), time, counts);
      members_[member][SliceOf(time)] += counts;
    }
    if (below(40) == 0) rig.Checkpoint();
    rig.engine().Step(now);
    const GroupStatus status = rig.Status("checkout/journey");
    const Slice through = SliceOf(now), begin = through - SlicesIn(24h);
    switch (GetParam().method) {
      case CompositeMethod::kWorstOf:
        ASSERT_EQ(status.budget, Worst(begin, through + 1)) << step;
        break;
      case CompositeMethod::kAnyBad:
        ASSERT_EQ(status.budget, AnyBad(begin, through)) << step;
        break;
      case CompositeMethod::kWeighted:
        if (const auto ratio = WeightedRatio(begin, through + 1)) {
          ASSERT_NEAR(status.budget_remaining_ratio.value(), 1 - *ratio / 0.1, 1e-7) << step;
        } else {
          ASSERT_EQ(status.budget, SliCounts{}) << step;
        }
        break;
    }
    ASSERT_EQ(rig.engine().Status(0).groups.size(), 1u);
  }
}

INSTANTIATE_TEST_SUITE_P(Methods, CompositeEngineTest,
                         testing::Values(Case{CompositeMethod::kWorstOf, 0, 1},
                                         Case{CompositeMethod::kWeighted, 0, 2},
                                         Case{CompositeMethod::kAnyBad, 6, 3},
                                         Case{CompositeMethod::kAnyBad, 30, 4},
                                         Case{CompositeMethod::kAnyBad, 360, 5}));

TEST(CompositeEngineTest, AlertsAndStatesFollowTheMembers) {
  EngineRig rig;
  rig.Install(
      {MemberSlo(0), MemberSlo(1), MemberSlo(2), CompositeSlo(CompositeMethod::kWorstOf, 0)},
      kStart);
  EXPECT_EQ(rig.Status("checkout/journey").state, SloState::kNoData);
  for (size_t i = 0; i < kMembers; ++i) rig.Count(MemberSlo(i).id(), kStart, {1000, 0});
  rig.engine().Step(kStart + 1s);
  EXPECT_EQ(rig.Status("checkout/journey").state, SloState::kOk);
  rig.Count(MemberSlo(1).id(), kStart + 600s, {0, 2000});
  rig.engine().Step(kStart + 600s);
  const GroupStatus status = rig.Status("checkout/journey");
  EXPECT_EQ(status.state, SloState::kExhausted);
  EXPECT_EQ(status.in_window, (SliCounts{1000, 2000}));
  bool paged = false;
  for (const model::AlertCondition& condition : rig.engine().Conditions())
    paged |= condition.labels.Get("slo") == "journey" && condition.labels.Get("severity") == "page";
  EXPECT_TRUE(paged);
}

}  // namespace
}  // namespace slowburn::slo
