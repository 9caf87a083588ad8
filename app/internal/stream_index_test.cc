// Goal: the index has what was put, whatever it grew to meanwhile, and whoever finds while another
// thread puts gets the right identity or none. Method: many keys, some with all but one bit in
// common; two threads.
#include "app/internal/stream_index.h"

#include <thread>
#include <vector>

#include <fmt/format.h>
#include <gtest/gtest.h>

namespace slowburn::app::internal {
namespace {

model::StreamHash Key(uint64_t i) { return {i * 0x9E3779B97F4A7C15, i}; }

class StreamIndexTest : public testing::Test {
 protected:
  StreamIndexTest() {
    for (int i = 0; i < 5'000; ++i) {
      identities_.push_back(std::make_unique<const SeriesIdentity>(
          model::LabelSet{{"n", fmt::format("{}", i)}}, family_));
    }
  }
  const SeriesIdentity* identity(size_t i) const { return identities_[i].get(); }

  const std::shared_ptr<const MetricFamily> family_ = std::make_shared<const MetricFamily>();
  std::vector<std::unique_ptr<const SeriesIdentity>> identities_;
  StreamIndex index_;
};

TEST_F(StreamIndexTest, FindsWhatWasPutAndNothingElse) {
  for (size_t i = 0; i < identities_.size(); ++i) {
    ASSERT_EQ(index_.Find(Key(i)), nullptr) << i;
    const size_t before = index_.memory_bytes();
    const size_t growth = index_.growth_bytes();
    index_.Put(Key(i), identity(i));
    ASSERT_EQ(index_.memory_bytes(), before + growth) << i;
    ASSERT_EQ(index_.Find(Key(i)), identity(i)) << i;
  }
  for (size_t i = 0; i < identities_.size(); ++i) ASSERT_EQ(index_.Find(Key(i)), identity(i)) << i;
}

TEST_F(StreamIndexTest, ReplacesWhatHasTheKey) {
  index_.Put(Key(1), identity(1));
  const size_t before = index_.memory_bytes();
  for (size_t i = 0; i < 1'000; ++i) index_.Put(Key(1), identity(i));
  EXPECT_EQ(index_.Find(Key(1)), identity(999));
  EXPECT_EQ(index_.memory_bytes(), before);
}

TEST_F(StreamIndexTest, EveryBitOfTheHashCounts) {
  const model::StreamHash key = Key(7);
  index_.Put(key, identity(0));
  for (size_t bit = 0; bit < 64; ++bit) {
    EXPECT_EQ(index_.Find({key.high ^ uint64_t{1} << bit, key.low}), nullptr) << bit;
    EXPECT_EQ(index_.Find({key.high, key.low ^ uint64_t{1} << bit}), nullptr) << bit;
  }
}

TEST_F(StreamIndexTest, WhoFindsMeanwhileGetsTheRightOneOrNone) {
  std::thread finding([&] {
    size_t known = 0;  // all before it were found
    while (known < identities_.size()) {
      for (size_t i = 0; i < identities_.size(); ++i) {
        const SeriesIdentity* found = index_.Find(Key(i));
        if (found == nullptr) {
          ASSERT_GE(i, known) << "lost";
          known = i;
          break;
        }
        ASSERT_EQ(found, identity(i));
        if (i + 1 == identities_.size()) known = i + 1;
      }
    }
  });
  for (size_t i = 0; i < identities_.size(); ++i) index_.Put(Key(i), identity(i));
  finding.join();
}

}  // namespace
}  // namespace slowburn::app::internal
