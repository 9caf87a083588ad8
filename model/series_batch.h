// model/series_batch.h: samples of series, as a remote write brings them.
//
// Room     model
// Uses     model/
// Threads  one owner at a time
// Units    unix milliseconds
// Source   Prometheus remote write 1.0 and 2.0
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "model/native_histogram.h"
#include "model/sample.h"

namespace slowburn::model {

// Views are into the request that it was decoded from. The labels stay as they came: who knows a
// series by their hash never looks into them (collector/series_labels.h does).
struct SeriesBatch {
  // A text that labels and metadata refer to by its place: of remote write 2.0.
  struct Symbol {
    std::string_view text;
    uint64_t hash_high = 0;  // XXH3_128 of the text
    uint64_t hash_low = 0;
  };
  struct Series {
    // The same for the same labels in whatever request of one version; not the same for both
    // versions.
    uint64_t labels_hash_high = 0;
    uint64_t labels_hash_low = 0;
    std::string_view message;  // in which the labels are
    // Each range begins where that of the series before ends.
    uint32_t samples_end = 0;
    uint32_t histograms_end = 0;
    uint32_t exemplars_end = 0;
  };
  struct Histogram {
    int64_t time_ms = 0;
    NativeHistogram value;
  };
  struct Exemplar {
    int64_t time_ms = 0;
    double value = 0;
    std::string_view message;  // in which its labels are
  };
  struct Metadata {
    std::string_view metric;
    std::string_view type;  // counter, gauge, ...
    std::string_view help;
    std::string_view unit;
  };

  bool has_symbols = false;  // 2.0: labels are references into `symbols`
  std::vector<Symbol> symbols;
  std::vector<Series> series;
  std::vector<Sample> samples;
  std::vector<Histogram> histograms;
  std::vector<Exemplar> exemplars;
  std::vector<Metadata> metadata;

  void Clear() {
    has_symbols = false;
    symbols.clear();
    series.clear();
    samples.clear();
    histograms.clear();
    exemplars.clear();
    metadata.clear();
  }
};

}  // namespace slowburn::model
