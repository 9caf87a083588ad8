// Goal: whatever a remote write says, decoding it takes at most 16 MiB and 2.5 x its size, in
// linear time, and what its symbols stand for is bounded when it is written out. Method: bodies
// made to grow; the peak of the process's memory.
#include <optional>

#include <gtest/gtest.h>
#include <protozero/pbf_writer.hpp>

#include "base/status.h"
#include "base/testing/peak_memory.h"
#include "collector/internal/decode_cost.h"
#include "collector/remote_write.h"
#include "collector/remote_write_v2.h"

namespace slowburn::collector {
namespace {

constexpr size_t kMillion = 1'000'000;
// Vectors of less than 1 MiB are copied as they grow.
constexpr size_t kUncharged = 8 << 20;

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

struct Body {
  std::string name;
  absl::Status (*decode)(std::string_view, model::SeriesBatch&, base::MemoryLease*);
  std::string body;
  absl::StatusCode want;
};
class WriteAmplificationTest : public testing::TestWithParam<Body> {};

TEST_P(WriteAmplificationTest, MemoryIsBoundedByTheBody) {
  const Body& row = GetParam();
  model::SeriesBatch batch;
  absl::Status status;
  const std::optional<size_t> peak =
      base::PeakGrowth([&] { status = row.decode(row.body, batch, nullptr); });
  EXPECT_EQ(status.code(), row.want) << base::Message(status);
  EXPECT_LE(peak.value_or(0), DecodeCost::BytesMax(row.body.size()) + kUncharged);
}

constexpr auto kOk = absl::StatusCode::kOk;
constexpr auto kTooCostly = absl::StatusCode::kResourceExhausted;

const std::string kSample =
    Framed(2, std::string("\x09\0\0\0\0\0\0\xf0\x3f\x10\x80\x90\xa0\x30", 14));
// "", a long text, "__name__" and "up".
std::string Symbols(size_t bytes) {
  return Framed(4, "") + Framed(4, std::string(bytes, 'x')) + Framed(4, "__name__") +
         Framed(4, "up");
}
const std::string kUsualSeries = Framed(5, Framed(1, "\x02\x03") + kSample);

INSTANTIATE_TEST_SUITE_P(
    Version1, WriteAmplificationTest,
    testing::ValuesIn<Body>({
        {"EmptySeries", DecodeRemoteWrite, Repeated(Framed(1, ""), kMillion), kTooCostly},
        {"EmptySamples", DecodeRemoteWrite, Framed(1, Repeated(Framed(2, ""), 4 * kMillion)),
         kTooCostly},
        {"EmptyHistograms", DecodeRemoteWrite, Framed(1, Repeated(Framed(4, ""), kMillion)),
         kTooCostly},
        {"EmptySpans", DecodeRemoteWrite,
         Framed(1, Framed(4, Repeated(Framed(11, ""), 2 * kMillion))), kTooCostly},
        {"Deltas", DecodeRemoteWrite,
         Framed(1, Framed(4, Framed(12, std::string(4 * kMillion, '\x01')))), kTooCostly},
        {"EmptyMetadata", DecodeRemoteWrite, Repeated(Framed(3, ""), kMillion), kTooCostly},
    }),
    [](const auto& info) { return info.param.name; });

INSTANTIATE_TEST_SUITE_P(
    Version2, WriteAmplificationTest,
    testing::ValuesIn<Body>({
        {"EmptySymbols", DecodeRemoteWriteV2, Repeated(Framed(4, ""), 4 * kMillion), kTooCostly},
        {"EmptySeries", DecodeRemoteWriteV2, Repeated(Framed(5, ""), kMillion), kTooCostly},
        {"UsualSeries", DecodeRemoteWriteV2, Symbols(10) + Repeated(kUsualSeries, 600'000), kOk},
        // References that nobody counts to their end, and that cost nothing.
        {"References", DecodeRemoteWriteV2,
         Symbols(10) + Framed(5, Framed(1, std::string(40 * kMillion, '\x01'))), kOk},
        // Ten thousand times a megabyte is written out of one and 80 kB.
        {"LongSymbolInEverySeries", DecodeRemoteWriteV2,
         Symbols(kMillion) + Repeated(Framed(5, Framed(1, "\x02\x01")), 10'000), kTooCostly},
        {"LongSymbolInEveryLabel", DecodeRemoteWriteV2,
         Symbols(kMillion) + Framed(5, Framed(1, std::string(400, '\x01'))), kTooCostly},
        {"LongSymbolInEveryExemplar", DecodeRemoteWriteV2,
         Symbols(kMillion) + Framed(5, Repeated(Framed(4, Framed(1, "\x02\x01")), 10'000)),
         kTooCostly},
        // The same help text, each time of another metric.
        {"LongSymbolInEveryHelp", DecodeRemoteWriteV2,
         Symbols(kMillion) +
             Repeated(Framed(5, Framed(1, "\x02\x03") + Framed(5, "\x08\x01\x18\x01")) +
                          Framed(5, Framed(1, "\x02\x03") + Framed(5, "\x08\x02\x18\x02")),
                      5'000),
         kTooCostly},
        {"LongSymbolInSomeSeries", DecodeRemoteWriteV2,
         Symbols(kMillion) + Repeated(Framed(5, Framed(1, "\x02\x01")), 60), kOk},
    }),
    [](const auto& info) { return info.param.name; });

}  // namespace
}  // namespace slowburn::collector
