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

}  // namespace
}  // namespace slowburn::app
