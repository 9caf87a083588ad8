// Goal: a remote write is read as Prometheus means it, the key of a series follows from the bytes
// of its labels alone, and hostile bytes are refused within the memory that a request may take.
// Method: requests written field by field, truncated and flipped.
#include "collector/remote_write.h"

#include <bit>
#include <random>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <protozero/pbf_writer.hpp>

#include "base/status.h"
#include "collector/series_labels.h"
#include "model/sample.h"

namespace slowburn::collector {
namespace {

using model::LabelSet;
using model::NativeHistogram;
using protozero::pbf_writer;
using testing::ElementsAre;
using testing::HasSubstr;

struct SeriesToSend {
  std::vector<model::Label> labels;
  std::vector<model::Sample> samples;
};

void AddLabels(pbf_writer& out, const std::vector<model::Label>& labels) {
  for (const model::Label& label : labels) {
    pbf_writer message(out, 1);
    message.add_string(1, label.name);
    message.add_string(2, label.value);
  }
}

std::string Request(const std::vector<SeriesToSend>& all) {
  std::string body;
  pbf_writer request(body);
  for (const SeriesToSend& series : all) {
    pbf_writer message(request, 1);
    AddLabels(message, series.labels);
    for (const model::Sample& sample : series.samples) {
      pbf_writer out(message, 2);
      out.add_double(1, sample.value);
      out.add_int64(2, sample.time_ms);
    }
  }
  return body;
}

TEST(RemoteWriteTest, SamplesComeBackBitByBit) {
  const std::string body = Request({
      {{{"__name__", "up"}, {"job", "api"}}, {{1000, 1.5}, {2000, model::StaleMarker()}}},
      {{{"__name__", "down"}}, {{-5, -0.0}}},
  });
  model::SeriesBatch batch;
  ASSERT_TRUE(DecodeRemoteWrite(body, batch).ok());
  ASSERT_EQ(batch.series.size(), 2u);
  ASSERT_EQ(batch.samples.size(), 3u);
  EXPECT_EQ(batch.series[0].samples_end, 2u);
  EXPECT_EQ(batch.series[1].samples_end, 3u);
  EXPECT_EQ(batch.samples[0].value, 1.5);
  EXPECT_TRUE(model::IsStale(batch.samples[1].value));
  EXPECT_EQ(batch.samples[1].time_ms, 2000);
  EXPECT_EQ(std::bit_cast<uint64_t>(batch.samples[2].value), std::bit_cast<uint64_t>(-0.0));
  EXPECT_EQ(batch.samples[2].time_ms, -5);
  LabelSet labels;
  ASSERT_EQ(ReadSeriesLabels(batch, batch.series[0], labels), "");
  EXPECT_EQ(labels, (LabelSet{{"__name__", "up"}, {"job", "api"}}));
}

TEST(RemoteWriteTest, TheKeyIsThatOfTheLabels) {
  const std::string body = Request({
      {{{"__name__", "up"}, {"job", "api"}}, {{1000, 1}}},
      {{{"__name__", "up"}, {"job", "api"}}, {{2000, 2}, {3000, 3}}},
      {{{"__name__", "up"}, {"job", "apj"}}, {{1000, 1}}},
  });
  model::SeriesBatch batch;
  ASSERT_TRUE(DecodeRemoteWrite(body, batch).ok());
  const auto key = [&](size_t i) {
    return std::pair(batch.series[i].labels_hash_high, batch.series[i].labels_hash_low);
  };
  EXPECT_EQ(key(0), key(1));
  EXPECT_NE(key(0), key(2));
}

// Labels that are not together: their bytes alone do not say which series it is, so all of them do.
TEST(RemoteWriteTest, ScatteredLabelsAreStillLabels) {
  std::string body;
  pbf_writer request(body);
  for (const std::string value : {"a", "b"}) {
    pbf_writer message(request, 1);
    AddLabels(message, {{"__name__", "up"}});
    {
      pbf_writer sample(message, 2);
      sample.add_int64(2, 7);
    }
    AddLabels(message, {{"job", value}});
  }
  model::SeriesBatch batch;
  ASSERT_TRUE(DecodeRemoteWrite(body, batch).ok());
  EXPECT_NE(batch.series[0].labels_hash_low, batch.series[1].labels_hash_low);
  LabelSet labels;
  ASSERT_EQ(ReadSeriesLabels(batch, batch.series[1], labels), "");
  EXPECT_EQ(labels.Get("job"), "b");
}

TEST(RemoteWriteTest, HistogramsExemplarsAndMetadata) {
  std::string body;
  {
    pbf_writer request(body);
    {
      pbf_writer series(request, 1);
      AddLabels(series, {{"__name__", "lat"}});
      {
        pbf_writer exemplar(series, 3);
        AddLabels(exemplar, {{"trace_id", "ab"}});
        exemplar.add_double(2, 0.25);
        exemplar.add_int64(3, 500);
      }
      pbf_writer histogram(series, 4);
      histogram.add_uint64(1, 6);
      histogram.add_double(3, 2.5);
      histogram.add_sint32(4, 3);
      histogram.add_double(5, 1e-128);
      histogram.add_uint64(6, 1);
      {
        pbf_writer span(histogram, 11);
        span.add_sint32(1, -2);
        span.add_uint32(2, 2);
      }
      const std::vector<int64_t> deltas = {3, -1};
      histogram.add_packed_sint64(12, deltas.begin(), deltas.end());
      histogram.add_enum(14, 2);
      histogram.add_int64(15, 1000);
    }
    pbf_writer metadata(request, 3);
    metadata.add_enum(1, 1);
    metadata.add_string(2, "lat");
    metadata.add_string(4, "how long");
    metadata.add_string(5, "seconds");
  }
  model::SeriesBatch batch;
  ASSERT_TRUE(DecodeRemoteWrite(body, batch).ok());
  ASSERT_EQ(batch.histograms.size(), 1u);
  EXPECT_EQ(batch.histograms[0].time_ms, 1000);
  EXPECT_EQ(batch.histograms[0].value,
            (NativeHistogram{.schema = 3,
                             .reset_hint = NativeHistogram::ResetHint::kNotReset,
                             .zero_threshold = 1e-128,
                             .zero_count = 1,
                             .count = 6,
                             .sum = 2.5,
                             .positive_spans = {{-2, 2}},
                             .positive_counts = {3, 2}}));
  ASSERT_EQ(batch.exemplars.size(), 1u);
  EXPECT_EQ(batch.exemplars[0].time_ms, 500);
  LabelSet labels;
  ASSERT_EQ(ReadExemplarLabels(batch, batch.exemplars[0], labels), "");
  EXPECT_EQ(labels.Get("trace_id"), "ab");
  ASSERT_EQ(batch.metadata.size(), 1u);
  EXPECT_EQ(batch.metadata[0].type, "counter");
  EXPECT_EQ(batch.metadata[0].help, "how long");
}

TEST(RemoteWriteTest, OtherBytesAreRefused) {
  model::SeriesBatch batch;
  EXPECT_TRUE(DecodeRemoteWrite("", batch).ok());
  const std::string body =
      Request({{{{"__name__", "up"}, {"job", "api"}}, {{1000, 1.5}, {2000, 2}}}});
  for (size_t size = 1; size < body.size(); ++size) {
    const absl::Status read = DecodeRemoteWrite(std::string_view(body).substr(0, size), batch);
    EXPECT_EQ(read.code(), absl::StatusCode::kInvalidArgument) << size;
    EXPECT_TRUE(batch.series.empty());
  }
  std::mt19937_64 random(1);
  for (int run = 0; run < 20000; ++run) {
    std::string other = body;
    other[random() % other.size()] ^= static_cast<char>(1 << random() % 8);
    if (!DecodeRemoteWrite(other, batch).ok()) continue;
    LabelSet labels;
    for (const auto& series : batch.series) ReadSeriesLabels(batch, series, labels);
  }
}

// Numbers that are not packed, and those that are, in parts: a delta goes on from the one before.
TEST(RemoteWriteTest, NumbersComeInAnyForm) {
  std::string body;
  {
    pbf_writer request(body);
    pbf_writer series(request, 1);
    pbf_writer histogram(series, 4);
    const std::vector<int64_t> two = {3, -1};
    histogram.add_packed_sint64(12, two.begin(), two.end());
    histogram.add_sint64(12, 4);
    histogram.add_packed_sint64(12, two.begin(), two.end());
    histogram.add_double(16, 0.5);
    histogram.add_sint32(4, -53);
  }
  model::SeriesBatch batch;
  ASSERT_TRUE(DecodeRemoteWrite(body, batch).ok());
  EXPECT_THAT(batch.histograms[0].value.positive_counts, ElementsAre(3, 2, 6, 9, 8));
  EXPECT_THAT(batch.histograms[0].value.custom_bounds, ElementsAre(0.5));
  EXPECT_EQ(batch.histograms[0].value.schema, NativeHistogram::kCustomBuckets);
}

// A reader that skipped what it does not know would lose all of it, and say it was taken.
TEST(RemoteWriteTest, TheOtherVersionIsRefused) {
  std::string body;
  {
    pbf_writer request(body);
    request.add_string(4, "");
    request.add_string(5, "");
  }
  model::SeriesBatch batch;
  const absl::Status read = DecodeRemoteWrite(body, batch);
  EXPECT_EQ(read.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(base::Message(read), HasSubstr("name its message in Content-Type"));
}

TEST(RemoteWriteTest, TheLeasePaysOrItComesAgain) {
  const std::string body = Request({{{{"__name__", "up"}}, {{1, 1}}}});
  model::SeriesBatch batch;
  for (const uint64_t bytes : {uint64_t{1 << 20}, uint64_t{100}}) {
    base::MemoryBudget budget(bytes);
    base::MemoryLease lease(&budget);
    const absl::Status read = DecodeRemoteWrite(body, batch, &lease);
    EXPECT_EQ(read.ok(), bytes > 100) << base::Message(read);
    EXPECT_GT(lease.bytes(), 0u);
  }
  // Another request has the rest of the budget.
  base::MemoryBudget budget(1 << 20);
  base::MemoryLease other(&budget);
  ASSERT_TRUE(other.GrowTo((1 << 20) - 10));
  base::MemoryLease lease(&budget);
  EXPECT_EQ(DecodeRemoteWrite(body, batch, &lease).code(), absl::StatusCode::kUnavailable);
  EXPECT_TRUE(batch.series.empty());
}

// Empty samples are two bytes on the wire and sixteen in memory.
TEST(RemoteWriteTest, WhatGrowsTooMuchIsRefused) {
  std::string samples;
  for (int i = 0; i < 4'000'000; ++i) samples += std::string_view("\x12\x00", 2);
  std::string body;
  pbf_writer(body).add_message(1, samples);
  model::SeriesBatch batch;
  EXPECT_EQ(DecodeRemoteWrite(body, batch).code(), absl::StatusCode::kResourceExhausted);
}

}  // namespace
}  // namespace slowburn::collector
