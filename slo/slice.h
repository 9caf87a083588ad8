// slo/slice.h: the unit of counting: 10 seconds of event time, aligned to the epoch.
//
// Room     slo: pure
// Uses     standard library
// Threads  values
// Units    a Slice is unix seconds / 10; an hour block holds 360 of them, a day 8,640
#pragma once

#include <chrono>
#include <cstdint>

namespace slowburn::slo {

// Fits 32 bits until the year 3331.
using Slice = uint32_t;

inline constexpr std::chrono::seconds kSliceLength{10};
inline constexpr uint32_t kSlicesPerHour = 360;
inline constexpr uint32_t kSlicesPerDay = 8640;
inline constexpr uint32_t kSlicesPerDaySlot = 30;  // a day block's slot is five minutes

inline Slice SliceOf(std::chrono::sys_seconds time) {
  return static_cast<Slice>(time.time_since_epoch() / kSliceLength);
}
inline std::chrono::sys_seconds SliceStart(Slice slice) {
  return std::chrono::sys_seconds(slice * kSliceLength);
}
// Windows are whole slices (checked where a spec is read).
inline uint32_t SlicesIn(std::chrono::seconds window) {
  return static_cast<uint32_t>(window / kSliceLength);
}

// Persisted ids. Group 0 is the SLI's total.
enum class SliId : uint32_t {};
enum class GroupId : uint32_t {};
inline constexpr GroupId kTotalGroup{0};

// Events in a slice, a window or any range. Members are numbers modulo 2^64: where an SLI counts
// two of good, bad and total from series of their own, one of them can be ahead of the other for a
// while, and a difference be negative. Sums stay exact, and the sum of a range that holds both is
// right.
struct SliCounts {
  uint64_t good = 0;
  uint64_t bad = 0;

  uint64_t total() const { return good + bad; }
  // Whether neither is negative: of a window that is not, more was bad (or good) than there was.
  bool IsValid() const { return ((good | bad) >> 63) == 0; }
  SliCounts& operator+=(const SliCounts& other) {
    good += other.good;
    bad += other.bad;
    return *this;
  }
  SliCounts& operator-=(const SliCounts& other) {
    good -= other.good;
    bad -= other.bad;
    return *this;
  }
  friend bool operator==(const SliCounts&, const SliCounts&) = default;
};

}  // namespace slowburn::slo
