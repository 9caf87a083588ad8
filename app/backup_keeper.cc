#include "app/backup_keeper.h"

#include <prometheus/counter.h>
#include <prometheus/gauge.h>

#include "base/logging.h"
#include "base/status.h"
#include "storage/rocksdb/backups.h"

namespace slowburn::app {
namespace {

prometheus::Counter& AddOutcome(prometheus::Registry& registry, const char* outcome) {
  return prometheus::BuildCounter()
      .Name("slowburn_app_backups_total")
      .Help("Backups that were begun, by what came of them.")
      .Register(registry)
      .Add({{"outcome", outcome}});
}

}  // namespace

BackupKeeper::BackupKeeper(Options options, storage::BackupableStore& store,
                           const base::Clock& clock, prometheus::Registry& registry)
    : options_(std::move(options)),
      store_(store),
      clock_(clock),
      made_(AddOutcome(registry, "made")),
      failed_(AddOutcome(registry, "failed")),
      last_made_(prometheus::BuildGauge()
                     .Name("slowburn_app_backup_last_success_timestamp_seconds")
                     .Help("When the newest backup of this process was begun; 0: none yet.")
                     .Register(registry)
                     .Add({})) {}

BackupKeeper::~BackupKeeper() = default;

absl::Status BackupKeeper::CheckFolder() const {
  if (!options_.folder.empty()) return absl::OkStatus();
  return base::FailedPrecondition(
      "no folder is configured for backups; write backup: {{directory: /a/disk/of/its/own}} in the "
      "config and restart");
}

absl::StatusOr<serve::BackupRun> BackupKeeper::Begin() {
  SB_RETURN_IF_ERROR(CheckFolder());
  const std::lock_guard lock(mutex_);
  if (run_.has_value() && !run_->ended.has_value()) {
    return base::FailedPrecondition("backup run {} is under way; ask again once it has ended",
                                    run_->number);
  }
  serve::BackupRun run{.number = run_.has_value() ? run_->number + 1 : 1,
                       .started = base::FloorSeconds(clock_.Now())};
  run_ = run;
  thread_ = std::jthread([this](const std::stop_token& stop) { Make(stop); });
  return run;
}

void BackupKeeper::Make(const std::stop_token& stop) {
  storage::BackupOptions options{
      .folder = options_.folder,
      .keep = options_.keep,
      .time_unix_seconds = base::FloorSeconds(clock_.Now()).time_since_epoch().count(),
      .bytes_per_second = options_.bytes_per_second,
      .copied =
          [this](uint64_t bytes) {
            const std::lock_guard lock(mutex_);
            run_->bytes_copied = bytes;
          },
      .stop = stop};
  absl::StatusOr<storage::Backup> made = store_.CreateBackup(options);
  if (made.ok()) {
    made_.Increment();
    last_made_.Set(static_cast<double>(made->time_unix_seconds));
    base::Log(base::LogLevel::kInfo, "backup made",
              {{"id", made->id},
               {"sequence", made->sequence},
               {"bytes", made->bytes},
               {"added_bytes", made->added_bytes}});
  } else {
    failed_.Increment();
    base::Log(base::LogLevel::kError, "no backup was made",
              {{"error", base::Message(made.status())}});
  }
  const std::lock_guard lock(mutex_);
  run_->made = std::move(made);
  run_->ended = base::FloorSeconds(clock_.Now());
}

absl::StatusOr<serve::BackupReading> BackupKeeper::Read() const {
  SB_RETURN_IF_ERROR(CheckFolder());
  serve::BackupReading reading{.folder = options_.folder.string()};
  if (auto list = storage::ListBackups(options_.folder); list.ok()) {
    reading.backups = std::move(list->backups);
    reading.damaged = std::move(list->damaged);
  } else if (!absl::IsNotFound(list.status())) {
    return list.status();
  }
  const std::lock_guard lock(mutex_);
  reading.run = run_;
  return reading;
}

}  // namespace slowburn::app
