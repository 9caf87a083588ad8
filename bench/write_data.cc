#include "bench/write_data.h"

#include <bit>
#include <cstring>
#include <utility>

#include <fmt/format.h>

#include "net/snappy_block.h"

namespace slowburn::bench {
namespace {

constexpr int64_t kStepMs = 15'000;

void AppendVarint(std::string& out, uint64_t value) {
  for (; value >= 0x80; value >>= 7) out += static_cast<char>(value | 0x80);
  out += static_cast<char>(value);
}

void AppendField(std::string& out, char tag, std::string_view bytes) {
  out += tag;
  AppendVarint(out, bytes.size());
  out += bytes;
}

std::string EncodedLabels(size_t i) {
  const std::pair<const char*, std::string> labels[] = {
      {"__name__", fmt::format("metric_{}_total", i % 50)},
      {"cluster", "eu-1"},
      {"env", "prod"},
      {"instance", fmt::format("10.0.{}.{}:9100", i / 12800, i / 50 % 256)},
      {"job", fmt::format("job-{}", i % 7)},
      {"namespace", fmt::format("team-{}", i % 20)},
      {"node", fmt::format("node-{}", i / 50 % 64)},
      {"pod", fmt::format("service-{}-{}", i % 7, i / 50)},
      {"zone", fmt::format("zone-{}", i % 3)}};
  std::string encoded;
  for (const auto& [name, value] : labels) {
    std::string label;
    AppendField(label, 0x0a, name);
    AppendField(label, 0x12, value);
    AppendField(encoded, 0x0a, label);
  }
  return encoded;
}

}  // namespace

WriteBlock::Kind WriteBlock::KindOf(WriteMix mix, size_t series) {
  if (mix == WriteMix::kCounters) return series % 4 == 0 ? Kind::kIdleCounter : Kind::kCounter;
  const size_t place = series % 20;
  if (place < 2) return Kind::kWalk;
  if (place < 4) return Kind::kFlatGauge;
  if (place < 8) return Kind::kGauge;
  return place < 11 ? Kind::kIdleCounter : Kind::kCounter;
}

WriteBlock::WriteBlock(WriteMix mix, size_t first_series, size_t series, int64_t start_ms,
                       uint64_t seed)
    : random_(seed + first_series), time_ms_(start_ms) {
  for (size_t i = first_series; i < first_series + series; ++i) {
    Series one{.kind = KindOf(mix, i), .encoded_labels = EncodedLabels(i)};
    one.rate = static_cast<uint32_t>(1 + random_() % 1000);
    one.value = static_cast<double>(random_() % 100'000);
    series_.push_back(std::move(one));
  }
}

double WriteBlock::NextValue(Series& series) {
  switch (series.kind) {
    case Kind::kCounter:
      return series.value += static_cast<double>(series.rate + random_() % series.rate);
    case Kind::kGauge:
      return series.value += static_cast<double>(random_() % 41) - 20;
    case Kind::kWalk:
      return series.value += normal_(random_);
    case Kind::kIdleCounter:
    case Kind::kFlatGauge:
      break;
  }
  return series.value;
}

std::string WriteBlock::Next() {
  time_ms_ += kStepMs;
  std::string time;
  AppendVarint(time, static_cast<uint64_t>(time_ms_));
  body_.clear();
  for (Series& series : series_) {
    char value[8];
    const auto bits = std::bit_cast<uint64_t>(NextValue(series));
    std::memcpy(value, &bits, sizeof value);  // the wire is little-endian, and so is this machine
    const size_t sample_size = 1 + sizeof value + 1 + time.size();
    body_ += 0x0a;
    AppendVarint(body_, series.encoded_labels.size() + 2 + sample_size);
    body_ += series.encoded_labels;
    body_ += 0x12;
    body_ += static_cast<char>(sample_size);
    body_ += 0x09;
    body_.append(value, sizeof value);
    body_ += 0x10;
    body_ += time;
  }
  return net::EncodeSnappyBlock(body_);
}

}  // namespace slowburn::bench
