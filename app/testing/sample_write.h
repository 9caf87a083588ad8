// app/testing/sample_write.h: samples that a request brings, and what a core has of them.
//
// Room     app/testing
// Uses     app/, storage/
// Threads  one
// Units    unix milliseconds
#pragma once

#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "app/core.h"
#include "app/series_write.h"
#include "storage/series/packed_labels.h"

namespace slowburn::app {

struct FloatSample {
  std::string name;  // the series is {__name__=name}
  int64_t time_ms = 0;
  double value = 0;
};

// Each is a point of its request, in this order. `read_fails`: as if the store could not be read.
class SampleWrite final : public SeriesWrite {
 public:
  explicit SampleWrite(std::vector<FloatSample> samples, bool read_fails = false)
      : samples_(std::move(samples)), read_fails_(read_fails) {}

  absl::Status AddTo(storage::WritePlan& plan, SeriesOutcome& outcome) override {
    for (uint32_t i = 0; i < samples_.size(); ++i) {
      const FloatSample& sample = samples_[i];
      storage::SampleFate fate = storage::SampleFate::kTaken;
      const model::LabelSet labels{{"__name__", sample.name}};
      const auto series =
          plan.Define(storage::KeyOfLabels(storage::PackLabels(labels)), labels, fate);
      EXPECT_TRUE(series.ok()) << series.status();
      if (*series != nullptr) fate = plan.Add(**series, sample.time_ms, sample.value);
      ++outcome.samples[static_cast<size_t>(fate)];
      if (!storage::IsRefused(fate)) continue;
      outcome.refused_points.push_back({i, fate});
      if (outcome.first_refused.empty())
        outcome.first_refused = sample.name + ": " + std::string(FateReason(fate));
    }
    return read_fails_ ? absl::DataLossError("a block is broken") : absl::OkStatus();
  }
  size_t memory_bytes() const override { return samples_.size() * sizeof(FloatSample); }

 private:
  const std::vector<FloatSample> samples_;
  const bool read_fails_;
};

inline CountedRequest RemoteWrite(std::vector<FloatSample> samples, bool read_fails = false) {
  CountedRequest request;
  request.is_remote_write = true;
  request.deduplicate = false;
  request.items = static_cast<uint32_t>(samples.size());
  request.series = std::make_unique<SampleWrite>(std::move(samples), read_fails);
  return request;
}

// Everything that a core's series hold, by name and time.
using StoredSamples = std::map<std::string, std::map<int64_t, double>>;
inline StoredSamples ReadAllSamples(const Core& core) {
  StoredSamples all;
  const auto snapshot = core.series().TakeSnapshot({}, {});
  const auto selected = snapshot->Select({}, {});
  EXPECT_TRUE(selected.ok()) << selected.status();
  storage::SampleColumns columns;
  for (const storage::SelectedSeries& series : *selected) {
    EXPECT_TRUE(snapshot->ReadSamples(series.id, {}, columns).ok());
    for (size_t i = 0; i < columns.times_ms.size(); ++i) {
      all[std::string(series.labels->Get("__name__"))].emplace(columns.times_ms[i],
                                                               columns.values[i]);
    }
  }
  return all;
}

}  // namespace slowburn::app
