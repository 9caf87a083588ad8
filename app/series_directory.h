// app/series_directory.h: the time series of a data directory that no server has, to read.
//
// Room     app
// Uses     storage/, proto (slowburn/store)
// Threads  immutable once it is open
// Units    engine time
#pragma once

#include <filesystem>
#include <memory>
#include <utility>

#include <absl/status/statusor.h>

#include "base/clock.h"
#include "storage/api/series_reader.h"
#include "storage/api/store.h"
#include "storage/series/series_store.h"

namespace slowburn::app {

class SeriesDirectory {
 public:
  // Loads what a start would: checkpoints, and the samples of the log behind them, into memory.
  // Codes as storage::OpenToRead.
  static absl::StatusOr<std::unique_ptr<SeriesDirectory>> Open(
      const std::filesystem::path& directory, base::UnixNanos now);

  const storage::SeriesReader& series() const { return series_; }
  // The time of the newest sample; of the newest record where there is no sample yet.
  absl::StatusOr<base::UnixNanos> Newest() const;

 private:
  explicit SeriesDirectory(std::unique_ptr<storage::Store> store)
      : store_(std::move(store)), series_({}, *store_) {}
  absl::Status Load(base::UnixNanos now);

  const std::unique_ptr<storage::Store> store_;
  storage::SeriesStore series_;
  base::UnixNanos newest_record_{};
};

}  // namespace slowburn::app
