// app/otlp_series_write.h: the points of one OTLP request on their way to the time series.
//
// Room     app
// Uses     app/, model/, storage/series
// Threads  as app/series_write.h
// Units    unix milliseconds
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "app/series_identity_cache.h"
#include "app/series_write.h"
#include "model/native_histogram_list.h"

namespace slowburn::app {

// Holds times, values and who they are of. A point's fate is that of its samples: refused, if any
// of them is.
class OtlpSeriesWrite final : public SeriesWrite {
 public:
  enum class Mode : uint8_t { kValue, kCumulative, kIncrement };

  // Whose it is, and when. `position` is among the accepted points of the request.
  struct Point {
    const SeriesIdentity* identity = nullptr;
    storage::Interval at;
    uint32_t position = kNobody;
    Mode mode = Mode::kValue;
  };
  struct Number {
    storage::SeriesKey key;  // here too: the one writer need not look at the identity
    Point point;
    double value = 0;
    uint32_t slot = storage::Head::kNoSlot;  // likewise
  };
  // A classic histogram or a summary: the values of its series, in their order.
  struct Row {
    Point point;
    uint32_t values_begin = 0;
    uint32_t values_end = 0;
    uint32_t gauges = 0;  // so many of the first are values, whatever the mode
  };
  // A native histogram: of `histograms`, the one of the same place.
  struct Native {
    storage::SeriesKey key;  // as of a number
    Point point;
    uint32_t slot = storage::Head::kNoSlot;
  };
  struct Exemplar {
    const SeriesIdentity* identity = nullptr;
    uint32_t series = 0;  // of the identity
    int64_t time_ms = 0;
    storage::ExemplarValue value;
  };
  // Refused before it could be planned.
  struct Refused {
    uint32_t position = 0;
    bool is_histogram = false;
    storage::SampleFate fate = storage::SampleFate::kInvalidLabels;
  };
  // Of samples that no point of the request is: target_info.
  static constexpr uint32_t kNobody = 0xffffffff;

  absl::Status AddTo(storage::WritePlan& plan, SeriesOutcome& outcome) override;
  size_t memory_bytes() const override;

  // --- filled by OtlpSeries
  SeriesIdentityCache::View view;  // keeps the identities
  std::vector<Number> numbers;
  std::vector<Row> rows;
  std::vector<double> values;
  std::vector<Native> natives;
  model::NativeHistogramList histograms;
  std::vector<Exemplar> exemplars;  // of each series by ascending time
  std::vector<Refused> refused;
  std::string first_refused;
  std::vector<std::shared_ptr<const MetricFamily>> families;  // whose metadata may be new

 private:
  // Null: the store does not have it in memory.
  static storage::HeadSeries* FindKnown(storage::WritePlan& plan, const SeriesIdentity& identity,
                                        size_t i);
  // One series at hand; null, and `fate` says why, where it cannot be.
  static absl::StatusOr<storage::HeadSeries*> FindOrDefine(storage::WritePlan& plan,
                                                           const SeriesIdentity& identity, size_t i,
                                                           storage::SampleFate& fate);
  // Of a point that is one sample; null: nobody knows it.
  template <typename One>
  static storage::HeadSeries* FindKnown(const storage::WritePlan& plan, const One& one);
  void Prefetch(const storage::WritePlan& plan, size_t row) const;
  absl::Status AddNumber(storage::WritePlan& plan, const Number& number, SeriesOutcome& outcome);
  absl::Status AddRow(storage::WritePlan& plan, const Row& row, SeriesOutcome& outcome);
  absl::Status AddNative(storage::WritePlan& plan, size_t i, SeriesOutcome& outcome);
  void AddExemplars(storage::WritePlan& plan, SeriesOutcome& outcome) const;
  void AddMetadata(storage::WritePlan& plan) const;
  static void Note(const Point& point, size_t series, storage::SampleFate fate,
                   storage::FateCounts& counts, SeriesOutcome& outcome);
};

}  // namespace slowburn::app
