#include "forward/backoff.h"

#include <algorithm>

namespace slowburn::forward {

using std::chrono::milliseconds;

Backoff::Backoff(const Options& options)
    : min_(std::max(options.min, milliseconds(1))),
      max_(std::max(options.max, min_)),
      jitter_(options.jitter),
      bound_(min_),
      random_(options.seed) {}

milliseconds Backoff::Next() {
  const milliseconds bound = bound_;
  bound_ = bound > max_ / 2 ? max_ : bound * 2;
  if (jitter_ == Jitter::kNone) return bound;
  return milliseconds(std::uniform_int_distribution<int64_t>(1, bound.count())(random_));
}

}  // namespace slowburn::forward
