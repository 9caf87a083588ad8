#include "base/file_lock.h"

#include <cerrno>
#include <string>

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include "base/files.h"
#include "base/status.h"

namespace slowburn::base {

namespace {

absl::Status HeldByOther(const std::filesystem::path& path, int fd) {
  if (errno != EWOULDBLOCK) return ErrnoStatus(errno, fmt::format("lock '{}'", path.string()));
  // Whoever shares it leaves the pid of the last one that did not.
  if (flock(fd, LOCK_SH | LOCK_NB) == 0) {
    return absl::FailedPreconditionError(
        fmt::format("'{}' is held by a process that reads; wait until it is done", path.string()));
  }
  char holder[32] = {};
  const ssize_t got = pread(fd, holder, sizeof holder - 1, 0);
  std::string pid(holder, got > 0 ? static_cast<size_t>(got) : 0);
  while (!pid.empty() && pid.back() == '\n') pid.pop_back();
  return absl::FailedPreconditionError(
      fmt::format("'{}' is held by process {}; stop it, or use another data directory",
                  path.string(), pid.empty() ? "(unknown)" : pid));
}

}  // namespace

absl::StatusOr<std::unique_ptr<FileLock>> FileLock::Acquire(const std::filesystem::path& path) {
  const int fd = open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (fd < 0) return ErrnoStatus(errno, fmt::format("open '{}'", path.string()));
  std::unique_ptr<FileLock> lock(new FileLock(fd));
  if (flock(fd, LOCK_EX | LOCK_NB) != 0) return HeldByOther(path, fd);
  const std::string pid = fmt::format("{}\n", getpid());
  if (ftruncate(fd, 0) != 0 || pwrite(fd, pid.data(), pid.size(), 0) < 0) {
    return ErrnoStatus(errno, fmt::format("write '{}'", path.string()));
  }
  return lock;
}

absl::StatusOr<std::unique_ptr<FileLock>> FileLock::Share(const std::filesystem::path& path) {
  const int fd = open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) return ErrnoStatus(errno, fmt::format("open '{}'", path.string()));
  std::unique_ptr<FileLock> lock(new FileLock(fd));
  if (flock(fd, LOCK_SH | LOCK_NB) != 0) return HeldByOther(path, fd);
  return lock;
}

FileLock::~FileLock() { close(fd_); }

}  // namespace slowburn::base
