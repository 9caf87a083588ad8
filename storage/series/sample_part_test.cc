// Goal: what a commit writes into the log is what a restart reads, and other bytes are refused.
// Method: seeded random parts; truncations and flips; the example of docs/format/sample_part.md.
#include "storage/series/sample_part.h"

#include <random>

#include <absl/strings/escaping.h>
#include <gtest/gtest.h>

#include "storage/series/head_series.h"
#include "storage/series/packed_labels.h"
#include "storage/series/series_records.h"
#include "storage/series/testing/series_samples.h"

namespace slowburn::storage {
namespace {

std::string Hex(std::string_view bytes) {
  return absl::BytesToHexString(absl::string_view(bytes.data(), bytes.size()));
}

std::string AnyPart(uint64_t seed, SamplePart& part) {
  std::mt19937_64 random(seed);
  SampleMaker maker(random());
  SamplePartWriter writer;
  for (uint64_t i = 0; i < random() % 4; ++i) {
    part.definitions.push_back(
        {1 + random() % 1000, PackLabels({{"__name__", "up"}, {"n", std::to_string(i)}})});
    writer.AddDefinition(part.definitions.back().id, part.definitions.back().packed_labels);
  }
  for (uint64_t i = 0; i < random() % 50; ++i) {
    part.floats.push_back({1 + random() % 1000, maker.NextTime(), maker.NextValue()});
    writer.AddFloat(part.floats.back().series, part.floats.back().time_ms,
                    part.floats.back().value);
  }
  for (uint64_t i = 0; i < random() % 5; ++i) {
    part.histograms.push_back({1 + random() % 1000, maker.NextTime(), maker.NextHistogram()});
    writer.AddHistogram(part.histograms.back().series, part.histograms.back().time_ms,
                        part.histograms.back().value);
  }
  for (uint64_t i = 0; i < random() % 5; ++i) {
    part.exemplars.push_back(
        {1 + random() % 1000, maker.NextTime(), {maker.NextValue(), {{"trace_id", "ab"}}}});
    writer.AddExemplar(part.exemplars.back().series, part.exemplars.back().time_ms,
                       part.exemplars.back().value);
  }
  for (uint64_t i = 0; i < random() % 3; ++i) {
    part.metadata.push_back({"up", "gauge", "is it up", ""});
    writer.AddMetadata(part.metadata.back());
  }
  return writer.Finish();
}

TEST(SamplePartTest, ComesBackBitByBit) {
  for (uint64_t seed = 0; seed < 1000; ++seed) {
    SamplePart want;
    const auto got = ReadSamplePart(AnyPart(seed, want));
    ASSERT_TRUE(got.ok()) << seed << got.status();
    ASSERT_EQ(got->definitions.size(), want.definitions.size());
    for (size_t i = 0; i < want.definitions.size(); ++i) {
      ASSERT_EQ(got->definitions[i].id, want.definitions[i].id);
      ASSERT_EQ(got->definitions[i].packed_labels, want.definitions[i].packed_labels);
    }
    ASSERT_EQ(got->floats.size(), want.floats.size());
    for (size_t i = 0; i < want.floats.size(); ++i) {
      ASSERT_EQ(got->floats[i].series, want.floats[i].series);
      ASSERT_EQ(got->floats[i].time_ms, want.floats[i].time_ms);
      ASSERT_TRUE(SameBits(got->floats[i].value, want.floats[i].value));
    }
    ASSERT_EQ(got->histograms.size(), want.histograms.size());
    for (size_t i = 0; i < want.histograms.size(); ++i) {
      ASSERT_EQ(got->histograms[i].time_ms, want.histograms[i].time_ms);
      ASSERT_TRUE(SameBits(got->histograms[i].value, want.histograms[i].value));
    }
    ASSERT_EQ(got->exemplars.size(), want.exemplars.size());
    for (size_t i = 0; i < want.exemplars.size(); ++i) {
      ASSERT_TRUE(SameBits(got->exemplars[i].value.value, want.exemplars[i].value.value));
      ASSERT_EQ(got->exemplars[i].value.labels, want.exemplars[i].value.labels);
    }
    ASSERT_EQ(got->metadata.size(), want.metadata.size());
  }
}

TEST(SamplePartTest, OtherBytesAreRefusedOrHarmless) {
  std::mt19937_64 random(1);
  for (uint64_t seed = 0; seed < 3000; ++seed) {
    SamplePart part;
    const std::string bytes = AnyPart(seed, part);
    const std::string cut = bytes.substr(0, random() % bytes.size());
    EXPECT_EQ(ReadSamplePart(cut).status().code(), absl::StatusCode::kDataLoss) << Hex(cut);
    std::string flipped = bytes;
    flipped[random() % flipped.size()] ^= static_cast<char>(1 << random() % 8);
    ReadSamplePart(flipped).IgnoreError();
  }
}

TEST(SamplePartTest, TheExampleIsTheOneOfTheDocument) {
  SamplePartWriter writer;
  EXPECT_TRUE(writer.empty());
  writer.AddDefinition(7, PackLabels({{"__name__", "up"}, {"job", "api"}}));
  writer.AddFloat(7, 1'700'000'000'000, 1);
  writer.AddFloat(8, 1'700'000'000'000, 12.5);
  writer.AddMetadata({"up", "gauge", "", ""});
  EXPECT_EQ(Hex(writer.Finish()),
            "01"
            "01"
            "07"
            "14"
            "085f5f6e616d655f5f"
            "027570"
            "036a6f62"
            "03617069"
            "02"
            "0e"
            "80a0abfef962"
            "10"
            "02"
            "00"
            "d10f"
            "00"
            "00"
            "01"
            "027570"
            "056761756765"
            "00"
            "00");
}

TEST(SeriesRecordsTest, ComeBackAndRefuseOtherBytes) {
  const SeriesCover cover{9, 1000, -1};
  const std::string packed = PackLabels({{"__name__", "up"}});
  const std::string record = EncodeSeriesRecord({cover, packed});
  EXPECT_EQ(Hex(record), "0109d00f010c085f5f6e616d655f5f027570");
  const auto read = DecodeSeriesRecord(record);
  ASSERT_TRUE(read.ok());
  EXPECT_EQ(read->cover, cover);
  EXPECT_EQ(read->packed_labels, packed);
  const std::string open = EncodeOpenSeries({cover, 5, kNever, "f", "hh", ""});
  const auto opened = DecodeOpenSeries(open);
  ASSERT_TRUE(opened.ok());
  EXPECT_EQ(opened->cover, cover);
  EXPECT_EQ(opened->floats_sealed_through_ms, 5);
  EXPECT_EQ(opened->histograms_sealed_through_ms, kNever);
  EXPECT_EQ(opened->floats + opened->histograms + opened->exemplars, "fhh");
  const std::string day = EncodeDaySummary({1, 2, 3, 4, 5});
  EXPECT_EQ(Hex(day), "01010203080a");
  EXPECT_EQ(DecodeDaySummary(day)->max_time_ms, 5);
  const std::string state = EncodeSeriesState({300, 5});
  EXPECT_EQ(Hex(state), "01ac0205");
  EXPECT_EQ(DecodeSeriesState(state)->next_id, 300u);
  const std::string ids = EncodeSeriesIds({300, 5});
  EXPECT_EQ(*DecodeSeriesIds(ids), (std::vector<uint64_t>{300, 5}));
  const std::string metadata = EncodeMetadata({{"up", "gauge", "h", "s"}});
  EXPECT_EQ(Hex(metadata), "0105676175676501680173");
  EXPECT_EQ(DecodeMetadata("up", metadata)->front().type, "gauge");
  for (const std::string& bytes : {record, open, day, state}) {
    for (size_t size = 0; size < bytes.size(); ++size) {
      const std::string cut = bytes.substr(0, size);
      EXPECT_FALSE(DecodeSeriesRecord(cut).ok() && DecodeOpenSeries(cut).ok() &&
                   DecodeDaySummary(cut).ok() && DecodeSeriesState(cut).ok());
    }
  }
}

}  // namespace
}  // namespace slowburn::storage
