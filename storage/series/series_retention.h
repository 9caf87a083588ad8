// storage/series/series_retention.h: lets whole days go, the oldest first, and then the series that
// no day has any more.
//
// Room     storage/series
// Uses     storage/api, storage/series
// Threads  the one writer
// Units    unix days, bytes
#pragma once

#include <cstdint>
#include <optional>

#include <absl/status/status.h>

#include "storage/series/head_state.h"

namespace slowburn::storage {

// A day may have had millions of series that are dead since: each call takes some of them, and the
// last one takes the day itself. A series of the head stays.
class SeriesRetention {
 public:
  explicit SeriesRetention(HeadState& state) : state_(state) {}

  // Adds the next step to `batch`, if any is due; then Written or Failed.
  absl::Status Add(int64_t now_ms, Batch& batch);
  void Written();
  void Failed();

  // How many days went since the start.
  uint64_t days_dropped() const { return days_dropped_; }

 private:
  std::optional<uint32_t> DueDay(int64_t now_ms) const;
  absl::Status DropSeries(uint32_t day, Batch& batch);
  absl::Status Forget(uint64_t series, Batch& batch) const;

  HeadState& state_;
  std::optional<uint32_t> dropping_;  // a day that is going
  uint64_t next_series_ = 0;          // of it: those before are done
  uint64_t days_dropped_ = 0;

  // Of the batch that is being written.
  uint64_t planned_series_ = 0;
  bool drops_day_ = false;
};

}  // namespace slowburn::storage
