// storage/series/sample_part.h: what one commit brings to the series, as one packed part of its log
// record.
//
// Room     storage/series
// Uses     base/, model/, storage/api
// Threads  values
// Units    unix milliseconds
// Source   docs/format/sample_part.md
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include <absl/status/statusor.h>

#include "model/native_histogram_view.h"
#include "storage/api/series_reader.h"
#include "storage/series/exemplar_block.h"
#include "storage/series/histogram_packer.h"

namespace slowburn::storage {

// A series that had no place in the head gets one; new, or back after a silence.
struct SeriesDefinition {
  uint64_t id = 0;
  std::string packed_labels;
};

template <typename Value>
struct SeriesSample {
  uint64_t series = 0;
  int64_t time_ms = 0;
  Value value{};
};

struct SamplePart {
  std::vector<SeriesDefinition> definitions;
  std::vector<SeriesSample<double>> floats;
  std::vector<SeriesSample<model::NativeHistogram>> histograms;
  std::vector<SeriesSample<ExemplarValue>> exemplars;
  std::vector<MetricMetadata> metadata;
};

// Builds the bytes piece by piece, in any order of kinds.
class SamplePartWriter {
 public:
  // So many floats are about to be added, and histograms that have so many counts together.
  void Expect(size_t floats, size_t histograms, size_t counts);
  void AddDefinition(uint64_t id, std::string_view packed_labels);
  void AddFloat(uint64_t series, int64_t time_ms, double value);
  void AddHistogram(uint64_t series, int64_t time_ms, const model::NativeHistogramView& histogram);
  void AddExemplar(uint64_t series, int64_t time_ms, const ExemplarValue& exemplar);
  void AddMetadata(const MetricMetadata& metadata);

  bool empty() const;
  std::string Finish() const;

 private:
  // Of one kind: how many, and their bytes one after the other.
  struct Section {
    uint64_t count = 0;
    std::string bytes;
    uint64_t series = 0;  // of the last one
    int64_t time_ms = 0;
  };
  static char* WritePlace(char* out, Section& section, uint64_t series, int64_t time_ms);
  static void PutPlace(Section& section, uint64_t series, int64_t time_ms);

  Section definitions_;
  Section floats_;
  Section histograms_;
  Section exemplars_;
  Section metadata_;
  HistogramPacker packer_;
  std::string block_;  // scratch
};

// kDataLoss for other bytes, naming what and where.
absl::StatusOr<SamplePart> ReadSamplePart(std::string_view bytes);

}  // namespace slowburn::storage
