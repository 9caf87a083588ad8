// storage/rocksdb/testing/store_probe.h: what tests of the store do again and again: open it, list
// it, and harm its files.
//
// Room     storage/rocksdb, tests only
// Uses     base/, storage/api, GoogleTest
// Threads  one thread at a time
// Units    bytes
#pragma once

#include <filesystem>
#include <fstream>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "base/status.h"
#include "storage/api/store.h"
#include "storage/rocksdb/rocksdb_store.h"

namespace slowburn::storage {

// Small buffers: a test's few records reach the files too. These do not change by themselves: tests
// damage and copy them.
inline RocksdbOptions TestOptions(const std::filesystem::path& directory) {
  return {.directory = directory,
          .block_cache_bytes = 1 << 20,
          .write_buffer_bytes = 1 << 20,
          .compacts_at_once = false};
}

inline std::unique_ptr<Store> OpenForTest(const std::filesystem::path& directory) {
  auto store = OpenRocksdbStore(TestOptions(directory));
  EXPECT_TRUE(store.ok()) << store.status();
  return store.ok() ? *std::move(store) : nullptr;
}

// "code: message" of an open that must not succeed.
inline absl::Status OpenFailure(const std::filesystem::path& directory) {
  return OpenRocksdbStore(TestOptions(directory)).status();
}

// Appends `count` synced records: "record <sequence>".
inline void AppendRecords(Store& store, int count) {
  for (int i = 0; i < count; ++i) {
    const std::string record = fmt::format("record {}", store.last_sequence() + 1);
    const absl::Status appended = store.AppendLog(record, Durability::kSynced);
    ASSERT_TRUE(appended.ok()) << appended;
  }
}

// The records after the checkpoint.
inline std::map<uint64_t, std::string> Records(const Store& store) {
  std::map<uint64_t, std::string> records;
  const absl::Status replayed =
      store.ReplayLog(store.checkpoint_sequence(), [&](uint64_t sequence, std::string_view record) {
        records.emplace(sequence, record);
        return absl::OkStatus();
      });
  EXPECT_TRUE(replayed.ok()) << replayed;
  return records;
}

// What AppendRecords wrote, from `first` to `last`.
inline std::map<uint64_t, std::string> WantRecords(uint64_t first, uint64_t last) {
  std::map<uint64_t, std::string> records;
  for (uint64_t sequence = first; sequence <= last; ++sequence) {
    records.emplace(sequence, fmt::format("record {}", sequence));
  }
  return records;
}

// Files of db/ with this extension, by name: RocksDB numbers them upwards.
inline std::vector<std::filesystem::path> DatabaseFiles(const std::filesystem::path& directory,
                                                        const std::string& extension) {
  std::map<std::string, std::filesystem::path> files;
  for (const auto& entry : std::filesystem::directory_iterator(directory / "db")) {
    if (entry.path().extension() == extension) files[entry.path().filename()] = entry.path();
  }
  std::vector<std::filesystem::path> sorted;
  for (const auto& [name, path] : files) sorted.push_back(path);
  return sorted;
}

inline std::filesystem::path NewestWal(const std::filesystem::path& directory) {
  const auto files = DatabaseFiles(directory, ".log");
  EXPECT_FALSE(files.empty());
  return files.back();
}

// The list of tables that is used.
inline std::filesystem::path CurrentManifest(const std::filesystem::path& directory) {
  std::string name;
  std::ifstream(directory / "db" / "CURRENT") >> name;
  return directory / "db" / name;
}

// As when the power goes while a record is written: its place is there, and holds something else.
inline void AppendNoise(const std::filesystem::path& file) {
  std::ofstream stream(file, std::ios::binary | std::ios::app);
  stream << std::string(5000, '\x01');
  ASSERT_TRUE(stream.flush().good());
}

// The last `count` bytes become `filler`.
inline void OverwriteEnd(const std::filesystem::path& file, uint64_t count, char filler) {
  std::fstream stream(file, std::ios::in | std::ios::out | std::ios::binary);
  stream.seekp(-static_cast<std::streamoff>(count), std::ios::end);
  stream << std::string(count, filler);
  ASSERT_TRUE(stream.flush().good());
}

inline void FlipByte(const std::filesystem::path& file, uint64_t offset) {
  std::fstream stream(file, std::ios::in | std::ios::out | std::ios::binary);
  stream.seekg(static_cast<std::streamoff>(offset));
  const int byte = stream.get();
  stream.seekp(static_cast<std::streamoff>(offset));
  stream.put(static_cast<char>(byte ^ 0x40));
  ASSERT_TRUE(stream.good()) << file;
}

inline bool Contains(const absl::Status& status, std::string_view text) {
  return base::Message(status).find(text) != std::string_view::npos;
}

}  // namespace slowburn::storage
