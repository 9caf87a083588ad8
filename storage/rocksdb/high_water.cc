#include "storage/rocksdb/high_water.h"

#include <cerrno>
#include <concepts>
#include <optional>
#include <utility>

#include <fcntl.h>
#include <unistd.h>
#include <xxhash.h>

#include "base/files.h"
#include "base/status.h"

namespace slowburn::storage {
namespace {

constexpr std::string_view kMagic = "SBHW";
constexpr uint16_t kVersion = 1;
constexpr size_t kSlotBytes = 64;
constexpr size_t kHashedBytes = kSlotBytes - sizeof(XXH64_hash_t);
constexpr size_t kFileBytes = 2 * kSlotBytes;

template <std::unsigned_integral T>
void AppendLittleEndian(T number, std::string& out) {
  for (size_t byte = 0; byte < sizeof(T); ++byte) {
    out.push_back(static_cast<char>((number >> (8 * byte)) & 0xFF));
  }
}

template <std::unsigned_integral T>
T ReadLittleEndian(std::string_view in, size_t offset) {
  uint64_t number = 0;
  for (size_t byte = sizeof(T); byte-- > 0;) {
    number = (number << 8) | static_cast<unsigned char>(in[offset + byte]);
  }
  return static_cast<T>(number);
}

std::optional<HighWater::Mark> DecodeSlot(std::string_view file, size_t slot) {
  if (file.size() < (slot + 1) * kSlotBytes) return std::nullopt;
  const std::string_view bytes = file.substr(slot * kSlotBytes, kSlotBytes);
  if (!bytes.starts_with(kMagic) || ReadLittleEndian<uint16_t>(bytes, 4) != kVersion ||
      ReadLittleEndian<uint64_t>(bytes, kHashedBytes) != XXH3_64bits(bytes.data(), kHashedBytes)) {
    return std::nullopt;
  }
  return HighWater::Mark{
      .sequence = ReadLittleEndian<uint64_t>(bytes, 8),
      .time_unix_nano = static_cast<int64_t>(ReadLittleEndian<uint64_t>(bytes, 16)),
      .generation = ReadLittleEndian<uint64_t>(bytes, 24)};
}

absl::Status NothingProven(std::string_view trouble) {
  return base::DataLoss(
      "{}, so nothing proves that the log is complete; restore a backup, or see what `slowburn "
      "recover` can keep",
      trouble);
}

absl::Status OpenError(const absl::Status& status) {
  if (!absl::IsPermissionDenied(status)) return status;
  return absl::PermissionDeniedError(fmt::format(
      "{}; give the data directory and all that is in it to the user that runs slowburn",
      base::Message(status)));
}

size_t SlotOf(uint64_t generation) { return static_cast<size_t>(generation % 2); }

}  // namespace

absl::Status HighWater::Create(const std::filesystem::path& path, base::UnixNanos now) {
  const Mark first{.time_unix_nano = now.time_since_epoch().count(), .generation = 0};
  std::string file = EncodeHighWaterSlot(first);
  file.resize(kFileBytes,
              '\0');  // the blocks are the file's from now on: a full disk cannot refuse a mark
  return base::WriteFileAtomically(path, file);
}

absl::StatusOr<HighWater::Mark> HighWater::Read(const std::filesystem::path& path) {
  const absl::StatusOr<std::string> file = base::ReadFile(path, kFileBytes);
  if (absl::IsPermissionDenied(file.status())) return OpenError(file.status());
  if (!file.ok()) return NothingProven(base::Message(file.status()));
  std::optional<Mark> newest;
  for (const size_t slot : {size_t{0}, size_t{1}}) {
    const std::optional<Mark> mark = DecodeSlot(*file, slot);
    if (mark && (!newest || mark->generation > newest->generation)) newest = mark;
  }
  if (!newest) {
    return NothingProven(
        fmt::format("'{}' has no valid mark in its {} bytes", path.string(), file->size()));
  }
  return *newest;
}

absl::StatusOr<std::unique_ptr<HighWater>> HighWater::Open(const std::filesystem::path& path) {
  SB_ASSIGN_OR_RETURN(const Mark newest, Read(path));
  const int fd = open(path.c_str(), O_WRONLY | O_CLOEXEC);
  if (fd < 0) return OpenError(base::ErrnoStatus(errno, fmt::format("open '{}'", path.string())));
  return std::unique_ptr<HighWater>(new HighWater(path, fd, newest));
}

HighWater::~HighWater() { close(fd_); }

absl::Status HighWater::Write(uint64_t sequence, base::UnixNanos now) {
  const Mark mark{.sequence = sequence,
                  .time_unix_nano = now.time_since_epoch().count(),
                  .generation = newest_.generation + 1};
  const std::string bytes = EncodeHighWaterSlot(mark);
  const auto offset = static_cast<off_t>(SlotOf(mark.generation) * kSlotBytes);
  errno = 0;
  if (pwrite(fd_, bytes.data(), bytes.size(), offset) != static_cast<ssize_t>(bytes.size())) {
    return base::ErrnoStatus(errno, fmt::format("write '{}'", path_.string()));
  }
  if (fdatasync(fd_) != 0) {
    return base::ErrnoStatus(errno, fmt::format("fdatasync '{}'", path_.string()));
  }
  newest_ = mark;
  return absl::OkStatus();
}

std::string EncodeHighWaterSlot(const HighWater::Mark& mark) {
  std::string slot(kMagic);
  slot.reserve(kSlotBytes);
  AppendLittleEndian(kVersion, slot);
  AppendLittleEndian(uint16_t{0}, slot);
  AppendLittleEndian(mark.sequence, slot);
  AppendLittleEndian(static_cast<uint64_t>(mark.time_unix_nano), slot);
  AppendLittleEndian(mark.generation, slot);
  slot.resize(kHashedBytes, '\0');
  AppendLittleEndian(uint64_t{XXH3_64bits(slot.data(), slot.size())}, slot);
  return slot;
}

}  // namespace slowburn::storage
