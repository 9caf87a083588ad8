#include "storage/rocksdb/internal/space_reserve.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include "base/logging.h"

namespace slowburn::storage {
namespace {

namespace fs = std::filesystem;

constexpr uint64_t kShareOfDisk = 16;

// 0 where nobody knows.
fs::space_info SpaceAround(const fs::path& file) {
  std::error_code error;
  const fs::space_info space = fs::space(file.parent_path(), error);
  return error ? fs::space_info{} : space;
}

}  // namespace

SpaceReserve::SpaceReserve(fs::path path, std::optional<uint64_t> bytes)
    : path_(std::move(path)),
      wanted_bytes_(
          std::min<uint64_t>(bytes.value_or(0), SpaceAround(path_).capacity / kShareOfDisk)),
      bytes_(wanted_bytes_) {
  std::error_code error;
  const uintmax_t size = fs::file_size(path_, error);
  if (error || !bytes.has_value()) return;
  is_held_ = bytes_ > 0 && size == bytes_;
  // One that was cut short, or that another configuration asked for.
  is_stale_ = !is_held_;
}

void SpaceReserve::TakeIfThereIsRoom() {
  const absl::MutexLock lock(&mutex_);
  if (std::exchange(is_stale_, false)) {
    std::error_code ignored;
    fs::remove(path_, ignored);
  }
  if (!is_held_ && bytes_ > 0 && HasRoom()) TakeLocked();
}

bool SpaceReserve::HasRoom() const { return SpaceAround(path_).available >= 2 * bytes_; }

void SpaceReserve::TakeLocked() {
  const int file = open(path_.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
  if (file < 0) return;  // tried again in a second
  const int error = fallocate(file, 0, 0, static_cast<off_t>(bytes_)) == 0 ? 0 : errno;
  close(file);
  is_held_ = error == 0;
  if (is_held_) {
    is_given_ = false;
    return;
  }
  std::error_code ignored;
  fs::remove(path_, ignored);
  if (error != EOPNOTSUPP) return;
  base::Log(base::LogLevel::kWarning,
            "this file system sets no room aside, so none is kept for a full disk",
            {{"path", path_.string()}});
  bytes_ = 0;
}

void SpaceReserve::Release() {
  const absl::MutexLock lock(&mutex_);
  if (!std::exchange(is_held_, false)) return;
  is_given_ = true;
  std::error_code error;
  fs::remove(path_, error);
  base::Log(base::LogLevel::kWarning,
            "the disk is full: the room that was kept for this is given to alerts, checkpoints "
            "and retention, and no data is taken until there is more",
            {{"path", path_.string()}, {"bytes", bytes_}});
}

absl::Status SpaceReserve::Check() const {
  const absl::MutexLock lock(&mutex_);
  if (is_held_ || bytes_ == 0 || HasRoom()) return absl::OkStatus();
  return absl::ResourceExhaustedError(fmt::format(
      "'{}' has {} bytes free, and {} are needed: twice what is kept for the program itself; free "
      "space on its disk, writing then goes on by itself",
      path_.parent_path().string(), SpaceAround(path_).available, 2 * bytes_));
}

void SpaceReserve::AddTo(StoreCondition& condition) {
  using Reserve = StoreCondition::Reserve;
  const absl::MutexLock lock(&mutex_);
  std::error_code error;
  if (is_held_ && fs::file_size(path_, error) != bytes_) is_held_ = false;
  condition.reserve = wanted_bytes_ == 0 ? Reserve::kNone
                      : is_held_         ? Reserve::kWhole
                      : is_given_        ? Reserve::kInUse
                                         : Reserve::kNotMade;
  condition.reserve_wanted_bytes = wanted_bytes_;
  condition.reserve_held_bytes = is_held_ ? bytes_ : 0;
}

}  // namespace slowburn::storage
