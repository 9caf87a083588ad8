#include "app/series_identity_cache.h"

#include <utility>

namespace slowburn::app {
namespace {

// Its place in the table, and what counts its owners.
constexpr size_t kEntryBytes =
    sizeof(model::StreamHash) + sizeof(SeriesIdentityCache::Identity) + 16 + 16;

size_t BytesOf(const SeriesIdentity& identity) { return identity.memory_bytes() + kEntryBytes; }

}  // namespace

SeriesIdentityCache::SeriesIdentityCache(Options options)
    : options_(options),
      young_(std::make_shared<Generation>()),
      old_(std::make_shared<Generation>()) {}

SeriesIdentityCache::View SeriesIdentityCache::Open(std::chrono::steady_clock::time_point now) {
  View view;
  view.cache_ = this;
  std::shared_ptr<Generation> leaving;  // destroyed without the lock
  const absl::MutexLock lock(&mutex_);
  if (young_->born == std::chrono::steady_clock::time_point()) young_->born = now;
  // A sixteenth is left, so that a generation does not stand full for long.
  const size_t bytes_full = options_.bytes_max / 2 - options_.bytes_max / 32;
  const size_t entries_full = options_.entries_max / 2 - options_.entries_max / 32;
  if (young_->bytes >= bytes_full || young_->entries >= entries_full ||
      now - young_->born >= options_.age_max) {
    leaving = std::exchange(old_, std::exchange(young_, std::make_shared<Generation>()));
    young_->born = now;
  }
  view.young_ = young_;
  view.old_ = old_;
  return view;
}

bool SeriesIdentityCache::TryPut(Generation& young, const model::StreamHash& key,
                                 const Identity& identity) {
  const size_t bytes = BytesOf(*identity);
  if (young.bytes + bytes > options_.bytes_max / 2 || young.entries >= options_.entries_max / 2) {
    return false;
  }
  young.bytes += bytes;
  ++young.entries;
  Shard& shard = young.of(key);
  const absl::MutexLock lock(&shard.mutex);
  Identity& place = shard.identities[key];
  if (place != nullptr) shard.replaced.push_back(std::move(place));
  place = identity;
  return true;
}

const SeriesIdentity* SeriesIdentityCache::View::Find(const model::StreamHash& key) {
  {
    Shard& shard = young_->of(key);
    const absl::MutexLock lock(&shard.mutex);
    const auto found = shard.identities.find(key);
    if (found != shard.identities.end()) return found->second.get();
  }
  Identity identity;
  {
    Shard& shard = old_->of(key);
    const absl::MutexLock lock(&shard.mutex);
    const auto found = shard.identities.find(key);
    if (found == shard.identities.end()) return nullptr;
    identity = found->second;
  }
  cache_->TryPut(*young_, key, identity);
  return identity.get();
}

const SeriesIdentity* SeriesIdentityCache::View::Put(const model::StreamHash& key,
                                                     Identity identity) {
  const SeriesIdentity* const kept = identity.get();
  if (!cache_->TryPut(*young_, key, identity)) {
    own_bytes_ += BytesOf(*identity) + sizeof(Identity);
    own_.push_back(std::move(identity));
  }
  return kept;
}

size_t SeriesIdentityCache::memory_bytes() const {
  const absl::MutexLock lock(&mutex_);
  return young_->bytes + old_->bytes;
}

size_t SeriesIdentityCache::entries() const {
  const absl::MutexLock lock(&mutex_);
  return young_->entries + old_->entries;
}

}  // namespace slowburn::app
