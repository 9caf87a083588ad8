// Runs: how many are left out, then how many follow each other. Series that appear together have
// neighbouring ids, so a block of thousands is mostly a few runs, and each is checked with two
// comparisons, which the portable form of CRoaring 0.2 does not allow.
#include "storage/series/postings_block.h"

#include "base/status.h"
#include "storage/series/internal/bytes.h"

namespace slowburn::storage {
namespace {

constexpr char kFormat = 1;

}  // namespace

std::string EncodePostings(const std::vector<uint16_t>& numbers) {
  std::string bytes(1, kFormat);
  uint32_t next = 0;  // the least number that is not written
  for (size_t i = 0; i < numbers.size();) {
    size_t end = i + 1;
    while (end < numbers.size() && numbers[end] == numbers[end - 1] + 1) ++end;
    internal::PutVarint(bytes, numbers[i] - next);
    internal::PutVarint(bytes, end - i - 1);
    next = uint32_t{numbers[end - 1]} + 1;
    i = end;
  }
  return bytes;
}

absl::Status DecodePostings(std::string_view bytes, std::vector<uint16_t>& numbers) {
  internal::ByteReader in(bytes);
  bool ok = in.Byte() == kFormat && !in.AtEnd();
  uint64_t next = 0;
  while (ok && !in.AtEnd()) {
    const uint64_t gap = in.Varint();
    const uint64_t more = in.Varint();
    ok = in.ok() && gap < kPostingsBlock && more < kPostingsBlock &&
         next + gap + more < kPostingsBlock;
    if (!ok) break;
    for (uint64_t i = 0; i <= more; ++i) {
      numbers.push_back(static_cast<uint16_t>(next + gap + i));
    }
    next += gap + more + 1;
  }
  if (ok) return absl::OkStatus();
  return base::DataLoss("a block of postings is broken at byte {} of {}; restore it from a backup",
                        in.offset(), bytes.size());
}

}  // namespace slowburn::storage
