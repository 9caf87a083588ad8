// app/backup_keeper.h: makes the backups of a running server, one at a time, beside its work.
//
// Room     app
// Uses     serve/backups.h, storage/
// Threads  thread-safe; a backup is made on a thread of its own
// Units    bytes
// Source   docs/backup.md
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <mutex>
#include <optional>
#include <thread>

#include <prometheus/registry.h>

#include "base/clock.h"
#include "serve/backups.h"
#include "storage/api/backup.h"

namespace slowburn::app {

class BackupKeeper final : public serve::Backups {
 public:
  struct Options {
    std::filesystem::path folder;  // empty: there are no backups, and who asks is told how
    uint32_t keep = 7;
    uint64_t bytes_per_second = 0;  // 0: as fast as the disks are
  };
  // All must outlive it.
  BackupKeeper(Options options, storage::BackupableStore& store, const base::Clock& clock,
               prometheus::Registry& registry);
  ~BackupKeeper() override;  // stops the one that is under way: it leaves nothing

  absl::StatusOr<serve::BackupRun> Begin() override;
  absl::StatusOr<serve::BackupReading> Read() const override;

 private:
  absl::Status CheckFolder() const;
  void Make(const std::stop_token& stop);

  const Options options_;
  storage::BackupableStore& store_;
  const base::Clock& clock_;
  prometheus::Counter& made_;
  prometheus::Counter& failed_;
  prometheus::Gauge& last_made_;

  mutable std::mutex mutex_;
  std::optional<serve::BackupRun> run_;
  std::jthread thread_;  // of the last run; last: it uses all of the above
};

}  // namespace slowburn::app
