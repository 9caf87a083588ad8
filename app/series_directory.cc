#include "app/series_directory.h"

#include <chrono>
#include <string_view>

#include <fmt/format.h>

#include "base/status.h"
#include "slowburn/store/v1/log_record.pb.h"
#include "storage/rocksdb/read_directory.h"

namespace slowburn::app {

using std::chrono::milliseconds;

absl::StatusOr<std::unique_ptr<SeriesDirectory>> SeriesDirectory::Open(
    const std::filesystem::path& directory, base::UnixNanos now) {
  SB_ASSIGN_OR_RETURN(auto store, storage::OpenToRead(directory));
  std::unique_ptr<SeriesDirectory> opened(new SeriesDirectory(std::move(store)));
  SB_RETURN_IF_ERROR(
      base::Annotate(opened->Load(now), fmt::format("data directory '{}'", directory.string())));
  return opened;
}

absl::Status SeriesDirectory::Load(base::UnixNanos now) {
  const int64_t now_ms = std::chrono::floor<milliseconds>(now).time_since_epoch().count();
  SB_RETURN_IF_ERROR(series_.Recover(now_ms));
  return store_->ReplayLog(
      series_.covered_sequence(), [&](uint64_t sequence, std::string_view bytes) {
        store::v1::LogRecord record;
        if (!record.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()))) {
          return base::DataLoss("log record {} cannot be read; restore the store from a backup",
                                sequence);
        }
        newest_record_ = base::UnixNanos(std::chrono::nanoseconds(record.time_unix_nano()));
        if (record.samples().empty()) return absl::OkStatus();
        return base::Annotate(series_.Replay(sequence, record.samples(), now_ms),
                              fmt::format("replay log record {}", sequence));
      });
}

absl::StatusOr<base::UnixNanos> SeriesDirectory::Newest() const {
  const auto snapshot = series_.TakeSnapshot({}, {});
  SB_ASSIGN_OR_RETURN(const storage::SeriesStatistics statistics, snapshot->Statistics(0));
  if (statistics.max_time_ms == 0) return newest_record_;
  return base::UnixNanos(milliseconds(statistics.max_time_ms));
}

}  // namespace slowburn::app
