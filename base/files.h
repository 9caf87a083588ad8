// base/files.h: whole files, read with a limit and written so that a crash leaves the old one or
// the new one.
//
// Room     base
// Uses     POSIX
// Threads  pure functions
// Units    sizes in bytes
#pragma once

#include <cstddef>
#include <filesystem>
#include <string>
#include <string_view>

#include <absl/status/status.h>
#include <absl/status/statusor.h>

namespace slowburn::base {

// kNotFound, kPermissionDenied, kResourceExhausted beyond `bytes_max`; every message names the
// path.
absl::StatusOr<std::string> ReadFile(const std::filesystem::path& path, size_t bytes_max);

// Writes beside, fsyncs, renames over, fsyncs the folder. The file is readable by its owner alone
// (0600).
absl::Status WriteFileAtomically(const std::filesystem::path& path, std::string_view content);

// Makes new directory entries of `directory` survive a power loss.
absl::Status SyncDirectory(const std::filesystem::path& directory);

// The status of a failed system call: EACCES -> kPermissionDenied, ENOENT -> kNotFound, ENOSPC ->
// kResourceExhausted, else kUnavailable. `what` reads as "open 'x'".
absl::Status ErrnoStatus(int error_number, std::string_view what);

}  // namespace slowburn::base
