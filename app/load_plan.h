// app/load_plan.h: which request is sent when, and of which signal.
//
// Room     app
// Uses     model/
// Threads  immutable
// Units    items; moments since the start of the run
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <vector>

#include "model/signal.h"

namespace slowburn::app {

class LoadPlan {
 public:
  struct Stream {
    model::Signal signal;
    size_t items;  // in each of its requests
  };
  // One of `duration` and `requests` is set.
  struct Options {
    std::vector<Stream> streams;             // requests take turns; at least one
    std::optional<double> items_per_second;  // nothing: as fast as answers come
    std::optional<std::chrono::nanoseconds> duration;
    std::optional<uint64_t> requests;
  };
  explicit LoadPlan(Options options);

  struct Step {
    size_t stream;    // its place in Options::streams
    uint64_t number;  // of the request within its stream, from 0
    // With a rate: the moment at which it is to be sent. Moments follow the items sent before, so
    // the rate holds from any moment to any other, whether or not answers come.
    std::optional<std::chrono::nanoseconds> due;
  };
  // The n-th request of the run; nothing after the last one. Without a rate and with a duration
  // there is no last one: who sends looks at the clock.
  std::optional<Step> At(uint64_t n) const;

  // How many requests At has, and the items in them, where that is known beforehand.
  std::optional<uint64_t> requests() const { return requests_; }
  std::optional<uint64_t> items() const;
  const std::vector<Stream>& streams() const { return options_.streams; }
  const Options& options() const { return options_; }

 private:
  uint64_t ItemsBefore(uint64_t n) const;

  const Options options_;
  uint64_t items_of_a_turn_ = 0;  // one request of each stream
  std::optional<uint64_t> requests_;
};

}  // namespace slowburn::app
