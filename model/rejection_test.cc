// Goal: a client can read what was wrong with its items. Method: counts by hand, words by eye.
#include "model/rejection.h"

#include <set>

#include <gtest/gtest.h>

namespace slowburn::model {
namespace {

TEST(RejectionTest, ExplainsEachReasonWithItsCount) {
  const RejectionCounts counts = CountRejections(
      {{0, Rejection::kInvalidSpanId}, {3, Rejection::kTooNew}, {5, Rejection::kInvalidSpanId}});
  EXPECT_EQ(ExplainRejections(Signal::kTraces, counts),
            "2 spans have a span_id that is not 8 bytes, or all zero; 1 span has a time more than "
            "10 minutes in the future; check the sender's clock");
}

TEST(RejectionTest, SpeaksOfTheSignalsItems) {
  const RejectionCounts counts = CountRejections({{0, Rejection::kNoTime}});
  EXPECT_EQ(ExplainRejections(Signal::kMetrics, counts), "1 data point has no time_unix_nano");
}

TEST(RejectionTest, SaysNothingOfNothing) {
  EXPECT_EQ(ExplainRejections(Signal::kLogs, CountRejections({})), "");
}

TEST(RejectionTest, EveryReasonHasItsOwnName) {
  std::set<std::string_view> names;
  for (size_t i = 0; i < kRejections; ++i) names.insert(RejectionName(static_cast<Rejection>(i)));
  EXPECT_EQ(names.size(), kRejections);
  EXPECT_FALSE(names.contains(""));
}

}  // namespace
}  // namespace slowburn::model
