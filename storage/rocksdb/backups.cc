#include "storage/rocksdb/backups.h"

#include <cerrno>
#include <string>
#include <utility>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file_lock.h"
#include "base/files.h"
#include "base/status.h"
#include "storage/rocksdb/data_directory.h"
#include "storage/rocksdb/high_water.h"
#include "storage/rocksdb/internal/backup_folder.h"
#include "storage/rocksdb/internal/read_only_store.h"

namespace slowburn::storage {
namespace {

namespace fs = std::filesystem;

absl::Status CheckFormat(const Backup& backup) {
  if (backup.format <= kDataFormat) return absl::OkStatus();
  return base::DataLoss(
      "backup {} has format {}; this slowburn reads up to {}: install a newer one", backup.id,
      backup.format, kDataFormat);
}

// What the note of a backup promises.
absl::Status CheckSequence(const Backup& backup, const Store& store) {
  if (store.last_sequence() >= backup.sequence) return absl::OkStatus();
  return base::DataLoss(
      "backup {} must have every record up to {}, and has them up to {}; use another backup",
      backup.id, backup.sequence, store.last_sequence());
}

// RocksDB copied the files; nothing says that they are on disk.
absl::Status SyncTree(const fs::path& folder) {
  std::error_code error;
  for (fs::recursive_directory_iterator entry(folder, error), end; !error && entry != end;
       entry.increment(error)) {
    const fs::path& path = entry->path();
    if (entry->is_directory()) {
      SB_RETURN_IF_ERROR(base::SyncDirectory(path));
      continue;
    }
    const int fd = open(path.c_str(), O_RDONLY | O_CLOEXEC);
    const bool synced = fd >= 0 && fsync(fd) == 0;
    const int failure = errno;
    if (fd >= 0) close(fd);
    if (!synced) return base::ErrnoStatus(failure, fmt::format("fsync '{}'", path.string()));
  }
  if (error) return base::ErrnoStatus(error.value(), fmt::format("list '{}'", folder.string()));
  return base::SyncDirectory(folder);
}

// "data/" means the folder "data".
fs::path WithoutSlash(const fs::path& path) {
  return path.has_filename() ? path : path.parent_path();
}

absl::Status CheckTarget(const fs::path& into) {
  std::error_code error;
  if (!fs::exists(fs::symlink_status(into, error))) return absl::OkStatus();
  if (fs::is_directory(into, error) && !fs::is_symlink(into, error) && fs::is_empty(into, error)) {
    return absl::OkStatus();
  }
  return absl::AlreadyExistsError(fmt::format(
      "'{}' is there and not an empty folder; restore into a new folder, or move it aside first",
      into.string()));
}

// The folder beside `into`, ours and empty but for its lock.
absl::StatusOr<std::unique_ptr<base::FileLock>> MakePlace(const fs::path& place) {
  std::error_code error;
  fs::create_directories(fs::absolute(place, error).lexically_normal().parent_path(), error);
  if (mkdir(place.c_str(), 0700) != 0 && errno != EEXIST) {
    return base::ErrnoStatus(errno, fmt::format("make folder '{}'", place.string()));
  }
  absl::StatusOr<std::unique_ptr<base::FileLock>> lock =
      base::FileLock::Acquire(place / "slowburn.lock");
  if (!lock.ok()) return lock.status();
  // What a restore left that was interrupted.
  for (const char* const name : {"db", "HIGH_WATER", "HIGH_WATER.new", "FORMAT", "FORMAT.new"}) {
    fs::remove_all(place / name, error);
  }
  return lock;
}

struct Opened {
  Backup backup;
  std::unique_ptr<ReadOnlyStore> store;
};

absl::StatusOr<Opened> OpenOne(const BackupFolder& folder, uint32_t id) {
  SB_ASSIGN_OR_RETURN(const Backup backup, folder.Find(id));
  SB_RETURN_IF_ERROR(CheckFormat(backup));
  const rocksdb::BackupInfo place = folder.Place(backup.id);
  if (place.env_for_open == nullptr) {
    return base::DataLoss("backup {} in '{}' cannot be opened; use another backup", backup.id,
                          folder.path().string());
  }
  SB_ASSIGN_OR_RETURN(auto store, ReadOnlyStore::Open(place.name_for_open, *place.env_for_open,
                                                      place.env_for_open));
  SB_RETURN_IF_ERROR(CheckSequence(backup, *store));
  return Opened{backup, std::move(store)};
}

}  // namespace

absl::StatusOr<BackupList> ListBackups(const fs::path& folder) {
  SB_ASSIGN_OR_RETURN(const auto opened, BackupFolder::OpenToRead(folder));
  return BackupList{.backups = opened->List(), .damaged = opened->Damaged()};
}

absl::StatusOr<OpenedBackup> OpenBackup(const fs::path& folder, uint32_t id) {
  SB_ASSIGN_OR_RETURN(const auto backups, BackupFolder::OpenToRead(folder));
  SB_ASSIGN_OR_RETURN(Opened opened, OpenOne(*backups, id));
  return OpenedBackup{opened.backup, std::move(opened.store)};
}

absl::StatusOr<Backup> VerifyBackup(const fs::path& folder, uint32_t id) {
  SB_ASSIGN_OR_RETURN(const auto backups, BackupFolder::OpenToRead(folder));
  SB_ASSIGN_OR_RETURN(const Backup backup, backups->Find(id));
  SB_RETURN_IF_ERROR(backups->CheckFiles(backup.id));
  SB_ASSIGN_OR_RETURN(const Opened opened, OpenOne(*backups, backup.id));
  SB_RETURN_IF_ERROR(base::Annotate(opened.store->ReadAll(), fmt::format("backup {}", backup.id)));
  return backup;
}

fs::path PlaceOfRestore(const fs::path& into) {
  fs::path place = WithoutSlash(into);
  place += ".restoring";
  return place;
}

absl::StatusOr<Backup> RestoreBackup(const fs::path& folder, uint32_t id, const fs::path& target) {
  const fs::path into = WithoutSlash(target);
  SB_ASSIGN_OR_RETURN(const auto backups, BackupFolder::OpenToRead(folder));
  SB_ASSIGN_OR_RETURN(const Backup backup, backups->Find(id));
  SB_RETURN_IF_ERROR(CheckFormat(backup));
  SB_RETURN_IF_ERROR(CheckTarget(into));
  const fs::path place = PlaceOfRestore(into);
  SB_ASSIGN_OR_RETURN(const auto lock, MakePlace(place));
  const fs::path database = place / "db";
  SB_RETURN_IF_ERROR(backups->CopyTo(backup.id, database));
  uint64_t last = 0;
  {
    SB_ASSIGN_OR_RETURN(const auto store,
                        ReadOnlyStore::Open(database.string(), *rocksdb::Env::Default(), nullptr));
    SB_RETURN_IF_ERROR(CheckSequence(backup, *store));
    last = store->last_sequence();
  }
  const base::UnixNanos marked{std::chrono::seconds(backup.time_unix_seconds)};
  SB_RETURN_IF_ERROR(HighWater::Create(place / "HIGH_WATER", marked));
  SB_ASSIGN_OR_RETURN(const auto high_water, HighWater::Open(place / "HIGH_WATER"));
  SB_RETURN_IF_ERROR(high_water->Write(last, marked));
  SB_RETURN_IF_ERROR(WriteFormat(place, backup.format));
  SB_RETURN_IF_ERROR(SyncTree(place));
  if (rename(place.c_str(), into.c_str()) != 0) {
    return base::ErrnoStatus(errno,
                             fmt::format("rename '{}' to '{}'", place.string(), into.string()));
  }
  std::error_code error;
  SB_RETURN_IF_ERROR(
      base::SyncDirectory(fs::absolute(into, error).lexically_normal().parent_path()));
  return backup;
}

}  // namespace slowburn::storage
