#include "storage/rocksdb/internal/wal_tail.h"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>

#include <boost/crc.hpp>

#include "base/files.h"
#include "base/logging.h"
#include "base/status.h"

namespace slowburn::storage {
namespace {

// A file is blocks; no record's part crosses the end of one. Before each part: its checksum, length
// and type, little-endian.
constexpr size_t kBlockBytes = 32 << 10;
constexpr size_t kHeaderBytes = 7;
constexpr size_t kWalBytesMax = size_t{1} << 30;  // several times what is written into one
constexpr uint8_t kFull = 1;  // a whole record; between kFirst and kLast: a part of one
constexpr uint8_t kFirst = 2;
constexpr uint8_t kLast = 4;

// As RocksDB keeps it: rotated and moved, so that a checksum over checksums is none.
uint32_t MaskedCrc32c(std::string_view bytes) {
  boost::crc_optimal<32, 0x1EDC6F41, 0xFFFFFFFF, 0xFFFFFFFF, true, true> crc;
  crc.process_bytes(bytes.data(), bytes.size());
  const uint32_t value = crc.checksum();
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

}  // namespace

absl::StatusOr<bool> CutGarbledTails(const std::filesystem::path& database) {
  std::error_code error;
  bool has_cut = false;
  for (std::filesystem::directory_iterator entry(database, error), end; !error && entry != end;
       entry.increment(error)) {
    const std::filesystem::path& path = entry->path();
    if (path.extension() != ".log") continue;
    SB_ASSIGN_OR_RETURN(const std::string file, base::ReadFile(path, kWalBytesMax));
    const size_t readable = ReadableBytes(file);
    if (readable == file.size() || HasRecordAfter(file, readable)) continue;
    std::filesystem::resize_file(path, readable, error);
    if (error) break;
    base::Log(
        base::LogLevel::kWarning,
        "the end of a log of the store cannot be read, as after a power loss, and is cut off; "
        "what was acknowledged does not stand there, unless it was damaged since",
        {{"file", path.string()}, {"at", readable}, {"bytes", file.size() - readable}});
    has_cut = true;
  }
  if (error)
    return base::DataLoss("look at the logs in '{}': {}", database.string(), error.message());
  return has_cut;
}

}  // namespace slowburn::storage
