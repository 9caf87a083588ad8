// app/dedup_window.h: the requests answered lately, so that one that is sent again gets its first
// answer and is counted once.
//
// Room     app
// Uses     collector/, model/, storage/api, proto (slowburn/store)
// Threads  one thread at a time
// Units    unix time; bytes
// Source   DESIGN section 3, "Dedup"
#pragma once

#include <chrono>
#include <cstdint>
#include <deque>
#include <string>
#include <string_view>

#include <absl/container/flat_hash_map.h>
#include <absl/status/status.h>

#include "base/clock.h"
#include "collector/ingest_sink.h"
#include "model/signal.h"
#include "slowburn/store/v1/log_record.pb.h"
#include "storage/api/store.h"

namespace slowburn::app {

// XXH3-128 of the signal, the encoding and the decompressed body as sent.
struct RequestHash {
  uint64_t high = 0;
  uint64_t low = 0;
  friend bool operator==(const RequestHash&, const RequestHash&) = default;
  template <typename H>
  friend H AbslHashValue(H h, const RequestHash& hash) {
    return H::combine(std::move(h), hash.high, hash.low);
  }
};
RequestHash HashRequest(model::Signal signal, collector::BodyEncoding encoding,
                        std::string_view body);

class DedupWindow {
 public:
  static constexpr std::chrono::minutes kWindow{10};

  explicit DedupWindow(uint64_t bytes_max) : bytes_max_(bytes_max) {}

  // The answer that was given, or null.
  const store::v1::DedupEntry* Find(const RequestHash& hash) const;
  // Of a checkpoint, before anything is applied. Entries come in the order of their times, but for
  // some that a log holds. Forgets the oldest beyond `bytes_max`.
  void Add(const store::v1::DedupEntry& entry);
  // As Add, and the next checkpoint has to write it.
  void Apply(const store::v1::DedupEntry& entry);
  void Expire(base::UnixNanos now);

  // --- checkpoints
  bool HasChanges() const { return changed_ > 0; }
  // What was applied since the last one, and is still known, as one block: a key for each request
  // would hold up the loop that answers them. What is forgotten leaves the store with the last of
  // its block. `sequence` is that of the newest record of the log.
  void PutChanged(uint64_t sequence, storage::Batch& batch) const;
  void CheckpointWritten() { changed_ = 0; }
  // Of a checkpoint, in the order of keys. kDataLoss when it cannot be read.
  absl::Status Load(std::string_view key, std::string_view value, base::UnixNanos now);

  // Of the oldest entry that is still known.
  int64_t oldest_time_unix_nano() const {
    return order_.empty() ? newest_forgotten_ + 1 : order_.front().time;
  }
  // Of the newest entry: times never fall, so a clock that goes back must not order entries anew.
  int64_t newest_time_unix_nano() const { return order_.empty() ? 0 : order_.back().time; }
  // How far back a resent request is recognised: less than kWindow only when `bytes_max` made it
  // forget.
  std::chrono::seconds EffectiveWindow(base::UnixNanos now) const;
  size_t size() const { return entries_.size(); }

 private:
  struct Ordered {
    int64_t time;
    RequestHash hash;
  };
  // Returns how far from the end it has its place, from 1.
  size_t Insert(const store::v1::DedupEntry& entry);
  void ForgetOldest();
  static uint64_t Cost(const store::v1::DedupEntry& entry);

  uint64_t bytes_max_;
  uint64_t bytes_ = 0;
  absl::flat_hash_map<RequestHash, store::v1::DedupEntry> entries_;
  std::deque<Ordered> order_;
  int64_t newest_forgotten_ = 0;
  int64_t newest_evicted_ = 0;  // forgotten for want of room
  // So many of the last in order_ the next checkpoint has to write; an entry that came out of order
  // brings in those after it, which may be written twice.
  size_t changed_ = 0;
};

}  // namespace slowburn::app
