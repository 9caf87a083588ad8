// storage/rocksdb/testing/forgetful_file_system.h: the disk, as a power loss leaves it.
//
// Room     storage/rocksdb, tests only
// Uses     RocksDB
// Threads  thread-safe
// Units    bytes
// Source   faults section 3: only what an fsync returned for is there after a power loss
//
// Of each file that RocksDB writes it knows how many bytes are synced. Names (files made, renamed,
// deleted) are durable at once, as on a file system that keeps a journal of them.
#pragma once

#include <filesystem>
#include <fstream>
#include <map>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <utility>

#include <absl/base/thread_annotations.h>
#include <absl/synchronization/mutex.h>
#include <rocksdb/file_system.h>

#include "storage/rocksdb/internal/open_store.h"

namespace slowburn::storage {

class ForgetfulFileSystem final : public rocksdb::FileSystemWrapper {
 public:
  ForgetfulFileSystem() : FileSystemWrapper(rocksdb::FileSystem::Default()) {}
  const char* Name() const override { return "ForgetfulFileSystem"; }

  // Copies `from` to `to` as the disk would have it if the power went now, in the middle of
  // whatever RocksDB is about: of the bytes after the last fsync, any number is lost, or their
  // place is there and holds zeroes or other bytes. Returns how many bytes were lost.
  uint64_t LosePower(const std::filesystem::path& from, const std::filesystem::path& to,
                     std::mt19937_64& random) {
    const absl::MutexLock lock(&mutex_);
    return Copy(from, to, random);
  }
  // The same once, at the next fsync of a MANIFEST in use, before that does anything.
  void LosePowerAtManifestSync(std::filesystem::path from, std::filesystem::path to,
                               uint64_t seed) {
    const absl::MutexLock lock(&mutex_);
    at_manifest_sync_.emplace(std::move(from), std::move(to), std::mt19937_64(seed));
    lost_at_manifest_sync_.reset();
  }
  // What was lost then, or nothing when there was no such fsync; from now on none counts.
  std::optional<uint64_t> LostAtManifestSync() {
    const absl::MutexLock lock(&mutex_);
    at_manifest_sync_.reset();
    return lost_at_manifest_sync_;
  }

  rocksdb::IOStatus NewWritableFile(const std::string& path, const rocksdb::FileOptions& options,
                                    std::unique_ptr<rocksdb::FSWritableFile>* file,
                                    rocksdb::IODebugContext* debug) override {
    const absl::MutexLock lock(&mutex_);
    rocksdb::IOStatus status = FileSystemWrapper::NewWritableFile(path, options, file, debug);
    if (status.ok()) {
      synced_[path] = 0;
      *file = std::make_unique<File>(std::move(*file), path, *this);
    }
    return status;
  }
  rocksdb::IOStatus RenameFile(const std::string& from, const std::string& to,
                               const rocksdb::IOOptions& options,
                               rocksdb::IODebugContext* debug) override {
    const absl::MutexLock lock(&mutex_);
    rocksdb::IOStatus status = FileSystemWrapper::RenameFile(from, to, options, debug);
    if (auto known = synced_.extract(from); status.ok() && !known.empty()) {
      synced_[to] = known.mapped();
    }
    return status;
  }
  rocksdb::IOStatus DeleteFile(const std::string& path, const rocksdb::IOOptions& options,
                               rocksdb::IODebugContext* debug) override {
    const absl::MutexLock lock(&mutex_);
    synced_.erase(path);
    return FileSystemWrapper::DeleteFile(path, options, debug);
  }

 private:
  struct Moment {
    std::filesystem::path from, to;
    std::mt19937_64 random;
  };

  uint64_t Copy(const std::filesystem::path& from, const std::filesystem::path& to,
                std::mt19937_64& random) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    namespace fs = std::filesystem;
    fs::copy(from, to, fs::copy_options::recursive);
    uint64_t lost = 0;
    for (const auto& [path, synced] : synced_) {
      const fs::path copy = to / fs::path(path).lexically_relative(from);
      if (!fs::exists(copy)) continue;
      const uint64_t size = fs::file_size(copy);
      if (size <= synced) continue;
      const uint64_t kept = synced + random() % (size - synced + 1);
      lost += size - kept;
      fs::resize_file(copy, kept);
      switch (random() % 3) {
        case 0:
          fs::resize_file(copy, size);  // zeroes
          break;
        case 1:
          Garble(copy, size - kept, random);
          break;
      }
    }
    return lost;
  }

  static void Garble(const std::filesystem::path& file, uint64_t bytes, std::mt19937_64& random) {
    std::ofstream stream(file, std::ios::binary | std::ios::app);
    for (; bytes > 0; --bytes) stream.put(static_cast<char>(random()));
  }

  // A MANIFEST of which nothing is synced is not in use yet.
  void BeforeSync(const std::string& path, uint64_t size) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    if (!at_manifest_sync_ || path.find("/MANIFEST-") == path.npos) return;
    const auto known = synced_.find(path);
    if (known == synced_.end() || known->second == 0 || known->second == size) return;
    lost_at_manifest_sync_ =
        Copy(at_manifest_sync_->from, at_manifest_sync_->to, at_manifest_sync_->random);
    at_manifest_sync_.reset();
  }

  // Renamed while it is open, a file goes on as one that nothing is known of: RocksDB closes first.
  class File final : public rocksdb::FSWritableFileOwnerWrapper {
   public:
    File(std::unique_ptr<rocksdb::FSWritableFile> file, std::string path, ForgetfulFileSystem& disk)
        : FSWritableFileOwnerWrapper(std::move(file)), path_(std::move(path)), disk_(disk) {}

    rocksdb::IOStatus Append(const rocksdb::Slice& data, const rocksdb::IOOptions& options,
                             rocksdb::IODebugContext* debug) override {
      const absl::MutexLock lock(&disk_.mutex_);
      rocksdb::IOStatus status = FSWritableFileOwnerWrapper::Append(data, options, debug);
      if (status.ok()) size_ += data.size();
      return status;
    }
    rocksdb::IOStatus Append(const rocksdb::Slice& data, const rocksdb::IOOptions& options,
                             const rocksdb::DataVerificationInfo& /*verification*/,
                             rocksdb::IODebugContext* debug) override {
      return Append(data, options, debug);
    }
    // What was written before the call is safe after it.
    rocksdb::IOStatus Sync(const rocksdb::IOOptions& options,
                           rocksdb::IODebugContext* debug) override {
      const absl::MutexLock lock(&disk_.mutex_);
      disk_.BeforeSync(path_, size_);
      return Synced(FSWritableFileOwnerWrapper::Sync(options, debug));
    }
    rocksdb::IOStatus Fsync(const rocksdb::IOOptions& options,
                            rocksdb::IODebugContext* debug) override {
      const absl::MutexLock lock(&disk_.mutex_);
      disk_.BeforeSync(path_, size_);
      return Synced(FSWritableFileOwnerWrapper::Fsync(options, debug));
    }

   private:
    rocksdb::IOStatus Synced(rocksdb::IOStatus status) {
      const auto known = disk_.synced_.find(path_);
      if (status.ok() && known != disk_.synced_.end()) known->second = size_;
      return status;
    }

    const std::string path_;
    uint64_t size_ = 0;
    ForgetfulFileSystem& disk_;
  };

  absl::Mutex mutex_;                                               // held while anything changes
  std::map<std::string, uint64_t> synced_ ABSL_GUARDED_BY(mutex_);  // bytes, by path
  std::optional<Moment> at_manifest_sync_ ABSL_GUARDED_BY(mutex_);
  std::optional<uint64_t> lost_at_manifest_sync_ ABSL_GUARDED_BY(mutex_);
};

// As OpenRocksdbStore, on that disk.
inline absl::StatusOr<std::unique_ptr<BackupableStore>> OpenOnDisk(
    const RocksdbOptions& options, std::shared_ptr<ForgetfulFileSystem> disk) {
  return OpenStore(options, {.file_system = std::move(disk), .listeners = {}});
}

}  // namespace slowburn::storage
