// slo/counter_value.h: the value of a counter, to the event: 3 or 3.25.
//
// Room     slo: pure arithmetic
// Uses     standard library
// Threads  values
// Units    events
#pragma once

#include <compare>
#include <cstdint>
#include <optional>

namespace slowburn::slo {

// A whole number and a fraction in [0, 1): integers are exact up to 2^64, where a double is not,
// and the fractions that some writers count in are carried on until they are an event.
struct CounterValue {
  uint64_t whole = 0;
  double fraction = 0;

  // Nothing where `number` is negative, NaN or at least 2^64.
  static std::optional<CounterValue> Of(double number) {
    if (!(number >= 0 && number < 18446744073709551616.0)) return std::nullopt;
    CounterValue value{.whole = static_cast<uint64_t>(number), .fraction = 0};
    value.fraction = number - static_cast<double>(value.whole);
    return value;
  }

  CounterValue& operator+=(const CounterValue& other) {
    whole += other.whole;
    fraction += other.fraction;
    if (fraction >= 1) {
      fraction -= 1;
      ++whole;
    }
    return *this;
  }
  // `other` is not larger.
  CounterValue& operator-=(const CounterValue& other) {
    whole -= other.whole;
    fraction -= other.fraction;
    if (fraction < 0) {
      fraction += 1;
      --whole;
      if (fraction >= 1) {  // It was less than nothing by less than a double can say.
        fraction = 0;
        ++whole;
      }
    }
    return *this;
  }
  friend CounterValue operator+(CounterValue a, const CounterValue& b) { return a += b; }
  friend CounterValue operator-(CounterValue a, const CounterValue& b) { return a -= b; }
  friend auto operator<=>(const CounterValue&, const CounterValue&) = default;
};

}  // namespace slowburn::slo
