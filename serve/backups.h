// serve/backups.h: backups by the API: /api/slo/v1/backups lists them and begins one.
//
// Room     serve
// Uses     net/, storage/api, Boost.JSON
// Threads  the implementation is thread-safe; Read runs on a thread of the routes' own
// Units    bytes; unix time
// Source   docs/backup.md
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include <absl/status/status.h>
#include <absl/status/statusor.h>
#include <boost/json.hpp>

#include "net/route_table.h"
#include "storage/api/backup.h"

namespace slowburn::serve {

// One making of a backup, by this process.
struct BackupRun {
  uint64_t number = 0;  // from 1
  std::chrono::sys_seconds started{};
  std::optional<std::chrono::sys_seconds> ended;  // nothing: it is under way
  uint64_t bytes_copied = 0;
  absl::StatusOr<storage::Backup> made = absl::UnavailableError("it is under way");
};

struct BackupReading {
  std::string folder;
  std::vector<storage::Backup> backups;  // the oldest first
  std::vector<uint32_t> damaged;         // ids of those that cannot be used
  std::optional<BackupRun> run;          // the last; nothing: none since the start
};

class Backups {
 public:
  virtual ~Backups() = default;
  // Begins one and returns at once. kFailedPrecondition while one is under way, and when no folder
  // is configured.
  virtual absl::StatusOr<BackupRun> Begin() = 0;
  // Reads the folder. kFailedPrecondition when none is configured.
  virtual absl::StatusOr<BackupReading> Read() const = 0;
};

// {"id","time","sequence","format","bytes","added_bytes","files"}
boost::json::object BackupJson(const storage::Backup& backup);
// {"backups","damaged"}
boost::json::object BackupListJson(const std::vector<storage::Backup>& backups,
                                   const std::vector<uint32_t>& damaged);

// GET (read) and POST (admin). `backups` must outlive the table.
void AddBackupRoutes(net::RouteTable& table, Backups& backups);

}  // namespace slowburn::serve
