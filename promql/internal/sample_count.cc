#include "promql/internal/sample_count.h"

#include <algorithm>
#include <numeric>

namespace slowburn::promql {
namespace {

constexpr uint64_t kSampleBytes = 16;
// Of a histogram in the memory of Prometheus, besides its lists; and of its time.
constexpr uint64_t kHistogramBytes = 168;
constexpr uint64_t kTimeBytes = 8;
constexpr uint64_t kListedBytes = 8;  // of a span, a bucket, a bound

// How many samples the first i histograms are, for each i.
std::vector<uint64_t> RunningSamples(const RangeInput& input, bool without_buckets) {
  std::vector<uint64_t> running = {0};
  for (const model::NativeHistogram& histogram : input.histograms)
    running.push_back(running.back() + SamplesOf(histogram, without_buckets));
  return running;
}

size_t FirstAfter(std::span<const int64_t> times, int64_t moment) {
  return static_cast<size_t>(std::ranges::upper_bound(times, moment) - times.begin());
}

}  // namespace

uint64_t SamplesOf(const model::NativeHistogram& histogram, bool without_buckets) {
  uint64_t listed = 0;
  if (!without_buckets) {
    listed = histogram.positive_spans.size() + histogram.negative_spans.size() +
             histogram.positive_counts.size() + histogram.negative_counts.size() +
             histogram.custom_bounds.size();
  }
  return (kHistogramBytes + kTimeBytes + listed * kListedBytes) / kSampleBytes;
}

void SampleCount::AddPoints(const Column& column, bool without_buckets) {
  for (size_t step = 0; step < column.steps(); ++step) {
    uint64_t samples = 0;
    if (const model::NativeHistogram* histogram = column.HistogramAt(step)) {
      samples = SamplesOf(*histogram, without_buckets);
    } else if (column.HasNumber(step)) {
      samples = 1;
    }
    queryable_[step] += samples;
    read_[step] += samples;
  }
}

void SampleCount::Add(const RangeInput& input, const Windows& windows, bool without_buckets,
                      bool reads) {
  const std::vector<uint64_t> running = RunningSamples(input, without_buckets);
  ForEachWindow(input, windows, [&](const Window& window) {
    queryable_[window.step] +=
        window.floats() + running[window.histogram_end] - running[window.histogram_begin];
    if (!reads) return;
    size_t begin = window.begin;
    size_t histogram_begin = window.histogram_begin;
    if (window.step > 0) {
      const int64_t before = windows.EndAt(window.step - 1);
      begin = std::max(begin, FirstAfter(input.times, before));
      histogram_begin = std::max(histogram_begin, FirstAfter(input.histogram_times, before));
    }
    if (begin < window.end) read_[window.step] += window.end - begin;
    if (histogram_begin < window.histogram_end)
      read_[window.step] += running[window.histogram_end] - running[histogram_begin];
  });
}

void SampleCount::AddWindows(const RangeInput& input, const Windows& windows,
                             bool without_buckets) {
  Add(input, windows, without_buckets, true);
}

void SampleCount::AddSubqueryWindows(const RangeInput& input, const Windows& windows) {
  Add(input, windows, false, false);
}

void SampleCount::AddSubquery(const SampleCount& inner, const Windows& windows) {
  size_t step = 0;
  for (size_t i = 0; i < inner.read_.size(); ++i) {
    const int64_t time_ms = inner.grid_.TimeAt(i);
    while (step + 1 < windows.count && windows.EndAt(step) < time_ms) ++step;
    if (time_ms > windows.EndAt(step) - windows.range_ms) read_[step] += inner.read_[i];
  }
}

void SampleCount::AddAnswer(const SampleCount& inner) {
  queryable_.back() += TotalOf(inner.queryable_);
}

void SampleCount::AddInvariant(const SampleCount& inner) {
  const uint64_t samples = TotalOf(inner.queryable_);
  for (uint64_t& at : queryable_) at += samples;
  read_.front() += TotalOf(inner.read_);
}

void SampleCount::Merge(const SampleCount& other) {
  for (size_t step = 0; step < queryable_.size(); ++step) {
    queryable_[step] += other.queryable_[step];
    read_[step] += other.read_[step];
  }
}

uint64_t TotalOf(const std::vector<uint64_t>& by_step) {
  return std::accumulate(by_step.begin(), by_step.end(), uint64_t{0});
}

}  // namespace slowburn::promql
