// storage/rocksdb/internal/shortened_files.h: the files of a database, some of them without their
// ends, for whoever must not change them.
//
// Room     storage/rocksdb, private
// Uses     RocksDB
// Threads  thread-safe
// Units    bytes
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include <rocksdb/file_system.h>

#include "storage/rocksdb/internal/garbled_tail.h"

namespace slowburn::storage {

// Shows what CutGarbledTails would leave, to RocksDB as it reads logs: from the beginning on.
class ShortenedFiles final : public rocksdb::FileSystemWrapper {
 public:
  explicit ShortenedFiles(const std::vector<GarbledTail>& tails);
  const char* Name() const override { return "ShortenedFiles"; }

  rocksdb::IOStatus NewSequentialFile(const std::string& path, const rocksdb::FileOptions& options,
                                      std::unique_ptr<rocksdb::FSSequentialFile>* file,
                                      rocksdb::IODebugContext* debug) override;
  rocksdb::IOStatus GetFileSize(const std::string& path, const rocksdb::IOOptions& options,
                                uint64_t* bytes, rocksdb::IODebugContext* debug) override;

 private:
  // By name alone, which is one file's in a database.
  std::map<std::string, uint64_t> bytes_;
};

}  // namespace slowburn::storage
