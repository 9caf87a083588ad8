// Goal: whatever the bytes, decoding a body takes at most 16 MiB and 2.5 x its size, linear time
// and no stack, and what instrumentation sends is taken however much of it there is. Method: bodies
// made to grow, deep ones, and ones just below the limit; the peak of the process's memory.
#include <optional>

#include <gtest/gtest.h>
#include <protozero/pbf_writer.hpp>

#include "base/status.h"
#include "base/testing/peak_memory.h"
#include "collector/internal/decode_cost.h"
#include "collector/testing/decoders.h"

namespace slowburn::collector {
namespace {

using model::Signal;

constexpr size_t kMillion = 1'000'000;

std::string Framed(uint32_t number, std::string_view content) {
  std::string out;
  protozero::pbf_writer(out).add_bytes(number, content.data(), content.size());
  return out;
}

std::string Repeated(std::string_view bytes, size_t count) {
  std::string repeated;
  repeated.reserve(bytes.size() * count);
  for (size_t i = 0; i < count; ++i) repeated += bytes;
  return repeated;
}

// A fixed64 or double.
std::string Number(uint32_t number, uint64_t value) {
  std::string out;
  protozero::pbf_writer(out).add_fixed64(number, value);
  return out;
}

// One scope of one resource.
std::string Request(std::string_view items) { return Framed(1, Framed(2, items)); }

// A metric "m" whose `data` has these points.
std::string Metric(uint32_t data, std::string_view points) {
  return Request(Framed(2, Framed(1, "m") + Framed(data, points)));
}
constexpr uint32_t kGauge = 5;
constexpr uint32_t kExponentialHistogram = 10;

// AnyValue arrays in each other.
std::string DeepValue(int depth) {
  std::string value;
  for (int i = 0; i < depth; ++i) value = Framed(5, Framed(1, value));
  return value;
}

const std::string kIds = Framed(1, std::string(16, '\x11')) + Framed(2, std::string(8, '\x22'));
const std::string kTime = Number(3, 1);
const std::string kNumberPoint = Framed(1, kTime + Number(6, 1));
const std::string kDeep = Framed(1, "k") + Framed(2, DeepValue(2000));

// Vectors of less than 1 MiB are copied as they grow.
constexpr size_t kUncharged = 8 << 20;

struct Body {
  std::string name;
  Signal signal;
  std::string body;
  absl::StatusCode want;
};

class AmplificationTest : public testing::TestWithParam<Body> {};

template <typename Decoding>
void CheckMemory(const Body& row) {
  typename Decoding::Batch batch;
  absl::Status status;
  const std::optional<size_t> peak =
      base::PeakGrowth([&] { status = Decoding::Decode(row.body, TestProjection(), batch); });
  EXPECT_EQ(status.code(), row.want) << base::Message(status);
  EXPECT_LE(peak.value_or(0), DecodeCost::BytesMax(row.body.size()) + kUncharged);
  if (!status.ok()) {
    EXPECT_EQ(batch.decoded(), 0u);
  }
}

TEST_P(AmplificationTest, MemoryIsBoundedByTheBody) {
  switch (GetParam().signal) {
    case Signal::kTraces:
      return CheckMemory<TraceDecoding>(GetParam());
    case Signal::kMetrics:
      return CheckMemory<MetricDecoding>(GetParam());
    case Signal::kLogs:
      return CheckMemory<LogDecoding>(GetParam());
  }
}

std::string NameOf(const testing::TestParamInfo<Body>& info) { return info.param.name; }

constexpr auto kOk = absl::StatusCode::kOk;
constexpr auto kTooCostly = absl::StatusCode::kResourceExhausted;

// What is written as small as it can be and still says something is taken however much of it comes
// at once, up to the largest body or nearly so.
std::string UsualSpan() {
  return Framed(2, kIds + Framed(4, std::string(8, '\x33')) + Framed(5, "GET /cart") + "\x30\x02" +
                       Number(7, 1) + Number(8, 2));
}
std::string RootSpan() {
  return Framed(2, kIds + Framed(5, "GET /") + Number(7, 1) + Number(8, 2));
}
std::string UsualPoint(std::string_view attributes) {
  return Framed(1, kTime + Number(4, 2) + std::string(attributes));
}
const std::string kCpu = Framed(7, Framed(1, "cpu") + Framed(2, Framed(1, "cpu0")));
const std::string kState = Framed(7, Framed(1, "state") + Framed(2, Framed(1, "idle")));

INSTANTIATE_TEST_SUITE_P(
    Usual, AmplificationTest,
    testing::ValuesIn<Body>({
        {"Spans64MB", Signal::kTraces, Request(Repeated(UsualSpan(), 64 * kMillion / 74)), kOk},
        {"RootSpans64MB", Signal::kTraces, Request(Repeated(RootSpan(), 64 * kMillion / 57)), kOk},
        {"Points64MB", Signal::kMetrics,
         Metric(kGauge, Repeated(UsualPoint(Number(2, 1) + kCpu + kState), 64 * kMillion / 61)),
         kOk},
        {"PointsOfOneAttribute20MB", Signal::kMetrics,
         Metric(kGauge, Repeated(UsualPoint(kCpu), 20 * kMillion / 35)), kOk},
        {"BarePoints10MB", Signal::kMetrics,
         Metric(kGauge, Repeated(UsualPoint(""), 10 * kMillion / 20)), kOk},
        {"Records64MB", Signal::kLogs,
         Request(Repeated(Framed(2, Number(1, 1) + Number(11, 1) +
                                        Framed(5, Framed(1, "a short line of text"))),
                          64 * kMillion / 44)),
         kOk},
    }),
    NameOf);

INSTANTIATE_TEST_SUITE_P(
    Traces, AmplificationTest,
    testing::ValuesIn<Body>({
        // A rejected span takes 8 bytes for 2.
        {"EmptySpans", Signal::kTraces, Request(Repeated(Framed(2, ""), 2 * kMillion)), kOk},
        {"EmptySpansBesideOthers", Signal::kTraces,
         Request(Framed(2, kIds) + Repeated(Framed(2, ""), 10 * kMillion)), kTooCostly},
        {"EmptyScopeSpans", Signal::kTraces, Framed(1, Repeated(Framed(2, ""), 4 * kMillion)), kOk},
        {"EmptyResourceSpans", Signal::kTraces, Repeated(Framed(1, ""), 4 * kMillion), kOk},
        {"SmallestSpans", Signal::kTraces, Request(Repeated(Framed(2, kIds), kMillion)),
         kTooCostly},
        {"SmallestSpansInOwnResources", Signal::kTraces,
         Repeated(Framed(1, Framed(2, Framed(2, kIds))), kMillion), kTooCostly},
        {"EmptyAttributesOfOneSpan", Signal::kTraces,
         Request(Framed(2, kIds + Repeated(Framed(9, Framed(1, "k")), 2 * kMillion))), kTooCostly},
        {"SkippedAttributes", Signal::kTraces,
         Request(Framed(2, kIds + Repeated(Framed(9, ""), kMillion))), kOk},
        {"ScatteredResource", Signal::kTraces,
         Framed(1, Repeated(Framed(1, Framed(1, Framed(1, "k"))) + Framed(2, Framed(2, kIds)),
                            400'000)),
         kTooCostly},
        {"DeepValue", Signal::kTraces, Request(Framed(2, kIds + Framed(9, kDeep))), kOk},
    }),
    NameOf);

INSTANTIATE_TEST_SUITE_P(
    Metrics, AmplificationTest,
    testing::ValuesIn<Body>({
        {"EmptyPoints", Signal::kMetrics, Metric(kGauge, Repeated(Framed(1, ""), 2 * kMillion)),
         kOk},
        {"EmptyExponentialPoints", Signal::kMetrics,
         Metric(kExponentialHistogram, Repeated(Framed(1, ""), 2 * kMillion)), kOk},
        {"EmptyPointsWithEmptyExemplars", Signal::kMetrics,
         Metric(kGauge, Repeated(Framed(1, Framed(5, "")), kMillion)), kOk},
        {"EmptyMetrics", Signal::kMetrics, Request(Repeated(Framed(2, ""), 4 * kMillion)), kOk},
        {"EmptyData", Signal::kMetrics,
         Request(Framed(2, Repeated(Framed(kGauge, "") + Framed(7, ""), kMillion))), kOk},
        {"SmallestNumbers", Signal::kMetrics, Metric(kGauge, Repeated(kNumberPoint, kMillion)),
         kTooCostly},
        {"PointsWithoutValue", Signal::kMetrics,
         Metric(kGauge, Repeated(Framed(1, kTime), kMillion)), kTooCostly},
        {"EndedExponentialPoints", Signal::kMetrics,
         Metric(kExponentialHistogram, Repeated(Framed(1, kTime + "\x50\x01"), kMillion)),
         kTooCostly},
        {"EmptyAttributesOfOnePoint", Signal::kMetrics,
         Metric(kGauge, Framed(1, kTime + Repeated(Framed(7, ""), kMillion))), kTooCostly},
        {"EmptyAttributesOfOneExemplar", Signal::kMetrics,
         Metric(kGauge, Framed(1, kTime + Framed(5, Repeated(Framed(7, ""), kMillion)))),
         kTooCostly},
        {"ExemplarsBetweenAttributes", Signal::kMetrics,
         Metric(kGauge,
                Framed(1, kTime + Repeated(Framed(5, Framed(7, "") + Number(6, 1)) + Framed(7, ""),
                                           100'000))),
         kTooCostly},
        {"BucketsOfOneByte", Signal::kMetrics,
         Metric(kExponentialHistogram,
                Framed(1, kTime + Framed(8, Framed(2, std::string(5 * kMillion, '\0'))))),
         kTooCostly},
        {"BucketsInTurns", Signal::kMetrics,
         Metric(kExponentialHistogram, Framed(1, kTime + Repeated(Framed(8, Framed(2, "\x01")) +
                                                                      Framed(9, Framed(2, "\x01")),
                                                                  100'000))),
         kTooCostly},
        // Small as each of them is: what they leave is dropped, the work is not.
        {"BucketsInTurnsOfRejectedMetrics", Signal::kMetrics,
         Request(Repeated(Framed(2,
                                 Framed(kExponentialHistogram,
                                        Framed(1, kTime + Repeated(Framed(8, Framed(2, "\x01")) +
                                                                       Framed(9, Framed(2, "\x01")),
                                                                   500)))),
                          50)),
         kTooCostly},
        {"BucketsInTurnsOfOneMetric", Signal::kMetrics,
         Metric(kExponentialHistogram,
                Framed(1, kTime + Number(4, 1000) +
                              Repeated(Framed(8, Framed(2, "\x01")) + Framed(9, Framed(2, "\x01")),
                                       500))),
         kOk},
        {"EmptyQuantiles", Signal::kMetrics,
         Metric(11, Framed(1, kTime + Repeated(Framed(6, ""), 3 * kMillion))), kTooCostly},
        {"AttributeOfManyValues", Signal::kMetrics,
         Metric(kGauge,
                Framed(1, kTime + Framed(7, Framed(1, "k") + Repeated(Framed(2, Framed(1, "v")),
                                                                      kMillion / 2)))),
         kOk},
        {"DeepValue", Signal::kMetrics,
         Metric(kGauge, Framed(1, kTime + Number(6, 1) + Framed(7, kDeep))), kOk},
        {"DeepValueOfResource", Signal::kMetrics,
         Framed(1, Framed(1, Framed(1, kDeep)) +
                       Framed(2, Framed(2, Framed(1, "m") + Framed(kGauge, kNumberPoint)))),
         kOk},
    }),
    NameOf);

INSTANTIATE_TEST_SUITE_P(
    Logs, AmplificationTest,
    testing::ValuesIn<Body>({
        {"FewEmptyRecords", Signal::kLogs, Request(Repeated(Framed(2, ""), 100'000)), kOk},
        {"EmptyRecords", Signal::kLogs, Request(Repeated(Framed(2, ""), kMillion)), kTooCostly},
        {"EmptyScopeLogs", Signal::kLogs, Framed(1, Repeated(Framed(2, ""), 4 * kMillion)), kOk},
        {"RecordsAsSmallAsTheyAreWritten", Signal::kLogs,
         Request(Repeated(Framed(2, Number(1, 1) + Number(11, 1) +
                                        Framed(5, Framed(1, "a short line"))),
                          300'000)),
         kOk},
        {"EmptyAttributesOfOneRecord", Signal::kLogs,
         Request(Framed(2, Repeated(Framed(6, Framed(1, "k")), 2 * kMillion))), kTooCostly},
        {"DeepBody", Signal::kLogs, Request(Framed(2, Framed(5, DeepValue(2000)))), kOk},
        {"DeepAttribute", Signal::kLogs, Request(Framed(2, Framed(6, kDeep))), kOk},
    }),
    NameOf);

TEST(DecodeCostTest, ALeasePaysForWhatIsDecoded) {
  base::MemoryBudget budget(5 << 20);
  base::MemoryLease lease(&budget);
  const std::string body = Request(Repeated(UsualSpan(), 20'000));
  model::SpanBatch batch;
  ASSERT_TRUE(DecodeTraces(body, TestProjection(), batch, &lease).ok());
  EXPECT_GE(lease.bytes(), 20'000 * sizeof(model::Span));
  EXPECT_LE(lease.bytes(), batch.memory_bytes() * 3 / 2);
  // As much again does not fit now, and says so; what never will is too large.
  base::MemoryLease other = lease.Another();
  const absl::Status refused = DecodeTraces(body, TestProjection(), batch, &other);
  EXPECT_TRUE(absl::IsUnavailable(refused)) << base::Message(refused);
  EXPECT_EQ(batch.decoded(), 0u);
  lease.Release();
  other.Release();
  const std::string more = Request(Repeated(UsualSpan(), 100'000));
  EXPECT_TRUE(absl::IsResourceExhausted(DecodeTraces(more, TestProjection(), batch, &lease)));
}

TEST(DecodeCostTest, DoesNotDependOnTheRequestsBefore) {
  const std::string costly = Request(Repeated(Framed(2, ""), kMillion));
  const std::string large = Request(Repeated(Framed(2, Framed(5, Framed(1, "text"))), 130'000));
  model::LogBatch batch;
  ASSERT_TRUE(DecodeLogs(large, TestProjection(), batch).ok());
  EXPECT_TRUE(absl::IsResourceExhausted(DecodeLogs(costly, TestProjection(), batch)));
  EXPECT_TRUE(DecodeLogs(large, TestProjection(), batch).ok());
}

}  // namespace
}  // namespace slowburn::collector
