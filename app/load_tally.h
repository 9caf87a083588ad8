// app/load_tally.h: what became of every item that a run sent.
//
// Room     app
// Uses     app/
// Threads  LoadTally is thread-safe; the rest are values
// Units    items unless named requests; bytes of bodies
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include <absl/base/thread_annotations.h>

#include "app/latency_histogram.h"
#include "app/load_answer.h"
#include "app/load_plan.h"
#include "app/number_ranges.h"

namespace slowburn::app {

// sent = acked + rejected + failed + unacknowledged, once nothing is under way.
struct LoadCounts {
  uint64_t sent = 0;            // each once, however often it went
  uint64_t acked = 0;           // taken, as the server says
  uint64_t rejected = 0;        // refused within a request that was taken (partial success)
  uint64_t failed = 0;          // refused for good: sending again would not help
  uint64_t unacknowledged = 0;  // never answered for good: counted or not, nobody knows
  uint64_t retried = 0;         // sent once more, each time
  uint64_t lost() const { return failed + unacknowledged; }

  LoadCounts& operator+=(const LoadCounts& other);
};

// What a service's acked items are, for traces and logs. Where a server rejected some items of a
// request, its rest is good or bad, but nobody knows which.
struct LoadServiceCounts {
  uint64_t good = 0;
  uint64_t bad = 0;
  uint64_t uncertain = 0;
};

struct LoadStreamCounts {
  LoadCounts items;
  LoadCounts requests;  // a request with rejected items is acked
  std::vector<LoadServiceCounts> services;
  // Numbers of requests, by what became of them; `partial` were acked but for some items.
  NumberRanges acked;
  NumberRanges partial;
  NumberRanges failed;
  NumberRanges unacknowledged;
};

struct LoadTotals {
  std::vector<LoadStreamCounts> streams;   // as in the plan
  LatencyHistogram latency;                // of acked requests
  uint64_t bytes_plain = 0;                // before compression, each request once
  std::optional<uint64_t> bytes_sent = 0;  // with retries; nothing where only gRPC knows
  std::map<std::string, uint64_t> errors;  // answers that were not a whole success, by reason
  std::string last_error;
  LoadCounts Items() const;
  LoadCounts Requests() const;
};

// Since the last time somebody looked.
struct LoadProgress {
  LoadCounts items;  // since the start
  uint64_t requests_sent = 0;
  uint64_t acked_meanwhile = 0;
  std::chrono::nanoseconds p99{0};
};

class LoadTally {
 public:
  struct Request {
    size_t stream = 0;
    uint64_t number = 0;
    size_t service = 0;
    uint64_t items = 0;
    uint64_t bad = 0;
    size_t bytes_plain = 0;
    std::optional<size_t> bytes_sent;
  };

  LoadTally(size_t streams, size_t services);

  // Before its first sending.
  void Sent(const Request& request);
  // Before each further one; `answer` is why.
  void Retried(const Request& request, const LoadAnswer& answer);
  // Exactly one of these ends it.
  void Acked(const Request& request, const LoadAnswer& answer, std::chrono::nanoseconds latency);
  void Failed(const Request& request, const LoadAnswer& answer);
  void Unacknowledged(const Request& request, const LoadAnswer& answer);

  LoadTotals totals() const;
  LoadProgress TakeProgress();

 private:
  void NoteError(const LoadAnswer& answer) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void NoteBytes(const Request& request) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  mutable std::mutex mutex_;
  LoadTotals totals_ ABSL_GUARDED_BY(mutex_);
  LatencyHistogram meanwhile_ ABSL_GUARDED_BY(mutex_);
  uint64_t acked_meanwhile_ ABSL_GUARDED_BY(mutex_) = 0;
};

}  // namespace slowburn::app
