// app/testing/counted_write.h: samples as a remote write brings them, with what SLIs read of them.
//
// Room     app/testing
// Uses     app/, slo/, storage/series
// Threads  one
// Units    unix milliseconds
#pragma once

#include <functional>
#include <limits>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "app/request_plan.h"
#include "base/status.h"
#include "slo/series_matcher.h"
#include "storage/series/packed_labels.h"

namespace slowburn::app {

struct WrittenSample {
  model::LabelSet labels;
  int64_t time_ms = 0;
  double value = 0;
};

class CountedWrite final : public SeriesWrite {
 public:
  explicit CountedWrite(std::vector<WrittenSample> samples) : samples_(std::move(samples)) {}

  absl::Status AddTo(storage::WritePlan& plan, SeriesOutcome& outcome) override {
    for (const WrittenSample& sample : samples_) {
      const storage::SeriesKey key = storage::KeyOfLabels(storage::PackLabels(sample.labels));
      storage::SampleFate fate = storage::SampleFate::kTaken;
      storage::HeadSeries* series = plan.Find(key);
      if (series == nullptr) {
        SB_ASSIGN_OR_RETURN(series, plan.Define(key, sample.labels, fate));
      }
      if (series != nullptr) fate = plan.Add(*series, sample.time_ms, sample.value);
      ++outcome.samples[static_cast<size_t>(fate)];
    }
    return absl::OkStatus();
  }
  size_t memory_bytes() const override { return samples_.capacity() * sizeof(WrittenSample); }

 private:
  std::vector<WrittenSample> samples_;
};

inline CountedRequest RequestOf(const std::vector<WrittenSample>& samples,
                                const slo::SeriesMatcher& matcher) {
  CountedRequest request;
  request.is_remote_write = true;
  request.deduplicate = false;
  request.items = static_cast<uint32_t>(samples.size());
  model::SeriesBatch batch;
  for (const WrittenSample& sample : samples) {
    batch.samples.push_back({sample.time_ms, sample.value});
    batch.series.push_back({.labels_hash_high = std::hash<std::string>{}(sample.labels.Text()),
                            .labels_hash_low = 0,
                            .message = {},
                            .samples_end = static_cast<uint32_t>(batch.samples.size())});
  }
  slo::SeriesMatcher::Scratch scratch;
  request.metrics = matcher.Match(
      batch, std::numeric_limits<int64_t>::max(),
      [&](const model::SeriesBatch::Series& series, model::LabelSet& labels) {
        labels = samples[static_cast<size_t>(&series - batch.series.data())].labels;
        return true;
      },
      scratch);
  request.series = std::make_unique<CountedWrite>(samples);
  return request;
}

}  // namespace slowburn::app
