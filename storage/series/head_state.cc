#include "storage/series/head_state.h"

#include "base/status.h"
#include "storage/api/series_keys.h"

namespace slowburn::storage {

absl::StatusOr<std::optional<KnownSeries>> FindInStore(const Store& store,
                                                       std::string_view packed_labels) {
  const SeriesKey hash = KeyOfLabels(packed_labels);
  SB_ASSIGN_OR_RETURN(const auto listed,
                      store.Get(Family::kSeries, SeriesHashKey(hash.high, hash.low)));
  if (!listed) return std::nullopt;
  SB_ASSIGN_OR_RETURN(const std::vector<uint64_t> ids, DecodeSeriesIds(*listed));
  for (const uint64_t id : ids) {
    SB_ASSIGN_OR_RETURN(const auto stored, store.Get(Family::kSeries, SeriesRecordKey(id)));
    if (!stored) continue;
    SB_ASSIGN_OR_RETURN(const SeriesRecord record, DecodeSeriesRecord(*stored));
    if (record.packed_labels == packed_labels) return KnownSeries{id, record.cover};
  }
  return std::nullopt;
}

}  // namespace slowburn::storage
