#include "app/series_identity_cache.h"

#include <utility>

namespace slowburn::app {
namespace {

// Its place among those that are kept, which may be half empty, and what counts its owners.
constexpr size_t kEntryBytes = 2 * sizeof(SeriesIdentityCache::Identity) + 16;

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
  const absl::MutexLock lock(&young.mutex);
  const size_t bytes = BytesOf(*identity) + young.index.growth_bytes();
  if (young.bytes + bytes > options_.bytes_max / 2 || young.entries >= options_.entries_max / 2) {
    return false;
  }
  young.bytes += bytes;
  ++young.entries;
  young.kept.push_back(identity);
  young.index.Put(key, identity.get());
  return true;
}

const SeriesIdentity* SeriesIdentityCache::View::Find(const model::StreamHash& key) {
  const SeriesIdentity* const found = young_->index.Find(key);
  return found != nullptr ? found : FindOld(key);
}

void SeriesIdentityCache::View::Find(std::span<const model::StreamHash> keys,
                                     std::span<const SeriesIdentity*> found) {
  for (const model::StreamHash& key : keys) young_->index.Prefetch(key);
  for (size_t i = 0; i < keys.size(); ++i) {
    found[i] = young_->index.Find(keys[i]);
    if (found[i] != nullptr) found[i]->Prefetch();
  }
  for (size_t i = 0; i < keys.size(); ++i) {
    if (found[i] == nullptr) found[i] = FindOld(keys[i]);
  }
}

const SeriesIdentity* SeriesIdentityCache::View::FindOld(const model::StreamHash& key) {
  const SeriesIdentity* const found = old_->index.Find(key);
  // Where there is no room, the old generation keeps it, and the view keeps that.
  if (found != nullptr) cache_->TryPut(*young_, key, found->shared_from_this());
  return found;
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
