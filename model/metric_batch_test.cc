// Goal: points of the future leave the batch and every metric keeps its own. Method: two metrics by
// hand.
#include "model/metric_batch.h"

#include <gtest/gtest.h>

namespace slowburn::model {
namespace {

TEST(MetricBatchTest, RejectsLaterPointsAndKeepsTheRestInTheirMetric) {
  MetricBatch batch;
  batch.metrics.resize(2);
  batch.metrics[0].point_end = 2;
  batch.metrics[1].point_begin = 2;
  batch.metrics[1].point_end = 4;
  const uint64_t times[] = {101, 100, 99, 102};
  for (uint32_t i = 0; i < 4; ++i) {
    MetricPoint point;
    point.time_unix_nano = times[i];
    point.ordinal = i;
    batch.points.push_back(point);
  }

  batch.RejectAfter(100);

  EXPECT_EQ(batch.accepted(), 2u);
  EXPECT_EQ(batch.decoded(), 4u);
  EXPECT_EQ(batch.metrics[0].point_end, 1u);
  EXPECT_EQ(batch.metrics[1].point_begin, 1u);
  EXPECT_EQ(batch.metrics[1].point_end, 2u);
  EXPECT_EQ(batch.points[0].ordinal, 1u);
  EXPECT_EQ(batch.points[1].ordinal, 2u);
  ASSERT_EQ(batch.rejected.size(), 2u);
  EXPECT_EQ(batch.rejected[0].ordinal, 0u);
  EXPECT_EQ(batch.rejected[1].ordinal, 3u);
}

}  // namespace
}  // namespace slowburn::model
