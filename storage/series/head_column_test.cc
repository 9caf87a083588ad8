// Goal: a column holds what was put into it, in order, whatever of it is sealed, hot or in the
// tail, and whatever comes late or leaves. Method: seeded random walks beside a map.
#include "storage/series/head_column.h"

#include <bit>
#include <map>
#include <random>
#include <type_traits>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "storage/series/testing/series_samples.h"

namespace slowburn::storage {
namespace {

using Column = HeadColumn<FloatCodec>;

template <typename Value>
Value Next(SampleMaker& maker) {
  if constexpr (std::is_same_v<Value, double>) {
    return maker.NextValue();
  } else {
    return maker.NextHistogram();
  }
}

template <typename Codec>
class HeadColumnWalk {
  using Column = HeadColumn<Codec>;
  using Value = typename Codec::Value;

 public:
  explicit HeadColumnWalk(uint64_t seed) : random_(seed), maker_(seed) {}

  void Step() {
    switch (random_() % 40) {
      case 0:
        column_ = column_.Sealed(/*all=*/random_() % 2 == 0);
        break;
      case 1:
        Drop();
        break;
      case 2:
        WriteAndRead();
        break;
      case 3:
      case 4:
      case 5:
        InsertLate();
        break;
      default:
        for (uint64_t i = 0; i < 1 + random_() % 60; ++i) {
          newest_ms_ += 1 + static_cast<int64_t>(random_() % 15'000);
          const Value value = Next<Value>(maker_);
          column_.Append(newest_ms_, value);
          wanted_[newest_ms_] = value;
        }
    }
  }

  void Look() {
    ASSERT_EQ(column_.empty(), wanted_.empty());
    if (!wanted_.empty()) {
      ASSERT_EQ(column_.oldest_ms(), wanted_.begin()->first);
      ASSERT_EQ(column_.newest_ms(), wanted_.rbegin()->first);
    }
    ExpectCopy({});
    const int64_t begin = AnyTime();
    ExpectCopy({begin, begin + static_cast<int64_t>(random_() % 4'000'000)});
    for (int i = 0; i < 5; ++i) {
      const int64_t time_ms = AnyTime();
      const auto want = wanted_.find(time_ms);
      const auto got = column_.Find(time_ms);
      ASSERT_EQ(got.has_value(), want != wanted_.end());
      if (got) {
        ASSERT_TRUE(SameBits(*got, want->second));
      }
      const size_t through =
          static_cast<size_t>(std::distance(wanted_.begin(), wanted_.upper_bound(time_ms)));
      ASSERT_LE(column_.CountThrough(time_ms), through);
      const uint64_t one_in = 1 + random_() % 3;
      const auto accept = [&](const Value& value) { return IsTaken(value, one_in); };
      ExpectLastBefore(time_ms, accept);
      ASSERT_GT(column_.CountThrough(time_ms) + Codec::kSealedSamples * 5 / 2, through);
    }
  }

 private:
  int64_t AnyTime() {
    if (wanted_.empty() || random_() % 3 == 0)
      return newest_ms_ + static_cast<int64_t>(random_() % 9);
    auto at = wanted_.begin();
    std::advance(at, static_cast<std::ptrdiff_t>(random_() % wanted_.size()));
    return at->first + static_cast<int64_t>(random_() % 2);
  }
  void InsertLate() {
    if (wanted_.size() < 2) return;
    const int64_t time_ms = AnyTime();
    if (wanted_.contains(time_ms) || time_ms <= dropped_ms_ || time_ms >= newest_ms_) return;
    const Value value = Next<Value>(maker_);
    column_.Insert(time_ms, value);
    wanted_[time_ms] = value;
  }
  void Drop() {
    if (wanted_.empty()) return;
    dropped_ms_ = random_() % 10 == 0 ? newest_ms_ : AnyTime();
    if (wanted_.size() > 1500) dropped_ms_ = std::max(dropped_ms_, newest_ms_ - 3'000'000);
    column_.DropThrough(dropped_ms_);
    wanted_.erase(wanted_.begin(), wanted_.upper_bound(dropped_ms_));
    newest_ms_ = std::max(newest_ms_, dropped_ms_);
  }
  void WriteAndRead() {
    std::string blocks;
    column_.AppendBlocks(blocks);
    Column read;
    internal::ByteReader in(blocks);
    while (!in.AtEnd()) {
      const absl::Status added = read.AppendBlock(in.String());
      ASSERT_TRUE(in.ok() && added.ok()) << added;
    }
    column_ = std::move(read);
  }
  // By its bits, so that any may be taken or not.
  static bool IsTaken(double value, uint64_t one_in) {
    return std::bit_cast<uint64_t>(value) % 7 % one_in == 0;
  }
  static bool IsTaken(const model::NativeHistogram& value, uint64_t one_in) {
    return !model::IsStale(value.sum) && IsTaken(value.count, one_in);
  }
  // It may give up behind the tail and a block, and must not skip any.
  template <typename Accept>
  void ExpectLastBefore(int64_t time_ms, Accept&& accept) {
    auto want = wanted_.lower_bound(time_ms);
    size_t skipped = 0;
    while (want != wanted_.begin() && !accept(std::prev(want)->second)) {
      --want;
      ++skipped;
    }
    const auto got = column_.LastBefore(time_ms, accept);
    if (want == wanted_.begin() || (!got && skipped > 0)) {
      ASSERT_FALSE(got.has_value());
      return;
    }
    ASSERT_TRUE(got.has_value());
    ASSERT_EQ(got->first, std::prev(want)->first);
    ASSERT_TRUE(SameBits(got->second, std::prev(want)->second));
  }
  void ExpectCopy(TimeRange range) {
    std::vector<int64_t> times_ms;
    std::vector<Value> values;
    column_.Copy(range, times_ms, values);
    auto want = wanted_.lower_bound(range.begin_ms);
    ASSERT_EQ(times_ms.size(), values.size());
    for (size_t i = 0; i < times_ms.size(); ++i, ++want) {
      ASSERT_NE(want, wanted_.end());
      ASSERT_EQ(times_ms[i], want->first);
      ASSERT_TRUE(SameBits(values[i], want->second));
    }
    ASSERT_TRUE(want == wanted_.lower_bound(range.end_ms));
  }

  std::mt19937_64 random_;
  SampleMaker maker_;
  Column column_;
  std::map<int64_t, Value> wanted_;
  int64_t newest_ms_ = 1'700'000'000'000;
  int64_t dropped_ms_ = 0;
};

template <typename Codec>
void Walk(uint64_t seeds, int steps) {
  for (uint64_t seed = 1; seed <= seeds; ++seed) {
    SCOPED_TRACE(fmt::format("seed {}", seed));
    HeadColumnWalk<Codec> walk(seed);
    for (int step = 0; step < steps; ++step) {
      SCOPED_TRACE(fmt::format("step {}", step));
      walk.Step();
      walk.Look();
      if (testing::Test::HasFatalFailure()) return;
    }
  }
}

TEST(HeadColumnTest, HoldsWhatWasPutIntoIt) { Walk<FloatCodec>(40, 400); }

TEST(HeadColumnTest, HoldsTheHistogramsPutIntoIt) { Walk<HistogramCodec>(20, 150); }

// What is packed as it comes is what is packed all at once: a restart must not see a difference.
TEST(HeadColumnTest, PacksHistogramsAsABlockOfThem) {
  for (uint64_t seed = 1; seed <= 300; ++seed) {
    SCOPED_TRACE(fmt::format("seed {}", seed));
    SampleMaker maker(seed);
    HeadColumn<HistogramCodec> column;
    std::string wanted;
    std::vector<int64_t> times_ms;
    std::vector<model::NativeHistogram> histograms;
    const auto end_block = [&] {
      std::string block(1, '\0');
      EncodeHistograms(times_ms, histograms, block);
      internal::PutString(wanted, block);
      times_ms.clear();
      histograms.clear();
    };
    for (size_t left = 1 + seed % 70; left > 0; --left) {
      if (times_ms.size() == HistogramCodec::kBlockSamples) end_block();
      times_ms.push_back(maker.NextTime());
      histograms.push_back(maker.NextHistogram());
      column.Append(times_ms.back(), histograms.back());
    }
    end_block();
    std::string got;
    column.AppendBlocks(got);
    ASSERT_EQ(got, wanted);
  }
}

TEST(HeadColumnTest, SealsOnceItIsWorthIt) {
  Column column;
  int64_t time_ms = 1'700'000'000'000;
  const auto append = [&](int samples) {
    for (int i = 0; i < samples; ++i) column.Append(time_ms += 15'000, i % 7);
  };
  append(127);
  EXPECT_FALSE(column.WantsSealing(/*all=*/false));
  EXPECT_TRUE(column.WantsSealing(/*all=*/true));
  append(1);
  EXPECT_TRUE(column.WantsSealing(/*all=*/false));
  const size_t hot_bytes = column.memory_bytes();
  column = column.Sealed(/*all=*/false);
  EXPECT_FALSE(column.WantsSealing(/*all=*/true));
  EXPECT_LT(column.memory_bytes(), hot_bytes / 2);
  // What comes late makes its block hot again.
  column.Insert(time_ms - 100 * 15'000 + 1, 0.5);
  EXPECT_TRUE(column.WantsSealing(/*all=*/false));
}

// So that what is written of it begins but once.
TEST(HeadColumnTest, AtRestItIsOneBlock) {
  Column column;
  for (int i = 0; i < 960; ++i) {
    column.Append(1'700'000'000'000 + i * 15'000, i % 7);
    if (i == 600) column = column.Sealed(/*all=*/false);
  }
  const auto blocks = [&] {
    std::string all;
    column.AppendBlocks(all);
    int count = 0;
    for (internal::ByteReader in(all); !in.AtEnd(); ++count) in.String();
    return count;
  };
  EXPECT_GT(blocks(), 2);
  column = column.Sealed(/*all=*/true);
  EXPECT_EQ(blocks(), 1);
}

TEST(HeadColumnTest, RefusesBlocksThatAreNone) {
  Column column;
  column.Append(1'700'000'000'000, 1);
  std::string blocks;
  column.AppendBlocks(blocks);
  internal::ByteReader in(blocks);
  const std::string block(in.String());
  EXPECT_EQ(column.AppendBlock(block).code(), absl::StatusCode::kDataLoss) << "the same again";
  Column other;
  EXPECT_EQ(other.AppendBlock("").code(), absl::StatusCode::kDataLoss);
  EXPECT_EQ(other.AppendBlock("\x02").code(), absl::StatusCode::kDataLoss);
  EXPECT_EQ(other.AppendBlock("\x01").code(), absl::StatusCode::kDataLoss);
  EXPECT_EQ(other.AppendBlock(std::string(1, '\0')).code(), absl::StatusCode::kDataLoss);
  EXPECT_TRUE(other.empty());
  EXPECT_TRUE(other.AppendBlock(block).ok());
}

}  // namespace
}  // namespace slowburn::storage
