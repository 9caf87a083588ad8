// tests/sim/counter_client.h: one simulated process that exports a counter of its requests, in time
// or not, and is started anew now and then.
//
// Room     tests/sim
// Uses     tests/sim
// Threads  one owner
// Units    unix seconds
// Source   docs/metrics_sli.md
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "tests/sim/random.h"
#include "tests/sim/scenario.h"
#include "tests/sim/traffic.h"

namespace slowburn::sim {

// Something of an export, on its way.
struct CounterExport {
  std::string_view what;  // "export late"
  BatchPtr batch;         // null: it was missed
  int64_t delay_seconds = 0;
};

class CounterClient {
 public:
  CounterClient(const Scenario& scenario, uint32_t index);

  // What it exports in (from, to].
  std::vector<CounterExport> Work(int64_t from, int64_t to, uint64_t& next_id);

 private:
  // How it says since when it counts.
  enum class Style : uint8_t { kDelta, kStarts, kOneStart, kNoStart };

  void Count(int64_t time);
  void Restart(int64_t time);
  std::vector<CounterExport> Export(int64_t time, uint64_t& next_id);
  BatchPtr Write(int64_t time, uint64_t& next_id) const;

  Random random_;
  const uint32_t service_;
  const std::string instance_;
  Style style_;
  int64_t period_;
  uint64_t error_permille_ = 0;
  std::map<std::string, int64_t> values_;  // by code, since `start_`; codes that were met
  int64_t start_ = 0;
  int64_t counted_until_ = 0;
};

}  // namespace slowburn::sim
