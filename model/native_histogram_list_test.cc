// Goal: a list gives back what was put into it, bit by bit, however much came after. Method: seeded
// random histograms of every shape beside the same in a vector.
#include "model/native_histogram_list.h"

#include <algorithm>
#include <random>
#include <vector>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "model/sample.h"

namespace slowburn::model {
namespace {

NativeHistogram RandomHistogram(std::mt19937_64& random) {
  NativeHistogram made;
  made.schema = static_cast<int8_t>(random() % 9);
  made.reset_hint = static_cast<NativeHistogram::ResetHint>(random() % 4);
  made.is_float = random() % 2 == 0;
  made.zero_threshold = static_cast<double>(random() % 100) / 64;
  made.zero_count = static_cast<double>(random() % 100);
  made.count = static_cast<double>(random() % 100);
  made.sum = static_cast<double>(random() % 100) / 8;
  const auto fill = [&](auto& values, auto&& make) {
    for (uint64_t left = random() % 4 * (random() % 6); left > 0; --left) values.push_back(make());
  };
  const auto span = [&] {
    return NativeHistogram::Span{static_cast<int32_t>(random()), static_cast<uint32_t>(random())};
  };
  const auto number = [&] { return static_cast<double>(random() % 1000) / 4; };
  fill(made.positive_spans, span);
  fill(made.negative_spans, span);
  fill(made.positive_counts, number);
  fill(made.negative_counts, number);
  fill(made.custom_bounds, number);
  return made;
}

TEST(NativeHistogramListTest, HasWhatWasAdded) {
  for (uint64_t seed = 1; seed <= 200; ++seed) {
    SCOPED_TRACE(fmt::format("seed {}", seed));
    std::mt19937_64 random(seed);
    NativeHistogramList list;
    std::vector<NativeHistogram> wanted;
    size_t values = 0;
    for (uint64_t left = random() % 40; left > 0; --left) {
      if (random() % 4 == 0) list.Reserve(random() % 20, random() % 100);
      const NativeHistogram& made = wanted.emplace_back(RandomHistogram(random));
      values +=
          made.positive_counts.size() + made.negative_counts.size() + made.custom_bounds.size();
      list.Add(made);
    }
    ASSERT_EQ(list.size(), wanted.size());
    ASSERT_EQ(list.empty(), wanted.empty());
    ASSERT_EQ(list.values(), values);
    ASSERT_GE(list.memory_bytes(), values * sizeof(double));
    for (size_t i = 0; i < wanted.size(); ++i) ASSERT_EQ(NativeHistogram(list[i]), wanted[i]) << i;
    const size_t kept = random() % (wanted.size() + 2);
    list.DropFrom(kept);
    wanted.resize(std::min(kept, wanted.size()));
    list.Add(wanted.emplace_back(RandomHistogram(random)));
    ASSERT_EQ(list.size(), wanted.size());
    for (size_t i = 0; i < wanted.size(); ++i) ASSERT_EQ(NativeHistogram(list[i]), wanted[i]) << i;
  }
}

TEST(NativeHistogramListTest, KeepsAStaleMarker) {
  NativeHistogramList list;
  list.Add(NativeHistogram{.sum = StaleMarker()});
  EXPECT_TRUE(IsStale(list[0].sum));
}

}  // namespace
}  // namespace slowburn::model
