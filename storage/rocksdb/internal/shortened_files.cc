#include "storage/rocksdb/internal/shortened_files.h"

#include <algorithm>
#include <filesystem>
#include <utility>

namespace slowburn::storage {
namespace {

std::string NameOf(const std::string& path) {
  return std::filesystem::path(path).filename().string();
}

class ShortenedFile final : public rocksdb::FSSequentialFileOwnerWrapper {
 public:
  ShortenedFile(std::unique_ptr<rocksdb::FSSequentialFile> file, uint64_t bytes)
      : FSSequentialFileOwnerWrapper(std::move(file)), left_(bytes) {}

  rocksdb::IOStatus Read(size_t count, const rocksdb::IOOptions& options, rocksdb::Slice* result,
                         char* scratch, rocksdb::IODebugContext* debug) override {
    const rocksdb::IOStatus read = FSSequentialFileOwnerWrapper::Read(
        std::min<uint64_t>(count, left_), options, result, scratch, debug);
    if (read.ok()) left_ -= result->size();
    return read;
  }
  rocksdb::IOStatus Skip(uint64_t count) override {
    const uint64_t skipped = std::min(count, left_);
    left_ -= skipped;
    return FSSequentialFileOwnerWrapper::Skip(skipped);
  }

 private:
  uint64_t left_;
};

}  // namespace

ShortenedFiles::ShortenedFiles(const std::vector<GarbledTail>& tails)
    : FileSystemWrapper(rocksdb::FileSystem::Default()) {
  for (const GarbledTail& tail : tails) bytes_.emplace(tail.file.filename().string(), tail.at);
}

rocksdb::IOStatus ShortenedFiles::NewSequentialFile(
    const std::string& path, const rocksdb::FileOptions& options,
    std::unique_ptr<rocksdb::FSSequentialFile>* file, rocksdb::IODebugContext* debug) {
  rocksdb::IOStatus opened = FileSystemWrapper::NewSequentialFile(path, options, file, debug);
  const auto shortened = bytes_.find(NameOf(path));
  if (opened.ok() && shortened != bytes_.end()) {
    *file = std::make_unique<ShortenedFile>(std::move(*file), shortened->second);
  }
  return opened;
}

rocksdb::IOStatus ShortenedFiles::GetFileSize(const std::string& path,
                                              const rocksdb::IOOptions& options, uint64_t* bytes,
                                              rocksdb::IODebugContext* debug) {
  rocksdb::IOStatus known = FileSystemWrapper::GetFileSize(path, options, bytes, debug);
  const auto shortened = bytes_.find(NameOf(path));
  if (known.ok() && shortened != bytes_.end()) *bytes = std::min(*bytes, shortened->second);
  return known;
}

}  // namespace slowburn::storage
