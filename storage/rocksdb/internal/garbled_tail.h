// storage/rocksdb/internal/garbled_tail.h: the end of RocksDB's files of records that a power loss
// garbled: of a write-ahead log (WAL), and of the list of tables (MANIFEST).
//
// Room     storage/rocksdb, private
// Uses     base/
// Threads  one thread at a time
// Units    bytes
// Source   RocksDB's "Write Ahead Log File Format"; faults section 2, row 2
//
// A file system may have written the length of a file, or a later page of it, and not the pages
// before: zeroes or old bytes stand where the last record was to be. RocksDB takes a record that is
// cut short for a torn tail, and one whose checksum is wrong for corruption, wherever it stands.
#pragma once

#include <cstdint>
#include <filesystem>
#include <vector>

#include <absl/status/statusor.h>

namespace slowburn::storage {

struct GarbledTail {
  std::filesystem::path file;
  uint64_t at = 0;  // what stands before can be read
  uint64_t bytes = 0;
};

// Of the MANIFEST that CURRENT names, and of each WAL of `database` (*.log), what begins with the
// first record that cannot be read, if none that can follows in that file: such a record was being
// written when the power went, since the fsync of one that was acknowledged covers those before it.
// What is followed by readable records is damage of another kind, and no tail: kDataLoss with its
// place for MANIFEST; of a WAL RocksDB tells. A record that was acknowledged and went bad later is
// missed by others: one of a WAL by the high-water mark, one of MANIFEST because the files that it
// took the place of are gone.
absl::StatusOr<std::vector<GarbledTail>> FindGarbledTails(const std::filesystem::path& database);

// Cuts them off. Returns which; each cut is logged. kDataLoss as above, and then nothing is cut.
absl::StatusOr<std::vector<GarbledTail>> CutGarbledTails(const std::filesystem::path& database);

}  // namespace slowburn::storage
