// Goal: payloads are valid OTLP that says the same in both encodings, repeats by seed, and has no
// item twice. Method: decoding with the generated classes; the JSON is read by protobuf's parser
// and compared with the protobuf.
#include "app/load_payload.h"

#include <algorithm>
#include <map>
#include <set>
#include <string>

#include <absl/strings/escaping.h>
#include <fmt/format.h>
#include <google/protobuf/util/json_util.h>
#include <google/protobuf/util/message_differencer.h>
#include <gtest/gtest.h>

#include "opentelemetry/proto/logs/v1/logs.pb.h"
#include "opentelemetry/proto/metrics/v1/metrics.pb.h"
#include "opentelemetry/proto/trace/v1/trace.pb.h"

namespace slowburn::app {
namespace {

using google::protobuf::util::MessageDifferencer;
using model::Signal;
using opentelemetry::proto::common::v1::KeyValue;
using opentelemetry::proto::logs::v1::LogsData;
using opentelemetry::proto::metrics::v1::MetricsData;
using opentelemetry::proto::trace::v1::Span;
using opentelemetry::proto::trace::v1::TracesData;
using std::chrono::nanoseconds;
using std::chrono::seconds;
using Attributes = google::protobuf::RepeatedPtrField<KeyValue>;

constexpr base::UnixNanos kStart{seconds(1'790'000'000)};
constexpr base::UnixNanos kNow = kStart + seconds(60);

LoadPayloadOptions Options(Signal signal) {
  return {.signal = signal,
          .encoding = LoadEncoding::kProtobuf,
          .items = 40,
          .services = 12,
          .cardinality = 7,
          .error_ratio = 0.25,
          .latency = *LoadLatency::Parse("20,200"),
          .attributes = 10,
          .seed = 5,
          .start = kStart};
}

std::string Body(const LoadPayloadOptions& options, uint64_t number, base::UnixNanos now = kNow) {
  std::string body;
  MakeLoadPayload(options)->Make(number, now, body);
  return body;
}

template <typename Message>
Message Decoded(const std::string& body) {
  Message message;
  EXPECT_TRUE(message.ParseFromString(body));
  return message;
}

std::string AttributeText(const Attributes& attributes, const std::string& key) {
  for (const KeyValue& attribute : attributes) {
    if (attribute.key() != key) continue;
    return attribute.value().has_int_value() ? std::to_string(attribute.value().int_value())
                                             : attribute.value().string_value();
  }
  return "";
}

// Protobuf's parser takes ids for base64, which their hex digits happen to be.
void UndoBase64(std::string& id) {
  std::string hex;
  absl::Base64Escape(id, &hex);
  id = absl::HexStringToBytes(hex);
}
void UndoBase64(TracesData& data) {
  for (auto& span : *data.mutable_resource_spans(0)->mutable_scope_spans(0)->mutable_spans()) {
    UndoBase64(*span.mutable_trace_id());
    UndoBase64(*span.mutable_span_id());
  }
}
void UndoBase64(LogsData& data) {
  for (auto& log : *data.mutable_resource_logs(0)->mutable_scope_logs(0)->mutable_log_records()) {
    UndoBase64(*log.mutable_trace_id());
    UndoBase64(*log.mutable_span_id());
  }
}
void UndoBase64(MetricsData&) {}

template <typename Message>
void ExpectTheSameInJson(Signal signal) {
  LoadPayloadOptions options = Options(signal);
  options.latency = *LoadLatency::Parse("2000,9000");  // full buckets
  for (const uint64_t number : {0u, 1u, 11u, 12'345'678u}) {
    options.encoding = LoadEncoding::kProtobuf;
    const Message binary = Decoded<Message>(Body(options, number));
    options.encoding = LoadEncoding::kJson;
    const std::string json = Body(options, number);
    Message from_json;
    const auto parsed = google::protobuf::util::JsonStringToMessage(json, &from_json);
    ASSERT_TRUE(parsed.ok()) << parsed.ToString() << "\n" << json.substr(0, 2000);
    UndoBase64(from_json);
    EXPECT_TRUE(MessageDifferencer::Equals(binary, from_json))
        << binary.DebugString().substr(0, 2000) << "\n"
        << from_json.DebugString().substr(0, 2000);
  }
}

TEST(LoadPayloadTest, SpansSayTheSameInJson) { ExpectTheSameInJson<TracesData>(Signal::kTraces); }
TEST(LoadPayloadTest, LogsSayTheSameInJson) { ExpectTheSameInJson<LogsData>(Signal::kLogs); }
TEST(LoadPayloadTest, MetricsSayTheSameInJson) {
  ExpectTheSameInJson<MetricsData>(Signal::kMetrics);
}

uint64_t BigEndian(std::string_view bytes) {
  uint64_t number = 0;
  for (const char c : bytes) number = number << 8 | static_cast<unsigned char>(c);
  return number;
}

TEST(LoadPayloadTest, SpansAreWhatWasAskedFor) {
  const LoadPayloadOptions options = Options(Signal::kTraces);
  const auto payload = MakeLoadPayload(options);
  EXPECT_EQ(payload->items(), 40u);
  std::set<std::string> span_ids;
  std::set<std::string> routes;
  uint64_t serial = 0;
  uint64_t bad = 0;
  std::vector<uint64_t> durations;
  std::string body;
  for (uint64_t number = 0; number < 100; ++number) {
    const LoadPayload::Made made = payload->Make(number, kNow, body);
    const TracesData data = Decoded<TracesData>(body);
    ASSERT_EQ(data.resource_spans_size(), 1);
    const auto& resource = data.resource_spans(0).resource().attributes();
    EXPECT_EQ(AttributeText(resource, "service.name"), fmt::format("load-{:02}", number % 12));
    EXPECT_EQ(made.service, number % 12);
    uint64_t bad_here = 0;
    for (const Span& span : data.resource_spans(0).scope_spans(0).spans()) {
      EXPECT_EQ(span.trace_id().size(), 16u);
      EXPECT_EQ(BigEndian(span.trace_id().substr(0, 8)), serial++);
      EXPECT_EQ(span.span_id().size(), 8u);
      EXPECT_NE(span.span_id(), std::string(8, '\0'));
      EXPECT_TRUE(span_ids.insert(span.span_id()).second);
      EXPECT_EQ(span.kind(), Span::SPAN_KIND_SERVER);
      const std::string route = AttributeText(span.attributes(), "http.route");
      routes.insert(route);
      EXPECT_EQ(span.name(), "GET " + route);
      EXPECT_EQ(span.attributes_size(), 10);
      const bool is_error = span.status().code() == 2;
      EXPECT_EQ(AttributeText(span.attributes(), "http.response.status_code"),
                is_error ? "500" : "200");
      bad_here += is_error ? 1 : 0;
      EXPECT_LE(span.end_time_unix_nano(), static_cast<uint64_t>(kNow.time_since_epoch().count()));
      durations.push_back(span.end_time_unix_nano() - span.start_time_unix_nano());
    }
    EXPECT_EQ(made.bad, bad_here);
    bad += bad_here;
  }
  EXPECT_EQ(serial, 4000u);
  EXPECT_NEAR(static_cast<double>(bad) / 4000, 0.25, 0.03);
  EXPECT_EQ(routes, (std::set<std::string>{"/route/0", "/route/1", "/route/2", "/route/3",
                                           "/route/4", "/route/5", "/route/6"}));
  std::ranges::sort(durations);
  EXPECT_NEAR(static_cast<double>(durations[2000]) / 1e6, 20, 2);
  EXPECT_NEAR(static_cast<double>(durations[3960]) / 1e6, 200, 40);
}

TEST(LoadPayloadTest, LogsAreWhatWasAskedFor) {
  const auto payload = MakeLoadPayload(Options(Signal::kLogs));
  std::map<std::string, int> severities;
  std::set<std::string> span_ids;
  std::string body;
  for (uint64_t number = 0; number < 50; ++number) {
    const LoadPayload::Made made = payload->Make(number, kNow, body);
    const LogsData data = Decoded<LogsData>(body);
    uint64_t bad = 0;
    for (const auto& log : data.resource_logs(0).scope_logs(0).log_records()) {
      ++severities[log.severity_text()];
      const std::map<std::string, int> kNumbers = {{"D", 5}, {"I", 9}, {"W", 13}, {"E", 17}};
      EXPECT_EQ(log.severity_number(), kNumbers.at(log.severity_text()));
      EXPECT_TRUE(span_ids.insert(log.span_id()).second);
      const std::string status = AttributeText(log.attributes(), "http.response.status_code");
      EXPECT_EQ(log.body().string_value().substr(0, 28),
                fmt::format("GET {} answered {} in ", AttributeText(log.attributes(), "http.route"),
                            status)
                    .substr(0, 28));
      EXPECT_EQ(status == "500", log.severity_text() == "E");
      bad += status == "500" ? 1 : 0;
    }
    EXPECT_EQ(made.bad, bad);
  }
  EXPECT_NEAR(severities["E"], 500, 80);
  EXPECT_NEAR(severities["D"], 300, 70);
  EXPECT_NEAR(severities["W"], 150, 50);
  EXPECT_NEAR(severities["I"], 1050, 100);
}

struct Stream {
  uint64_t value = 0;
  std::vector<uint64_t> buckets;
  int points = 0;
};

// 7 routes of 4 points fit into 40 items once; with 3 routes in a request there are 3 stretches.
class MetricStreamsTest : public testing::TestWithParam<size_t> {};

TEST_P(MetricStreamsTest, AreCumulativeAndConsistent) {
  LoadPayloadOptions options = Options(Signal::kMetrics);
  options.items = GetParam();
  const auto payload = MakeLoadPayload(options);
  EXPECT_LE(payload->items(), options.items);
  std::map<std::string, Stream> streams;
  std::set<std::string> routes;
  std::string body;
  for (uint64_t number = 0; number < 12 * 9; ++number) {
    payload->Make(number, kNow + seconds(number), body);
    const MetricsData data = Decoded<MetricsData>(body);
    const auto& resource = data.resource_metrics(0);
    const std::string service = AttributeText(resource.resource().attributes(), "service.name");
    const auto& metrics = resource.scope_metrics(0).metrics();
    ASSERT_EQ(metrics.size(), 3);
    std::set<std::string> here;
    std::map<std::string, uint64_t> requests;  // by route
    size_t points = 0;
    const auto time = static_cast<uint64_t>((kNow + seconds(number)).time_since_epoch().count());
    const auto start = static_cast<uint64_t>(kStart.time_since_epoch().count());
    EXPECT_EQ(metrics[0].sum().aggregation_temporality(), 2);
    EXPECT_TRUE(metrics[0].sum().is_monotonic());
    for (const auto& point : metrics[0].sum().data_points()) {
      const std::string route = AttributeText(point.attributes(), "http.route");
      const std::string name =
          service + route + " " + AttributeText(point.attributes(), "http.response.status_code");
      EXPECT_TRUE(here.insert(name).second) << name;
      const auto value = static_cast<uint64_t>(point.as_int());
      EXPECT_GE(value, streams[name].value);
      streams[name].value = value;
      ++streams[name].points;
      requests[route] += value;
      EXPECT_EQ(point.start_time_unix_nano(), start);
      EXPECT_EQ(point.time_unix_nano(), time);
      ++points;
    }
    EXPECT_EQ(metrics[1].histogram().aggregation_temporality(), 2);
    for (const auto& point : metrics[1].histogram().data_points()) {
      const std::string route = AttributeText(point.attributes(), "http.route");
      const std::string name = service + route + " duration";
      EXPECT_TRUE(here.insert(name).second) << name;
      EXPECT_EQ(point.count(), requests[route]);
      EXPECT_GT(point.count(), streams[name].value);
      streams[name].value = point.count();
      ASSERT_EQ(point.bucket_counts_size(), point.explicit_bounds_size() + 1);
      streams[name].buckets.resize(static_cast<size_t>(point.bucket_counts_size()));
      uint64_t sum = 0;
      for (int i = 0; i < point.bucket_counts_size(); ++i) {
        uint64_t& bucket = streams[name].buckets[static_cast<size_t>(i)];
        EXPECT_GE(point.bucket_counts(i), bucket);
        bucket = point.bucket_counts(i);
        sum += bucket;
      }
      EXPECT_EQ(sum, point.count());
      EXPECT_NEAR(point.sum() / static_cast<double>(point.count()), options.latency.mean().count(),
                  1e-9);
      EXPECT_EQ(point.start_time_unix_nano(), start);
      EXPECT_EQ(point.time_unix_nano(), time);
      ++points;
    }
    for (const auto& point : metrics[2].gauge().data_points()) {
      const std::string route = AttributeText(point.attributes(), "http.route");
      EXPECT_TRUE(here.insert(service + route + " queue").second);
      EXPECT_TRUE(point.has_as_double());
      EXPECT_EQ(point.time_unix_nano(), time);
      routes.insert(route);
      ++points;
    }
    EXPECT_EQ(points, payload->items());
  }
  EXPECT_GE(routes.size(), 7u);
  EXPECT_LE(routes.size(), 9u);
  EXPECT_EQ(streams.size(), 12 * 3 * routes.size());
  double good = 0;
  double bad = 0;
  for (const auto& [name, stream] : streams) {
    if (name.ends_with("200")) good += static_cast<double>(stream.value);
    if (name.ends_with("500")) bad += static_cast<double>(stream.value);
  }
  EXPECT_NEAR(bad / (good + bad), 0.25, 0.01);
}

INSTANTIATE_TEST_SUITE_P(ItemsPerRequest, MetricStreamsTest, testing::Values(4, 13, 28, 512));

struct Repeat {
  Signal signal;
  LoadEncoding encoding;
};
class LoadPayloadRepeatTest : public testing::TestWithParam<Repeat> {};

TEST_P(LoadPayloadRepeatTest, BySeedAndNumber) {
  LoadPayloadOptions options = Options(GetParam().signal);
  options.encoding = GetParam().encoding;
  const std::string body = Body(options, 31);
  EXPECT_EQ(Body(options, 31), body);
  EXPECT_NE(Body(options, 32), body);
  EXPECT_NE(Body(options, 31 + 12), body);  // of the same service
  EXPECT_EQ(Body(options, 32).size(), body.size());
  EXPECT_NE(Body(options, 31, kNow + nanoseconds(1)), body);
  options.seed = 6;
  EXPECT_NE(Body(options, 31), body);
}

INSTANTIATE_TEST_SUITE_P(All, LoadPayloadRepeatTest,
                         testing::ValuesIn<Repeat>({{Signal::kTraces, LoadEncoding::kProtobuf},
                                                    {Signal::kTraces, LoadEncoding::kJson},
                                                    {Signal::kMetrics, LoadEncoding::kProtobuf},
                                                    {Signal::kMetrics, LoadEncoding::kJson},
                                                    {Signal::kLogs, LoadEncoding::kProtobuf},
                                                    {Signal::kLogs, LoadEncoding::kJson}}),
                         [](const auto& info) {
                           return std::string(model::SignalName(info.param.signal)) +
                                  (info.param.encoding == LoadEncoding::kJson ? "Json"
                                                                              : "Protobuf");
                         });

TEST(LoadPayloadTest, OnlyTimesFollowTheClock) {
  const LoadPayloadOptions options = Options(Signal::kTraces);
  TracesData now = Decoded<TracesData>(Body(options, 3));
  TracesData later = Decoded<TracesData>(Body(options, 3, kNow + seconds(100)));
  const auto shift = static_cast<uint64_t>(nanoseconds(seconds(100)).count());
  for (Span& span : *now.mutable_resource_spans(0)->mutable_scope_spans(0)->mutable_spans()) {
    span.set_start_time_unix_nano(span.start_time_unix_nano() + shift);
    span.set_end_time_unix_nano(span.end_time_unix_nano() + shift);
  }
  EXPECT_TRUE(MessageDifferencer::Equals(now, later));
}

TEST(LoadPayloadTest, AllGoodAndAllBad) {
  LoadPayloadOptions options = Options(Signal::kTraces);
  std::string body;
  options.error_ratio = 0;
  EXPECT_EQ(MakeLoadPayload(options)->Make(9, kNow, body).bad, 0u);
  options.error_ratio = 1;
  EXPECT_EQ(MakeLoadPayload(options)->Make(9, kNow, body).bad, 40u);
}

TEST(LoadPayloadTest, TheSmallestOfAll) {
  for (const Signal signal : model::kSignals) {
    LoadPayloadOptions options = Options(signal);
    options.items = signal == Signal::kMetrics ? 4 : 1;
    options.services = options.cardinality = 1;
    options.attributes = 3;
    const auto payload = MakeLoadPayload(options);
    EXPECT_EQ(payload->items(), options.items);
    std::string body;
    EXPECT_EQ(payload->Make(77, kNow, body).service, 0u);
    EXPECT_NE(body.find("load-0"), std::string::npos);
    EXPECT_NE(body.find("/route/0"), std::string::npos);
  }
}

}  // namespace
}  // namespace slowburn::app
