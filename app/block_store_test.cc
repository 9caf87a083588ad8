// Goal: counts that cannot be read are told, once and not each time. Method: a block that is none,
// read by hand.
#include "app/block_store.h"

#include <algorithm>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "storage/series/testing/memory_store.h"

namespace slowburn::app {
namespace {

using testing::HasSubstr;

TEST(BlockStoreTest, WhatCannotBeReadIsLoggedAndDoesNotFillTheLog) {
  storage::MemoryStore store;
  storage::Batch batch;
  batch.Put(storage::Family::kSlices, BlockStore::HourKey(slo::SliId{1}, slo::GroupId{0}, 480'000),
            "no block");
  ASSERT_TRUE(store.WriteDirect(std::move(batch)).ok());
  const BlockStore blocks(store);

  testing::internal::CaptureStderr();
  for (int i = 0; i < 1000; ++i) {
    EXPECT_FALSE(blocks.ReadHour(slo::SliId{1}, slo::GroupId{0}, 480'000).ok());
  }
  const auto absent = blocks.ReadHour(slo::SliId{1}, slo::GroupId{0}, 480'001);
  ASSERT_TRUE(absent.ok()) << absent.status();
  EXPECT_FALSE(absent->has_value());
  const std::string log = testing::internal::GetCapturedStderr();
  EXPECT_THAT(log, HasSubstr("counts cannot be read"));
  EXPECT_LE(std::ranges::count(log, '\n'), 11);
}

}  // namespace
}  // namespace slowburn::app
