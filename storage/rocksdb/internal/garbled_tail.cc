#include "storage/rocksdb/internal/garbled_tail.h"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>

#include "base/crc32c.h"
#include "base/files.h"
#include "base/logging.h"
#include "base/status.h"

namespace slowburn::storage {
namespace {

namespace fs = std::filesystem;

// A file is blocks; no record's part crosses the end of one. Before each part: its checksum, length
// and type, little-endian.
constexpr size_t kBlockBytes = 32 << 10;
constexpr size_t kHeaderBytes = 7;
constexpr size_t kFileBytesMax = size_t{1} << 30;  // several times what is written into one
constexpr size_t kCurrentBytesMax = 1024;
constexpr uint8_t kFull = 1;  // a whole record; between kFirst and kLast: a part of one
constexpr uint8_t kFirst = 2;
constexpr uint8_t kLast = 4;

// As RocksDB keeps it: rotated and moved, so that a checksum over checksums is none.
uint32_t MaskedCrc32c(std::string_view bytes) {
  const uint32_t value = base::Crc32c(bytes);
  return ((value >> 15) | (value << 17)) + 0xa282ead8u;
}

// The bytes of the part at the start of `block`, the rest of a block, or nothing when it is not
// one.
std::optional<size_t> PartBytes(std::string_view block) {
  if (block.size() < kHeaderBytes) return std::nullopt;
  const auto byte = [&](size_t i) { return static_cast<uint8_t>(block[i]); };
  const size_t length = byte(4) | byte(5) << 8;
  const uint8_t type = byte(6);
  if (type < kFull || type > kLast || kHeaderBytes + length > block.size()) return std::nullopt;
  const uint32_t wanted = static_cast<uint32_t>(byte(0)) | static_cast<uint32_t>(byte(1)) << 8 |
                          static_cast<uint32_t>(byte(2)) << 16 |
                          static_cast<uint32_t>(byte(3)) << 24;
  // The checksum is of the type and what follows it.
  if (MaskedCrc32c(block.substr(6, 1 + length)) != wanted) return std::nullopt;
  return kHeaderBytes + length;
}

std::string_view RestOfBlock(std::string_view file, size_t at) {
  return file.substr(at, kBlockBytes - at % kBlockBytes);
}

// Where the first part stands that cannot be read, or the end.
size_t ReadableBytes(std::string_view file) {
  size_t at = 0;
  while (at < file.size()) {
    const std::string_view block = RestOfBlock(file, at);
    // A block ends in zeroes when no header fits into it.
    const std::optional<size_t> part =
        block.size() < kHeaderBytes ? std::optional(block.size()) : PartBytes(block);
    if (!part) return at;
    at += *part;
  }
  return file.size();
}

// Whether a record begins anywhere after `at`, where lengths can no longer be trusted.
bool HasRecordAfter(std::string_view file, size_t at) {
  for (++at; at + kHeaderBytes <= file.size(); ++at) {
    const auto type = static_cast<uint8_t>(file[at + 6]);
    if ((type == kFull || type == kFirst) && PartBytes(RestOfBlock(file, at))) return true;
  }
  return false;
}

// What begins with the first part that cannot be read; no bytes: nothing.
struct Tail {
  GarbledTail tail;
  bool is_damage = false;  // something after its beginning can be read
};

absl::StatusOr<Tail> FindTail(const fs::path& path) {
  SB_ASSIGN_OR_RETURN(const std::string file, base::ReadFile(path, kFileBytesMax));
  const size_t readable = ReadableBytes(file);
  return Tail{.tail = {.file = path, .at = readable, .bytes = file.size() - readable},
              .is_damage = readable < file.size() && HasRecordAfter(file, readable)};
}

// Nothing where CURRENT does not name one that is there: RocksDB says so.
std::optional<fs::path> CurrentManifest(const fs::path& database) {
  const absl::StatusOr<std::string> current =
      base::ReadFile(database / "CURRENT", kCurrentBytesMax);
  if (!current.ok()) return std::nullopt;
  const std::string_view name = std::string_view(*current).substr(0, current->find('\n'));
  if (!name.starts_with("MANIFEST-") || name.find('/') != name.npos) return std::nullopt;
  std::error_code error;
  const fs::path manifest = database / name;
  return fs::is_regular_file(manifest, error) ? std::optional(manifest) : std::nullopt;
}

absl::Status Cut(const GarbledTail& tail) {
  std::error_code error;
  fs::resize_file(tail.file, tail.at, error);
  if (error) return base::ErrnoStatus(error.value(), fmt::format("cut '{}'", tail.file.string()));
  base::Log(base::LogLevel::kWarning,
            "the end of a log of the store cannot be read, as after a power loss, and is cut off; "
            "what was acknowledged does not stand there, unless it was damaged since",
            {{"file", tail.file.string()}, {"at", tail.at}, {"bytes", tail.bytes}});
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<std::vector<GarbledTail>> FindGarbledTails(const fs::path& database) {
  std::vector<GarbledTail> tails;
  if (const std::optional<fs::path> manifest = CurrentManifest(database)) {
    SB_ASSIGN_OR_RETURN(const Tail found, FindTail(*manifest));
    if (found.is_damage) {
      return base::DataLoss(
          "'{}': the record at offset {} cannot be read, and others after it can; restore a "
          "backup, or see what `slowburn recover` can keep",
          manifest->string(), found.tail.at);
    }
    if (found.tail.bytes > 0) tails.push_back(found.tail);
  }
  std::error_code error;
  for (fs::directory_iterator entry(database, error), end; !error && entry != end;
       entry.increment(error)) {
    if (entry->path().extension() != ".log") continue;
    SB_ASSIGN_OR_RETURN(const Tail found, FindTail(entry->path()));
    if (found.tail.bytes > 0 && !found.is_damage) tails.push_back(found.tail);
  }
  if (error)
    return base::DataLoss("look at the logs in '{}': {}", database.string(), error.message());
  return tails;
}

absl::StatusOr<std::vector<GarbledTail>> CutGarbledTails(const fs::path& database) {
  SB_ASSIGN_OR_RETURN(std::vector<GarbledTail> tails, FindGarbledTails(database));
  for (const GarbledTail& tail : tails) SB_RETURN_IF_ERROR(Cut(tail));
  return tails;
}

}  // namespace slowburn::storage
