// Goal: spans of the future leave the batch and nothing else moves. Method: a batch of two scopes,
// by hand.
#include "model/span_batch.h"

#include <gtest/gtest.h>

namespace slowburn::model {
namespace {

TEST(SpanBatchTest, RejectsWhatEndsLaterAndKeepsTheRestInItsScope) {
  SpanBatch batch;
  batch.scopes.resize(2);
  batch.scopes[0].item_end = 3;
  batch.scopes[1] = batch.scopes[0];
  batch.scopes[1].item_begin = 3;
  batch.scopes[1].item_end = 5;
  const uint64_t ends[] = {100, 101, 99, 500, 100};
  for (uint32_t i = 0; i < 5; ++i) {
    Span span;
    span.end_time_unix_nano = ends[i];
    span.ordinal = i + 1;  // ordinal 0 was invalid
    batch.spans.push_back(span);
  }
  batch.rejected = {{0, Rejection::kInvalidTraceId}};

  batch.RejectAfter(100);

  EXPECT_EQ(batch.decoded(), 6u);
  ASSERT_EQ(batch.spans.size(), 3u);
  EXPECT_EQ(batch.spans[0].ordinal, 1u);
  EXPECT_EQ(batch.spans[1].ordinal, 3u);
  EXPECT_EQ(batch.spans[2].ordinal, 5u);
  EXPECT_EQ(batch.scopes[0].item_end, 2u);
  EXPECT_EQ(batch.scopes[1].item_begin, 2u);
  EXPECT_EQ(batch.scopes[1].item_end, 3u);
  ASSERT_EQ(batch.rejected.size(), 3u);
  EXPECT_EQ(batch.rejected[1].ordinal, 2u);
  EXPECT_EQ(batch.rejected[2].ordinal, 4u);
  EXPECT_EQ(batch.rejected[2].reason, Rejection::kTooNew);
}

TEST(SpanBatchTest, LeavesABatchOfThePastAlone) {
  SpanBatch batch;
  batch.spans.resize(1);
  batch.spans[0].end_time_unix_nano = 100;
  batch.RejectAfter(100);
  EXPECT_EQ(batch.spans.size(), 1u);
  EXPECT_TRUE(batch.rejected.empty());
}

}  // namespace
}  // namespace slowburn::model
