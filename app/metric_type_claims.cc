#include "app/metric_type_claims.h"

#include <xxhash.h>

namespace slowburn::app {

std::unique_ptr<const MetricTypeClaims::Claim> MetricTypeClaims::Take(uint64_t target,
                                                                      std::string_view name,
                                                                      std::string_view type) {
  const uint64_t hash = XXH3_64bits_withSeed(name.data(), name.size(), target);
  const absl::MutexLock lock(&mutex_);
  Held& held = held_[hash];
  if (held.claims == 0) held.type = type;
  if (held.type != type) return nullptr;
  ++held.claims;
  return std::make_unique<const Claim>(shared_from_this(), hash);
}

size_t MetricTypeClaims::size() const {
  const absl::MutexLock lock(&mutex_);
  return held_.size();
}

void MetricTypeClaims::Release(uint64_t name) {
  const absl::MutexLock lock(&mutex_);
  const auto held = held_.find(name);
  if (--held->second.claims == 0) held_.erase(held);
}

}  // namespace slowburn::app
