// app/remote_write_series.h: a remote write's samples on their way to the time series.
//
// Room     app
// Uses     app/, collector/
// Threads  as app/series_write.h
// Units    as app/series_write.h
// Source   Prometheus remote write 1.0 and 2.0
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "app/series_write.h"
#include "collector/series_sink.h"
#include "model/label_set.h"

namespace slowburn::app {

// Series are known by the hash of their labels' bytes; the labels are read only where that is new.
class RemoteWriteSeries final : public SeriesWrite {
 public:
  explicit RemoteWriteSeries(std::unique_ptr<collector::ReceivedSeries> received)
      : received_(std::move(received)) {}

  absl::Status AddTo(storage::WritePlan& plan, SeriesOutcome& outcome) override;
  size_t memory_bytes() const override;

  // Samples, histograms and exemplars.
  static uint32_t CountItems(const model::SeriesBatch& batch);

 private:
  // What one series of the batch brings, as ranges of the batch's lists.
  struct Piece {
    const model::SeriesBatch::Series* series = nullptr;
    uint32_t samples_begin = 0;
    uint32_t histograms_begin = 0;
    uint32_t exemplars_begin = 0;
  };

  absl::StatusOr<storage::HeadSeries*> FindOrDefine(storage::WritePlan& plan, const Piece& piece,
                                                    storage::SampleFate& fate);
  void Refuse(storage::WritePlan& plan, const Piece& piece, storage::SampleFate fate,
              SeriesOutcome& outcome);
  void Add(storage::WritePlan& plan, const Piece& piece, storage::HeadSeries& series,
           SeriesOutcome& outcome);
  void AddExemplars(storage::WritePlan& plan, const Piece& piece, storage::HeadSeries& series,
                    SeriesOutcome& outcome);
  void AddMetadata(storage::WritePlan& plan) const;
  // Counts a fate. Where it is a refusal and `first` is still "": the series and why go there.
  void Note(const Piece& piece, storage::SampleFate fate, uint64_t count,
            storage::FateCounts& counts, std::string& first, std::string_view why);

  const std::unique_ptr<collector::ReceivedSeries> received_;
  model::LabelSet labels_;  // of the series at hand
};

}  // namespace slowburn::app
