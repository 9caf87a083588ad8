// Goal: what is odd is said once, with its place, and what is fine is not. Method: SLOs around each
// bound.
#include "app/slo_checks.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "slo/testing/build_slo.h"

namespace slowburn::app {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::StartsWith;
using namespace std::chrono_literals;

TEST(SloChecksTest, AWindowMayBeAsLongAsTheRetention) {
  const slo::SloSet slos = {slo::BuildSlo({.name = "month", .window = 720h}),
                            slo::BuildSlo({.name = "quarter", .window = 2160h})};
  EXPECT_THAT(RetentionWarnings(slos, 2160h), IsEmpty());
  EXPECT_THAT(RetentionWarnings(slos, 2159h),
              ElementsAre(StartsWith("checkout.yaml:1: the window of checkout/quarter is 90d, "
                                     "longer than the retention of 89d23h: ")));
}

TEST(SloChecksTest, UnreachableTiersOfNamedPoliciesAreNoted) {
  slo::SloSpec own = slo::BuildSlo({.name = "own", .objective = "90%"});
  own.policy.name = "custom";
  const slo::SloSet slos = {slo::BuildSlo({.name = "fine"}), std::move(own),
                            slo::BuildSlo({.name = "low", .objective = "90%"})};
  EXPECT_THAT(UnreachableNotes(slos),
              ElementsAre("checkout.yaml:1: checkout/low goes without the tier 1h/5m (page) of "
                          "sre-workbook: burn rate 14.4 at 90% would need an error ratio above 1"));
}

slo::SloSpec LatencySlo(std::string name, double max) {
  slo::SloSpec spec = slo::BuildSlo({.name = std::move(name)});
  spec.sli.source = slo::HistogramSli{
      .metric = model::SeriesSelector::Parse("latency_seconds").value(), .max = max};
  return spec;
}

TEST(SloChecksTest, SaysWhichThresholdsAreNoBounds) {
  const slo::SloSet slos = {LatencySlo("a", 0.3), LatencySlo("b", 0.3),
                            LatencySlo("c", 0.5), LatencySlo("d", 0.3),
                            LatencySlo("e", 9),   slo::BuildSlo({.name = "f"})};
  const auto warnings = InterpolationWarnings(slos, R"({"slos":[
      {"id":"checkout/a","metric":{"max":0.3,"interpolated":true,"nearest_bounds":[0.25,0.5]}},
      {"id":"checkout/b","metric":{"max":0.3,"interpolated":false,"nearest_bounds":null}},
      {"id":"checkout/c","metric":{"max":0.3,"interpolated":true,"nearest_bounds":[0.25,0.5]}},
      {"id":"checkout/d","metric":{"max":0.3,"interpolated":true,"nearest_bounds":null}},
      {"id":"checkout/e","metric":{"max":9,"interpolated":true,"nearest_bounds":[5,null]}},
      {"id":"checkout/f"}, 7]})");
  ASSERT_TRUE(warnings.ok());
  EXPECT_THAT(
      *warnings,
      ElementsAre("checkout.yaml:1: max of checkout/a is 0.3, which is no bound of its histogram, "
                  "so how many were good is estimated; write max: 0.25 or max: 0.5",
                  testing::EndsWith("estimated; write one of its bounds"),
                  testing::EndsWith("estimated; write max: 5")));
  for (const std::string_view strange : {"", "[]", "{}", "{\"slos\":1}"})
    EXPECT_FALSE(InterpolationWarnings(slos, strange).ok()) << strange;
}

}  // namespace
}  // namespace slowburn::app
