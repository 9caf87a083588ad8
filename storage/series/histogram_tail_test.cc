// Goal: a tail holds the histograms that came, in order, wherever one is put in and however many
// are dropped, and becomes the block of them; a block that was cut short or garbled is named, and
// takes no more memory than a whole one. Method: rows of series at the limits of the encoding;
// seeded random walks beside a map.
#include "storage/series/histogram_tail.h"

#include <bit>
#include <cmath>
#include <iterator>
#include <limits>
#include <map>
#include <random>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "model/sample.h"
#include "storage/series/histogram_block.h"
#include "storage/series/testing/series_samples.h"

namespace slowburn::storage {
namespace {

using model::NativeHistogram;
using model::NativeHistogramView;
using Histograms = std::vector<NativeHistogram>;
using Samples = std::map<int64_t, NativeHistogram>;

constexpr int64_t kStart = 1'700'000'000'000;
constexpr int64_t kStep = 15'000;

NativeHistogram Stale() {
  NativeHistogram stale;
  stale.sum = model::StaleMarker();
  return stale;
}

Samples Timed(const Histograms& histograms) {
  Samples timed;
  for (const NativeHistogram& histogram : histograms) {
    timed.emplace(kStart + static_cast<int64_t>(timed.size()) * kStep, histogram);
  }
  return timed;
}

HistogramTail TailOf(const Samples& samples) {
  HistogramTail tail;
  for (const auto& [time_ms, histogram] : samples) tail.Append(time_ms, histogram);
  return tail;
}

// Whoever looks, at whatever.
void ExpectHolds(const HistogramTail& tail, const Samples& want) {
  ASSERT_EQ(tail.size(), want.size());
  ASSERT_EQ(tail.empty(), want.empty());
  std::vector<int64_t> times_ms;
  Histograms copied;
  tail.Copy({}, times_ms, copied);
  ASSERT_EQ(copied.size(), want.size());
  size_t i = 0;
  const NativeHistogram* before = nullptr;
  int64_t before_ms = 0;
  for (const auto& [time_ms, histogram] : want) {
    SCOPED_TRACE(i);
    ASSERT_EQ(times_ms[i], time_ms);
    ASSERT_TRUE(SameBits(copied[i], histogram));
    ASSERT_EQ(tail.CountThrough(time_ms - 1), i);
    ASSERT_EQ(tail.CountThrough(time_ms), ++i);
    const auto found = tail.Find(time_ms);
    ASSERT_TRUE(found.has_value() && SameBits(*found, histogram));
    ASSERT_EQ(tail.Find(time_ms + 1).has_value(), want.contains(time_ms + 1));
    const auto last = tail.LastBefore(time_ms, [](const NativeHistogram&) { return true; });
    ASSERT_EQ(last.has_value(), before != nullptr);
    if (before != nullptr) {
      ASSERT_EQ(last->first, before_ms);
      ASSERT_TRUE(SameBits(last->second, *before));
    }
    before = &histogram;
    before_ms = time_ms;
  }
  if (want.empty()) return;
  ASSERT_EQ(tail.oldest_ms(), want.begin()->first);
  ASSERT_EQ(tail.newest_ms(), want.rbegin()->first);
}

TEST(HistogramTailTest, IsEmptyAtFirstAndAgainOnceAllIsGone) {
  HistogramTail tail;
  const auto expect_empty = [&] {
    ExpectHolds(tail, {});
    EXPECT_FALSE(tail.Find(kStart).has_value());
    EXPECT_EQ(tail.CountThrough(std::numeric_limits<int64_t>::max()), 0u);
    const auto any = [](const NativeHistogram&) { return true; };
    EXPECT_FALSE(tail.LastBefore(std::numeric_limits<int64_t>::max(), any).has_value());
    tail.DropThrough(std::numeric_limits<int64_t>::max());
    EXPECT_TRUE(tail.empty());
  };
  expect_empty();
  const Samples samples = Timed({NativeHistogram{.count = 1, .sum = 2}, Stale()});
  tail = TailOf(samples);
  tail.DropThrough(samples.rbegin()->first);
  expect_empty();
  tail = TailOf(samples);
  std::string block;
  tail.MoveToBlock(block);
  expect_empty();
  // What comes then begins anew: it is against nothing that was before.
  for (const auto& [time_ms, histogram] : samples) tail.Append(time_ms, histogram);
  ExpectHolds(tail, samples);
  std::string again;
  tail.MoveToBlock(again);
  EXPECT_EQ(again, block);
}

// --- what can be written

struct SeriesCase {
  std::string name;
  Histograms histograms;
};

constexpr double kIntegerMax = 9007199254740991;  // 2^53 - 1

// One bucket that has these counts, one after the other.
Histograms Counts(const std::vector<double>& counts) {
  Histograms made;
  for (const double count : counts) {
    made.push_back({.zero_count = -count,
                    .count = count,
                    .sum = count,
                    .positive_spans = {{0, 1}},
                    .positive_counts = {count}});
  }
  return made;
}

// A step to either side of each length of a varint, there and back.
Histograms VarintLengths() {
  std::vector<double> counts{0};
  for (int bits = 6; bits <= 52; bits += 7) {
    for (const double step : {-1.0, 0.0, 1.0}) {
      counts.push_back(std::ldexp(1, bits) + step);
      counts.push_back(0);
      counts.push_back(-std::ldexp(1, bits) + step);
      counts.push_back(0);
    }
  }
  for (const double most : {kIntegerMax, -kIntegerMax, kIntegerMax}) counts.push_back(most);
  return Counts(counts);
}

// All bits of a sum, and of counts that are no integers.
Histograms Bits() {
  std::vector<double> values;
  for (const uint64_t bits :
       {uint64_t{0}, ~uint64_t{0}, uint64_t{1}, uint64_t{0x80}, uint64_t{0xff} << 56,
        uint64_t{0x7ff0000000000000}, uint64_t{0x8000000000000000}, uint64_t{0x7ff0000000000001}}) {
    values.push_back(std::bit_cast<double>(bits));
  }
  return Counts(values);
}

Histograms SpansThatChange() {
  const auto with = [](std::vector<NativeHistogram::Span> positive,
                       std::vector<NativeHistogram::Span> negative) {
    NativeHistogram made{.schema = 2, .zero_threshold = 1e-9, .count = 9, .sum = 4.5};
    const auto fill = [&](const auto& spans, std::vector<double>& counts) {
      for (const NativeHistogram::Span& span : spans) {
        for (uint32_t i = 0; i < span.length; ++i) {
          counts.push_back(static_cast<double>(counts.size() + 3));
        }
      }
    };
    fill(positive, made.positive_counts);
    fill(negative, made.negative_counts);
    made.positive_spans = std::move(positive);
    made.negative_spans = std::move(negative);
    return made;
  };
  constexpr int32_t kLeast = std::numeric_limits<int32_t>::min();
  constexpr int32_t kMost = std::numeric_limits<int32_t>::max();
  Histograms made = {
      with({}, {}),
      with({{0, 2}}, {}),
      with({{0, 3}}, {}),                  // one bucket more
      with({{0, 1}, {0, 2}}, {}),          // as many, cut elsewhere
      with({{0, 1}, {1, 2}}, {}),          // moved
      with({}, {{0, 1}, {1, 2}}),          // to the other side
      with({{0, 1}}, {{1, 2}}),            // on both
      with({{0, 1}}, {{2, 2}}),            // the negative ones moved
      with({{0, 1}, {1, 2}}, {}),          // as before those
      with({{kLeast, 2}}, {{kLeast, 1}}),  // as far as they go
      with({{kMost - 1, 1}}, {{0, 0}}),    // the other way, and one of nothing
      with({{-1, 0}, {kMost, 0}}, {}),     // only those
      with({{5, kHistogramBucketsMax}}, {}),
      with(std::vector<NativeHistogram::Span>(kHistogramBucketsMax, {1, 1}), {}),
  };
  // The same spans, and something else is another layout.
  made.push_back(made[1]);
  made.push_back(made[1]);
  made.back().zero_threshold = 1e-8;
  made.push_back(made[1]);
  made.back().schema = -4;
  made.push_back(made[1]);
  made.back().schema = NativeHistogram::kCustomBuckets;
  made.back().custom_bounds = {0.5, 1};
  made.push_back(made.back());
  made.back().custom_bounds = {0.5, std::numeric_limits<double>::infinity()};
  return made;
}

// Each between others, so that the next one is against the one before it.
Histograms EndsBetween() {
  const Histograms counts = Counts({1, 2.5, 3, 4});
  Histograms made;
  for (const NativeHistogram& histogram : counts) {
    made.push_back(Stale());
    made.push_back(histogram);
    made.push_back(Stale());
    made.back().reset_hint = NativeHistogram::ResetHint::kGauge;
  }
  return made;
}

class HistogramTailSeriesTest : public testing::TestWithParam<SeriesCase> {};

TEST_P(HistogramTailSeriesTest, ComesBackAndBecomesTheBlockOfIt) {
  const Histograms& histograms = GetParam().histograms;
  for (const NativeHistogram& histogram : histograms) ASSERT_EQ(HistogramFault(histogram), "");
  const Samples samples = Timed(histograms);
  // At each length: what was the newest is found in another way than what was before.
  HistogramTail grown;
  Samples held;
  for (const auto& [time_ms, histogram] : samples) {
    grown.Append(time_ms, histogram);
    held.emplace(time_ms, histogram);
    const auto found = grown.Find(time_ms);
    ASSERT_TRUE(found.has_value() && SameBits(*found, histogram));
    if (held.size() > 8) continue;
    ASSERT_NO_FATAL_FAILURE(ExpectHolds(grown, held));
  }
  ASSERT_NO_FATAL_FAILURE(ExpectHolds(grown, samples));
  // From behind: every one is put in before all others.
  HistogramTail inserted;
  for (auto at = samples.rbegin(); at != samples.rend(); ++at) {
    inserted.Insert(at->first, at->second);
  }
  ASSERT_NO_FATAL_FAILURE(ExpectHolds(inserted, samples));
  std::string block, other_block;
  grown.MoveToBlock(block);
  inserted.MoveToBlock(other_block);
  EXPECT_EQ(other_block, block);
  std::vector<int64_t> times_ms;
  Histograms read;
  ASSERT_TRUE(DecodeHistograms(block, times_ms, read).ok());
  ASSERT_EQ(read.size(), histograms.size());
  for (size_t i = 0; i < read.size(); ++i) {
    EXPECT_EQ(times_ms[i], kStart + static_cast<int64_t>(i) * kStep);
    EXPECT_TRUE(SameBits(read[i], histograms[i])) << i;
  }
}

TEST_P(HistogramTailSeriesTest, IsRefusedWhereItsBlockIsCutShort) {
  std::string block;
  TailOf(Timed(GetParam().histograms)).MoveToBlock(block);
  const size_t step = block.size() / 2000 + 1;
  for (size_t size = 0; size < block.size(); size += step) {
    SCOPED_TRACE(fmt::format("{} of {} bytes", size, block.size()));
    std::vector<int64_t> times_ms{7};
    Histograms read(1);
    ASSERT_EQ(DecodeHistograms(block.substr(0, size), times_ms, read).code(),
              absl::StatusCode::kDataLoss);
    ASSERT_EQ(times_ms, std::vector<int64_t>{7});
    ASSERT_EQ(read.size(), 1u);
  }
}

INSTANTIATE_TEST_SUITE_P(
    Series, HistogramTailSeriesTest,
    testing::ValuesIn<SeriesCase>({
        {"One", {NativeHistogram{.count = 1}}},
        {"AnEnd", {Stale()}},
        {"Growth", Counts({1, 2, 4, 4, 9, 100, 101, 5000})},
        {"VarintLengths", VarintLengths()},
        {"Bits", Bits()},
        {"IntegersAndOthers", Counts({1, 1.5, 2, 2, 0.1, 7})},
        {"IntegersThatAreTooLarge",
         Counts({kIntegerMax, kIntegerMax + 1, kIntegerMax, 1e18, 1e19, -1e300, 0})},
        {"SpansThatChange", SpansThatChange()},
        {"EndsBetween", EndsBetween()},
    }),
    [](const auto& info) { return info.param.name; });

// --- what can be done to it

TEST(HistogramTailTest, HoldsWhatAMapHolds) {
  for (uint64_t seed = 1; seed <= 60; ++seed) {
    SCOPED_TRACE(fmt::format("seed {}", seed));
    std::mt19937_64 random(seed);
    SampleMaker maker(seed);
    HistogramTail tail;
    Samples want;
    for (int step = 0; step < 60; ++step) {
      const int64_t newest_ms = want.empty() ? kStart : want.rbegin()->first;
      const uint64_t kind = random() % 10;
      if (kind == 0) {
        auto through_ms = newest_ms - static_cast<int64_t>(random() % (10 * kStep));
        const auto next = want.lower_bound(through_ms);
        if (random() % 2 == 0 && next != want.end()) through_ms = next->first;
        tail.DropThrough(through_ms);
        want.erase(want.begin(), want.upper_bound(through_ms));
      } else if (kind <= 3) {
        const auto time_ms = newest_ms - static_cast<int64_t>(random() % (10 * kStep)) + kStep;
        if (want.contains(time_ms)) continue;
        want[time_ms] = maker.NextHistogram();
        tail.Insert(time_ms, want[time_ms]);
      } else {
        const int64_t time_ms = newest_ms + 1 + static_cast<int64_t>(random() % kStep);
        want[time_ms] = maker.NextHistogram();
        tail.Append(time_ms, want[time_ms]);
      }
      ASSERT_NO_FATAL_FAILURE(ExpectHolds(tail, want)) << "step " << step;
    }
    // Of a range, and the newest that somebody takes.
    const int64_t begin_ms = kStart + 20 * kStep, end_ms = kStart + 60 * kStep;
    std::vector<int64_t> times_ms, wanted_times_ms;
    model::NativeHistogramList copied;
    tail.Copy({begin_ms, end_ms}, times_ms, copied);
    for (auto at = want.lower_bound(begin_ms); at != want.lower_bound(end_ms); ++at) {
      wanted_times_ms.push_back(at->first);
    }
    ASSERT_EQ(times_ms, wanted_times_ms);
    for (size_t i = 0; i < times_ms.size(); ++i) {
      ASSERT_TRUE(SameBits(NativeHistogram(copied[i]), want[times_ms[i]]));
    }
    const auto is_stale = [](const NativeHistogram& value) { return model::IsStale(value.sum); };
    const auto last = tail.LastBefore(end_ms, is_stale);
    auto at = want.lower_bound(end_ms);
    while (at != want.begin() && !is_stale(std::prev(at)->second)) --at;
    ASSERT_EQ(last.has_value(), at != want.begin());
    if (last.has_value()) {
      ASSERT_EQ(last->first, std::prev(at)->first);
    }
  }
}

TEST(HistogramTailTest, AGarbledBlockIsNamedOrHarmless) {
  std::mt19937_64 random(20261201);
  size_t named = 0;
  constexpr int kRuns = 20'000;
  for (int run = 0; run < kRuns; ++run) {
    SCOPED_TRACE(fmt::format("run {}", run));
    SampleMaker maker(random() % 50);
    HistogramTail tail;
    for (int i = 0; i < 16; ++i) tail.Append(maker.NextTime(), maker.NextHistogram());
    std::string block;
    tail.MoveToBlock(block);
    for (uint64_t bytes = 1 + random() % 3; bytes > 0; --bytes) {
      block[random() % block.size()] = static_cast<char>(random());
    }
    std::vector<int64_t> times_ms;
    model::NativeHistogramList read;
    const absl::Status status = DecodeHistogramList(block, times_ms, read);
    ASSERT_EQ(times_ms.size(), read.size());
    // A count, a bound or half a span for each byte, and a few hundred for each histogram.
    ASSERT_LT(read.memory_bytes(), 64u * (block.size() + 65'536)) << "of " << block.size();
    if (status.ok()) {
      for (size_t i = 0; i < read.size(); ++i) ASSERT_EQ(HistogramFault(read[i]), "");
      continue;
    }
    ++named;
    ASSERT_EQ(status.code(), absl::StatusCode::kDataLoss);
    ASSERT_TRUE(read.empty());
  }
  EXPECT_GT(named, size_t{kRuns / 10});
}

}  // namespace
}  // namespace slowburn::storage
