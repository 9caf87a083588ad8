#include "storage/rocksdb/internal/database_options.h"

#include <algorithm>
#include <memory>
#include <utility>

#include <rocksdb/cache.h>
#include <rocksdb/filter_policy.h>
#include <rocksdb/table.h>
#include <rocksdb/write_buffer_manager.h>

namespace slowburn::storage {
namespace {

constexpr uint64_t kWalBytesMax = uint64_t{128} << 20;  // bounds the time of a restart
constexpr int kOpenFilesMax = 512;              // half of the usual limit of 1,024 per process
constexpr int kBackgroundJobs = 2;              // one flush and one compaction
constexpr int kFilterBitsPerKey = 10;           // 1 % of absent keys cost a read
constexpr size_t kMemtableBytesMin = 64 << 10;  // RocksDB takes no less

rocksdb::CompressionType CompressionOf(Family family) {
  switch (family) {
    case Family::kLog:
      return rocksdb::kNoCompression;  // a record is dropped within minutes, mostly before it
                                       // leaves memory
    case Family::kSlices:
      return rocksdb::kZSTD;  // kept for more than a year, read a block at a time
    case Family::kChunks:
      return rocksdb::kNoCompression;  // they are compressed themselves
    default:
      return rocksdb::kLZ4Compression;  // small, and rewritten often
  }
}

rocksdb::ColumnFamilyOptions FamilyOptions(Family family, size_t memtable_bytes,
                                           bool compacts_at_once,
                                           const std::shared_ptr<rocksdb::Cache>& cache) {
  rocksdb::BlockBasedTableOptions table;
  table.block_cache = cache;
  table.cache_index_and_filter_blocks = true;  // or they would be memory beyond the budget
  // In parts: that of a whole file can be larger than what a shard of the cache takes, and would be
  // read again for every key.
  table.index_type = rocksdb::BlockBasedTableOptions::kTwoLevelIndexSearch;
  table.partition_filters = true;
  table.pin_top_level_index_and_filter = true;
  table.pin_l0_filter_and_index_blocks_in_cache = true;
  table.format_version = 5;
  table.checksum = rocksdb::kXXH3;
  // The log is only ever read in order.
  if (family != Family::kLog) {
    table.filter_policy.reset(rocksdb::NewBloomFilterPolicy(kFilterBitsPerKey));
  }
  // A block has the labels of some hundred series, which repeat each other.
  if (family == Family::kSeries) table.block_size = 16 << 10;
  rocksdb::ColumnFamilyOptions options;
  options.table_factory.reset(rocksdb::NewBlockBasedTableFactory(table));
  options.write_buffer_size = memtable_bytes;
  options.max_write_buffer_number = 4;  // with 2, writes stop while a slow disk takes a flush
  options.compression = CompressionOf(family);
  // The first level below L0 is then the last one, where a compaction drops a tombstone for good.
  options.level_compaction_dynamic_level_bytes = family != Family::kSeries;
  if (compacts_at_once && family == Family::kLog) options.level0_file_num_compaction_trigger = 1;
  if (family == Family::kSeries) {
    // What the open series have is written anew every few minutes, beside the labels of all that
    // ever were: those must not be rewritten with it. So what is new is merged for itself, and with
    // the rest only when that is not much more.
    options.compaction_style = rocksdb::kCompactionStyleUniversal;
    options.compaction_options_universal.max_size_amplification_percent = 50;
    if (compacts_at_once) options.level0_file_num_compaction_trigger = 2;
  }
  if (family == Family::kSeries || family == Family::kPostings) {
    // Labels repeat each other, and most of them stay as they are: what has come to rest is packed
    // as well as it can be.
    options.bottommost_compression = rocksdb::kZSTD;
  }
  options.paranoid_file_checks =
      false;  // reading back each file that was written would double the reads
  options.force_consistency_checks = true;
  return options;
}

}  // namespace

rocksdb::DBOptions DatabaseOptions(const RocksdbOptions& options, rocksdb::Env* env,
                                   std::shared_ptr<rocksdb::Logger> info_log) {
  rocksdb::DBOptions db;
  db.env = env;
  db.create_missing_column_families = true;
  // Nothing is lost silently: damage in the middle of the log, or a closed log file that is missing
  // or short, refuses to open. Only a last record that was cut short is dropped, which nobody can
  // have been told of: its write had not returned.
  db.wal_recovery_mode = rocksdb::WALRecoveryMode::kTolerateCorruptedTailRecords;
  db.paranoid_checks = true;
  db.track_and_verify_wals_in_manifest = true;
  db.max_total_wal_size = kWalBytesMax;
  db.avoid_flush_during_shutdown =
      true;  // the WAL has all of it, and a full disk must not hold up the end
  db.max_open_files = kOpenFilesMax;
  db.max_background_jobs = kBackgroundJobs;
  db.write_buffer_manager =
      std::make_shared<rocksdb::WriteBufferManager>(options.write_buffer_bytes);
  db.bytes_per_sync =
      1 << 20;  // a flush trickles out, so that a log fsync does not wait behind all of it
  db.manifest_preallocation_size = 64 << 10;  // 4 MiB would be more than many a store holds
  db.info_log = std::move(info_log);
  db.stats_dump_period_sec = 0;  // our own metrics tell
  db.stats_persist_period_sec = 0;
  return db;
}

std::vector<rocksdb::ColumnFamilyDescriptor> FamilyDescriptors(const RocksdbOptions& options) {
  const std::shared_ptr<rocksdb::Cache> cache = rocksdb::NewLRUCache(options.block_cache_bytes);
  // A family may take a quarter of the budget before it is flushed; all together are held to it by
  // the write buffer manager.
  const size_t memtable_bytes = std::max(options.write_buffer_bytes / 4, kMemtableBytesMin);
  std::vector<rocksdb::ColumnFamilyDescriptor> families;
  for (size_t family = 0; family < kFamilyNames.size(); ++family) {
    families.emplace_back(kFamilyNames[family],
                          FamilyOptions(static_cast<Family>(family), memtable_bytes,
                                        options.compacts_at_once, cache));
  }
  families.emplace_back(
      rocksdb::kDefaultColumnFamilyName,
      FamilyOptions(Family::kMeta, memtable_bytes, options.compacts_at_once, cache));
  return families;
}

}  // namespace slowburn::storage
