// storage/series/sample_fate.h: what became of a sample that came.
//
// Room     storage/series
// Uses     standard library
// Threads  values
// Units    counts
// Source   Prometheus remote write 1.0 and 2.0, what a receiver refuses
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

namespace slowburn::storage {

enum class SampleFate : uint8_t {
  kTaken,
  kTakenLate,          // older than the series' newest: put where it belongs
  kDuplicate,          // the very sample is there already: nothing to do
  kConflict,           // another value is there at this time, or an increment is of time that was
                       // counted already: what came first stays
  kTooOld,             // more than an hour behind the series' newest, or past the retention
  kTooNew,             // too far ahead of now
  kInvalidLabels,      // no name, a name or value that is no text, too many, too long
  kInvalidHistogram,   // it contradicts itself
  kTooManySeries,      // the limit of active series
  kTooManyLabelBytes,  // the limit of what their labels come to
  kDropped,            // exemplars and metadata that have no place: worth less than samples
};
inline constexpr size_t kSampleFates = 11;

// For metrics: "taken", "too_old", ...
std::string_view FateName(SampleFate fate);
inline bool IsRefused(SampleFate fate) { return fate >= SampleFate::kConflict; }

// How many of each.
using FateCounts = std::array<uint64_t, kSampleFates>;
struct WriteCounts {
  FateCounts samples{};  // floats and histograms
  FateCounts exemplars{};
  FateCounts metadata{};
};

}  // namespace slowburn::storage
