#include "storage/rocksdb/salvage.h"

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <optional>
#include <string_view>
#include <utility>

#include <fcntl.h>
#include <fmt/ranges.h>
#include <rocksdb/env.h>
#include <stdio.h>  // renameat2
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/files.h"
#include "base/status.h"
#include "base/time_text.h"
#include "storage/api/keys.h"
#include "storage/rocksdb/data_directory.h"
#include "storage/rocksdb/high_water.h"
#include "storage/rocksdb/internal/database_repair.h"
#include "storage/rocksdb/internal/open_store.h"
#include "storage/rocksdb/internal/read_only_store.h"

namespace slowburn::storage {
namespace {

namespace fs = std::filesystem;

constexpr const char* kCopyName = "db.recovering";
constexpr const char* kMarkName = "HIGH_WATER";
constexpr const char* kNewMarkName = "HIGH_WATER.recovering";

// Tables never change, so both databases may hold them.
absl::Status CopyDatabase(const fs::path& from, const fs::path& to) {
  std::error_code error;
  fs::remove_all(to, error);
  if (mkdir(to.c_str(), 0700) != 0) {
    return base::ErrnoStatus(errno, fmt::format("make folder '{}'", to.string()));
  }
  for (fs::directory_iterator entry(from, error), end; !error && entry != end;
       entry.increment(error)) {
    if (!entry->is_regular_file() || entry->path().filename() == "LOCK") continue;
    const fs::path target = to / entry->path().filename();
    std::error_code failed;
    if (entry->path().extension() == ".sst") {
      fs::create_hard_link(entry->path(), target, failed);
    } else {
      fs::copy_file(entry->path(), target, failed);
    }
    if (failed) {
      return base::ErrnoStatus(
          failed.value(), fmt::format("copy '{}' to '{}'", entry->path().string(), to.string()));
    }
  }
  if (error) return base::ErrnoStatus(error.value(), fmt::format("list '{}'", from.string()));
  return absl::OkStatus();
}

// The greatest sequence above `kept` of which a log file shows the key, or `kept`. A record that
// was put begins with a byte 05, a byte for the family and the key's length, 0b: what else has
// that, and a number which is that near, is not worth to reckon with.
uint64_t NewestIn(std::string_view bytes, uint64_t kept) {
  constexpr uint64_t kNear = 100'000'000;
  const std::string key = LogKey(kept);
  const std::string pattern = "\x0b" + key.substr(0, key.size() - sizeof(uint64_t));
  uint64_t newest = kept;
  for (size_t at = bytes.find(pattern); at != std::string_view::npos;
       at = bytes.find(pattern, at + 1)) {
    if (at < 2 || bytes[at - 2] != '\x05' || at + 1 + key.size() > bytes.size()) continue;
    const std::optional<uint64_t> sequence = ReadLogKey(bytes.substr(at + 1, key.size()));
    if (sequence && *sequence > newest && *sequence - kept < kNear) newest = *sequence;
  }
  return newest;
}

absl::StatusOr<uint64_t> NewestInLogs(const fs::path& database, uint64_t kept) {
  constexpr size_t kLogBytesMax = size_t{1} << 30;  // four times what all of them may have
  uint64_t newest = kept;
  std::error_code error;
  for (fs::directory_iterator entry(database, error), end; !error && entry != end;
       entry.increment(error)) {
    if (entry->path().extension() != ".log") continue;
    SB_ASSIGN_OR_RETURN(const std::string bytes, base::ReadFile(entry->path(), kLogBytesMax));
    newest = std::max(newest, NewestIn(bytes, kept));
  }
  if (error) return base::ErrnoStatus(error.value(), fmt::format("list '{}'", database.string()));
  return newest;
}

std::string CompactTime(base::UnixNanos now) {
  std::string text = base::FormatRfc3339(now);
  text.erase(text.find('.'));
  std::erase_if(text, [](char c) { return c == '-' || c == ':'; });
  return text + "Z";
}

class OpenedSalvage final : public Salvage {
 public:
  explicit OpenedSalvage(fs::path directory) : directory_(std::move(directory)) {}
  ~OpenedSalvage() override {
    store_.reset();
    std::error_code ignored;
    fs::remove_all(directory_ / kCopyName, ignored);
    fs::remove(directory_ / kNewMarkName, ignored);
  }
  OpenedSalvage(const OpenedSalvage&) = delete;
  OpenedSalvage& operator=(const OpenedSalvage&) = delete;

  absl::Status Start() {
    SB_ASSIGN_OR_RETURN(auto directory, DataDirectory::Open(directory_));
    const fs::path database = directory->database();
    std::error_code error;
    if (!fs::is_directory(database, error)) {
      return base::DataLoss("'{}' is missing: nothing is left to recover; restore a backup",
                            database.string());
    }
    const uint64_t marked = ReadMark();
    const fs::path copy = directory_ / kCopyName;
    SB_RETURN_IF_ERROR(CopyDatabase(database, copy));
    DatabaseRepair repair;
    const absl::Status repaired = RepairDatabase(copy, repair);
    findings_.damage.insert(findings_.damage.end(), repair.damage.begin(), repair.damage.end());
    findings_.repairs.insert(findings_.repairs.end(), repair.repairs.begin(), repair.repairs.end());
    findings_.is_log_cut = repair.is_log_cut;
    SB_RETURN_IF_ERROR(repaired);
    SB_RETURN_IF_ERROR(CheckTables(copy));
    return OpenCopy(std::move(directory), database, marked);
  }

  const SalvageFindings& findings() const override { return findings_; }
  Store& store() override { return *store_; }

  absl::StatusOr<fs::path> Adopt() override {
    if (findings_.is_mark_lost) SB_RETURN_IF_ERROR(store_->MarkHighWater());
    // What a crash must not find by half: the copy is on disk before it takes the place.
    SB_RETURN_IF_ERROR(store_->SyncLog());
    store_.reset();
    // Its lock went with the store.
    SB_ASSIGN_OR_RETURN(const auto directory, DataDirectory::Open(directory_));
    SB_RETURN_IF_ERROR(base::SyncDirectory(directory_ / kCopyName));
    const std::string aside = "broken-" + CompactTime(base::SystemClock().Now());
    if (findings_.is_mark_lost) SB_RETURN_IF_ERROR(AdoptMark(aside));
    const fs::path database = directory_ / "db";
    // The copy gets the name first under which the damaged one will be kept, and then both change
    // places in one step: at no moment is there no db/, or the damaged one where it may be removed.
    const fs::path broken = directory_ / ("db." + aside);
    if (rename((directory_ / kCopyName).c_str(), broken.c_str()) != 0 ||
        renameat2(AT_FDCWD, broken.c_str(), AT_FDCWD, database.c_str(), RENAME_EXCHANGE) != 0) {
      return base::ErrnoStatus(
          errno, fmt::format("exchange '{}' and '{}'", database.string(), broken.string()));
    }
    SB_RETURN_IF_ERROR(base::SyncDirectory(directory_));
    return broken;
  }

 private:
  // What was acknowledged, as far as it can be read.
  uint64_t ReadMark() {
    const absl::StatusOr<std::unique_ptr<HighWater>> mark = HighWater::Open(directory_ / kMarkName);
    if (mark.ok()) {
      findings_.marked_time_unix_nano = (*mark)->newest().time_unix_nano;
      return (*mark)->newest().sequence;
    }
    findings_.is_mark_lost = true;
    findings_.damage.emplace_back(base::Message(mark.status()));
    findings_.repairs.emplace_back(
        "HIGH_WATER is made anew; whether acknowledged records are missing at the end, nothing can "
        "prove any more");
    return 0;
  }

  static absl::Status CheckTables(const fs::path& copy) {
    SB_ASSIGN_OR_RETURN(const auto store,
                        ReadOnlyStore::Open(copy.string(), *rocksdb::Env::Default(), nullptr));
    return base::Annotate(store->ReadAll(),
                          "not all that is left can be read, and no table can be left out without "
                          "bringing older counts back");
  }

  absl::Status OpenCopy(std::unique_ptr<DataDirectory> directory, const fs::path& damaged,
                        uint64_t marked) {
    const bool has_mark = !findings_.is_mark_lost;
    directory->UseNames(kCopyName, has_mark ? kMarkName : kNewMarkName);
    if (!has_mark) {
      SB_RETURN_IF_ERROR(HighWater::Create(directory->high_water(), base::SystemClock().Now()));
    }
    SB_ASSIGN_OR_RETURN(store_, OpenStore({.directory = directory_, .keeps_older_format = true},
                                          {.may_be_behind = true}, std::move(directory)));
    findings_.kept_sequence = store_->last_sequence();
    findings_.known_sequence = std::max(marked, store_->last_sequence());
    if (!findings_.is_log_cut) return absl::OkStatus();
    // What lies behind the damage is not kept, but shows how much there was.
    SB_ASSIGN_OR_RETURN(const uint64_t seen, NewestInLogs(damaged, findings_.kept_sequence));
    findings_.known_sequence = std::max(findings_.known_sequence, seen);
    return absl::OkStatus();
  }

  absl::Status AdoptMark(const std::string& aside) {
    const fs::path mark = directory_ / kMarkName;
    std::error_code error;
    if (fs::exists(mark, error)) {
      fs::rename(mark, directory_ / (std::string(kMarkName) + "." + aside), error);
    }
    if (!error) fs::rename(directory_ / kNewMarkName, mark, error);
    if (error) return base::ErrnoStatus(error.value(), fmt::format("write '{}'", mark.string()));
    return base::SyncDirectory(directory_);
  }

  const fs::path directory_;
  SalvageFindings findings_;
  std::unique_ptr<BackupableStore> store_;
};

}  // namespace

absl::StatusOr<std::unique_ptr<Salvage>> Salvage::Open(const fs::path& directory) {
  std::error_code error;
  if (!fs::exists(directory / "FORMAT", error)) {
    return base::NotFound("'{}' is no data directory; name one with --data-dir or --config",
                          directory.string());
  }
  auto salvage = std::make_unique<OpenedSalvage>(directory);
  if (const absl::Status started = salvage->Start(); !started.ok()) {
    std::vector<std::string> lines = salvage->findings().damage;
    lines.emplace_back(base::Message(started));
    return absl::Status(started.code(), fmt::format("{}", fmt::join(lines, "\n")));
  }
  return salvage;
}

}  // namespace slowburn::storage
