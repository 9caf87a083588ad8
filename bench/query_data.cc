#include "bench/query_data.h"

#include <algorithm>
#include <array>
#include <bit>

#include <fmt/format.h>

namespace slowburn::bench {
namespace {

constexpr size_t kSeriesOfRequest = 500;
constexpr size_t kSamplesOfSeries = 60;  // in a request: what a sender that catches up has

constexpr std::array kCodes = {"200", "301", "404", "500"};
constexpr std::array kBounds = {"0.005", "0.01", "0.025", "0.05", "0.1",
                                "0.25",  "0.5",  "1",     "2.5",  "+Inf"};
constexpr std::array<uint64_t, 10> kBelow = {50, 150, 400, 600, 800, 920, 970, 990, 998, 1000};

uint64_t Mixed(uint64_t x) {  // splitmix64
  x += 0x9e3779b97f4a7c15;
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9;
  x = (x ^ (x >> 27)) * 0x94d049bb133111eb;
  return x ^ (x >> 31);
}

void AppendVarint(std::string& out, uint64_t value) {
  for (; value >= 0x80; value >>= 7) out += static_cast<char>(value | 0x80);
  out += static_cast<char>(value);
}

void AppendField(std::string& out, char tag, std::string_view bytes) {
  out += tag;
  AppendVarint(out, bytes.size());
  out += bytes;
}

void AppendLittleEndian(std::string& out, uint64_t value, int bytes) {
  for (int i = 0; i < bytes; ++i) out += static_cast<char>(value >> (8 * i));
}

// One literal: a block that decompresses at the speed of a copy, the same for everyone.
std::string SnappyLiteral(std::string_view bytes) {
  std::string block;
  block.reserve(bytes.size() + 16);
  AppendVarint(block, bytes.size());
  block += static_cast<char>(0xfc);  // a literal whose length has four bytes
  AppendLittleEndian(block, bytes.size() - 1, 4);
  block += bytes;
  return block;
}

}  // namespace

QueryData::QueryData(const Options& options) : options_(options) {
  const auto zone = [](size_t pod) { return fmt::format("zone-{}", pod % 5); };
  const auto name = [](size_t pod) { return fmt::format("pod-{:05}", pod); };
  const auto add_counters = [&](const char* metric, const char* job, size_t pods) {
    for (size_t pod = 0; pod < pods; ++pod) {
      for (const char* const code : kCodes) {
        Add(Kind::kCounter, {{"__name__", metric},
                             {"code", code},
                             {"job", job},
                             {"pod", name(pod)},
                             {"zone", zone(pod)}});
      }
    }
  };
  add_counters("c1k_total", "shop", options.scale);
  add_counters("c10k_total", "depot", options.scale * 10);
  for (size_t pod = 0; pod < options.scale * 2 / 5; ++pod) {
    for (size_t i = 0; i < kBounds.size(); ++i) {
      Add(Kind::kBucket,
          {{"__name__", "lat_bucket"}, {"job", "shop"}, {"le", kBounds[i]}, {"pod", name(pod)}},
          kBelow[i]);
      series_.back().seed = Mixed(pod + 1);  // buckets of one histogram count the same events
    }
  }
  for (size_t pod = 0; pod < options.scale * 4; ++pod) {
    Add(Kind::kGauge, {{"__name__", "mem_bytes"}, {"pod", name(pod)}, {"zone", zone(pod)}});
  }
  for (size_t pod = 0; pod < options.scale; ++pod) {
    Add(Kind::kOne,
        {{"__name__", "pod_info"}, {"pod", name(pod)}, {"team", fmt::format("team-{}", pod % 12)}});
  }
}

void QueryData::Add(Kind kind, const Labels& labels, uint64_t share) {
  Series series{.kind = kind, .encoded_labels = {}, .seed = Mixed(series_.size()), .share = share};
  for (const auto& [name, value] : labels) {
    std::string label;
    AppendField(label, 0x0a, name);
    AppendField(label, 0x12, value);
    AppendField(series.encoded_labels, 0x0a, label);
  }
  series_.push_back(std::move(series));
}

int64_t QueryData::end_ms() const {
  return options_.start_ms + static_cast<int64_t>(options_.steps - 1) * options_.step_ms;
}

double QueryData::Value(const Series& series, size_t step) const {
  // A counter's step adds less than two of these, so it never falls.
  const uint64_t rate = 10 + series.seed % 1000;
  const uint64_t count = step * rate + Mixed(series.seed + step) % rate;
  switch (series.kind) {
    case Kind::kCounter:
      return static_cast<double>(count);
    case Kind::kBucket:
      return static_cast<double>(count * series.share / 1000);
    case Kind::kGauge:
      return static_cast<double>((1 + Mixed(series.seed + step) % 4096) << 16);
    case Kind::kOne:
      break;
  }
  return 1;
}

std::string QueryData::Body(size_t series_begin, size_t series_end, size_t step_begin,
                            size_t step_end) const {
  std::string request;
  std::string one;
  for (size_t i = series_begin; i < series_end; ++i) {
    one = series_[i].encoded_labels;
    for (size_t step = step_begin; step < step_end; ++step) {
      std::string sample;
      sample += 0x09;
      AppendLittleEndian(sample, std::bit_cast<uint64_t>(Value(series_[i], step)), 8);
      sample += 0x10;
      AppendVarint(sample, static_cast<uint64_t>(options_.start_ms +
                                                 static_cast<int64_t>(step) * options_.step_ms));
      AppendField(one, 0x12, sample);
    }
    AppendField(request, 0x0a, one);
  }
  return SnappyLiteral(request);
}

bool QueryData::Write(const std::function<bool(std::string body)>& send) const {
  for (size_t step = 0; step < options_.steps; step += kSamplesOfSeries) {
    const size_t step_end = std::min(step + kSamplesOfSeries, options_.steps);
    for (size_t i = 0; i < series_.size(); i += kSeriesOfRequest) {
      if (!send(Body(i, std::min(i + kSeriesOfRequest, series_.size()), step, step_end)))
        return false;
    }
  }
  return true;
}

}  // namespace slowburn::bench
