#include "storage/series/internal/block_times.h"

#include "base/status.h"
#include "storage/series/float_block.h"
#include "storage/series/internal/integer_column.h"

namespace slowburn::storage::internal {

size_t PutTimes(std::string& out, std::span<const int64_t> times_ms, BitWriter* bits) {
  PutVarint(out, times_ms.size());
  return PutIntegers(out, times_ms, bits);
}

absl::Status ReadTimes(ByteReader& in, std::vector<int64_t>& times_ms, size_t& count,
                       BitReader& bits) {
  count = static_cast<size_t>(in.Varint());
  if (!in.ok() || count == 0 || count > kBlockSamplesMax) {
    return BrokenBlock("samples", in, "a number of samples that cannot be");
  }
  const size_t before = times_ms.size();
  times_ms.resize(before + count);
  const std::span<int64_t> read = std::span(times_ms).subspan(before);
  bool increasing = ReadIntegers(in, read, bits);
  for (size_t i = 1; increasing && i < count; ++i) increasing = read[i - 1] < read[i];
  if (increasing) return absl::OkStatus();
  times_ms.resize(before);
  return BrokenBlock("samples", in, "times that end too soon or do not increase");
}

absl::Status BrokenBlock(std::string_view kind, const ByteReader& in, std::string_view why) {
  return base::DataLoss("a block of {} is broken at byte {} of {} ({}); restore it from a backup",
                        kind, in.offset(), in.offset() + in.remaining(), why);
}

}  // namespace slowburn::storage::internal
