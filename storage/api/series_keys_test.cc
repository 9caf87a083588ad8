// Goal: keys of time series are read back, sort as what they stand for, and ranges hold their keys
// and no others. Method: rows with the bytes that docs/format/keys.md shows; hostile text.
#include "storage/api/series_keys.h"

#include <absl/strings/escaping.h>
#include <gtest/gtest.h>

namespace slowburn::storage {
namespace {

std::string Hex(std::string_view bytes) {
  return absl::BytesToHexString(absl::string_view(bytes.data(), bytes.size()));
}

struct KeyCase {
  std::string name;
  std::string key;
  std::string want_hex;
};
class SeriesKeyTest : public testing::TestWithParam<KeyCase> {};

TEST_P(SeriesKeyTest, HasTheseBytes) { EXPECT_EQ(Hex(GetParam().key), GetParam().want_hex); }

INSTANTIATE_TEST_SUITE_P(
    Keys, SeriesKeyTest,
    testing::ValuesIn<KeyCase>({
        {"Record", SeriesRecordKey(66051), "0100006c0000000000010203"},
        {"Hash", SeriesHashKey(1, 2), "0100006800000000000000010000000000000002"},
        {"Open", OpenSeriesKey(66051), "0100006f0000000000010203"},
        {"Metadata", MetricMetadataKey("up"), "0100006d7570"},
        {"Day", SeriesDayKey(20778), "010000640000512a"},
        {"State", SeriesStateKey(), "01000073"},
        {"Postings", PostingsKey{20778, "job", "api", 1}.Encode(),
         "0100000000512a6a6f62000161706900010000000000"
         "01"},
        {"AllOfDay", PostingsKey{20778, "", "", 0}.Encode(), "0100000000512a00010001000000000000"},
        {"Chunk", ChunkKey{20778, 66051, ChunkKey::Kind::kFloats, 1795219200000}.Encode(),
         "0100000000512a000000000001020366000001a1fb671800"},
    }),
    [](const auto& info) { return info.param.name; });

TEST(SeriesKeyReadTest, WhatWasWrittenIsRead) {
  EXPECT_EQ(ReadOpenSeriesKey(OpenSeriesKey(7)), 7u);
  EXPECT_EQ(ReadSeriesDayKey(SeriesDayKey(7)), 7u);
  EXPECT_EQ(ReadMetricMetadataKey(MetricMetadataKey("up")), "up");
  EXPECT_FALSE(ReadOpenSeriesKey(SeriesRecordKey(7)));
  EXPECT_FALSE(ReadOpenSeriesKey(OpenSeriesKey(7) + "x"));
  EXPECT_FALSE(ReadSeriesDayKey(OpenSeriesKey(7)));
  EXPECT_FALSE(ReadMetricMetadataKey(SeriesStateKey()));
}

TEST(ChunkKeyTest, IsReadBack) {
  const ChunkKey want{20778, 5, ChunkKey::Kind::kHistograms, 77};
  const auto got = ChunkKey::Decode(want.Encode());
  ASSERT_TRUE(got);
  EXPECT_EQ(got->day, want.day);
  EXPECT_EQ(got->series, want.series);
  EXPECT_EQ(got->kind, want.kind);
  EXPECT_EQ(got->start_ms, want.start_ms);
  EXPECT_FALSE(ChunkKey::Decode(want.Encode() + "x"));
  std::string other = want.Encode();
  other[15] = 'z';
  EXPECT_FALSE(ChunkKey::Decode(other));
}

TEST(PostingsKeyTest, TextKeepsItsOrderAndItsBytes) {
  const std::vector<std::string> texts = {"",
                                          std::string(1, '\0'),
                                          std::string("\0\0", 2),
                                          std::string("\0\xff", 2),
                                          "\x01",
                                          "a",
                                          std::string("a\0", 2),
                                          "a\x01",
                                          "ab",
                                          "b",
                                          "\xff\xff"};
  std::string before;
  for (const std::string& text : texts) {
    const PostingsKey want{1, "n", text, (uint64_t{1} << 48) - 1};
    const std::string key = want.Encode();
    EXPECT_LT(before, key) << Hex(text);
    before = key;
    const auto got = PostingsKey::Decode(key);
    ASSERT_TRUE(got) << Hex(text);
    EXPECT_EQ(got->name, "n");
    EXPECT_EQ(got->value, text);
    EXPECT_EQ(got->block, want.block);
    for (size_t size = 0; size < key.size(); ++size) {
      EXPECT_FALSE(PostingsKey::Decode(key.substr(0, size))) << size;
    }
    const KeyRange mine = PostingsOfValue(1, "n", text);
    for (const std::string& other : texts) {
      const std::string other_key = PostingsKey{1, "n", other, 3}.Encode();
      EXPECT_EQ(mine.begin <= other_key && other_key < mine.end, other == text);
    }
  }
}

TEST(PostingsKeyTest, ALabelHoldsItsValuesThatBeginSo) {
  const KeyRange range = PostingsOfLabel(1, "n", "ab");
  const auto holds = [&](const PostingsKey& key) {
    const std::string bytes = key.Encode();
    return range.begin <= bytes && bytes < range.end;
  };
  EXPECT_TRUE(holds({1, "n", "ab", 0}));
  EXPECT_TRUE(holds({1, "n", "abc", 9}));
  EXPECT_FALSE(holds({1, "n", "a", 9}));
  EXPECT_FALSE(holds({1, "n", "b", 0}));
  EXPECT_FALSE(holds({1, "na", "ab", 0}));
  EXPECT_FALSE(holds({2, "n", "ab", 0}));
}

}  // namespace
}  // namespace slowburn::storage
