#include "storage/rocksdb/data_directory.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <optional>
#include <string>
#include <string_view>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/files.h"
#include "base/status.h"

namespace slowburn::storage {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kLockName = "slowburn.lock";
constexpr std::string_view kFormatName = "FORMAT";
constexpr std::string_view kFormatTitle = "slowburn data directory";
constexpr size_t kFormatBytesMax = 4096;

// What a folder may hold before it is ours: our own first steps, cut short, and what mkfs leaves.
constexpr std::array<std::string_view, 3> kHarmlessNames = {kLockName, "FORMAT.new", "lost+found"};

// An I/O error while opening counts as "cannot be written": a full disk alone passes by itself.
absl::Status Unwritable(const absl::Status& status, const fs::path& path) {
  if (absl::IsResourceExhausted(status)) {
    return base::Annotate(status, fmt::format("open data directory '{}'", path.string()));
  }
  return absl::PermissionDeniedError(
      fmt::format("data directory '{}' cannot be written: {}; let this user write it, or use "
                  "another data directory",
                  path.string(), base::Message(status)));
}

absl::Status MakeDirectory(const fs::path& path) {
  std::error_code error;
  if (fs::is_directory(path, error)) return absl::OkStatus();
  const fs::path parent = fs::absolute(path, error).lexically_normal().parent_path();
  fs::create_directories(parent, error);
  if (error) {
    return base::ErrnoStatus(error.value(), fmt::format("make folder '{}'", parent.string()));
  }
  if (mkdir(path.c_str(), 0700) != 0 && errno != EEXIST) {
    return base::ErrnoStatus(errno, fmt::format("make folder '{}'", path.string()));
  }
  return base::SyncDirectory(parent);
}

// Whether there is anything that we did not make and mkfs did not leave.
absl::StatusOr<bool> HasForeignFiles(const fs::path& path) {
  std::error_code error;
  for (fs::directory_iterator entry(path, error), end; !error && entry != end;
       entry.increment(error)) {
    const std::string name = entry->path().filename().string();
    if (std::find(kHarmlessNames.begin(), kHarmlessNames.end(), name) == kHarmlessNames.end()) {
      return true;
    }
  }
  if (error) return base::ErrnoStatus(error.value(), fmt::format("list '{}'", path.string()));
  return false;
}

absl::Status NotOurs(const fs::path& path) {
  return base::DataLoss(
      "'{}' is not empty and has no file FORMAT, so it is no data directory of slowburn; use an "
      "empty or a new folder, or "
      "restore FORMAT from a backup",
      path.string());
}

// The number behind "name " on its own line.
std::optional<uint32_t> FormatField(std::string_view text, std::string_view name) {
  while (!text.empty()) {
    const size_t line_end = std::min(text.find('\n'), text.size());
    std::string_view line = text.substr(0, line_end);
    text.remove_prefix(std::min(line_end + 1, text.size()));
    if (!line.starts_with(name) || line.size() <= name.size() || line[name.size()] != ' ') continue;
    line.remove_prefix(name.size() + 1);
    uint32_t number = 0;
    const auto [stop, error] = std::from_chars(line.data(), line.data() + line.size(), number);
    if (error != std::errc() || stop != line.data() + line.size()) return std::nullopt;
    return number;
  }
  return std::nullopt;
}

// What FORMAT says.
struct Format {
  uint32_t writer = kDataFormat;
  uint32_t min_reader = kDataFormat;
  std::string other_lines;  // of names that we do not know; kept as they are
};

std::string FormatText(const Format& format) {
  return fmt::format("{}\nwriter {}\nmin_reader {}\n{}", kFormatTitle, format.writer,
                     format.min_reader, format.other_lines);
}

// The lines behind the title whose names are neither "writer" nor "min_reader".
std::string OtherLines(std::string_view text) {
  std::string others;
  bool is_title = true;
  while (!text.empty()) {
    const size_t line_end = std::min(text.find('\n'), text.size());
    const std::string_view line = text.substr(0, line_end);
    text.remove_prefix(std::min(line_end + 1, text.size()));
    if (!is_title && !line.starts_with("writer ") && !line.starts_with("min_reader ")) {
      others.append(line).push_back('\n');
    }
    is_title = false;
  }
  return others;
}

absl::StatusOr<Format> ReadFormat(const fs::path& file) {
  const absl::StatusOr<std::string> text = base::ReadFile(file, kFormatBytesMax);
  if (absl::IsPermissionDenied(text.status())) return Unwritable(text.status(), file.parent_path());
  if (!text.ok())
    return base::DataLoss("{}; restore it from a backup", base::Message(text.status()));
  const std::optional<uint32_t> writer = FormatField(*text, "writer");
  const std::optional<uint32_t> min_reader = FormatField(*text, "min_reader");
  if (!text->starts_with(fmt::format("{}\n", kFormatTitle)) || !writer || !min_reader) {
    return base::DataLoss(
        "'{}' does not begin with '{}' and the lines 'writer N' and 'min_reader N'; restore it "
        "from a backup",
        file.string(), kFormatTitle);
  }
  if (*min_reader > kDataFormat) {
    return base::DataLoss(
        "'{}' was written by format {} and needs a slowburn that reads format {}; this one reads "
        "up to {}: install a newer "
        "slowburn",
        file.string(), *writer, *min_reader, kDataFormat);
  }
  return Format{.writer = *writer, .min_reader = *min_reader, .other_lines = OtherLines(*text)};
}

// Under the lock.
absl::StatusOr<Format> ReadOrWriteFormat(const fs::path& path) {
  const fs::path file = path / kFormatName;
  std::error_code error;
  if (fs::exists(file, error)) return ReadFormat(file);
  SB_ASSIGN_OR_RETURN(const bool foreign, HasForeignFiles(path));
  if (foreign) return NotOurs(path);
  const Format ours;
  const absl::Status written = base::WriteFileAtomically(file, FormatText(ours));
  if (!written.ok()) return Unwritable(written, path);
  return ours;
}

}  // namespace

absl::StatusOr<std::unique_ptr<DataDirectory>> DataDirectory::Open(const fs::path& path) {
  if (const absl::Status made = MakeDirectory(path); !made.ok()) return Unwritable(made, path);
  // The lock file is the first thing that we make in a folder: where there is other content but
  // neither it nor FORMAT, the folder is someone else's, and even the lock file would be one file
  // too many.
  std::error_code error;
  if (!fs::exists(path / kLockName, error) && !fs::exists(path / kFormatName, error)) {
    const absl::StatusOr<bool> foreign = HasForeignFiles(path);
    if (!foreign.ok()) return Unwritable(foreign.status(), path);
    if (*foreign) return NotOurs(path);
  }
  absl::StatusOr<std::unique_ptr<base::FileLock>> lock = base::FileLock::Acquire(path / kLockName);
  if (absl::IsFailedPrecondition(lock.status())) return lock.status();
  if (!lock.ok()) return Unwritable(lock.status(), path);
  SB_ASSIGN_OR_RETURN(const Format format, ReadOrWriteFormat(path));
  return std::unique_ptr<DataDirectory>(
      new DataDirectory(path, *std::move(lock), format.min_reader));
}

absl::Status DataDirectory::RaiseFormat() {
  const fs::path file = path_ / kFormatName;
  SB_ASSIGN_OR_RETURN(Format format, ReadFormat(file));
  format.writer = std::max(format.writer, kDataFormat);
  format.min_reader = kDataFormat;
  const absl::Status written = base::WriteFileAtomically(file, FormatText(format));
  if (!written.ok()) return Unwritable(written, path_);
  format_ = kDataFormat;
  return absl::OkStatus();
}

absl::StatusOr<bool> DataDirectory::HasDatabase() const {
  std::error_code error;
  if (!fs::exists(database(), error)) return false;
  if (faccessat(AT_FDCWD, database().c_str(), R_OK | W_OK | X_OK, AT_EACCESS) != 0) {
    return Unwritable(base::ErrnoStatus(errno, fmt::format("open '{}'", database().string())),
                      path_);
  }
  if (fs::exists(database() / "CURRENT", error)) return true;
  // RocksDB makes CURRENT before any of these. Without it, it would begin a new database over them.
  for (fs::directory_iterator entry(database(), error), end; !error && entry != end;
       entry.increment(error)) {
    const std::string extension = entry->path().extension().string();
    if (extension == ".sst" || extension == ".log") {
      return base::DataLoss(
          "'{}' is missing, but '{}' is there; restore a backup, or see what `slowburn recover` "
          "can keep",
          (database() / "CURRENT").string(), entry->path().string());
    }
  }
  if (error) return base::ErrnoStatus(error.value(), fmt::format("list '{}'", database().string()));
  return false;
}

uint64_t DataDirectory::DiskBytes() const {
  uint64_t bytes = 0;
  for (const fs::path& folder : {path_, database()}) {
    std::error_code error;
    for (fs::directory_iterator entry(folder, error), end; !error && entry != end;
         entry.increment(error)) {
      if (entry->path() == reserve()) continue;
      std::error_code gone;  // a compaction may remove a file between the listing and the look
      const uintmax_t size = entry->is_regular_file(gone) ? entry->file_size(gone) : 0;
      if (!gone) bytes += size;
    }
  }
  return bytes;
}

absl::StatusOr<std::unique_ptr<base::FileLock>> HoldToRead(const fs::path& path) {
  const fs::path file = path / kFormatName;
  std::error_code error;
  if (!fs::exists(file, error)) {
    return base::NotFound("'{}' is no data directory of slowburn: it has no file FORMAT",
                          path.string());
  }
  auto lock = base::FileLock::Share(path / kLockName);
  if (!lock.ok() && !absl::IsNotFound(lock.status())) return lock.status();
  SB_RETURN_IF_ERROR(ReadFormat(file).status());
  return lock.ok() ? *std::move(lock) : nullptr;
}

absl::Status WriteFormat(const fs::path& directory, uint32_t format) {
  return base::WriteFileAtomically(directory / kFormatName,
                                   FormatText({.writer = format, .min_reader = format}));
}

}  // namespace slowburn::storage
