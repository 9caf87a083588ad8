#include "app/series_write.h"

#include <numeric>

namespace slowburn::app {

using storage::FateCounts;
using storage::SampleFate;

uint64_t SeriesOutcome::Written(const FateCounts& counts) {
  return counts[static_cast<size_t>(SampleFate::kTaken)] +
         counts[static_cast<size_t>(SampleFate::kTakenLate)] +
         counts[static_cast<size_t>(SampleFate::kDuplicate)];
}

uint64_t SeriesOutcome::Refused(const FateCounts& counts) {
  return std::accumulate(counts.begin(), counts.end(), uint64_t{0}) - Written(counts);
}

}  // namespace slowburn::app
