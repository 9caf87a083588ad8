// Goal: a series is found where it was last, and never one that took its place. Method: a slot that
// is right, of another series, left, used again, and none at all.
#include "storage/series/head.h"

#include <gtest/gtest.h>

#include "model/label_set.h"
#include "storage/series/packed_labels.h"

namespace slowburn::storage {
namespace {

class HeadTest : public testing::Test {
 protected:
  static SeriesKey Key(const std::string& name) {
    return KeyOfLabels(PackLabels(model::LabelSet{{"__name__", name}}));
  }
  HeadSeries& Add(const std::string& name) {
    return head_.Add(
        std::make_unique<HeadSeries>(++ids_, PackLabels(model::LabelSet{{"__name__", name}})));
  }
  // What is found from this slot on, and where that is.
  HeadSeries* Find(const std::string& name, uint32_t& slot) const {
    return head_.FindByKey(Key(name), slot);
  }

  Head head_;
  uint64_t ids_ = 0;
};

TEST_F(HeadTest, ASeriesIsFoundFromAnySlot) {
  HeadSeries& up = Add("up");
  HeadSeries& down = Add("down");
  for (const uint32_t from : {up.slot, down.slot, uint32_t{77}, Head::kNoSlot}) {
    uint32_t slot = from;
    EXPECT_EQ(Find("up", slot), &up) << from;
    EXPECT_EQ(slot, up.slot) << from;
  }
}

TEST_F(HeadTest, OneThatIsNotThereHasNoSlot) {
  Add("up");
  for (const uint32_t from : {uint32_t{0}, uint32_t{77}, Head::kNoSlot}) {
    uint32_t slot = from;
    EXPECT_EQ(Find("down", slot), nullptr) << from;
    EXPECT_EQ(slot, Head::kNoSlot) << from;
  }
}

TEST_F(HeadTest, WhatTookItsPlaceIsAnother) {
  uint32_t slot = Add("up").slot;
  head_.Remove(*head_.FindBySlot(slot));
  uint32_t left = slot;
  EXPECT_EQ(Find("up", left), nullptr);
  const HeadSeries& down = Add("down");
  ASSERT_EQ(down.slot, slot);
  left = slot;
  EXPECT_EQ(Find("up", left), nullptr);
  HeadSeries& again = Add("up");
  EXPECT_EQ(Find("up", slot), &again);
  EXPECT_EQ(slot, again.slot);
}

}  // namespace
}  // namespace slowburn::storage
