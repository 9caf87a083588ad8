// app/series_identity_cache.h: the identities of streams that came lately.
//
// Room     app
// Uses     app/, Abseil
// Threads  SeriesIdentityCache is thread-safe; a View has one owner
// Units    bytes
#pragma once

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include <absl/synchronization/mutex.h>

#include "app/internal/stream_index.h"
#include "app/series_identity.h"

namespace slowburn::app {

// Two generations: what is asked for moves to the young one; when that is full, or has its age, it
// becomes the old one, and the old one goes. So what was not asked for during a generation leaves,
// and what is held stays within its bounds. To find what is in the young one takes no lock.
class SeriesIdentityCache {
 public:
  struct Options {
    size_t bytes_max = 256 << 20;
    size_t entries_max = 1'000'000;
    std::chrono::minutes age_max{10};
  };
  using Identity = std::shared_ptr<const SeriesIdentity>;  // of both generations, and of writes

 private:
  struct Generation {
    internal::StreamIndex index;
    absl::Mutex mutex;                                  // held by whoever puts
    std::vector<Identity> kept ABSL_GUARDED_BY(mutex);  // all that were ever put
    std::atomic<size_t> bytes{0};
    std::atomic<size_t> entries{0};
    std::chrono::steady_clock::time_point born;
  };

 public:
  // What one request uses: it lives as long as this.
  class View {
   public:
    // Null: nobody knows it.
    const SeriesIdentity* Find(const model::StreamHash& key);
    // The same for several; faster, since they do not wait for memory one after the other.
    // `found` has room for as many.
    void Find(std::span<const model::StreamHash> keys, std::span<const SeriesIdentity*> found);
    // Kept in the cache if there is room, else here. Returns what is kept.
    const SeriesIdentity* Put(const model::StreamHash& key, Identity identity);
    // Of what the cache does not hold.
    size_t memory_bytes() const { return own_bytes_; }

   private:
    friend class SeriesIdentityCache;
    const SeriesIdentity* FindOld(const model::StreamHash& key);

    SeriesIdentityCache* cache_ = nullptr;
    std::shared_ptr<Generation> young_;
    std::shared_ptr<Generation> old_;
    std::vector<Identity> own_;
    size_t own_bytes_ = 0;
  };

  explicit SeriesIdentityCache(Options options);

  View Open(std::chrono::steady_clock::time_point now);
  size_t memory_bytes() const;
  size_t entries() const;

 private:
  bool TryPut(Generation& young, const model::StreamHash& key, const Identity& identity);

  const Options options_;
  mutable absl::Mutex mutex_;
  // shared: a request that is under way keeps the generations that it began with.
  std::shared_ptr<Generation> young_ ABSL_GUARDED_BY(mutex_);
  std::shared_ptr<Generation> old_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace slowburn::app
