// app/exit_code.h: how the program ends.
//
// Room     app
// Uses     Abseil
// Threads  pure functions
// Units    none
// Source   DESIGN section 4, "Exact meanings"
#pragma once

#include <absl/status/status.h>

namespace slowburn::app {

enum class ExitCode : int {
  kDone = 0,
  kBadInput = 1,
  kWarnings = 2,
  kDataDirectoryInUse = 3,
  kPortInUse = 4,
  kStoreCorrupt = 5,
  kNotWritable = 6,
  kDiskFailed = 74,
};

// Of a command on a store or its backups.
inline ExitCode ExitCodeOf(const absl::Status& status) {
  switch (status.code()) {
    case absl::StatusCode::kFailedPrecondition:
      return ExitCode::kDataDirectoryInUse;
    case absl::StatusCode::kDataLoss:
      return ExitCode::kStoreCorrupt;
    case absl::StatusCode::kPermissionDenied:
    case absl::StatusCode::kResourceExhausted:
      return ExitCode::kNotWritable;
    default:
      return ExitCode::kBadInput;
  }
}

}  // namespace slowburn::app
