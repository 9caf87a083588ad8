// Goal: the hash of a text that begins as others do is that of the whole text, whatever is where.
// Method: against xxHash over the whole, with lengths on both sides of its own bounds.
#include "slo/internal/identity_prefix.h"

#include <string>

#include <gtest/gtest.h>
#define XXH_INLINE_ALL
#include <xxhash.h>

namespace slowburn::slo::internal {
namespace {

std::string Bytes(size_t size, char first) {
  std::string bytes;
  for (size_t i = 0; i < size; ++i) bytes += static_cast<char>(first + static_cast<char>(i % 53));
  return bytes;
}

TEST(IdentityPrefixTest, HashesAsOneText) {
  for (const size_t resource : {0u, 7u, 240u, 1000u, 70'000u}) {
    const std::string first = Bytes(resource, 'A');
    const IdentityPrefix of_resource(nullptr, first);
    for (const size_t scope : {0u, 16u, 300u}) {
      const std::string second = Bytes(scope, 'a');
      const IdentityPrefix of_scope(&of_resource, second);
      for (const size_t rest : {0u, 1u, 128u, 241u, 513u}) {
        const std::string third = Bytes(rest, '0');
        const std::string whole = first + second + third;
        EXPECT_EQ(of_scope.Hash(third), XXH3_64bits(whole.data(), whole.size()));
        for (const uint64_t seed : {uint64_t{0}, uint64_t{1}, ~uint64_t{0}}) {
          const XXH128_hash_t want = XXH3_128bits_withSeed(whole.data(), whole.size(), seed);
          EXPECT_EQ(of_scope.Key(third, seed), (StreamKey{want.high64, want.low64}))
              << resource << "+" << scope << "+" << rest << " seed " << seed;
        }
      }
    }
  }
}

}  // namespace
}  // namespace slowburn::slo::internal
