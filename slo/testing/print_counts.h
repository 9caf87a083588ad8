// slo/testing/print_counts.h: counts in a failure's message: "17 good, 3 bad".
//
// Room     slo, tests only
// Uses     slo/
// Threads  pure
// Units    events
#pragma once

#include <ostream>

#include "slo/slice.h"

namespace slowburn::slo {

inline void PrintTo(const SliCounts& counts, std::ostream* out) {
  *out << counts.good << " good, " << counts.bad << " bad";
}

}  // namespace slowburn::slo
