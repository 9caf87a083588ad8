#include "storage/series/exemplar_block.h"

#include <bit>

#include "base/status.h"
#include "storage/series/internal/block_times.h"
#include "storage/series/internal/bytes.h"
#include "storage/series/packed_labels.h"

namespace slowburn::storage {

void EncodeExemplars(std::span<const int64_t> times_ms, std::span<const ExemplarValue> exemplars,
                     std::string& out) {
  internal::PutTimes(out, times_ms);
  for (const ExemplarValue& exemplar : exemplars) {
    internal::PutFixed64(out, std::bit_cast<uint64_t>(exemplar.value));
    internal::PutString(out, PackLabels(exemplar.labels));
  }
}

absl::Status DecodeExemplars(std::string_view bytes, std::vector<int64_t>& times_ms,
                             std::vector<ExemplarValue>& exemplars) {
  internal::ByteReader in(bytes);
  size_t count = 0;
  internal::BitReader no_bits({});
  SB_RETURN_IF_ERROR(internal::ReadTimes(in, times_ms, count, no_bits));
  const size_t before = exemplars.size();
  bool ok = true;
  for (size_t i = 0; i < count && ok; ++i) {
    ExemplarValue& exemplar = exemplars.emplace_back();
    exemplar.value = std::bit_cast<double>(in.Fixed64());
    ok = UnpackLabels(in.String(), exemplar.labels) && in.ok();
  }
  if (ok && in.AtEnd()) return absl::OkStatus();
  times_ms.resize(times_ms.size() - count);
  exemplars.resize(before);
  return internal::BrokenBlock("exemplars", in, "labels or values that cannot be");
}

}  // namespace slowburn::storage
