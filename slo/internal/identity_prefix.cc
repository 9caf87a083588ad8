#include "slo/internal/identity_prefix.h"

#include <utility>

#define XXH_INLINE_ALL
#include <xxhash.h>

namespace slowburn::slo::internal {

// Of 64 and of 128 bits it is the same: what differs is the end.
struct IdentityPrefix::State {
  explicit State(uint64_t seed) {
    XXH3_INITSTATE(&hash);
    XXH3_128bits_reset_withSeed(&hash, seed);
  }
  State(const State& other, std::string_view more) : hash(other.hash) {
    XXH3_128bits_update(&hash, more.data(), more.size());
  }

  XXH3_state_t hash;
};

IdentityPrefix::IdentityPrefix(const IdentityPrefix* before, std::string bytes)
    : before_(before), bytes_(std::move(bytes)) {}
IdentityPrefix::~IdentityPrefix() = default;

const IdentityPrefix::State& IdentityPrefix::StateOf(uint64_t seed) const {
  std::unique_ptr<State>& state = states_[seed];
  if (state == nullptr)
    state =
        std::make_unique<State>(before_ == nullptr ? State(seed) : before_->StateOf(seed), bytes_);
  return *state;
}

uint64_t IdentityPrefix::Hash(std::string_view rest) const {
  const State whole(StateOf(0), rest);
  return XXH3_64bits_digest(&whole.hash);
}

StreamKey IdentityPrefix::Key(std::string_view rest, uint64_t seed) const {
  const State whole(StateOf(seed), rest);
  const XXH128_hash_t hash = XXH3_128bits_digest(&whole.hash);
  return {hash.high64, hash.low64};
}

}  // namespace slowburn::slo::internal
