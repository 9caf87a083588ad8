// app/internal/stream_index.h: identities by the hash of their stream, found without a lock.
//
// Room     app, internal
// Uses     app/, Abseil
// Threads  any thread finds while one at a time puts
// Units    bytes
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "app/series_identity.h"

namespace slowburn::app::internal {

// What is in it stays: a row of slots that is tried one after the other from where the hash says,
// three quarters full at most. One that is full is copied into one of twice the size, and kept for
// those who still look into it.
class StreamIndex {
 public:
  StreamIndex();

  // Null: not in it. What is put at the same time may be seen or not.
  const SeriesIdentity* Find(const model::StreamHash& key) const;
  // Brings what Find needs into the processor's caches.
  void Prefetch(const model::StreamHash& key) const;
  // Replaces what has the key. Identities must outlive this.
  void Put(const model::StreamHash& key, const SeriesIdentity* identity);
  // What the next Put may add to memory_bytes.
  size_t growth_bytes() const;
  size_t memory_bytes() const { return memory_bytes_; }

 private:
  // The hash is written before the identity, and never again.
  struct Slot {
    std::atomic<uint64_t> high{0};
    std::atomic<uint64_t> low{0};
    std::atomic<const SeriesIdentity*> identity{nullptr};
  };
  struct Table {
    explicit Table(size_t size) : mask(size - 1), slots(std::make_unique<Slot[]>(size)) {}
    // That of the key, or the empty one where it would be.
    Slot& At(const model::StreamHash& key) const;

    const size_t mask;  // their number less one: a power of two
    const std::unique_ptr<Slot[]> slots;
  };

  bool is_full() const { return (used_ + 1) * 4 > (tables_.back()->mask + 1) * 3; }
  void Add(size_t size);

  std::atomic<const Table*> table_{nullptr};  // the last of them
  std::vector<std::unique_ptr<const Table>> tables_;
  size_t used_ = 0;
  size_t memory_bytes_ = 0;
};

}  // namespace slowburn::app::internal
