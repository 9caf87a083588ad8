#include "app/dedup_window.h"

#include <algorithm>
#include <cstddef>
#include <utility>

#include <xxhash.h>

#include "base/mutant.h"
#include "base/status.h"
#include "storage/api/keys.h"
#if defined(__x86_64__)
#include <xxh_x86dispatch.h>  // the widest vectors that the processor has: the same hash, twice as fast
#endif

namespace slowburn::app {

RequestHash HashRequest(model::Signal signal, collector::BodyEncoding encoding,
                        std::string_view body) {
  const std::string_view name = model::SignalName(signal);
  const uint64_t seed =
      XXH3_64bits_withSeed(name.data(), name.size(), static_cast<uint64_t>(encoding));
  const XXH128_hash_t hash = XXH3_128bits_withSeed(body.data(), body.size(), seed);
  return {hash.high64, hash.low64};
}

const store::v1::DedupEntry* DedupWindow::Find(const RequestHash& hash) const {
  if (SB_MUTANT("skip_dedup")) return nullptr;
  const auto found = entries_.find(hash);
  return found == entries_.end() ? nullptr : &found->second;
}

uint64_t DedupWindow::Cost(const store::v1::DedupEntry& entry) {
  // The message object, its place in table and queue, and its text.
  return sizeof(store::v1::DedupEntry) + sizeof(RequestHash) + sizeof(Ordered) + 16 +
         entry.message().size();
}

void DedupWindow::Add(const store::v1::DedupEntry& entry) { Insert(entry); }

size_t DedupWindow::Insert(const store::v1::DedupEntry& entry) {
  const RequestHash hash{entry.hash_high(), entry.hash_low()};
  const auto [at, is_new] = entries_.try_emplace(hash, entry);
  if (!is_new) {
    // A log that is replayed may hold both: the request was forgotten, and came once more.
    bytes_ -= Cost(at->second);
    at->second = entry;
  }
  // At the end, but for a log that is replayed after the clock was ahead.
  const auto place =
      std::upper_bound(order_.begin(), order_.end(), entry.time_unix_nano(),
                       [](int64_t time, const Ordered& ordered) { return time < ordered.time; });
  const auto from_end = static_cast<size_t>(order_.end() - place) + 1;
  order_.insert(place, {entry.time_unix_nano(), hash});
  bytes_ += Cost(entry);
  while (bytes_ > bytes_max_ && order_.size() > 1) {
    newest_evicted_ = order_.front().time;
    ForgetOldest();
  }
  return from_end;
}

void DedupWindow::Apply(const store::v1::DedupEntry& entry) {
  const size_t from_end = Insert(entry);
  changed_ = std::min(std::max(changed_ + 1, from_end), order_.size());
}

void DedupWindow::PutChanged(uint64_t sequence, storage::Batch& batch) const {
  if (HasChanges()) {
    // Blocks that follow each other in bytes are one block: so it is never there as a message.
    std::string bytes;
    store::v1::DedupBlock block;
    for (auto at = order_.end() - static_cast<std::ptrdiff_t>(changed_); at != order_.end(); ++at) {
      const auto found = entries_.find(at->hash);
      if (found == entries_.end() || found->second.time_unix_nano() != at->time) continue;
      block.Clear();
      *block.add_entries() = found->second;
      block.AppendToString(&bytes);
    }
    batch.Put(storage::Family::kDedup, storage::DedupBlockKey(order_.back().time, sequence),
              std::move(bytes));
  }
  batch.DeleteRange(storage::Family::kDedup, storage::WholeFamily().begin,
                    storage::DedupTimeKey(oldest_time_unix_nano()));
}

absl::Status DedupWindow::Load(std::string_view key, std::string_view value, base::UnixNanos now) {
  store::v1::DedupBlock block;
  const auto size = static_cast<int>(value.size());
  const bool is_read = storage::IsDedupBlockKey(key)
                           ? block.ParseFromArray(value.data(), size)
                           : block.add_entries()->ParseFromArray(value.data(), size);
  if (!is_read) {
    return base::DataLoss(
        "the store holds a dedup entry that cannot be read; restore it from a backup");
  }
  const int64_t oldest = (now - kWindow).time_since_epoch().count();
  for (const store::v1::DedupEntry& entry : block.entries()) {
    if (entry.time_unix_nano() >= oldest) Add(entry);
  }
  return absl::OkStatus();
}

void DedupWindow::Expire(base::UnixNanos now) {
  const int64_t oldest = (now - kWindow).time_since_epoch().count();
  while (!order_.empty() && order_.front().time < oldest) ForgetOldest();
}

void DedupWindow::ForgetOldest() {
  const auto found = entries_.find(order_.front().hash);
  // One that came once more stands in the order twice, and is as old as its second place.
  if (found != entries_.end() && found->second.time_unix_nano() == order_.front().time) {
    bytes_ -= Cost(found->second);
    entries_.erase(found);
  }
  newest_forgotten_ = order_.front().time;
  order_.pop_front();
  changed_ = std::min(changed_, order_.size());
}

std::chrono::seconds DedupWindow::EffectiveWindow(base::UnixNanos now) const {
  const auto since_evicted = now - base::UnixNanos(std::chrono::nanoseconds(newest_evicted_));
  if (newest_evicted_ == 0 || since_evicted > kWindow) return kWindow;
  return std::chrono::duration_cast<std::chrono::seconds>(since_evicted);
}

}  // namespace slowburn::app
