// storage/rocksdb/testing/faulty_file_system.h: the disk, with a switch that breaks it.
//
// Room     storage/rocksdb, tests only
// Uses     RocksDB
// Threads  thread-safe
// Units    none
// Source   faults section 0, findings 4, 5 and 9
#pragma once

#include <atomic>
#include <memory>
#include <string>
#include <utility>

#include <rocksdb/file_system.h>

namespace slowburn::storage {

enum class DiskFault {
  kNone,
  kSyncFails,      // EIO from the fsync of a WAL
  kFull,           // no file grows
  kFullMidRecord,  // as kFull, and half of what a WAL was to get is there
  kFullAtSync,     // a WAL takes the bytes and finds no blocks for them at its fsync
};

class FaultyFileSystem final : public rocksdb::FileSystemWrapper {
 public:
  FaultyFileSystem() : FileSystemWrapper(rocksdb::FileSystem::Default()) {}
  const char* Name() const override { return "FaultyFileSystem"; }

  void Set(DiskFault fault) { fault_ = fault; }

  rocksdb::IOStatus NewWritableFile(const std::string& path, const rocksdb::FileOptions& options,
                                    std::unique_ptr<rocksdb::FSWritableFile>* file,
                                    rocksdb::IODebugContext* debug) override {
    rocksdb::IOStatus status = FileSystemWrapper::NewWritableFile(path, options, file, debug);
    if (status.ok()) {
      *file = std::make_unique<File>(std::move(*file), path.ends_with(".log"), fault_);
    }
    return status;
  }

 private:
  class File final : public rocksdb::FSWritableFileOwnerWrapper {
   public:
    File(std::unique_ptr<rocksdb::FSWritableFile> file, bool is_wal,
         const std::atomic<DiskFault>& fault)
        : FSWritableFileOwnerWrapper(std::move(file)), is_wal_(is_wal), fault_(fault) {}

    rocksdb::IOStatus Append(const rocksdb::Slice& data, const rocksdb::IOOptions& options,
                             rocksdb::IODebugContext* debug) override {
      if (!RefusesAppend()) return FSWritableFileOwnerWrapper::Append(data, options, debug);
      if (is_wal_ && fault_ == DiskFault::kFullMidRecord) {
        const rocksdb::Slice half(data.data(), data.size() / 2);
        FSWritableFileOwnerWrapper::Append(half, options, debug).PermitUncheckedError();
      }
      return NoSpace();
    }
    rocksdb::IOStatus Append(const rocksdb::Slice& data, const rocksdb::IOOptions& options,
                             const rocksdb::DataVerificationInfo& /*verification*/,
                             rocksdb::IODebugContext* debug) override {
      return Append(data, options, debug);
    }
    rocksdb::IOStatus Sync(const rocksdb::IOOptions& options,
                           rocksdb::IODebugContext* debug) override {
      if (is_wal_ && fault_ == DiskFault::kSyncFails) {
        return rocksdb::IOStatus::IOError("injected: Input/output error");
      }
      if (is_wal_ && fault_ == DiskFault::kFullAtSync) return NoSpace();
      return FSWritableFileOwnerWrapper::Sync(options, debug);
    }

   private:
    bool RefusesAppend() const {
      switch (fault_) {
        case DiskFault::kFull:
        case DiskFault::kFullMidRecord:
          return true;
        case DiskFault::kFullAtSync:
          return !is_wal_;
        default:
          return false;
      }
    }
    // As RocksDB's own file system reports ENOSPC.
    static rocksdb::IOStatus NoSpace() {
      rocksdb::IOStatus status = rocksdb::IOStatus::NoSpace("injected: No space left on device");
      status.SetRetryable(true);
      return status;
    }

    bool is_wal_;
    const std::atomic<DiskFault>& fault_;
  };

  std::atomic<DiskFault> fault_{DiskFault::kNone};
};

}  // namespace slowburn::storage
