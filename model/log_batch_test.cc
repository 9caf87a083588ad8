// Goal: log records of the future leave the batch; the time of a record is the one it has. Method:
// batches by hand.
#include "model/log_batch.h"

#include <gtest/gtest.h>

namespace slowburn::model {
namespace {

TEST(LogBatchTest, RejectsLaterRecordsByTheTimeThatCounts) {
  LogBatch batch;
  batch.scopes.resize(1);
  batch.records.resize(4);
  for (uint32_t i = 0; i < 4; ++i) batch.records[i].ordinal = i;
  batch.records[0].time_unix_nano = 101;
  batch.records[1].observed_time_unix_nano = 101;  // no time of its own
  batch.records[2].time_unix_nano = 100;
  batch.records[2].observed_time_unix_nano = 900;  // seen later than it happened
  batch.scopes[0].item_end = 4;

  batch.RejectAfter(100);

  EXPECT_EQ(batch.accepted(), 2u);
  EXPECT_EQ(batch.decoded(), 4u);
  EXPECT_EQ(batch.records[0].ordinal, 2u);
  EXPECT_EQ(batch.records[1].ordinal, 3u);  // no time at all: as of its arrival
  EXPECT_EQ(batch.scopes[0].item_end, 2u);
  ASSERT_EQ(batch.rejected.size(), 2u);
  EXPECT_EQ(batch.rejected[1].ordinal, 1u);
}

}  // namespace
}  // namespace slowburn::model
