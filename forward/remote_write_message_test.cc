// Goal: what is written is what was handed over, in both versions. Method: messages read back with
// the official encoding, field by field.
#include "forward/remote_write_message.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "slowburn/remote_write/v1/write_request.pb.h"
#include "slowburn/remote_write/v2/request.pb.h"

namespace slowburn::forward {
namespace {

namespace write1 = slowburn::remote_write::v1;
namespace write2 = slowburn::remote_write::v2;
using model::LabelSet;
using model::NativeHistogram;
using model::OutgoingSamples;
using testing::ElementsAre;

using Batches = std::vector<std::unique_ptr<const OutgoingSamples>>;

constexpr auto kDue = [](const std::string&) { return true; };

// Begins a series of these labels.
void Begin(OutgoingSamples& out, const LabelSet& labels) {
  out.BeginSeries();
  for (const model::Label& label : labels) out.AddLabel(label.name, label.value);
}

Batches Just(OutgoingSamples samples) {
  Batches batches;
  batches.push_back(std::make_unique<const OutgoingSamples>(std::move(samples)));
  return batches;
}

template <typename Request>
Request Parsed(const RemoteWriteMessage& message) {
  Request request;
  EXPECT_TRUE(request.ParseFromString(message.body));
  return request;
}

LabelSet LabelsOf(const write1::TimeSeries& series) {
  LabelSet labels;
  std::string before;
  for (const write1::Label& label : series.labels()) {
    EXPECT_LT(before, label.name()) << "labels must be sorted";
    before = label.name();
    labels.Set(label.name(), label.value());
  }
  return labels;
}

LabelSet LabelsOf(const write2::Request& request, const auto& refs) {
  LabelSet labels;
  std::string before;
  for (int i = 0; i + 1 < refs.size(); i += 2) {
    const std::string& name = request.symbols(static_cast<int>(refs[i]));
    EXPECT_LT(before, name) << "labels must be sorted";
    before = name;
    labels.Set(name, request.symbols(static_cast<int>(refs[i + 1])));
  }
  return labels;
}

const NativeHistogram kWhole{.schema = 3,
                             .reset_hint = NativeHistogram::ResetHint::kNotReset,
                             .zero_threshold = 0.25,
                             .zero_count = 2,
                             .count = 14,
                             .sum = -1.5,
                             .positive_spans = {{-2, 2}, {1, 1}},
                             .negative_spans = {{7, 1}},
                             .positive_counts = {5, 1, 4},
                             .negative_counts = {2}};

NativeHistogram Floating() {
  NativeHistogram histogram = kWhole;
  histogram.is_float = true;
  histogram.positive_counts = {0.5, 1, 4};
  return histogram;
}

NativeHistogram Custom() {
  return {.schema = NativeHistogram::kCustomBuckets,
          .count = 3,
          .sum = 9,
          .positive_spans = {{0, 2}},
          .positive_counts = {1, 2},
          .custom_bounds = {0.5}};
}

void ExpectWhole(const auto& histogram) {
  EXPECT_EQ(histogram.count_int(), 14u);
  EXPECT_EQ(histogram.sum(), -1.5);
  EXPECT_EQ(histogram.schema(), 3);
  EXPECT_EQ(histogram.zero_threshold(), 0.25);
  EXPECT_EQ(histogram.zero_count_int(), 2u);
  EXPECT_EQ(histogram.positive_spans(0).offset(), -2);
  EXPECT_EQ(histogram.positive_spans(1).length(), 1u);
  EXPECT_THAT(histogram.positive_deltas(), ElementsAre(5, -4, 3));
  EXPECT_THAT(histogram.negative_deltas(), ElementsAre(2));
  EXPECT_EQ(histogram.reset_hint(), 2);
  EXPECT_EQ(histogram.timestamp(), 5000);
}

void ExpectFloating(const auto& histogram) {
  EXPECT_EQ(histogram.count_float(), 14);
  EXPECT_EQ(histogram.zero_count_float(), 2);
  EXPECT_THAT(histogram.positive_counts(), ElementsAre(0.5, 1, 4));
  EXPECT_EQ(histogram.positive_deltas_size(), 0);
}

OutgoingSamples EveryKind() {
  OutgoingSamples out;
  Begin(out, {{"__name__", "up"}, {"job", "a"}});
  out.AddSample({1000, 0.1});
  out.AddSample({-2000, model::StaleMarker()});
  out.AddExemplar(900, 0.5, {{"trace_id", "abc"}});
  Begin(out, {{"__name__", "latency"}, {"job", "a"}});
  out.AddHistogram(5000, kWhole);
  out.AddHistogram(6000, Floating());
  out.AddHistogram(7000, {.sum = model::StaleMarker()});
  return out;
}

TEST(RemoteWriteMessageTest, Version1HasEveryKind) {
  const RemoteWriteMessage message =
      EncodeRemoteWrite(RemoteWriteProtocol::kV1, Just(EveryKind()), {}, kDue);
  EXPECT_EQ(message.items, 6u);
  EXPECT_EQ(message.unsupported, 0u);
  const auto request = Parsed<write1::WriteRequest>(message);
  ASSERT_EQ(request.timeseries_size(), 2);
  const write1::TimeSeries& up = request.timeseries(0);
  EXPECT_EQ(LabelsOf(up), (LabelSet{{"__name__", "up"}, {"job", "a"}}));
  ASSERT_EQ(up.samples_size(), 2);
  EXPECT_EQ(up.samples(0).value(), 0.1);
  EXPECT_EQ(up.samples(1).timestamp(), -2000);
  EXPECT_TRUE(model::IsStale(up.samples(1).value()));
  ASSERT_EQ(up.exemplars_size(), 1);
  EXPECT_EQ(up.exemplars(0).labels(0).value(), "abc");
  EXPECT_EQ(up.exemplars(0).value(), 0.5);
  EXPECT_EQ(up.exemplars(0).timestamp(), 900);
  ASSERT_EQ(request.timeseries(1).histograms_size(), 3);
  ExpectWhole(request.timeseries(1).histograms(0));
  ExpectFloating(request.timeseries(1).histograms(1));
  EXPECT_TRUE(model::IsStale(request.timeseries(1).histograms(2).sum()));
}

TEST(RemoteWriteMessageTest, Version2HasEveryKindAndEachTextOnce) {
  OutgoingSamples samples = EveryKind();
  samples.AddHistogram(8000, Custom());
  const RemoteWriteMessage message =
      EncodeRemoteWrite(RemoteWriteProtocol::kV2, Just(std::move(samples)), {}, kDue);
  EXPECT_EQ(message.items, 7u);
  EXPECT_EQ(message.unsupported, 0u);
  const auto request = Parsed<write2::Request>(message);
  EXPECT_THAT(request.symbols(),
              ElementsAre("", "__name__", "up", "job", "a", "trace_id", "abc", "latency"));
  ASSERT_EQ(request.timeseries_size(), 2);
  const write2::TimeSeries& up = request.timeseries(0);
  EXPECT_EQ(LabelsOf(request, up.labels_refs()), (LabelSet{{"__name__", "up"}, {"job", "a"}}));
  ASSERT_EQ(up.samples_size(), 2);
  EXPECT_EQ(up.samples(0).timestamp(), 1000);
  EXPECT_TRUE(model::IsStale(up.samples(1).value()));
  ASSERT_EQ(up.exemplars_size(), 1);
  EXPECT_EQ(LabelsOf(request, up.exemplars(0).labels_refs()), (LabelSet{{"trace_id", "abc"}}));
  ASSERT_EQ(request.timeseries(1).histograms_size(), 4);
  ExpectWhole(request.timeseries(1).histograms(0));
  ExpectFloating(request.timeseries(1).histograms(1));
  EXPECT_EQ(request.timeseries(1).histograms(3).schema(), -53);
  EXPECT_THAT(request.timeseries(1).histograms(3).custom_values(), ElementsAre(0.5));
}

TEST(RemoteWriteMessageTest, Version1LeavesOutCustomBuckets) {
  OutgoingSamples samples;
  Begin(samples, {{"__name__", "only_custom"}});
  samples.AddHistogram(1, Custom());
  Begin(samples, {{"__name__", "up"}});
  samples.AddSample({1, 1});
  const RemoteWriteMessage message =
      EncodeRemoteWrite(RemoteWriteProtocol::kV1, Just(std::move(samples)), {}, kDue);
  EXPECT_EQ(message.items, 1u);
  EXPECT_EQ(message.unsupported, 1u);
  const auto request = Parsed<write1::WriteRequest>(message);
  ASSERT_EQ(request.timeseries_size(), 1);
  EXPECT_EQ(LabelsOf(request.timeseries(0)), (LabelSet{{"__name__", "up"}}));
}

TEST(RemoteWriteMessageTest, ExternalLabelsFillWhatLacksThem) {
  const LabelSet external{{"a", "1"}, {"job", "outside"}, {"z", "2"}};
  OutgoingSamples samples;
  Begin(samples, {{"__name__", "up"}, {"job", "inside"}});
  samples.AddSample({1, 1});
  const Batches batches = Just(std::move(samples));
  const LabelSet want{{"__name__", "up"}, {"a", "1"}, {"job", "inside"}, {"z", "2"}};
  const auto v1 = Parsed<write1::WriteRequest>(
      EncodeRemoteWrite(RemoteWriteProtocol::kV1, batches, external, kDue));
  EXPECT_EQ(LabelsOf(v1.timeseries(0)), want);
  const auto v2 =
      Parsed<write2::Request>(EncodeRemoteWrite(RemoteWriteProtocol::kV2, batches, external, kDue));
  EXPECT_EQ(LabelsOf(v2, v2.timeseries(0).labels_refs()), want);
}

// Two series of one metric, one of a metric that nobody knows, one of which nothing is sent.
OutgoingSamples Described() {
  OutgoingSamples out;
  const uint32_t up = out.AddMetadata({"up", "gauge", "Whether it is up", "ratio"});
  for (const char* const job : {"a", "b"}) {
    Begin(out, {{"__name__", "up"}, {"job", job}});
    out.AddSample({1, 1});
    out.SetMetadata(up);
  }
  Begin(out, {{"__name__", "other"}});
  out.AddSample({1, 1});
  Begin(out, {{"__name__", "only_custom"}});
  out.AddHistogram(1, Custom());
  out.SetMetadata(out.AddMetadata({"only_custom", "histogram", "", ""}));
  return out;
}

TEST(RemoteWriteMessageTest, Version1HasMetadataThatAreDueBesideTheSeries) {
  const Batches batches = Just(Described());
  std::vector<std::string> asked;
  const auto once = [&](const std::string& metric) {
    asked.push_back(metric);
    return asked.size() == 1;
  };
  const auto request =
      Parsed<write1::WriteRequest>(EncodeRemoteWrite(RemoteWriteProtocol::kV1, batches, {}, once));
  EXPECT_THAT(asked, ElementsAre("up", "up"));
  ASSERT_EQ(request.metadata_size(), 1);
  EXPECT_EQ(request.metadata(0).metric_family_name(), "up");
  EXPECT_EQ(static_cast<int>(request.metadata(0).type()), 2);
  EXPECT_EQ(request.metadata(0).help(), "Whether it is up");
  EXPECT_EQ(request.metadata(0).unit(), "ratio");
  EXPECT_EQ(request.timeseries_size(), 3);
}

TEST(RemoteWriteMessageTest, Version2HasMetadataInEachSeries) {
  const auto request = Parsed<write2::Request>(
      EncodeRemoteWrite(RemoteWriteProtocol::kV2, Just(Described()), {}, kDue));
  ASSERT_EQ(request.timeseries_size(), 4);
  for (const int at : {0, 1}) {
    const auto& metadata = request.timeseries(at).metadata();
    EXPECT_EQ(static_cast<int>(metadata.type()), 2);
    EXPECT_EQ(request.symbols(static_cast<int>(metadata.help_ref())), "Whether it is up");
    EXPECT_EQ(request.symbols(static_cast<int>(metadata.unit_ref())), "ratio");
  }
  EXPECT_FALSE(request.timeseries(2).has_metadata());
  EXPECT_EQ(static_cast<int>(request.timeseries(3).metadata().type()), 3);
  EXPECT_EQ(request.symbols(static_cast<int>(request.timeseries(3).metadata().help_ref())), "");
}

TEST(RemoteWriteMessageTest, TypesAreThoseOfPrometheus) {
  const char* const names[] = {"unknown", "counter", "gauge",    "histogram",    "gaugehistogram",
                               "summary", "info",    "stateset", "of the future"};
  OutgoingSamples samples;
  for (const char* const name : names) {
    Begin(samples, {{"__name__", "m"}});
    samples.AddSample({1, 1});
    samples.SetMetadata(samples.AddMetadata({"m", name, "", ""}));
  }
  const auto request = Parsed<write1::WriteRequest>(
      EncodeRemoteWrite(RemoteWriteProtocol::kV1, Just(std::move(samples)), {}, kDue));
  std::vector<int> types;
  for (const auto& metadata : request.metadata())
    types.push_back(static_cast<int>(metadata.type()));
  EXPECT_THAT(types, ElementsAre(0, 1, 2, 3, 4, 5, 6, 7, 0));
}

TEST(RemoteWriteMessageTest, BatchesKeepTheirOrder) {
  Batches batches;
  for (const int64_t time_ms : {1, 2, 3}) {
    auto samples = std::make_unique<OutgoingSamples>();
    Begin(*samples, {{"__name__", "up"}});
    samples->AddSample({time_ms, 1});
    batches.push_back(std::move(samples));
  }
  const auto request =
      Parsed<write1::WriteRequest>(EncodeRemoteWrite(RemoteWriteProtocol::kV1, batches, {}, kDue));
  ASSERT_EQ(request.timeseries_size(), 3);
  for (int i = 0; i < 3; ++i) EXPECT_EQ(request.timeseries(i).samples(0).timestamp(), i + 1);
}

TEST(RemoteWriteMessageTest, Version2HasFloatsAndHistogramsOfASeriesApart) {
  OutgoingSamples out;
  Begin(out, {{"__name__", "latency"}});
  out.AddSample({6000, model::StaleMarker()});
  out.AddHistogram(5000, kWhole);
  out.AddExemplar(900, 0.5, {{"trace_id", "abc"}});
  const RemoteWriteMessage message =
      EncodeRemoteWrite(RemoteWriteProtocol::kV2, Just(std::move(out)), {}, kDue);
  EXPECT_EQ(message.items, 3u);
  const auto request = Parsed<write2::Request>(message);
  ASSERT_EQ(request.timeseries_size(), 2);
  for (const write2::TimeSeries& series : request.timeseries()) {
    EXPECT_EQ(LabelsOf(request, series.labels_refs()), (LabelSet{{"__name__", "latency"}}));
  }
  const write2::TimeSeries& floats = request.timeseries(0);
  EXPECT_EQ(floats.samples_size(), 1);
  EXPECT_EQ(floats.histograms_size() + floats.exemplars_size(), 0);
  const write2::TimeSeries& histograms = request.timeseries(1);
  EXPECT_EQ(histograms.samples_size(), 0);
  ExpectWhole(histograms.histograms(0));
  EXPECT_EQ(histograms.exemplars_size(), 1);
}

}  // namespace
}  // namespace slowburn::forward
