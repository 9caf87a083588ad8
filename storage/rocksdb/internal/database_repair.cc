// What may be dropped is the end of the log of writes, and nothing else: every family is then as it
// was after one and the same write. RocksDB holds to that in kPointInTimeRecovery, and refuses when
// a family already has, in its tables, what comes after the damage. A log file that is missing or
// cut short is made to look damaged at its end, so that the same check meets it.
#include "storage/rocksdb/internal/database_repair.h"

#include <algorithm>
#include <charconv>
#include <fstream>
#include <memory>
#include <optional>
#include <utility>

#include <rocksdb/db.h>

#include "base/files.h"
#include "base/status.h"
#include "storage/rocksdb/internal/database_options.h"
#include "storage/rocksdb/internal/database_view.h"
#include "storage/rocksdb/internal/garbled_tail.h"
#include "storage/rocksdb/internal/info_log.h"

namespace slowburn::storage {
namespace {

namespace fs = std::filesystem;

constexpr size_t kNoiseBytes = 64 << 10;  // two blocks of a log file
constexpr int kLogFilesMax = 64;

// How an open ended: RocksDB's status, and its first message, which names the file.
struct Opening {
  rocksdb::Status status;
  std::string message;

  std::string Text() const {
    const std::string text = status.ToString();
    if (message.empty() || message.find(text) != std::string::npos) {
      return message.empty() ? text : message;
    }
    return fmt::format("{} ({})", text, message);
  }
  bool Says(std::string_view words) const { return Text().find(words) != std::string::npos; }
};

enum class Strictness : uint8_t {
  kAsAStart,
  kUntilDamage,           // the log of writes up to the first damage
  kUntilDamageUntracked,  // and without asking MANIFEST which log files there must be
};

class Repairer {
 public:
  Repairer(fs::path database, DatabaseRepair& repair)
      : database_(std::move(database)), repair_(repair) {}

  absl::Status Run() {
    Opening opening = Open(Strictness::kAsAStart);
    if (opening.status.IsCorruption() && CutTails()) opening = Open(Strictness::kAsAStart);
    if (opening.status.ok()) return absl::OkStatus();
    repair_.damage.push_back(opening.Text());
    if (!HasReadableManifest()) {
      SB_RETURN_IF_ERROR(RestoreManifest());
      opening = Open(Strictness::kAsAStart);
      if (opening.status.ok()) return absl::OkStatus();
      repair_.damage.push_back(opening.Text());
    }
    return CutLog();
  }

 private:
  Opening Open(Strictness strictness) const {
    const RocksdbOptions options;
    const auto info_log = std::make_shared<InfoLog>();  // shared as RocksDB asks
    rocksdb::DBOptions db_options = DatabaseOptions(options, rocksdb::Env::Default(), info_log);
    if (strictness != Strictness::kAsAStart) {
      db_options.wal_recovery_mode = rocksdb::WALRecoveryMode::kPointInTimeRecovery;
    }
    if (strictness == Strictness::kUntilDamageUntracked) {
      db_options.track_and_verify_wals_in_manifest = false;
    }
    std::vector<std::string> present;
    Opening opening;
    opening.status = rocksdb::DB::ListColumnFamilies(db_options, database_.string(), &present);
    if (opening.status.ok()) {
      std::vector<rocksdb::ColumnFamilyDescriptor> families = FamilyDescriptors(options);
      std::erase_if(families, [&](const rocksdb::ColumnFamilyDescriptor& family) {
        return std::ranges::count(present, family.name) == 0;
      });
      std::vector<rocksdb::ColumnFamilyHandle*> handles;
      rocksdb::DB* db = nullptr;
      opening.status = rocksdb::DB::Open(db_options, database_.string(), families, &handles, &db);
      const std::unique_ptr<rocksdb::DB> owner(db);
      for (rocksdb::ColumnFamilyHandle* handle : handles) {
        db->DestroyColumnFamilyHandle(handle).PermitUncheckedError();
      }
    }
    opening.message = info_log->first_message();
    return opening;
  }

  // As a start does, so it is no damage. Returns whether anything was cut.
  bool CutTails() {
    const auto cut = CutGarbledTails(database_);
    if (!cut.ok()) return false;  // another kind of damage, which the next attempts find
    for (const GarbledTail& tail : *cut) {
      repair_.repairs.push_back(
          fmt::format("{} ends at offset {}: the {} bytes behind it cannot be read, as after a "
                      "power loss, and a start cuts them off too",
                      tail.file.filename().string(), tail.at, tail.bytes));
    }
    return !cut->empty();
  }

  bool HasReadableManifest() const {
    std::vector<std::string> families;
    return rocksdb::DB::ListColumnFamilies(rocksdb::DBOptions(), database_.string(), &families)
        .ok();
  }

  // The list of tables: the newest file that is one, else made anew from the tables.
  absl::Status RestoreManifest() {
    std::vector<std::string> manifests;
    std::error_code error;
    for (fs::directory_iterator entry(database_, error), end; !error && entry != end;
         entry.increment(error)) {
      const std::string name = entry->path().filename().string();
      if (name.starts_with("MANIFEST-")) manifests.push_back(name);
    }
    std::ranges::sort(manifests, std::ranges::greater());
    for (const std::string& manifest : manifests) {
      SB_RETURN_IF_ERROR(base::WriteFileAtomically(database_ / "CURRENT", manifest + "\n"));
      if (!HasReadableManifest()) continue;
      repair_.repairs.push_back(fmt::format(
          "CURRENT names {} again, the newest list of tables that can be read", manifest));
      return absl::OkStatus();
    }
    return RebuildManifest();
  }

  absl::Status RebuildManifest() {
    const RocksdbOptions options;
    const auto info_log = std::make_shared<InfoLog>();  // shared as RocksDB asks
    const rocksdb::DBOptions db_options =
        DatabaseOptions(options, rocksdb::Env::Default(), info_log);
    const rocksdb::Status rebuilt =
        rocksdb::RepairDB(database_.string(), db_options, FamilyDescriptors(options));
    std::error_code ignored;
    fs::remove_all(database_ / "lost", ignored);  // the damaged database keeps what it had
    if (!rebuilt.ok()) {
      return base::DataLoss("the list of tables cannot be made anew: {}; restore a backup",
                            rebuilt.ToString());
    }
    // Made anew it takes what it can read of the log of writes, with holes: no whole state.
    std::string more = info_log->FirstWith("dropping");
    if (more.empty()) more = info_log->FirstWith("ignoring");
    if (!more.empty()) {
      return base::DataLoss(
          "the list of tables (MANIFEST) is gone, and more is damaged: {}; restore a backup", more);
    }
    repair_.repairs.emplace_back(
        "MANIFEST, the list of tables, is made anew from the tables that are there; that all of "
        "them are, nothing can prove");
    return absl::OkStatus();
  }

  absl::Status CutLog() {
    Strictness strictness = Strictness::kUntilDamage;
    for (int attempt = 0; attempt < kLogFilesMax; ++attempt) {
      const Opening opening = Open(strictness);
      if (opening.status.ok()) {
        repair_.repairs.emplace_back("the log of writes ends where its damage begins");
        repair_.is_log_cut = true;
        return absl::OkStatus();
      }
      if (opening.Says("SST file is ahead of WALs")) {
        return base::DataLoss(
            "what comes after the damage is in tables already, in part ({}): no state is left that "
            "was whole at one moment; restore a backup",
            opening.status.ToString());
      }
      const std::optional<uint64_t> log = UnmatchedLog(opening);
      if (!log.has_value()) {
        if (opening.Text() != repair_.damage.back()) repair_.damage.push_back(opening.Text());
        return base::DataLoss(
            "this is no damage at the end of the log of writes, and nothing else can be left out: "
            "restore a backup");
      }
      SB_RETURN_IF_ERROR(DamageEndOf(*log));
      strictness = Strictness::kUntilDamageUntracked;
    }
    return base::DataLoss("more than {} log files are damaged; restore a backup", kLogFilesMax);
  }

  // Of "Missing WAL with log number: 12." and "Size mismatch: WAL (log number: 12) in MANIFEST
  // ...".
  static std::optional<uint64_t> UnmatchedLog(const Opening& opening) {
    constexpr std::string_view kWords = "log number: ";
    const std::string text = opening.status.ToString();
    const size_t at = text.find(kWords);
    if (at == std::string::npos) return std::nullopt;
    uint64_t number = 0;
    const char* const begin = text.data() + at + kWords.size();
    if (std::from_chars(begin, text.data() + text.size(), number).ec != std::errc()) {
      return std::nullopt;
    }
    return number;
  }

  absl::Status DamageEndOf(uint64_t log) {
    const fs::path file = database_ / fmt::format("{:06}.log", log);
    std::ofstream stream(file, std::ios::binary | std::ios::app);
    stream << std::string(kNoiseBytes, '\x5A');
    stream.close();
    if (!stream) return base::Unavailable("write '{}'; free space on its disk", file.string());
    return absl::OkStatus();
  }

  const fs::path database_;
  DatabaseRepair& repair_;
};

}  // namespace

absl::Status RepairDatabase(const fs::path& database, DatabaseRepair& repair) {
  return Repairer(database, repair).Run();
}

}  // namespace slowburn::storage
