// The engine copies table files once for all backups that have them (shared_checksum/, by the
// session and number that made them), and the rest for each. It writes a backup's list of files
// last and renames it into place: a backup is there whole or not at all, and what an interrupted
// one copied is cleared by the next that is made.
#include "storage/rocksdb/internal/backup_folder.h"

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <set>
#include <utility>

#include <fmt/ranges.h>
#include <sys/stat.h>
#include <xxhash.h>

#include "base/files.h"
#include "base/status.h"

namespace slowburn::storage {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kLockName = "slowburn-backup.lock";
constexpr std::string_view kNoteTitle = "slowburn backup";
constexpr uint64_t kProgressBytes = 4 << 20;

absl::Status EngineStatus(const rocksdb::Status& status, const fs::path& folder,
                          std::string_view what) {
  if (status.ok()) return absl::OkStatus();
  const std::string text = fmt::format("{} '{}': {}", what, folder.string(), status.ToString());
  if (status.IsNoSpace()) {
    return absl::ResourceExhaustedError(
        text + "; free space on the disk that it names, and make the backup again");
  }
  if (text.find("Permission denied") != std::string::npos ||
      text.find("Read-only file system") != std::string::npos) {
    return absl::PermissionDeniedError(text + "; let this user write there");
  }
  if (status.IsNotFound()) return absl::NotFoundError(text);
  if (status.IsIncomplete()) return absl::CancelledError(text);
  return absl::DataLossError(text);
}

// The number behind "name " on the line that begins with it.
template <typename Number>
bool ReadLine(std::string_view text, std::string_view name, Number& number) {
  const size_t start = text.find(fmt::format("\n{} ", name));
  if (start == std::string_view::npos) return false;
  text.remove_prefix(start + name.size() + 2);
  text = text.substr(0, text.find('\n'));
  const auto [stop, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  return error == std::errc() && stop == text.data() + text.size();
}

absl::Status NotOurs(const fs::path& path) {
  return base::FailedPrecondition(
      "'{}' is not empty and is no folder of backups; name an empty or a new folder",
      path.string());
}

// RocksDB opens a backup where it lies by its absolute path alone.
fs::path Absolute(const fs::path& path) {
  std::error_code error;
  const fs::path absolute = fs::absolute(path, error).lexically_normal();
  return error ? path : absolute;
}

absl::Status MakeFolder(const fs::path& path) {
  std::error_code error;
  if (fs::is_directory(path, error)) {
    if (fs::exists(path / kLockName, error) || fs::is_empty(path, error)) return absl::OkStatus();
    return NotOurs(path);
  }
  const fs::path parent = fs::absolute(path, error).lexically_normal().parent_path();
  fs::create_directories(parent, error);
  if (mkdir(path.c_str(), 0700) != 0) {
    return base::ErrnoStatus(errno, fmt::format("make folder '{}'", path.string()));
  }
  return base::SyncDirectory(parent);
}

}  // namespace

std::string EncodeBackupNote(const BackupNote& note) {
  std::string text = fmt::format("{}\nformat {}\nsequence {}\ntime {}\n", kNoteTitle, note.format,
                                 note.sequence, note.time_unix_seconds);
  text += fmt::format("hash {:016x}\n", XXH3_64bits(text.data(), text.size()));
  return text;
}

std::optional<BackupNote> DecodeBackupNote(std::string_view text) {
  BackupNote note;
  const size_t hash_at = text.rfind("hash ");
  if (!text.starts_with(fmt::format("{}\n", kNoteTitle)) || hash_at == std::string_view::npos ||
      text.substr(hash_at) != fmt::format("hash {:016x}\n", XXH3_64bits(text.data(), hash_at)) ||
      !ReadLine(text, "format", note.format) || !ReadLine(text, "sequence", note.sequence) ||
      !ReadLine(text, "time", note.time_unix_seconds)) {
    return std::nullopt;
  }
  return note;
}

rocksdb::BackupEngineOptions BackupFolder::EngineOptions() const {
  rocksdb::BackupEngineOptions engine(path_.string());
  engine.info_log = info_log_.get();
  engine.callback_trigger_interval_size = kProgressBytes;
  if (options_ != nullptr) engine.backup_rate_limit = options_->bytes_per_second;
  return engine;
}

const rocksdb::BackupEngineReadOnlyBase& BackupFolder::reader() const {
  if (writer_ != nullptr) return *writer_;
  return *reader_;
}

absl::StatusOr<std::unique_ptr<BackupFolder>> BackupFolder::OpenToRead(const fs::path& path) {
  std::error_code error;
  if (!fs::is_directory(path, error) || !fs::exists(path / kLockName, error)) {
    return base::NotFound(
        "'{}' is no folder of backups; name one that `slowburn backup create` has made",
        path.string());
  }
  std::unique_ptr<BackupFolder> folder(new BackupFolder(Absolute(path)));
  // Where no backup was ever begun, RocksDB would call it an error.
  if (!fs::exists(path / "meta", error)) {
    return base::NotFound("'{}' has no backup yet; make one with `slowburn backup create`",
                          path.string());
  }
  rocksdb::BackupEngineReadOnly* engine = nullptr;
  SB_RETURN_IF_ERROR(EngineStatus(rocksdb::BackupEngineReadOnly::Open(
                                      folder->EngineOptions(), rocksdb::Env::Default(), &engine),
                                  path, "open backups in"));
  folder->reader_.reset(engine);
  return folder;
}

absl::StatusOr<std::unique_ptr<BackupFolder>> BackupFolder::OpenToWrite(
    const BackupOptions& options) {
  SB_RETURN_IF_ERROR(MakeFolder(options.folder));
  std::unique_ptr<BackupFolder> folder(new BackupFolder(Absolute(options.folder)));
  folder->options_ = &options;
  absl::StatusOr<std::unique_ptr<base::FileLock>> lock =
      base::FileLock::Acquire(folder->path_ / kLockName);
  if (absl::IsFailedPrecondition(lock.status())) {
    return base::FailedPrecondition(
        "another process makes a backup in '{}'; make this one once it has ended",
        folder->path_.string());
  }
  if (!lock.ok()) return lock.status();
  folder->lock_ = *std::move(lock);
  rocksdb::BackupEngine* engine = nullptr;
  SB_RETURN_IF_ERROR(EngineStatus(
      rocksdb::BackupEngine::Open(folder->EngineOptions(), rocksdb::Env::Default(), &engine),
      options.folder, "open backups in"));
  folder->writer_.reset(engine);
  SB_RETURN_IF_ERROR(EngineStatus(folder->writer_->GarbageCollect(), options.folder,
                                  "clear what an interrupted backup left in"));
  return folder;
}

absl::StatusOr<Backup> BackupFolder::Create(rocksdb::DB& db, uint64_t sequence, uint32_t format) {
  rocksdb::CreateBackupOptions create;
  // Tables are copied once, logs each time: with all of it in tables the next backup is small.
  create.flush_before_backup = true;
  uint64_t copied = 0;
  create.progress_callback = [&] {
    copied += kProgressBytes;
    if (options_->copied) options_->copied(copied);
    if (options_->stop.stop_requested()) writer_->StopBackup();
  };
  const BackupNote note{
      .format = format, .sequence = sequence, .time_unix_seconds = options_->time_unix_seconds};
  rocksdb::BackupID id = 0;
  absl::Status made =
      EngineStatus(writer_->CreateNewBackupWithMetadata(create, &db, EncodeBackupNote(note), &id),
                   path_, "make a backup in");
  if (!made.ok()) {
    // What it copied goes now if it can, else with the next backup.
    (void)writer_->GarbageCollect();
    return made;
  }
  SB_ASSIGN_OR_RETURN(Backup backup, Find(id));
  if (options_->keep > 0) {
    SB_RETURN_IF_ERROR(EngineStatus(writer_->PurgeOldBackups(options_->keep), path_,
                                    fmt::format("backup {} is made, but drop older ones in", id)));
  }
  return backup;
}

std::vector<Backup> BackupFolder::List() const {
  std::vector<rocksdb::BackupInfo> infos;
  reader().GetBackupInfo(&infos, /*include_file_details=*/true);
  std::ranges::sort(infos, {}, &rocksdb::BackupInfo::backup_id);
  std::vector<Backup> backups;
  std::set<std::string> known;
  for (const rocksdb::BackupInfo& info : infos) {
    Backup backup{.id = info.backup_id, .bytes = info.size, .files = info.number_files};
    for (const rocksdb::BackupFileInfo& file : info.file_details) {
      if (known.insert(file.relative_filename).second) {
        backup.added_bytes += file.size;
      }
    }
    const std::optional<BackupNote> note = DecodeBackupNote(info.app_metadata);
    if (!note.has_value()) continue;
    backup.time_unix_seconds = note->time_unix_seconds;
    backup.sequence = note->sequence;
    backup.format = note->format;
    backups.push_back(backup);
  }
  return backups;
}

std::vector<uint32_t> BackupFolder::Damaged() const {
  std::vector<rocksdb::BackupID> damaged;
  reader().GetCorruptedBackups(&damaged);
  std::vector<rocksdb::BackupInfo> infos;
  reader().GetBackupInfo(&infos);
  for (const rocksdb::BackupInfo& info : infos) {
    if (!DecodeBackupNote(info.app_metadata).has_value()) damaged.push_back(info.backup_id);
  }
  std::ranges::sort(damaged);
  return damaged;
}

absl::StatusOr<Backup> BackupFolder::Find(uint32_t id) const {
  const std::vector<Backup> backups = List();
  const std::vector<uint32_t> damaged = Damaged();
  if (std::ranges::count(damaged, id) > 0) {
    return base::DataLoss(
        "backup {} in '{}' is damaged: files are missing or its list of them is "
        "wrong; use another backup",
        id, path_.string());
  }
  if (backups.empty() && damaged.empty()) {
    return base::NotFound("'{}' has no backup yet; make one with `slowburn backup create`",
                          path_.string());
  }
  if (id == 0 && !backups.empty()) return backups.back();
  std::vector<uint32_t> ids;
  for (const Backup& backup : backups) {
    if (backup.id == id) return backup;
    ids.push_back(backup.id);
  }
  return base::NotFound(
      "there is no backup {} in '{}'; there are: {}{}", id, path_.string(), fmt::join(ids, ", "),
      damaged.empty()
          ? ""
          : fmt::format("{}damaged {}", ids.empty() ? "" : "; ", fmt::join(damaged, ", ")));
}

absl::Status BackupFolder::CheckFiles(uint32_t id) const {
  return base::Annotate(EngineStatus(reader().VerifyBackup(id, /*verify_with_checksum=*/true),
                                     path_, fmt::format("read backup {} in", id)),
                        fmt::format("backup {} is damaged, use another", id));
}

absl::Status BackupFolder::CopyTo(uint32_t id, const fs::path& database) const {
  return EngineStatus(reader().RestoreDBFromBackup(id, database.string(), database.string()), path_,
                      fmt::format("copy backup {} to '{}' from", id, database.string()));
}

rocksdb::BackupInfo BackupFolder::Place(uint32_t id) const {
  rocksdb::BackupInfo info;
  reader().GetBackupInfo(id, &info, /*include_file_details=*/true).PermitUncheckedError();
  return info;
}

}  // namespace slowburn::storage
