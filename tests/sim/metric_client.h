// tests/sim/metric_client.h: one simulated process that exports metrics of its requests, in time or
// not, and is started anew now and then.
//
// Room     tests/sim
// Uses     tests/sim
// Threads  one owner
// Units    unix seconds
// Source   docs/metrics_sli.md
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

#include "tests/sim/random.h"
#include "tests/sim/scenario.h"
#include "tests/sim/traffic.h"

namespace slowburn::sim {

// Something of an export, on its way.
struct MetricExport {
  std::string_view what;  // "export late"
  BatchPtr batch;         // null: it was missed
  int64_t delay_seconds = 0;
};

class MetricClient {
 public:
  MetricClient(const Scenario& scenario, uint32_t index);

  // What it exports in (from, to].
  std::vector<MetricExport> Work(int64_t from, int64_t to, uint64_t& next_id);

 private:
  // How it says since when it counts.
  enum class Style : uint8_t { kDelta, kStarts, kOneStart, kNoStart };
  using Key = std::tuple<MetricKind, std::optional<std::string>, std::string>;  // route, code

  MetricSample& Series(MetricKind kind, const std::optional<std::string>& route,
                       const std::string& code = "");
  void CountRequest();
  void Count(int64_t time);
  void Measure();
  void Restart(int64_t time, bool changes_style);
  std::vector<MetricExport> Export(int64_t time, uint64_t& next_id);
  BatchPtr Write(int64_t time, uint64_t& next_id) const;

  Random random_;
  const uint32_t service_;
  const std::string instance_;
  const uint64_t routes_;
  std::optional<std::string> region_;
  std::vector<MetricKind> kinds_;
  Style style_;
  bool may_change_style_;
  int64_t period_;
  uint64_t error_permille_ = 0;
  std::vector<int64_t> bounds_millis_;  // of its histograms
  std::map<Key, MetricSample> series_;  // as they count since `start_`; those that were met
  int64_t start_ = 0;
  int64_t counted_until_ = 0;
};

}  // namespace slowburn::sim
