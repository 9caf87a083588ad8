// base/file_lock.h: one process at a time, or any number that only read.
//
// Room     base
// Uses     flock(2)
// Threads  one owner
// Units    none
#pragma once

#include <filesystem>
#include <memory>

#include <absl/status/statusor.h>

namespace slowburn::base {

// Held until destroyed or the process ends, however it ends. The file stays.
class FileLock {
 public:
  // Creates the file if need be and writes our pid to it. kFailedPrecondition when another process
  // holds it, naming its pid, or when others share it.
  static absl::StatusOr<std::unique_ptr<FileLock>> Acquire(const std::filesystem::path& path);
  // Beside others that share it; changes nothing. kFailedPrecondition as above; kNotFound where
  // there is no file.
  static absl::StatusOr<std::unique_ptr<FileLock>> Share(const std::filesystem::path& path);
  ~FileLock();
  FileLock(const FileLock&) = delete;
  FileLock& operator=(const FileLock&) = delete;

 private:
  explicit FileLock(int fd) : fd_(fd) {}
  int fd_;
};

}  // namespace slowburn::base
