// model/native_histogram_list.h: many native histograms one after the other, in a few pieces of
// memory.
//
// Room     model
// Uses     model/
// Threads  a value
// Units    as model/native_histogram.h
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "model/native_histogram_view.h"

namespace slowburn::model {

// What a request or a commit holds while it lasts: none of its histograms has memory of its own.
class NativeHistogramList {
 public:
  size_t size() const { return entries_.size(); }
  bool empty() const { return entries_.empty(); }
  size_t values() const { return values_.size(); }  // counts and bounds, of all of them
  // Until something is added, or the list goes.
  NativeHistogramView operator[](size_t i) const;

  // So many histograms of so many values together are about to be added.
  void Reserve(size_t histograms, size_t values);
  // `histogram` is not of this list.
  void Add(const NativeHistogramView& histogram);

  // Keeps the first so many.
  void DropFrom(size_t size);

  size_t memory_bytes() const {
    return entries_.capacity() * sizeof(Entry) + spans_.capacity() * sizeof(spans_[0]) +
           values_.capacity() * sizeof(double);
  }

 private:
  struct Entry {
    int8_t schema = 0;
    NativeHistogram::ResetHint reset_hint = NativeHistogram::ResetHint::kUnknown;
    bool is_float = false;
    uint32_t positive_spans = 0;
    uint32_t negative_spans = 0;
    uint32_t positive_counts = 0;
    uint32_t negative_counts = 0;
    uint32_t custom_bounds = 0;
    size_t spans_begin = 0;   // the positive ones, then the negative ones
    size_t values_begin = 0;  // counts likewise, then the bounds
    double zero_threshold = 0;
    double zero_count = 0;
    double count = 0;
    double sum = 0;
  };

  std::vector<Entry> entries_;
  std::vector<NativeHistogram::Span> spans_;
  std::vector<double> values_;
};

}  // namespace slowburn::model
