// Goal: the cache finds what was asked for lately, stays within its bounds whatever comes, and
// never takes an identity away from who uses it. Method: tiny bounds, a clock by hand.
#include "app/series_identity_cache.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

namespace slowburn::app {
namespace {

using std::chrono::minutes;
using Time = std::chrono::steady_clock::time_point;

SeriesIdentityCache::Identity Identity(int i) {
  auto family = std::make_shared<MetricFamily>();
  family->metadata.metric = "m";
  return std::make_shared<const SeriesIdentity>(model::LabelSet{{"n", fmt::format("{}", i)}},
                                                family);
}

model::StreamHash Key(int i) { return {static_cast<uint64_t>(i), ~static_cast<uint64_t>(i)}; }

constexpr Time kStart{minutes(1000)};

TEST(SeriesIdentityCacheTest, FindsWhatItWasGiven) {
  SeriesIdentityCache cache({});
  auto view = cache.Open(kStart);
  EXPECT_EQ(view.Find(Key(1)), nullptr);
  const SeriesIdentity* put = view.Put(Key(1), Identity(1));
  EXPECT_EQ(view.Find(Key(1)), put);
  EXPECT_EQ(cache.Open(kStart).Find(Key(1)), put);
  EXPECT_EQ(cache.entries(), 1u);
  EXPECT_EQ(view.memory_bytes(), 0u);
}

TEST(SeriesIdentityCacheTest, WhatNobodyAsksForLeavesAndTheRestStays) {
  SeriesIdentityCache cache({});
  {
    auto view = cache.Open(kStart);
    view.Put(Key(1), Identity(1));
    view.Put(Key(2), Identity(2));
  }
  for (int age = 1; age <= 5; ++age) {
    EXPECT_NE(cache.Open(kStart + minutes(10 * age)).Find(Key(1)), nullptr) << age;
  }
  EXPECT_EQ(cache.Open(kStart + minutes(50)).Find(Key(2)), nullptr);
}

TEST(SeriesIdentityCacheTest, StaysWithinItsBounds) {
  SeriesIdentityCache cache({.bytes_max = 64 << 10, .entries_max = 100});
  for (int request = 0; request < 100; ++request) {
    auto view = cache.Open(kStart);
    for (int i = 0; i < 80; ++i) {
      const int id = request * 80 + i;
      const SeriesIdentity* put = view.Put(Key(id), Identity(id));
      EXPECT_EQ(put->Labels(0).Get("n"), fmt::format("{}", id));
    }
    EXPECT_GT(view.memory_bytes(), 0u);  // what had no room
    ASSERT_LE(cache.entries(), 100u);
    ASSERT_LE(cache.memory_bytes(), 64u << 10);
  }
}

TEST(SeriesIdentityCacheTest, AViewKeepsWhatItFound) {
  SeriesIdentityCache cache({});
  auto view = cache.Open(kStart);
  const SeriesIdentity* put = view.Put(Key(1), Identity(7));
  view.Put(Key(1), Identity(8));  // replaced
  for (int age = 1; age <= 5; ++age) cache.Open(kStart + minutes(10 * age));
  EXPECT_EQ(cache.entries(), 0u);
  EXPECT_EQ(put->Labels(0).Get("n"), "7");
}

}  // namespace
}  // namespace slowburn::app
