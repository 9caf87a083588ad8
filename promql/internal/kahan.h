// promql/internal/kahan.h: sums that keep what rounding would lose.
//
// Room     promql/internal
// Uses     standard library
// Threads  values
// Units    none
// Source   A. Neumaier, "Rundungsfehleranalyse einiger Verfahren zur Summation endlicher Summen",
//          1974; where Prometheus has it
#pragma once

#include <cmath>

namespace slowburn::promql {

// sum + error is the exact sum as nearly as two doubles can say it.
struct KahanSum {
  double sum = 0;
  double error = 0;

  void Add(double value) {
    const double next = sum + value;
    if (std::isinf(next)) {
      error = 0;
    } else if (std::fabs(sum) >= std::fabs(value)) {
      error += (sum - next) + value;
    } else {
      error += (value - next) + sum;
    }
    sum = next;
  }
  void Add(const KahanSum& other) {
    Add(other.sum);
    error += other.error;
  }
  void Scale(double factor) {
    sum *= factor;
    error *= factor;
  }
  double Value() const { return sum + error; }
};

// A mean that is sum / count until the sum would overflow, and a running mean from there on.
struct KahanMean {
  KahanSum sum;  // or the mean itself, once `running`
  double count = 0;
  bool running = false;

  void Add(double value) {
    count += 1;
    if (!running) {
      KahanSum next = sum;
      next.Add(value);
      if (count == 1 || !std::isinf(next.sum)) {
        sum = next;
        return;
      }
      running = true;
      sum.Scale(1 / (count - 1));
    }
    sum.Scale((count - 1) / count);
    sum.Add(value / count);
  }
  double Value() const { return running ? sum.Value() : sum.sum / count + sum.error / count; }
};

}  // namespace slowburn::promql
