#include "net/snappy_block.h"

#include <snappy.h>

#include "base/status.h"
#include "net/internal/uninitialized.h"

namespace slowburn::net {
namespace {

constexpr size_t kRatioFree = 1 << 20;  // ratio_max begins here, as for content codings
// The shortest element that can, three bytes, copies 64 at most.
constexpr size_t kExpansionMax = 22;

// Before memory is taken for it.
absl::Status CheckClaim(size_t claimed, size_t compressed, const DecodeLimits& limits) {
  if (claimed / kExpansionMax > compressed) {
    return base::InvalidArgument(
        "{} bytes of snappy say that they hold {}, and cannot hold more than {} times as many; "
        "send the block whole",
        compressed, claimed, kExpansionMax);
  }
  if (claimed > limits.bytes_max) {
    return absl::ResourceExhaustedError(
        fmt::format("{} bytes of snappy hold {}, more than {} bytes (bytes_max); send smaller "
                    "requests",
                    compressed, claimed, limits.bytes_max));
  }
  if (limits.ratio_max > 0 && claimed > kRatioFree && claimed / limits.ratio_max > compressed) {
    return absl::ResourceExhaustedError(
        fmt::format("{} bytes of snappy hold {}, over {} times as many (ratio_max); send smaller "
                    "requests",
                    compressed, claimed, limits.ratio_max));
  }
  return absl::OkStatus();
}

absl::Status NoWholeBlock(size_t compressed) {
  return base::InvalidArgument(
      "the {} bytes are no whole snappy block; send them compressed again, in the block format",
      compressed);
}

}  // namespace

absl::Status DecodeSnappyBlock(std::string_view compressed, const DecodeLimits& limits,
                               base::MemoryLease& lease, std::string& out) {
  std::string().swap(out);
  size_t claimed = 0;
  if (!snappy::GetUncompressedLength(compressed.data(), compressed.size(), &claimed)) {
    return NoWholeBlock(compressed.size());
  }
  SB_RETURN_IF_ERROR(CheckClaim(claimed, compressed.size(), limits));
  const uint64_t charged_before = lease.bytes();
  if (!lease.GrowBy(claimed)) {
    return base::Unavailable(
        "the memory for requests does not suffice to open {} bytes of snappy now; send them again "
        "later",
        compressed.size());
  }
  internal::ResizeUninitialized(out, claimed);
  if (snappy::RawUncompress(compressed.data(), compressed.size(), out.data())) {
    return absl::OkStatus();
  }
  std::string().swap(out);
  lease.ShrinkTo(charged_before);
  return NoWholeBlock(compressed.size());
}

std::string EncodeSnappyBlock(std::string_view content) {
  std::string out;
  snappy::Compress(content.data(), content.size(), &out);
  return out;
}

}  // namespace slowburn::net
