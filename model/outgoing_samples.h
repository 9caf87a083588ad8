// model/outgoing_samples.h: samples with the labels of their series, on their way to somebody else.
//
// Room     model
// Uses     model/
// Threads  one owner at a time
// Units    unix milliseconds, bytes
// Source   Prometheus remote write 1.0 and 2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "model/label_set.h"
#include "model/native_histogram.h"
#include "model/sample.h"

namespace slowburn::model {

// What one commit stored, or a part of it. All labels are in one text, so that thousands of series
// are a few allocations. A series may come several times; what is of it is in the order of time.
class OutgoingSamples {
 public:
  struct Histogram {
    int64_t time_ms = 0;
    NativeHistogram value;
  };
  struct Exemplar {
    int64_t time_ms = 0;
    double value = 0;
    LabelSet labels;
  };
  // What is known of a metric, by its name as metadata have it: of a classic histogram or a summary
  // without _bucket, _sum and _count.
  struct Metadata {
    std::string metric;
    std::string type;  // counter, gauge, histogram, summary, info, stateset, unknown
    std::string help;
    std::string unit;
  };
  static constexpr uint32_t kNoMetadata = UINT32_MAX;
  // Where a series' things are; each range begins where that of the series before ends.
  struct Series {
    size_t labels_end = 0;  // in the text
    uint32_t samples_end = 0;
    uint32_t histograms_end = 0;
    uint32_t exemplars_end = 0;
    uint32_t metadata = kNoMetadata;
  };

  // Older than what was handed over of their series before: a receiver may take none of these.
  bool is_late = false;

  // What is added next is of a new series: first its labels, in the order of their names.
  void BeginSeries();
  void AddLabel(std::string_view name, std::string_view value);
  void AddSample(const Sample& sample);
  void AddHistogram(int64_t time_ms, NativeHistogram histogram);
  void AddExemplar(int64_t time_ms, double value, const LabelSet& labels);
  // Where the metadata are, for each series that they are of.
  uint32_t AddMetadata(Metadata metadata);
  // Of the series at hand.
  void SetMetadata(uint32_t at) { series_.back().metadata = at; }

  bool empty() const { return items() == 0; }
  // Samples, histograms and exemplars.
  size_t items() const { return samples_.size() + histograms_.size() + exemplars_.size(); }
  // Of what is in it, not of what is reserved.
  size_t memory_bytes() const;

  // One series: views into this.
  struct View {
    std::string_view labels;  // for VisitLabels
    std::span<const Sample> samples;
    std::span<const Histogram> histograms;
    std::span<const Exemplar> exemplars;
    const Metadata* metadata;  // null: nothing is known
  };
  size_t series() const { return series_.size(); }
  View At(size_t series) const;

  // Calls `visit(name, value)` for each label in order.
  template <typename Visit>
  static void VisitLabels(std::string_view labels, Visit&& visit) {
    while (!labels.empty()) {
      const std::string_view name = TakeText(labels);
      visit(name, TakeText(labels));
    }
  }

 private:
  static std::string_view TakeText(std::string_view& labels);
  void AppendText(std::string_view text);

  std::string text_;  // each name and value behind its length, of four bytes
  std::vector<Series> series_;
  std::vector<Sample> samples_;
  std::vector<Histogram> histograms_;
  std::vector<Exemplar> exemplars_;
  std::vector<Metadata> metadata_;
  size_t own_bytes_ = 0;  // what histograms, exemplars and metadata have allocated
};

}  // namespace slowburn::model
