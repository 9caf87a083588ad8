// Goal: remote write 2.0 is read as its specification means it, what is wrong with one series takes
// no other with it, and hostile bytes are refused. Method: requests written field by field, cut at
// every byte.
#include "collector/remote_write_v2.h"

#include <bit>
#include <string>
#include <utility>
#include <vector>

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
using Refs = std::vector<uint32_t>;

void AddSymbols(pbf_writer& request, const std::vector<std::string>& symbols) {
  for (const std::string& symbol : symbols) request.add_string(4, symbol);
}

void AddSample(pbf_writer& series, int64_t time_ms, double value) {
  pbf_writer sample(series, 2);
  sample.add_double(1, value);
  sample.add_int64(2, time_ms);
  sample.add_int64(3, time_ms - 1000);  // start_timestamp
}

void AddSeries(pbf_writer& request, const Refs& refs) {
  pbf_writer series(request, 5);
  series.add_packed_uint32(1, refs.begin(), refs.end());
  AddSample(series, 1000, 1.5);
}

std::string Request(const std::vector<std::string>& symbols, const std::vector<Refs>& all) {
  std::string body;
  pbf_writer request(body);
  AddSymbols(request, symbols);
  for (const Refs& refs : all) AddSeries(request, refs);
  return body;
}

std::pair<uint64_t, uint64_t> Key(const model::SeriesBatch& batch, size_t i) {
  return {batch.series[i].labels_hash_high, batch.series[i].labels_hash_low};
}

std::string LabelsText(const model::SeriesBatch& batch, size_t i) {
  LabelSet labels;
  const std::string_view fault = ReadSeriesLabels(batch, batch.series[i], labels);
  return fault.empty() ? labels.Text() : std::string(fault);
}

TEST(RemoteWriteV2Test, AllThatASeriesHas) {
  std::string body;
  {
    pbf_writer request(body);
    AddSymbols(request, {"", "__name__", "lat", "how long", "seconds", "trace_id", "ab"});
    pbf_writer series(request, 5);
    const Refs refs = {1, 2};
    series.add_packed_uint32(1, refs.begin(), refs.end());
    AddSample(series, 2000, model::StaleMarker());
    {
      pbf_writer histogram(series, 3);
      histogram.add_uint64(1, 6);
      histogram.add_double(3, 2.5);
      histogram.add_sint32(4, -53);
      {
        pbf_writer span(histogram, 11);
        span.add_uint32(2, 3);
      }
      const std::vector<int64_t> deltas = {3, -1, -1};
      histogram.add_packed_sint64(12, deltas.begin(), deltas.end());
      histogram.add_int64(15, 1000);
      const std::vector<double> bounds = {0.5, 1};
      histogram.add_packed_double(16, bounds.begin(), bounds.end());
      histogram.add_int64(17, 1);
    }
    {
      pbf_writer exemplar(series, 4);
      const Refs trace = {5, 6};
      exemplar.add_packed_uint32(1, trace.begin(), trace.end());
      exemplar.add_double(2, 0.25);
      exemplar.add_int64(3, 500);
    }
    pbf_writer metadata(series, 5);
    metadata.add_enum(1, 3);
    metadata.add_uint32(3, 3);
    metadata.add_uint32(4, 4);
  }
  model::SeriesBatch batch;
  ASSERT_TRUE(DecodeRemoteWriteV2(body, batch).ok());
  EXPECT_EQ(LabelsText(batch, 0), "{__name__=\"lat\"}");
  ASSERT_EQ(batch.samples.size(), 1u);
  EXPECT_TRUE(model::IsStale(batch.samples[0].value));
  EXPECT_EQ(batch.samples[0].time_ms, 2000);
  ASSERT_EQ(batch.histograms.size(), 1u);
  EXPECT_EQ(batch.histograms[0].time_ms, 1000);
  EXPECT_EQ(batch.histograms[0].value, (NativeHistogram{.schema = NativeHistogram::kCustomBuckets,
                                                        .count = 6,
                                                        .sum = 2.5,
                                                        .positive_spans = {{0, 3}},
                                                        .positive_counts = {3, 2, 1},
                                                        .custom_bounds = {0.5, 1}}));
  ASSERT_EQ(batch.exemplars.size(), 1u);
  EXPECT_EQ(batch.exemplars[0].value, 0.25);
  EXPECT_EQ(batch.exemplars[0].time_ms, 500);
  LabelSet labels;
  ASSERT_EQ(ReadExemplarLabels(batch, batch.exemplars[0], labels), "");
  EXPECT_EQ(labels.Get("trace_id"), "ab");
  ASSERT_EQ(batch.metadata.size(), 1u);
  EXPECT_EQ(batch.metadata[0].metric, "lat");
  EXPECT_EQ(batch.metadata[0].type, "histogram");
  EXPECT_EQ(batch.metadata[0].help, "how long");
  EXPECT_EQ(batch.metadata[0].unit, "seconds");
}

TEST(RemoteWriteV2Test, TheKeyIsThatOfTheTexts) {
  const std::string first = Request({"", "__name__", "up", "job", "api"}, {{1, 2, 3, 4}, {1, 2}});
  const std::string second =
      Request({"", "api", "apj", "job", "up", "__name__"}, {{5, 4, 3, 1}, {5, 4, 3, 2}});
  model::SeriesBatch a;
  model::SeriesBatch b;
  ASSERT_TRUE(DecodeRemoteWriteV2(first, a).ok());
  ASSERT_TRUE(DecodeRemoteWriteV2(second, b).ok());
  EXPECT_EQ(LabelsText(a, 0), LabelsText(b, 0));
  EXPECT_EQ(Key(a, 0), Key(b, 0));
  EXPECT_NE(Key(a, 0), Key(b, 1));
  EXPECT_NE(Key(a, 0), Key(a, 1));
}

// A name that goes on into its value is another label.
TEST(RemoteWriteV2Test, TextsDoNotRunTogether) {
  const std::string body = Request({"", "a", "bc", "ab", "c"}, {{1, 2}, {3, 4}});
  model::SeriesBatch batch;
  ASSERT_TRUE(DecodeRemoteWriteV2(body, batch).ok());
  EXPECT_NE(Key(batch, 0), Key(batch, 1));
}

TEST(RemoteWriteV2Test, AFaultySeriesTakesNoOtherWithIt) {
  const std::string body = Request({"", "__name__", "up", "job", "api"},
                                   {{1, 2, 3}, {1, 9}, {3, 4, 1, 2}, {1, 2, 1, 2}, {1, 2, 3, 4}});
  model::SeriesBatch batch;
  ASSERT_TRUE(DecodeRemoteWriteV2(body, batch).ok());
  ASSERT_EQ(batch.series.size(), 5u);
  EXPECT_EQ(batch.samples.size(), 5u);
  EXPECT_EQ(LabelsText(batch, 0), "a label reference without its pair");
  EXPECT_EQ(LabelsText(batch, 1), "a label reference beyond the symbols");
  EXPECT_EQ(LabelsText(batch, 2), "labels out of order");
  EXPECT_EQ(LabelsText(batch, 3), "a label name that comes twice");
  EXPECT_EQ(LabelsText(batch, 4), "{__name__=\"up\", job=\"api\"}");
  for (size_t i = 0; i < 4; ++i) EXPECT_NE(Key(batch, i), Key(batch, 4));
}

// References one by one, and symbols behind the series that refer to them.
TEST(RemoteWriteV2Test, FieldsComeInAnyOrderAndForm) {
  std::string body;
  {
    pbf_writer request(body);
    {
      pbf_writer series(request, 5);
      AddSample(series, 1000, 1);
      for (const uint32_t ref : {1, 2}) series.add_uint32(1, ref);
      series.add_int64(6, 1);  // created_timestamp of release candidates
    }
    AddSymbols(request, {"", "__name__", "up"});
  }
  model::SeriesBatch batch;
  ASSERT_TRUE(DecodeRemoteWriteV2(body, batch).ok());
  EXPECT_EQ(LabelsText(batch, 0), "{__name__=\"up\"}");
  EXPECT_EQ(batch.samples.size(), 1u);
  const std::string usual = Request({"", "__name__", "up"}, {{1, 2}});
  model::SeriesBatch again;
  ASSERT_TRUE(DecodeRemoteWriteV2(usual, again).ok());
  EXPECT_EQ(Key(batch, 0), Key(again, 0));
}

// Each compared with the one before, to its end, they would take minutes.
TEST(RemoteWriteV2Test, MetadataOfOneLongNameAreTakenOnce) {
  constexpr size_t kSeries = 500'000;
  std::string one;
  {
    pbf_writer request(one);
    pbf_writer series(request, 5);
    const Refs odd = {1, 2, 1};  // A faulty series is not written out, and its labels cost nothing.
    series.add_packed_uint32(1, odd.begin(), odd.end());
    pbf_writer metadata(series, 5);
    metadata.add_enum(1, 1);
  }
  std::string body = Request({"", "__name__", std::string(30 << 20, 'x')}, {});
  body.reserve(body.size() + kSeries * one.size());
  for (size_t i = 0; i < kSeries; ++i) body += one;
  model::SeriesBatch batch;
  ASSERT_TRUE(DecodeRemoteWriteV2(body, batch).ok());
  EXPECT_EQ(batch.series.size(), kSeries);
  EXPECT_EQ(batch.metadata.size(), 1u);
}

struct MetadataCase {
  std::string name;
  std::string metric;
  int type;
  bool is_native;
  std::string want;
};
class MetadataNameTest : public testing::TestWithParam<MetadataCase> {};

TEST_P(MetadataNameTest, IsThatOf1) {
  const MetadataCase& row = GetParam();
  std::string body;
  {
    pbf_writer request(body);
    AddSymbols(request, {"", "__name__", row.metric, "help"});
    for (int i = 0; i < 3; ++i) {
      pbf_writer series(request, 5);
      const Refs refs = {1, 2};
      series.add_packed_uint32(1, refs.begin(), refs.end());
      if (row.is_native) series.add_string(3, "");
      pbf_writer metadata(series, 5);
      metadata.add_enum(1, row.type);
      metadata.add_uint32(3, i < 2 ? 3 : 0);
    }
  }
  model::SeriesBatch batch;
  ASSERT_TRUE(DecodeRemoteWriteV2(body, batch).ok());
  // Two have the same.
  ASSERT_EQ(batch.metadata.size(), row.type == 0 ? 1u : 2u);
  EXPECT_EQ(batch.metadata[0].metric, row.want);
  EXPECT_EQ(batch.metadata[0].help, "help");
}

INSTANTIATE_TEST_SUITE_P(Names, MetadataNameTest,
                         testing::ValuesIn<MetadataCase>({
                             {"Counter", "requests_total", 1, false, "requests_total"},
                             {"CounterCount", "pods_count", 1, false, "pods_count"},
                             {"Bucket", "lat_bucket", 3, false, "lat"},
                             {"Sum", "lat_sum", 3, false, "lat"},
                             {"SummaryCount", "lat_count", 5, false, "lat"},
                             {"SummaryQuantile", "lat", 5, false, "lat"},
                             {"Native", "lat_count", 3, true, "lat_count"},
                             {"OnlySuffix", "_sum", 3, false, "_sum"},
                             {"Unknown", "m", 0, false, "m"},
                         }),
                         [](const auto& info) { return info.param.name; });

struct RefusedCase {
  std::string name;
  std::string body;
  absl::StatusCode want;
  std::string want_message;
};
class RemoteWriteV2RefusedTest : public testing::TestWithParam<RefusedCase> {};

TEST_P(RemoteWriteV2RefusedTest, SaysWhy) {
  model::SeriesBatch batch;
  const absl::Status read = DecodeRemoteWriteV2(GetParam().body, batch);
  EXPECT_EQ(read.code(), GetParam().want);
  EXPECT_THAT(base::Message(read), HasSubstr(GetParam().want_message));
  EXPECT_TRUE(batch.series.empty());
  EXPECT_TRUE(batch.symbols.empty());
}

std::string OneField(uint32_t number, const std::string& content) {
  std::string body;
  pbf_writer(body).add_message(number, content);
  return body;
}

INSTANTIATE_TEST_SUITE_P(
    Requests, RemoteWriteV2RefusedTest,
    testing::ValuesIn<RefusedCase>({
        {"FirstSymbolIsNotEmpty", Request({"__name__", "up"}, {{0, 1}}),
         absl::StatusCode::kInvalidArgument, "the first symbol is \"__name__\""},
        {"Version1", OneField(1, ""), absl::StatusCode::kInvalidArgument,
         "name its message in Content-Type"},
        {"NoProtobuf", "up 1", absl::StatusCode::kInvalidArgument,
         "is no io.prometheus.write.v2.Request"},
        {"CutOffReference", OneField(5, std::string("\x0a\x01\x80")),
         absl::StatusCode::kInvalidArgument, "is no io.prometheus.write.v2.Request"},
    }),
    [](const auto& info) { return info.param.name; });

TEST(RemoteWriteV2Test, NothingIsFine) {
  model::SeriesBatch batch;
  EXPECT_TRUE(DecodeRemoteWriteV2("", batch).ok());
  EXPECT_TRUE(batch.series.empty());
}

TEST(RemoteWriteV2Test, WithoutItsEndItIsRefusedOrHasFewerSeries) {
  const std::vector<std::string> symbols = {"", "__name__", "up", "job", "api"};
  const std::string body = Request(symbols, {{1, 2}, {1, 2, 3, 4}});
  model::SeriesBatch batch;
  size_t whole = 0;
  for (size_t size = 0; size < body.size(); ++size) {
    const absl::Status read = DecodeRemoteWriteV2(std::string_view(body).substr(0, size), batch);
    if (read.ok()) {
      ++whole;
    } else {
      EXPECT_EQ(read.code(), absl::StatusCode::kInvalidArgument);
    }
    EXPECT_LT(batch.series.size(), 2u);
  }
  // Before each symbol and each series.
  EXPECT_EQ(whole, symbols.size() + 2);
}

}  // namespace
}  // namespace slowburn::collector
