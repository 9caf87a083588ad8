// slo/internal/identity_prefix.h: the hashes of texts that begin alike.
//
// Room     slo/internal
// Uses     xxHash
// Threads  one thread
// Units    none
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include <absl/container/flat_hash_map.h>

#include "slo/metric_delta.h"

namespace slowburn::slo::internal {

// What follows it costs what it has itself, however long the prefix is: its own bytes are hashed
// once for each seed.
class IdentityPrefix {
 public:
  // `bytes` after those of `before` (null: none), which must outlive it.
  IdentityPrefix(const IdentityPrefix* before, std::string bytes);
  ~IdentityPrefix();
  IdentityPrefix(const IdentityPrefix&) = delete;
  IdentityPrefix& operator=(const IdentityPrefix&) = delete;

  // XXH3 of the prefix and `rest`, as if they were one text.
  uint64_t Hash(std::string_view rest) const;
  StreamKey Key(std::string_view rest, uint64_t seed) const;

 private:
  struct State;
  const State& StateOf(uint64_t seed) const;

  const IdentityPrefix* const before_;
  const std::string bytes_;
  mutable absl::flat_hash_map<uint64_t, std::unique_ptr<State>> states_;  // by seed
};

}  // namespace slowburn::slo::internal
