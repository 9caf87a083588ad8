// storage/rocksdb/testing/failing_call_file_system.h: the disk, of which one call fails.
//
// Room     storage/rocksdb, tests only
// Uses     RocksDB
// Threads  thread-safe
// Units    calls are counted from 1
// Source   faults section 0, findings 4, 5 and 9
//
// What is written reaches the operating system and is not synced: nothing cuts the power here.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include <rocksdb/file_system.h>

#include "storage/rocksdb/internal/open_store.h"

namespace slowburn::storage {

enum class CallKind : uint8_t {
  kCreate,
  kOpenToRead,
  kAppend,
  kFlush,
  kSync,
  kClose,
  kRename,
  kDelete,
  kSyncDirectory
};

// Which calls are counted: those of a kind, on files whose name has `part` in it.
struct DiskCall {
  CallKind kind = CallKind::kAppend;
  std::string part;
};

class FailingCallFileSystem final : public rocksdb::FileSystemWrapper {
 public:
  // The `n`th such call fails with an I/O error, and none after it.
  FailingCallFileSystem(DiskCall call, uint64_t n)
      : FileSystemWrapper(rocksdb::FileSystem::Default()), call_(std::move(call)), left_(n) {}
  const char* Name() const override { return "FailingCallFileSystem"; }

  bool has_failed() const { return has_failed_; }

  rocksdb::IOStatus NewWritableFile(const std::string& path, const rocksdb::FileOptions& options,
                                    std::unique_ptr<rocksdb::FSWritableFile>* file,
                                    rocksdb::IODebugContext* debug) override {
    if (Fails(CallKind::kCreate, path)) return Failure();
    rocksdb::IOStatus status = FileSystemWrapper::NewWritableFile(path, options, file, debug);
    if (status.ok()) *file = std::make_unique<File>(std::move(*file), path, *this);
    return status;
  }
  rocksdb::IOStatus NewRandomAccessFile(const std::string& path,
                                        const rocksdb::FileOptions& options,
                                        std::unique_ptr<rocksdb::FSRandomAccessFile>* file,
                                        rocksdb::IODebugContext* debug) override {
    if (Fails(CallKind::kOpenToRead, path)) return Failure();
    return FileSystemWrapper::NewRandomAccessFile(path, options, file, debug);
  }
  rocksdb::IOStatus NewSequentialFile(const std::string& path, const rocksdb::FileOptions& options,
                                      std::unique_ptr<rocksdb::FSSequentialFile>* file,
                                      rocksdb::IODebugContext* debug) override {
    if (Fails(CallKind::kOpenToRead, path)) return Failure();
    return FileSystemWrapper::NewSequentialFile(path, options, file, debug);
  }
  rocksdb::IOStatus NewDirectory(const std::string& path, const rocksdb::IOOptions& options,
                                 std::unique_ptr<rocksdb::FSDirectory>* directory,
                                 rocksdb::IODebugContext* debug) override {
    rocksdb::IOStatus status = FileSystemWrapper::NewDirectory(path, options, directory, debug);
    if (status.ok()) *directory = std::make_unique<Directory>(std::move(*directory), path, *this);
    return status;
  }
  rocksdb::IOStatus RenameFile(const std::string& from, const std::string& to,
                               const rocksdb::IOOptions& options,
                               rocksdb::IODebugContext* debug) override {
    if (Fails(CallKind::kRename, to)) return Failure();
    return FileSystemWrapper::RenameFile(from, to, options, debug);
  }
  rocksdb::IOStatus DeleteFile(const std::string& path, const rocksdb::IOOptions& options,
                               rocksdb::IODebugContext* debug) override {
    if (Fails(CallKind::kDelete, path)) return Failure();
    return FileSystemWrapper::DeleteFile(path, options, debug);
  }

 private:
  class File final : public rocksdb::FSWritableFileOwnerWrapper {
   public:
    File(std::unique_ptr<rocksdb::FSWritableFile> file, std::string path,
         FailingCallFileSystem& disk)
        : FSWritableFileOwnerWrapper(std::move(file)), path_(std::move(path)), disk_(disk) {}

    // Half of what was to be written is there.
    rocksdb::IOStatus Append(const rocksdb::Slice& data, const rocksdb::IOOptions& options,
                             rocksdb::IODebugContext* debug) override {
      if (!disk_.Fails(CallKind::kAppend, path_))
        return FSWritableFileOwnerWrapper::Append(data, options, debug);
      const rocksdb::Slice half(data.data(), data.size() / 2);
      FSWritableFileOwnerWrapper::Append(half, options, debug).PermitUncheckedError();
      return Failure();
    }
    rocksdb::IOStatus Append(const rocksdb::Slice& data, const rocksdb::IOOptions& options,
                             const rocksdb::DataVerificationInfo& /*verification*/,
                             rocksdb::IODebugContext* debug) override {
      return Append(data, options, debug);
    }
    rocksdb::IOStatus Sync(const rocksdb::IOOptions& /*options*/,
                           rocksdb::IODebugContext* /*debug*/) override {
      return disk_.Fails(CallKind::kSync, path_) ? Failure() : rocksdb::IOStatus::OK();
    }
    rocksdb::IOStatus Fsync(const rocksdb::IOOptions& options,
                            rocksdb::IODebugContext* debug) override {
      return Sync(options, debug);
    }

    rocksdb::IOStatus Flush(const rocksdb::IOOptions& options,
                            rocksdb::IODebugContext* debug) override {
      if (disk_.Fails(CallKind::kFlush, path_)) return Failure();
      return FSWritableFileOwnerWrapper::Flush(options, debug);
    }
    rocksdb::IOStatus Close(const rocksdb::IOOptions& options,
                            rocksdb::IODebugContext* debug) override {
      rocksdb::IOStatus status = FSWritableFileOwnerWrapper::Close(options, debug);
      return disk_.Fails(CallKind::kClose, path_) ? Failure() : status;
    }

   private:
    const std::string path_;
    FailingCallFileSystem& disk_;
  };

  class Directory final : public rocksdb::FSDirectoryWrapper {
   public:
    Directory(std::unique_ptr<rocksdb::FSDirectory> directory, std::string path,
              FailingCallFileSystem& disk)
        : FSDirectoryWrapper(std::move(directory)), path_(std::move(path)), disk_(disk) {}

    rocksdb::IOStatus Fsync(const rocksdb::IOOptions& /*options*/,
                            rocksdb::IODebugContext* /*debug*/) override {
      return disk_.Fails(CallKind::kSyncDirectory, path_) ? Failure() : rocksdb::IOStatus::OK();
    }
    rocksdb::IOStatus FsyncWithDirOptions(
        const rocksdb::IOOptions& options, rocksdb::IODebugContext* debug,
        const rocksdb::DirFsyncOptions& /*directory_options*/) override {
      return Fsync(options, debug);
    }

   private:
    const std::string path_;
    FailingCallFileSystem& disk_;
  };

  static rocksdb::IOStatus Failure() {
    return rocksdb::IOStatus::IOError("injected: Input/output error");
  }
  bool Fails(CallKind kind, std::string_view path) {
    const size_t name = path.rfind('/') + 1;
    if (kind != call_.kind || path.find(call_.part, name) == path.npos || --left_ != 0) {
      return false;
    }
    has_failed_ = true;
    return true;
  }

  const DiskCall call_;
  std::atomic<uint64_t> left_;
  std::atomic<bool> has_failed_{false};
};

// As OpenRocksdbStore, on that disk.
inline absl::StatusOr<std::unique_ptr<BackupableStore>> OpenOnDisk(
    const RocksdbOptions& options, std::shared_ptr<FailingCallFileSystem> disk) {
  return OpenStore(options, {.file_system = std::move(disk), .listeners = {}});
}

}  // namespace slowburn::storage
