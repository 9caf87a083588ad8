#include "storage/rocksdb/internal/rocksdb_status.h"

#include <string>

#include "base/status.h"

namespace slowburn::storage {

bool IsDiskFull(const rocksdb::Status& status) {
  return status.IsNoSpace() && status.severity() < rocksdb::Status::kFatalError;
}

absl::Status ReadStatus(const rocksdb::Status& status, std::string_view what) {
  if (status.ok()) return absl::OkStatus();
  if (status.IsCorruption() || status.IsIOError()) {
    return base::DataLoss("{}: {}; restore a backup", what, status.ToString());
  }
  return base::Internal("{}: {}", what, status.ToString());
}

absl::Status WriteFailure(const rocksdb::Status& status, std::string_view what,
                          std::string_view database) {
  if (status.IsCorruption()) {
    return base::DataLoss(
        "{} in '{}': {}; a file of the store is damaged and nothing more is written: end the "
        "process, check the disk and restore a backup, or see what `slowburn recover` can keep",
        what, database, status.ToString());
  }
  return base::DataLoss(
      "{} in '{}': {}; the disk failed and nothing more is written: end the process, check the "
      "disk and restart",
      what, database, status.ToString());
}

absl::Status OpenStatus(const rocksdb::Status& status, std::string_view database,
                        std::string_view message) {
  if (status.ok()) return absl::OkStatus();
  const std::string text = status.ToString();
  if (IsDiskFull(status)) {
    return absl::ResourceExhaustedError(
        fmt::format("open '{}': {}; free space on its disk", database, text));
  }
  // Nothing is damaged. RocksDB has no codes for these: they are in the text alone, as strerror has
  // them.
  if (status.IsIOError() && text.ends_with("Permission denied")) {
    return absl::PermissionDeniedError(
        fmt::format("open '{}': {}; give the data directory and all that is in it to the user that "
                    "runs slowburn",
                    database, text));
  }
  if (status.IsIOError() && text.ends_with("Too many open files")) {
    return absl::UnavailableError(
        fmt::format("open '{}': {}; raise the limit of `ulimit -n`", database, text));
  }
  // RocksDB has a lock of its own, which its tools take: it tells by the name of the file alone.
  if (status.IsIOError() && text.find("/LOCK: ") != std::string::npos) {
    return absl::FailedPreconditionError(
        fmt::format("open '{}': {}; end the program that reads it", database, text));
  }
  // The message mostly has the status in it, and the file before that.
  const bool repeats = message.find(text) != std::string_view::npos;
  return base::DataLoss("open '{}': {}; restore a backup, or see what `slowburn recover` can keep",
                        database, repeats ? std::string(message) : text);
}

}  // namespace slowburn::storage
