// tests/sim/reference_estimate.h: how many values of a histogram are good, as near as its buckets
// tell, to the last digit: 202 and 1 - sqrt(2)/2 of another.
//
// Room     tests/sim
// Uses     standard library
// Threads  values
// Units    events
// Source   docs/metrics_sli.md, "What is counted"
#pragma once

#include <cmath>
#include <cstdint>

namespace slowburn::sim {

// (a + b * sqrt(2)) / 16, where floating point would not do: if the parts of two estimates are the
// same their difference is whole, and rounding it down must not take an event away. Thresholds and
// bounds are multiples of 125 and no bound is above 2000, so no part of a bucket needs more.
class Estimate {
 public:
  Estimate() = default;
  static Estimate Events(int64_t events) { return {events * kParts, 0}; }
  // Of `count` values, spread evenly over (lower, upper], those at or under `max` of that bucket.
  static Estimate AtOrUnder(int64_t max, int64_t lower, int64_t upper, int64_t count) {
    return {(max - lower) * kParts / (upper - lower) * count, 0};
  }
  // The same of (upper / sqrt(2), upper]: (max - upper/r) / (upper - upper/r) times r(r+1)/r(r+1).
  static Estimate AtOrUnder(int64_t max, int64_t upper, int64_t count) {
    return {(2 * max - upper) * kParts / upper * count, (max - upper) * kParts / upper * count};
  }

  // Rounded down.
  int64_t whole() const {
    const int64_t parts = Floor();
    return parts / kParts - (parts % kParts < 0 ? 1 : 0);
  }

  Estimate& operator+=(const Estimate& other) {
    a_ += other.a_;
    b_ += other.b_;
    return *this;
  }
  friend Estimate operator+(Estimate a, const Estimate& b) { return a += b; }
  friend Estimate operator-(const Estimate& a, const Estimate& b) {
    return {a.a_ - b.a_, a.b_ - b.b_};
  }
  friend bool operator<(const Estimate& a, const Estimate& b) { return (a - b).Floor() < 0; }
  friend bool operator==(const Estimate&, const Estimate&) = default;

 private:
  static constexpr int64_t kParts = 16;
  Estimate(int64_t a, int64_t b) : a_(a), b_(b) {}

  // Of a + b * sqrt(2).
  int64_t Floor() const {
    const int64_t square = 2 * b_ * b_;
    auto root = static_cast<int64_t>(std::sqrt(static_cast<long double>(square)));
    while (root * root > square) --root;
    while ((root + 1) * (root + 1) <= square) ++root;
    return a_ + (b_ < 0 ? -root - 1 : root);
  }

  int64_t a_ = 0;
  int64_t b_ = 0;
};

}  // namespace slowburn::sim
